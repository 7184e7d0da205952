"""The checks and every notebook, each in a process of its own.

Words select notebooks by path, and then the checks are left out.
"""
import atexit,multiprocessing,os,signal,subprocess,sys,tempfile,time
from argparse import ArgumentParser
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from common import PKG, ROOT, notebooks

DEV = ROOT/'scripts/dev'
FIGURES = 'how the code reads, in figures'
TYPED = [f'{PKG}/{name}' for name in ('core.py', 'masks.py', 'diffusion', 'losses')] # floors of pure functions
MYPY = ['-m', 'mypy', '--ignore-missing-imports', '--follow-imports=silent', '--no-error-summary', *TYPED]
CHECKS = [
    ('notebooks are well formed',       [f'{DEV}/check_nbs.py']),
    ('floors are kept',                 [f'{DEV}/check_layers.py']),
    ('notebooks and package agree',     [f'{DEV}/check_sync.py']),
    ('README agrees with index.ipynb',  [f'{DEV}/readme.py', '--check']),
    ('sidebar lists every notebook',    [f'{DEV}/sidebar.py', '--check']),
    ("the planner's table is what is kept", [f'{DEV}/plan_table.py', '--check']),
    ('links lead somewhere',            [f'{DEV}/links.py']),
    ('the linter has nothing to say',   ['-m', 'ruff', 'check', '--quiet', '--output-format=concise', '.']),
    ('types of the pure floors',        MYPY),
    (FIGURES,                           [f'{DEV}/figures.py']),
]
SLOW = ('nbs/invariants/', 'nbs/tutorials/')
ENV = {'OMP_NUM_THREADS':'1', 'MPLBACKEND':'agg', 'PYTHONUNBUFFERED':'1'}
# loads what nearly all notebooks load once (some ten seconds), and forks a fresh process for each
forks = multiprocessing.get_context('forkserver')
forks.set_forkserver_preload([
    'torch','nbdev.test','transformers.models.clip.modeling_clip',
    'transformers.models.t5.modeling_t5','diffusers.pipelines.flux.pipeline_flux_fill',
    'diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion_inpaint',
    'accelerate','peft','matplotlib.figure'
])
running = set()

def run(cmd, timeout):
    "(did it go well, seconds, output); whatever the command started is gone when it ends or runs out of time"
    start = time.time()
    p = subprocess.Popen(
        cmd, cwd=ROOT, env=os.environ|ENV, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        errors='replace', start_new_session=True
    )
    running.add(p)
    try: out,late = p.communicate(timeout=timeout)[0], ''
    except subprocess.TimeoutExpired:
        kill(p)
        out,late = p.communicate()[0], f'\nstopped: longer than {timeout} s'
    running.discard(p)
    if p.returncode and not late: out += f'\nexit status {p.returncode}'
    return p.returncode==0 and not late, time.time()-start, out+late

def test(name, flags, log):
    "In a process of its own: run a notebook, its output into a file"
    os.setsid() # whatever it starts can be ended with it
    with open(log, 'w') as f:
        for fd in (1,2): os.dup2(f.fileno(), fd)
    from nbdev.config import get_config
    from nbdev.test import nbdev_test
    from outputs import check_page, has_outputs, keeps_outputs
    try:
        if keeps_outputs(name) and has_outputs(name):
            check_page(name, set(get_config().tst_flags.split())-set(flags.split()), strict=False)
        else: nbdev_test(path=name, flags=flags, n_workers=0, do_print=True)
    finally: atexit._run_exitfuncs() # a forked process does not by itself: temporary folders would stay

def run_notebook(name, flags, timeout):
    "As `run`, from a process that has the large libraries already"
    start = time.time()
    with tempfile.NamedTemporaryFile('r', errors='replace') as log:
        p = forks.Process(target=test, args=(name, flags, log.name))
        p.start()
        running.add(p)
        p.join(timeout)
        late = p.exitcode is None
        kill(p)
        p.join()
        running.discard(p)
        out = log.read()
    if late: out += f'\nstopped: longer than {timeout} s'
    elif p.exitcode: out += f'\nexit status {p.exitcode}'
    # a notebook that ends the process early has not passed
    return not p.exitcode and not late and 'Success.' in out, time.time()-start, out

def kill(p):
    try: os.killpg(p.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        p.poll() if isinstance(p, subprocess.Popen) else p.kill() # all have ended by themselves, or it had not begun

def report(name, result):
    ok,seconds,out = result
    shown = [l for l in out.strip().split('\n') if not ok or name==FIGURES or l.startswith(('SKIPPED', 'DIFFERS'))]
    print('\n    '.join([f'{"ok    " if ok else "FAILED"} {seconds:6.1f} s  {name}', *shown]), flush=True)
    return name,ok,seconds

def checks(timeout):
    "(name, function that runs it) of each check"
    commands = {what:[sys.executable, *cmd] for what,cmd in CHECKS}
    scripts = map(str, sorted([*ROOT.glob('scripts/**/*.sh'), ROOT/'.ci/run']))
    commands['shell scripts parse'] = ['bash','-c','for f; do bash -n "$f" || exit 1; done','-', *scripts]
    return [(what, partial(run, cmd, timeout)) for what,cmd in commands.items()]

def chosen(words):
    """Notebooks to run: all but those in a folder with a .notest file, or those whose path contains one of the words;
    the slow folders first, so that no long page is left over at the end while the other processors wait
    """
    paths = [p for p in notebooks() if not (p.parent/'.notest').exists()]
    names = sorted((str(p.relative_to(ROOT)) for p in paths), key=lambda n: not n.startswith(SLOW))
    return [n for n in names if any(w in n for w in words)] if words else names

def main():
    ap = ArgumentParser(description=__doc__)
    ap.add_argument('words', nargs='*', help='run just the notebooks whose path contains one of these')
    ap.add_argument('--flags', default='', help='also run cells marked so: "slow", "gpu", "hub"')
    ap.add_argument('--jobs', type=int, default=2, help='notebooks at a time')
    ap.add_argument('--timeout', type=int, default=1200, help='seconds per notebook')
    o = ap.parse_args()
    names = chosen(o.words)
    if not names: raise SystemExit(f'no notebook has {" or ".join(o.words)!r} in its path')
    jobs = [] if o.words else checks(o.timeout)
    jobs += [(n, partial(run_notebook, n, o.flags, o.timeout)) for n in names]
    done = []
    os.chdir(ROOT)
    os.environ.update(ENV) # before the fork server starts: torch reads them when it is loaded
    def one(job): return report(job[0], job[1]())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143)) # so that `finally` below runs
    pool = ThreadPoolExecutor(o.jobs)
    try: done += list(pool.map(one, jobs))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for p in list(running): kill(p)
    slow = sorted((d for d in done if d[0] in names), key=lambda d: -d[2])[:10]
    print('\nslowest:\n' + '\n'.join(f'{s:8.1f} s  {n}' for n,_,s in slow))
    failed = [n for n,ok,_ in done if not ok]
    if failed: print('\nfailed:\n' + '\n'.join(f'  {n}' for n in failed))
    print(f'\n{len(done)-len(failed)} passed, {len(failed)} failed')
    return bool(failed)

if __name__=='__main__': sys.exit(main())
