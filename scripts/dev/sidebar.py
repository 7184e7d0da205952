"nbs/sidebar.yml from the notebooks: sections by folder, in the order of the numbers; `--check` only compares"
import sys
from check_layers import place
from common import ROOT, finish, notebooks

def section(path):
    "The folder of a notebook; at the top, core for the numbers below 10"
    folder,order = path.relative_to(ROOT/'nbs').parent, place(path)
    return str(folder) if folder.parts else 'core' if order and order[0]<10 else None

def sidebar():
    numbered = sorted(
        (p for p in notebooks() if p.name!='index.ipynb'),
        key=lambda p: (section(p) in ('invariants','tutorials'), place(p) or (999,''), str(p)),
    )
    out,last = ['website:','  sidebar:','    contents:','      - index.ipynb'], None
    for p in numbered:
        s,file = section(p), p.relative_to(ROOT/'nbs')
        if s and s!=last: out += [f'      - section: {s}','        contents:']
        out.append(f'          - {file}' if s else f'      - {file}')
        last = s
    return '\n'.join(out)+'\n'

if __name__=='__main__':
    target,text = ROOT/'nbs/sidebar.yml', sidebar()
    if '--check' in sys.argv:
        finish(
            [] if target.is_file() and target.read_text(encoding='utf-8')==text else [
                'nbs/sidebar.yml is not up to date: run `bash scripts/dev/prep.sh`'
            ],
            'sidebar',
        )
    target.write_text(text, encoding='utf-8')
