"""Record what training gives, number by number, so that a rewrite can be shown to change nothing.

  python scripts/dev/proof.py record before.json                 # at the old commit: 48 short runs and the quickstart
  python scripts/dev/proof.py record after.json                  # at the new one, on the same machine
  python scripts/dev/proof.py record after.json --root ../other  # or of another checkout, by this file
  python scripts/dev/proof.py record some.json --only nft-sd sft # runs whose name contains one of the words
  python scripts/dev/proof.py compare before.json after.json --renamed dpo/accuracy=accuracy

A run is 3 iterations by the command line, which outlives the Python API: every method, both embedded families, full and
LoRA, one and two processes, on the CPU with one thread each. Kept of it: metrics and report without wall-clock numbers,
SHA-256 and norm of every trained weight, and, for information only, seconds and peak memory. `record` goes on where an
unfinished recording stopped. `compare` prints a line per run and exits with 1 when a number differs or is missing.
Other hardware or another PyTorch sums in another order: record both sides on one machine.
"""
from __future__ import annotations
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parents[2]
FAMILIES = ('flux_fill', 'sd_inpaint')
SMALL = ['groups=16', 'chunk=16'] # a third of the work, and gradients still add up over chunks; grpo runs as it comes
METHODS = {m: [*(SMALL if m in ('dpo', 'nft', 'elbo', 'best_of') else []), '--method', m]
           for m in ('grpo', 'dpo', 'nft', 'elbo', 'best_of', 'sft')}
METHODS['pairs'] = ['group_size=2', '--method', 'dpo', '--pairs', '--rewards', 'seam=1', # DPO on given pairs
                    '--data', '{data}/pairs.jsonl', '--held-out-data', '{data}/pairs.jsonl']
LEARNED = {'full': [], 'lora': ['--lora', '4']}
SETTINGS = ['iterations=3', '--held-out', '16', '--seed', '0', '--overwrite']
TOGETHER = {'sft': ['micro_batch=32']} # what a method needs on two processes: half of its batch of 64 for each
ENV = dict(OMP_NUM_THREADS='1', ACCELERATE_USE_CPU='true', CUDA_VISIBLE_DEVICES='', INPAINT_RL_PYTHON=sys.executable)
CLOCK = ('time/', 'seconds') # in the names of wall-clock numbers
FACTS = """import inpaint_rl, json, platform, torch
print(json.dumps(dict(package=inpaint_rl.__file__, torch=torch.__version__, python=platform.python_version(),
                      cpu=torch.backends.cpu.get_cpu_capability())))"""
QUICKSTART = 'quickstart'

def commands() -> dict[str, list[str]]:
    "Name of a run -> its command; {run} and {data} are folders"
    found = {}
    for method, family, learned, n in product(METHODS, FAMILIES, LEARNED, (1, 2)):
        start = [sys.executable] if n == 1 else [sys.executable, '-m', 'torch.distributed.run', '--standalone',
                                                  '--nproc-per-node', str(n)]
        words = METHODS[method] + (TOGETHER.get(method, []) if n > 1 else [])
        found[f'{method}-{family}-{learned}-{n}'] = [*start, 'scripts/train.py', *SETTINGS, *words, *LEARNED[learned],
                                                     '--backbone', family, '--run-dir', '{run}']
    return found | {QUICKSTART: ['bash', 'scripts/quickstart.sh', '--run-dir', '{run}']}

def write_pairs(folder: Path, n: int = 64) -> None:
    "Pairs for offline DPO, always the same: four scanned digits, one of them in the hole, against another scan there"
    import numpy as np
    from PIL import Image
    from sklearn.datasets import load_digits
    digits = load_digits()
    scans = np.kron(1 - .9 * digits.images / 16, np.ones((1, 4, 4))) # [n,32,32], dark on white
    def save(name: str, gray: np.ndarray) -> str: # [64,64] in [0,1]
        Image.fromarray((255 * gray).round().astype(np.uint8)).convert('RGB').save(folder / name)
        return name
    save('hole.png', np.kron([[1, 0], [0, 0]], np.ones((32, 32))))
    with open(folder / 'pairs.jsonl', 'w') as f:
        for i in range(n):
            digit, other, *rest = scans[[5 * i, 5 * i + 4, 5 * i + 1, 5 * i + 2, 5 * i + 3]]
            win, lose = (np.block([[s, rest[0]], rest[1:]]) for s in (digit, other))
            row = dict(image_path=save(f'{i}.png', win), win_path=f'{i}.png', lose_path=save(f'{i}-lose.png', lose))
            row |= dict(mask_path='hole.png', prompt=f'a handwritten {digits.target[5 * i]}')
            f.write(json.dumps(row) + '\n')

