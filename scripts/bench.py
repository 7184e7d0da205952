#!/usr/bin/env python
"""Run `inpaint-rl train` with named recipes and seeds, keep what their reports say, and print one table.

  python scripts/bench.py                                                          # the quickstart recipe, three seeds
  python scripts/bench.py tiny_flux_fill_grpo flow_grpo_scaled_down --seeds 0     # two recipes side by side, one seed
  python scripts/bench.py tiny_sd_inpaint_grpo learning_rate=5e-5 --seeds 0 1 2
  python scripts/bench.py --table                                                  # print what was measured last
"""
import argparse, json, os, platform, subprocess, sys
from pathlib import Path
HERE = Path(__file__).parent
KEPT = HERE.parent/'nbs/benchmarks.json'
COUNTS = ('seed', 'iterations', 'images', 'seconds')
SHOWN = ('judge_accuracy', 'reward', 'legibility', 'ink_match', 'seam', 'known_region_psnr', 'diversity')

def run(recipe, seed, overrides, folder):
    from inpaint_rl.cli.model import recipe_family
    run_dir = Path(folder)/f'{recipe}-{seed}'
    command = [sys.executable, HERE/'train.py', 'sample_every=0', 'save_every=0', *overrides, '--backbone',
               recipe_family(recipe), '--config', recipe, '--seed', str(seed), '--run-dir', run_dir, '--overwrite']
    subprocess.run(command, check=True)
    r = json.loads((run_dir/'report.json').read_text())
    pick = lambda d: {k:d[k] for k in SHOWN}
    return dict(recipe=recipe, seed=seed, overrides=overrides, iterations=r['iterations'], images=r['images'],
                seconds=round(r['train_seconds'],1), before=pick(r['before']), after=pick(r['after']))

def line(cells): return '| '+' | '.join(cells)+' |'

def run_line(r): # of one run
    changes = [f"{r['before'][k]:.3f} -> {r['after'][k]:.3f}" for k in SHOWN]
    return line([' '.join([r['recipe'], *r['overrides']]), *(str(r[k]) for k in COUNTS), *changes])

def mean_line(name, rows): # of several seeds of one recipe
    mean = lambda numbers: sum(numbers)/len(rows)
    at = lambda state, k: mean(r[state][k] for r in rows)
    changes = [f"{at('before', k):.3f} -> {at('after', k):.3f}" for k in SHOWN]
    return line([f'**{name}, mean**', f'{len(rows)} seeds', str(rows[0]['iterations']), str(rows[0]['images']),
                 f"{mean(r['seconds'] for r in rows):.1f}", *changes])

def table(rows):
    head = ['recipe', *COUNTS, *(f'{k} before -> after' for k in SHOWN)]
    lines = [line(head), '|'+'---|'*len(head), *map(run_line, rows)]
    for name in dict.fromkeys(r['recipe'] for r in rows):
        seeds = [r for r in rows if r['recipe']==name and not r['overrides']]
        if len(seeds)>1: lines.append(mean_line(name, seeds))
    return '\n'.join(lines)

def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('recipes', nargs='*',
                   help='Names of recipes, and key=value settings for all of them.')
    p.add_argument('--seeds', type=int, nargs='+', default=[0,1,2], metavar='N',
                   help='Seeds of the runs. Default: 0 1 2.')
    p.add_argument('--folder', default='runs/bench', help='Where the runs go. Default: runs/bench.')
    p.add_argument('--table', action='store_true', help='Print what was measured last, and run nothing.')
    a = p.parse_args()
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else dict(rows=[])
    def keep(row):
        same = lambda r: all(r[k]==row[k] for k in ('recipe','seed','overrides'))
        kept['rows'] = sorted(
            [*(r for r in kept['rows'] if not same(r)), row],
            key=lambda r: (r['recipe'], r['overrides'], r['seed']),
        )
        kept['machine'] = (
            f'{platform.machine()}, {os.cpu_count()} cores, {os.environ.get("OMP_NUM_THREADS", os.cpu_count())} threads'
        )
        KEPT.write_text(json.dumps(kept, indent=1)+'\n')
    if not a.table:
        from inpaint_rl.cli.model import default_recipe
        words = a.recipes or [default_recipe(None)]
        for recipe in (w for w in words if '=' not in w):
            for seed in a.seeds: keep(run(recipe, seed, [w for w in words if '=' in w], a.folder))
    print(table(kept['rows']))

if __name__=='__main__': main()
