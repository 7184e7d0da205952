#!/usr/bin/env python
"""Train the embedded models with named recipes and seeds, measure 400 held-out scenes before and after, print a table and keep it.

  python scripts/bench.py                                                          # the quickstart recipe, three seeds
  python scripts/bench.py tiny_flux_fill_grpo flow_grpo_as_published --seeds 0     # two recipes side by side, one seed
  python scripts/bench.py tiny_sd_inpaint_grpo --seeds 0 1 2
  python scripts/bench.py --keep runs/quickstart runs/quickstart-sd                # take finished quickstart runs from their report.json
  python scripts/bench.py --table                                                  # print what was measured last, run nothing
"""
import argparse, json, os, platform
from pathlib import Path
os.environ.setdefault('OMP_NUM_THREADS', str(os.cpu_count()))
KEPT = Path(__file__).parent.parent/'nbs/benchmarks.json'
REWARDS = {'inpaint_rl.rewards.digits.legibility':1., 'inpaint_rl.rewards.digits.ink_match':.3, 'inpaint_rl.rewards.local.seam':.3}
JUDGE = 'inpaint_rl.rewards.digits.judge_accuracy'
SHOWN = ('judge_accuracy', 'reward', 'legibility', 'ink_match', 'seam', 'known_region_psnr', 'diversity')

def run(recipe, seed, overrides, folder):
    from inpaint_rl.backbones.embedded import load_backbone
    from inpaint_rl.config import override
    from inpaint_rl.datasets.scenes import DigitScenes
    from inpaint_rl.evaluation.evaluate import evaluate
    from inpaint_rl.trainers import recipes
    from inpaint_rl.trainers.grpo import GRPOTrainer
    config = override(getattr(recipes, recipe)(), [f'seed={seed}', f'run_dir={folder}/{recipe}-{seed}', 'overwrite=true', 'sample_every=0', 'save_every=0', *overrides])
    model = load_backbone('tiny-sd-inpaint' if 'sd_inpaint' in recipe else 'tiny-flux-fill')
    measured = lambda: {k:v for k,v in evaluate(model, DigitScenes(400,'test'), REWARDS, [JUDGE], num_steps=config.num_steps, guidance=config.guidance).summary.items() if k in SHOWN}
    before = measured()
    trainer = GRPOTrainer(model, REWARDS, DigitScenes(4096, 'train', seed=seed+1), config, monitors=[JUDGE]).train()
    with trainer.best_weights(): after = measured()
    p = trainer.progress
    return dict(recipe=recipe, seed=seed, overrides=overrides, iterations=p['iteration'], images=p['images'], seconds=round(p['seconds'],1), before=before, after=after)

def finished(folder):
    r = json.loads((Path(folder)/'report.json').read_text()); pick = lambda d: {k:d[k] for k in SHOWN}
    return dict(recipe=f'tiny_{r["backbone"]}_grpo', seed=r['seed'], overrides=[], iterations=r['iterations'], images=r['images'], seconds=round(r['train_seconds'],1),
                before=pick(r['before']), after=pick(r['after']))

def table(rows):
    head = ['recipe','seed','iterations','images','seconds', *(f'{k} before -> after' for k in SHOWN)]
    lines = ['| '+' | '.join(head)+' |', '|'+'---|'*len(head)]
    for r in rows:
        name = ' '.join([r['recipe'], *r['overrides']])
        lines.append('| '+' | '.join([name, *(str(r[k]) for k in head[1:5]), *(f"{r['before'][k]:.3f} -> {r['after'][k]:.3f}" for k in SHOWN)])+' |')
    for name in dict.fromkeys(r['recipe'] for r in rows):
        mine = [r for r in rows if r['recipe']==name and not r['overrides']]
        if len(mine)>1:
            mean = lambda f: sum(map(f, mine))/len(mine)
            lines.append('| '+' | '.join([f'**{name}, mean**', f'{len(mine)} seeds', str(mine[0]['iterations']), str(mine[0]['images']), f"{mean(lambda r: r['seconds']):.1f}",
                         *(f"{mean(lambda r: r['before'][k]):.3f} -> {mean(lambda r: r['after'][k]):.3f}" for k in SHOWN)])+' |')
    return '\n'.join(lines)

def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('recipes', nargs='*', default=['tiny_flux_fill_grpo'], help='names of recipes, and key=value settings for all of them')
    p.add_argument('--seeds', type=int, nargs='+', default=[0,1,2])
    p.add_argument('--folder', default='runs/bench')
    p.add_argument('--keep', nargs='+', default=[], metavar='RUN_DIR')
    p.add_argument('--table', action='store_true')
    a = p.parse_args()
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else dict(rows=[])
    def keep(row):
        same = lambda r: all(r[k]==row[k] for k in ('recipe','seed','overrides'))
        kept['rows'] = sorted([*(r for r in kept['rows'] if not same(r)), row], key=lambda r: (r['recipe'], r['overrides'], r['seed']))
        kept['machine'] = f'{platform.machine()}, {os.cpu_count()} cores, {os.environ["OMP_NUM_THREADS"]} threads'
        KEPT.write_text(json.dumps(kept, indent=1)+'\n')
    for folder in a.keep: keep(finished(folder))
    if not (a.table or a.keep):
        for recipe in (r for r in a.recipes if '=' not in r):
            for seed in a.seeds: keep(run(recipe, seed, [r for r in a.recipes if '=' in r], a.folder))
    print(table(kept['rows']))

if __name__=='__main__': main()