def without_clock(tree: Any) -> Any:
    "The numbers of a tree of JSON, less those of the clock"
    if isinstance(tree, list): return [without_clock(v) for v in tree if not isinstance(v, str)]
    if not isinstance(tree, dict): return tree
    return {k: without_clock(v) for k, v in tree.items() if not any(c in k for c in CLOCK) and not isinstance(v, str)}

def read_weights(run: Path) -> dict[str, dict[str, Any]]:
    "Name -> hash and norm of each tensor in the `weights` files of the newest checkpoint, wherever below it they lie"
    import numpy as np
    from safetensors import deserialize
    steps = sorted(run.glob('checkpoints/step-*'), key=lambda p: int(p.name.split('-')[1]))
    files = sorted(steps[-1].rglob('weights*.safetensors')) if steps else []
    if not files: raise ValueError('the run left no checkpoint with a weights*.safetensors')
    tensors = [pair for f in files for pair in deserialize(f.read_bytes())]
    weights: dict[str, dict[str, Any]] = {}
    for name, t in sorted(tensors, key=lambda pair: pair[0]):
        if name in weights: raise ValueError(f'{name} is in two of {[str(f.relative_to(run)) for f in files]}')
        head, data = f'{name} {t["dtype"]} {list(t["shape"])}'.encode(), bytes(t['data'])
        norm = float(np.linalg.norm(np.frombuffer(data, 'f4').astype('f8'))) if t['dtype'] == 'F32' else None
        weights[name] = dict(sha256=hashlib.sha256(head + data).hexdigest(), norm=norm)
    return weights

def read_run(run: Path) -> dict[str, Any]:
    "What a run gave"
    rows = [json.loads(line) for line in (run / 'metrics.jsonl').read_text().splitlines()]
    weights = read_weights(run)
    total = hashlib.sha256(''.join(w['sha256'] for _, w in sorted(weights.items())).encode()).hexdigest()
    return dict(metrics=without_clock(rows), report=without_clock(json.loads((run / 'report.json').read_text())),
                weights_sha256=total, weights=weights)

def do_run(command: list[str], root: Path) -> tuple[dict[str, Any], dict[str, float]]:
    "(what the run gave, or the end of its output if it failed; seconds and peak memory)"
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if any('{data}' in word for word in command): write_pairs(folder)
        words = [w.replace('{run}', f'{folder}/run').replace('{data}', str(folder)) for w in command]
        start = time.time()
        with open(folder / 'log', 'wb') as log:
            p = subprocess.Popen(words, cwd=root, env=os.environ | ENV | {'PYTHONPATH': str(root)}, stdout=log,
                                 stderr=subprocess.STDOUT)
            _, status, used = os.wait4(p.pid, 0) # with the memory of the largest process, its children included
        p.returncode = os.waitstatus_to_exitcode(status)
        cost = dict(seconds=round(time.time() - start, 1), peak_mib=round(used.ru_maxrss / 1024, 1))
        if p.returncode: return dict(failed=(folder / 'log').read_text(errors='replace')[-2000:]), cost
        try: return read_run(folder / 'run'), cost
        except (OSError, ValueError) as e: return dict(failed=f'{type(e).__name__}: {e}'), cost

def facts_of(root: Path) -> dict[str, Any]:
    "Which code is measured, and with what"
    def out(*words: str) -> str:
        return subprocess.run(words, cwd=root, env=os.environ | ENV | {'PYTHONPATH': str(root)}, check=True,
                              capture_output=True, text=True).stdout.strip()
    facts = json.loads(out(sys.executable, '-c', FACTS))
    package = Path(facts.pop('package')).resolve()
    if root not in package.parents: raise SystemExit(f'python imports {package}, which is not the package under {root}')
    code = ('--', 'inpaint_rl', 'scripts/train.py', 'scripts/quickstart.sh')
    changed, commit = out('git', 'status', '--porcelain', *code), out('git', 'log', '-1', '--format=%H', *code)
    return facts | dict(commit=commit, changed=bool(changed)) # the last commit that touched what runs

