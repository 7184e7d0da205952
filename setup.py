"Package metadata: every value is read from settings.ini; edit there."
import shlex
from configparser import ConfigParser
from setuptools import setup, find_packages

cfg = ConfigParser(delimiters=['='])
cfg.read('settings.ini', encoding='utf-8')
cfg = cfg['DEFAULT']
extras = {name: shlex.split(cfg[f'{name}_requirements']) for name in ('server','ocr','geneval','app','widgets')} # pip install inpaint_rl[server,ocr]

setup(
    name=cfg['lib_name'], version=cfg['version'], description=cfg['description'], keywords=cfg['keywords'],
    author=cfg['author'], author_email=cfg['author_email'], license=cfg['license'], url=cfg['git_url'],
    packages=find_packages(include=[cfg['lib_path'], cfg['lib_path']+'.*']), include_package_data=True,
    # small scenes and models; questions put to judges; the app's HTML, CSS and JavaScript
    package_data={cfg['lib_path']: ['embedded/**', 'rewards/prompts/*.txt', 'app/static/*']},
    install_requires=shlex.split(cfg.get('requirements','')),
    extras_require={**extras, 'dev': shlex.split(cfg['dev_requirements'])+[r for rs in extras.values() for r in rs]}, # who develops needs all of them
    python_requires='>='+cfg['min_python'],
    long_description=open('README.md', encoding='utf-8').read(), long_description_content_type='text/markdown',
    entry_points={'console_scripts': cfg.get('console_scripts','').split(), 'nbdev': [f"{cfg['lib_path']}={cfg['lib_path']}._modidx:d"]},
)
