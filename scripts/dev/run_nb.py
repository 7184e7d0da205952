"""Run notebooks and store their outputs, honouring the directives; then clean them.

A notebook that fails is left as it was.
"""
import os,sys
from pathlib import Path
os.environ.setdefault('OMP_NUM_THREADS', '1')
from execnb.nbio import read_nb, write_nb
from execnb.shell import CaptureShell
from fastcore.xtras import working_directory
from nbdev.clean import nbdev_clean
from nbdev.config import get_config
from nbdev.process import extract_directives

def skipped(cell, flags):
    "Is this a cell that nbdev_test would not run?"
    if cell.cell_type!='code': return True
    d = extract_directives(cell, remove=False)
    return d.get('eval:', [''])[0].lower()=='false' or bool(flags & d.keys())

def run(path, flags):
    "Run one notebook in its own folder and write it back with its outputs"
    nb,shell = read_nb(path), CaptureShell(path, mpl_format='png')
    for c in nb.cells:
        if c.cell_type=='code' and not skipped(c, flags): c.outputs = []
    with working_directory(path.parent):
        try: shell.run_all(nb, exc_stop=True, preproc=lambda c: skipped(c, flags))
        except Exception as e: raise SystemExit(shell.prettytb(fname=path)) from e
    write_nb(nb, path)
    nbdev_clean(fname=str(path))

if __name__=='__main__':
    if len(sys.argv)<2: raise SystemExit('usage: python scripts/dev/run_nb.py nbs/00_core.ipynb ...')
    cfg = get_config()
    sys.path.insert(0, str(cfg.config_path))
    for name in sys.argv[1:]:
        pid = os.fork() # each notebook in a process of its own: nothing leaks from one to the next
        if not pid:
            run(Path(name).absolute(), set(cfg.tst_flags.split()))
            os._exit(0)
        if os.waitpid(pid, 0)[1]: raise SystemExit(f'{name}: failed')
        print(f'{name}: {Path(name).stat().st_size//1000} kB')
