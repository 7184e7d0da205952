"Package metadata: every value is read from settings.ini; edit there."
import shlex
from configparser import ConfigParser
from pathlib import Path
from setuptools import setup, find_packages

cfg = ConfigParser(delimiters=['='])
cfg.read('settings.ini', encoding='utf-8')
cfg = cfg['DEFAULT']
lib = cfg['lib_name']

EXTRAS = ('server', 'ocr', 'geneval', 'app', 'widgets', 'data', 'quantize') # pip install -e '.[server,ocr]'
extras = {name: shlex.split(cfg[f'{name}_requirements']) for name in EXTRAS}
# who develops needs all of them
extras['dev'] = shlex.split(cfg['dev_requirements']) + [r for rs in extras.values() for r in rs]
DATA = [
    'embedded/**', # small scenes and models
    '**/*.txt', # questions put to judges
    '**/*.css', '**/*.js', '**/*.html', # of the app and the explorers
    'py.typed',
]

setup(
    name=lib,
    version=cfg['version'],
    description=cfg['description'],
    keywords=cfg['keywords'],
    author=cfg['author'],
    author_email=cfg['author_email'],
    license='Apache-2.0',
    url=cfg['git_url'],
    classifiers=[
        'Development Status :: 3 - Alpha',
        'Intended Audience :: Developers',
        'Intended Audience :: Science/Research',
        'Programming Language :: Python :: 3.11',
        'Programming Language :: Python :: 3.12',
        'Programming Language :: Python :: 3.13',
        'Topic :: Scientific/Engineering :: Artificial Intelligence',
        'Typing :: Typed',
    ],
    packages=find_packages(include=[lib, f'{lib}.*']),
    include_package_data=True,
    package_data={lib: DATA},
    install_requires=shlex.split(cfg.get('requirements', '')),
    extras_require=extras,
    python_requires='>='+cfg['min_python'],
    long_description=Path('README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    entry_points={
        'console_scripts': cfg.get('console_scripts', '').split(),
        'nbdev': [f'{lib}={lib}._modidx:d'],
    },
)
