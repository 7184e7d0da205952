"""nbs/sidebar.yml from the notebooks, in the order in which one would read them; `--check` only compares.

First the tutorials, then the idea (what a policy gradient on a hole consists of), then what is used (data, rewards,
methods, commands, app), then the machinery under it, and last the promises and the measurements. A page that SECTIONS
does not name goes to the section of its folder, so a new page is never left out; no section opens twice.
"""
import re
import sys
from check_layers import place
from common import ROOT, finish, notebooks

SECTIONS = { # title -> what is in it, in this order: folders, and single pages as 'folder/name' without the number
    'tutorials': ['tutorials'],
    'the idea': [
        'masks', 'diffusion/regions', 'diffusion/schedules', 'diffusion/step', 'diffusion/flow', 'diffusion/ddim',
        'rollout', 'losses/advantages', 'losses/grpo', 'losses', 'trainers/collect', 'trainers/grpo',
    ],
    'use: data': ['datasets'],
    'use: rewards': ['rewards'],
    'use: training': [
        'trainers/recipes', 'trainers/sft', 'trainers/nft', 'trainers/elbo', 'trainers/dpo', 'trainers/best_of',
        'trainers/draft', 'trainers/direct_align_method', 'trainers/plan', 'trainers/phases',
    ],
    'use: evaluation': ['evaluation'],
    'use: commands': ['cli'],
    'use: app': ['app'],
    'use: explorers': ['explore'],
    'machinery: model families': ['backbones'],
    'machinery: samplers': ['diffusion'],
    'machinery: training': ['trainers', 'runs'],
    'machinery: serving': ['serving'],
    'machinery: core': [''],
    'promises': ['invariants'],
    'measurements': ['benchmarks', 'comparison', 'benchmarks_rewards'],
}

def name_of(path):
    "('folder', 'folder/name without number') of a page below nbs/"
    folder = '' if path.parent.name=='nbs' else path.parent.name
    name = re.sub(r'^\d+[a-z]*_', '', path.stem)
    return folder, f'{folder}/{name}'.lstrip('/')

def section_of(path):
    "(title, place in it): a page that is named comes before its folder"
    folder,name = name_of(path)
    for what in (name, folder):
        for title,items in SECTIONS.items():
            if what in items: return title, items.index(what)
    return folder, 0 # a folder that nobody has placed yet

def sidebar():
    "The text of nbs/sidebar.yml"
    pages = {}
    for path in notebooks():
        if path.name=='index.ipynb': continue
        title,at = section_of(path)
        pages.setdefault(title, []).append((at, place(path) or (999, ''), str(path.relative_to(ROOT/'nbs'))))
    out = ['website:','  sidebar:','    contents:','      - index.ipynb']
    for title in [*SECTIONS, *sorted(pages.keys()-SECTIONS)]:
        if title not in pages: continue
        out += [f'      - section: "{title}"', '        contents:']
        out += [f'          - {file}' for _,_,file in sorted(pages[title])]
    return '\n'.join(out)+'\n'

if __name__=='__main__':
    target,text = ROOT/'nbs/sidebar.yml', sidebar()
    if '--check' in sys.argv:
        same = target.is_file() and target.read_text(encoding='utf-8')==text
        finish([] if same else ['nbs/sidebar.yml is not up to date: run `bash scripts/dev/prep.sh`'], 'sidebar')
    target.write_text(text, encoding='utf-8')
