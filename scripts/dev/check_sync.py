"""Do the notebooks and the package agree?

Exports and cleans a copy and compares; `--fix` brings the differences into the tree.
"""
import os,shutil,subprocess,sys
from pathlib import Path
from tempfile import TemporaryDirectory
from common import GENERATED, PKG, ROOT, finish, notebooks

def watched(root):
    "Path from `root` -> content of what export and clean write: notebooks, generated modules, the package's own two"
    files = [*notebooks(root), *(
        p for p in (root/PKG).rglob('*.py')
        if p.name in ('__init__.py','_modidx.py') or GENERATED.search(p.read_text(encoding='utf-8'))
    )]
    return {str(p.relative_to(root)):p.read_bytes() for p in files}

def nbdev(name, folder):
    "Run one nbdev command in `folder`, with this interpreter"
    run = f'from nbdev.{dict(nbdev_export="doclinks", nbdev_clean="clean")[name]} import {name}; {name}()'
    env = {k:v for k,v in os.environ.items() if k!='IN_TEST'} # with it, nbdev_export returns at once
    r = subprocess.run([sys.executable,'-c',run], cwd=folder, env=env, capture_output=True, text=True)
    if r.returncode: raise SystemExit(f'{name} failed:\n{r.stdout}{r.stderr}')

def rebuilt(root):
    "What `watched` would be after export and clean from nothing; `root` itself stays as it is"
    with TemporaryDirectory() as tmp:
        tmp = Path(tmp).resolve()
        shutil.copy(root/'settings.ini', tmp)
        for name,content in watched(root).items():
            if name.endswith('.py') and not name.endswith('__init__.py'): continue
            (tmp/name).parent.mkdir(parents=True, exist_ok=True)
            (tmp/name).write_bytes(content)
        (tmp/PKG).mkdir(exist_ok=True)
        nbdev('nbdev_clean', tmp)
        nbdev('nbdev_export', tmp)
        return watched(tmp)

def compare(now, then):
    "{file: what is wrong with it}"
    def state(f):
        if f not in then: return 'is made by no notebook'
        if f not in now: return 'was never exported'
        return 'is not clean' if f.endswith('.ipynb') else 'differs from its notebook'
    return {f:state(f) for f in sorted({*now,*then}) if now.get(f)!=then.get(f)}

def fix(root, then, wrong):
    for f in wrong:
        if f not in then: (root/f).unlink()
        else:
            (root/f).parent.mkdir(parents=True, exist_ok=True)
            (root/f).write_bytes(then[f])
        print(f'{f}: {wrong[f]}; mended')

if __name__=='__main__':
    now,then = watched(ROOT),rebuilt(ROOT)
    wrong = compare(now, then)
    if '--fix' in sys.argv:
        fix(ROOT, then, wrong)
        wrong = {}
    bad = [f'{f} {s}' for f,s in wrong.items()]
    finish(
        bad and [
            *bad,
            'run `bash scripts/dev/prep.sh`; a change made in a .py '
            'file goes into its notebook with `nbdev_update` first',
        ],
        f'{len(then)} files agree',
    )