def record(path: Path, root: Path, only: list[str], jobs: int) -> bool:
    "Run what `path` does not hold yet, and write the results there; True if all went well"
    chosen = {n: c for n, c in commands().items() if not only or any(w in n for w in only)}
    if not chosen: raise SystemExit(f'no run has {" or ".join(only)} in its name; there are {", ".join(commands())}')
    facts = facts_of(root)
    known = json.loads(path.read_text()) if path.exists() else dict(facts=facts, runs={}, cost={})
    if known['facts'] != facts: raise SystemExit(f'{path} is of {known["facts"]}, not of {facts}: name another file')
    def one(name: str) -> bool:
        result, cost = do_run(chosen[name], root)
        if 'failed' not in result:
            known['runs'][name], known['cost'][name] = result, cost
            path.write_text(json.dumps(known, indent=1) + '\n')
        print(f'{name:32} {cost["seconds"]:7.1f} s {cost["peak_mib"]:8.1f} MiB {result.get("failed", "")}', flush=True)
        return 'failed' not in result
    missing = [n for n in chosen if n not in known['runs']]
    with ThreadPoolExecutor(jobs) as pool: return all(list(pool.map(one, missing)))

def leaves(tree: Any, renamed: dict[str, str], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    "(path, value) of every leaf, in order"
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else None
    if items is None: yield path, tree
    for k, v in items or (): yield from leaves(v, renamed, (*path, renamed.get(str(k), str(k))))

def difference(a: Any, b: Any) -> str:
    "How far two values lie apart"
    if isinstance(a, str) or isinstance(b, str) or None in (a, b): return f'{a!s:.12} became {b!s:.12}'
    return f'{a!r} became {b!r}, relative {abs(b - a) / max(abs(a), abs(b)):.1e}'

def furthest(old: dict[tuple[str, ...], Any], new: dict[tuple[str, ...], Any], odd: list[tuple[str, ...]]) -> str:
    "Of the weights that differ, that whose norm does most"
    norms = [p for p in odd if p[0] == 'weights' and p[-1] == 'norm' and None not in (old[p], new[p])]
    if not norms: return ''
    p = max(norms, key=lambda p: abs(new[p] - old[p]))
    return f'; {len(norms)} weights changed their norm, most of all {p[1]}: {difference(old[p], new[p])}'

def compare_run(a: dict[str, Any], b: dict[str, Any], renamed: dict[str, str]) -> tuple[bool, str]:
    "(equal, what to print); numbers that only `b` has are counted, and no difference"
    old, new = dict(leaves(a, renamed)), dict(leaves(b, {}))
    missing, odd = [p for p in old if p not in new], [p for p in old if p in new and old[p] != new[p]]
    more = len(new.keys() - old.keys())
    words = [f'{len(old)} values' + (f' and {more} new ones' if more else '')]
    if missing: words.append(f'{len(missing)} missing, first {" > ".join(missing[0])}')
    if odd: words.append(f'{len(odd)} differ, first {" > ".join(odd[0])}: {difference(old[odd[0]], new[odd[0]])}')
    if len(words) == 1: return True, f'equal bit for bit: {words[0]}'
    return False, '; '.join(words) + furthest(old, new, odd)

def compare(a: dict[str, Any], b: dict[str, Any], renamed: dict[str, str]) -> bool:
    "Print a line per run of `a`; True if `b` has the same numbers"
    for k in ('torch', 'python', 'cpu'):
        if a['facts'][k] != b['facts'][k]: print(f'note: {k} was {a["facts"][k]}, is {b["facts"][k]}')
    same = []
    for name, run in a['runs'].items():
        ok, words = compare_run(run, b['runs'][name], renamed) if name in b['runs'] else (False, 'missing')
        print(f'{"ok    " if ok else "DIFFERS"} {name:32} {words}')
        same.append(ok)
    print(f'{sum(same)} of {len(same)} runs are equal')
    return all(same)

def main() -> bool:
    "True if all is well"
    p = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    commands_of = p.add_subparsers(dest='what', required=True)
    r = commands_of.add_parser('record', help='run and write down')
    r.add_argument('out', type=Path, help='JSON file; runs that it holds are not repeated')
    r.add_argument('--only', nargs='+', default=[], metavar='WORD', help='runs whose name contains one of the words')
    r.add_argument('--jobs', type=int, default=1, help='runs at a time')
    r.add_argument('--root', type=Path, default=HERE, help='checkout to measure; default: that of this file')
    c = commands_of.add_parser('compare', help='two recordings')
    c.add_argument('a', type=Path)
    c.add_argument('b', type=Path)
    c.add_argument('--renamed', nargs='+', default=[], metavar='OLD=NEW', help='metrics that have another name in b')
    o = p.parse_args()
    if o.what == 'record': return record(o.out, o.root.resolve(), o.only, o.jobs)
    return compare(json.loads(o.a.read_text()), json.loads(o.b.read_text()), dict(w.split('=', 1) for w in o.renamed))

if __name__ == '__main__': sys.exit(not main())
