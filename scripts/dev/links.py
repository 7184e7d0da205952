"""Relative links of all notebooks and of the Markdown files at the root: does what they point to exist?

A page that was renumbered is named as the likely target; `--fix` writes it where there is exactly one.
"""
import json
import os
import re
import sys
from pathlib import Path
from common import ROOT, finish, notebooks
from sidebar import name_of

LINK = re.compile(r'(\]\()([^)\s]+)')
FENCE = re.compile(r'(^```.*?^```)', re.M|re.S)

def candidates(path, pages):
    "Pages that have the name of a missing one, in its folder or anywhere"
    folder_and_name = name_of(path)[1]
    bare = folder_and_name.split('/')[-1]
    same = [p for p in pages if name_of(p)[1]==folder_and_name]
    return same or [p for p in pages if name_of(p)[1].split('/')[-1]==bare]

def mended(text, file, pages, bad, fix):
    "The text with its links as they should be; what is broken goes into `bad`"
    def one(m):
        to,mark,rest = m[2].partition('#')
        if re.match(r'[a-z]+:', m[2]) or not to or (file.parent/to).exists(): return m[0]
        near = candidates(Path(os.path.normpath(file.parent/to)), pages)
        if fix and len(near)==1: return m[1]+os.path.relpath(near[0], file.parent)+mark+rest
        guess = f'; perhaps {" or ".join(os.path.relpath(p, file.parent) for p in near)}' if near else ''
        bad.append(f'{file.relative_to(ROOT)}: {m[2]} is not there{guess}')
        return m[0]
    return ''.join(part if k%2 else LINK.sub(one, part) for k,part in enumerate(FENCE.split(text)))

def check_notebook(path, pages, bad, fix):
    nb = json.loads(path.read_text(encoding='utf-8'))
    changed = False
    for c in nb['cells']:
        if c['cell_type']!='markdown': continue
        was = ''.join(c['source'])
        now = mended(was, path, pages, bad, fix)
        if now==was: continue
        c['source'] = now.splitlines(True)
        changed = True
    if changed: path.write_text(json.dumps(nb, indent=1, ensure_ascii=False)+'\n', encoding='utf-8')

if __name__=='__main__':
    pages, bad = notebooks(), []
    for p in pages: check_notebook(p, pages, bad, '--fix' in sys.argv)
    for p in ROOT.glob('*.md'): mended(p.read_text(encoding='utf-8'), p, pages, bad, False)
    finish(bad, f'links of {len(pages)} notebooks')
