"The checks, then every notebook in a process of its own. Words select notebooks by path, and then the checks are left out."
import os,signal,subprocess,sys,time
from argparse import ArgumentParser
from concurrent.futures import ThreadPoolExecutor
from common import ROOT, notebooks

DEV = ROOT/'scripts/dev'
CHECKS = [('notebooks are well formed', ['check_nbs.py']), ('floors are kept', ['check_layers.py']), ('notebooks and package agree', ['check_sync.py']),
          ('README agrees with index.ipynb', ['readme.py','--check']), ('sidebar lists every notebook', ['sidebar.py','--check'])]
ONE = 'import sys; from nbdev.test import nbdev_test; nbdev_test(path=sys.argv[1], flags=sys.argv[2], n_workers=0, do_print=True)'
running = set()

def run(cmd, timeout):
    "(did it go well, seconds, output); whatever the command started is gone when it ends or runs out of time"
    start,env = time.time(), {**os.environ, 'OMP_NUM_THREADS':'1', 'MPLBACKEND':'agg', 'PYTHONUNBUFFERED':'1'}
    p = subprocess.Popen(cmd, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace', start_new_session=True)
    running.add(p)
    try: out,late = p.communicate(timeout=timeout)[0], ''
    except subprocess.TimeoutExpired:
        kill(p); out,late = p.communicate()[0], f'\nstopped: longer than {timeout} s'
    running.discard(p)
    if p.returncode and not late: out += f'\nexit status {p.returncode}'
    return p.returncode==0 and not late, time.time()-start, out+late

def kill(p):
    try: os.killpg(p.pid, signal.SIGKILL)
    except ProcessLookupError: p.poll() # it ended by itself a moment ago

def report(name, result):
    ok,seconds,out = result
    print(f'{"ok    " if ok else "FAILED"} {seconds:6.1f} s  {name}' + ('' if ok else '\n    '+'\n    '.join(out.strip().split('\n'))), flush=True)
    return name,ok,seconds

def chosen(words):
    "Notebooks to run: all but those in a folder with a .notest file, or those whose path contains one of the words"
    paths = [p for p in notebooks() if not (p.parent/'.notest').exists()]
    names = [str(p.relative_to(ROOT)) for p in paths]
    return [n for n in names if any(w in n for w in words)] if words else names

def main():
    ap = ArgumentParser(description=__doc__)
    ap.add_argument('words', nargs='*', help='run just the notebooks whose path contains one of these')
    ap.add_argument('--flags', default='', help='also run cells marked so: "slow", "gpu", "hub"')
    ap.add_argument('--jobs', type=int, default=2, help='notebooks at a time')
    ap.add_argument('--timeout', type=int, default=600, help='seconds per notebook')
    o = ap.parse_args()
    names = chosen(o.words)
    if not names: raise SystemExit(f'no notebook has {" or ".join(o.words)!r} in its path')
    done = []
    if not o.words:
        done += [report(what, run([sys.executable, str(DEV/cmd[0]), *cmd[1:]], o.timeout)) for what,cmd in CHECKS]
        scripts = [*ROOT.glob('scripts/**/*.sh'), ROOT/'.ci/run']
        done += [report('shell scripts parse', run(['bash','-c','for f; do bash -n "$f" || exit 1; done','-', *map(str, sorted(scripts))], o.timeout))]
    def one(name):
        ok,seconds,out = run([sys.executable, '-c', ONE, name, o.flags], o.timeout)
        return report(name, (ok and 'Success.' in out, seconds, out)) # a notebook that ends the process early has not passed
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143)) # so that `finally` below runs
    pool = ThreadPoolExecutor(o.jobs)
    try: done += list(pool.map(one, names))
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
