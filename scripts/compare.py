#!/usr/bin/env python
"""Train one model by several recipes and seeds, measuring the held-out judge along the way: accuracy against pictures
made and against seconds.

  python scripts/compare.py tiny_flux_fill_grpo tiny_flux_fill_nft --seeds 0 1 2
  python scripts/compare.py flow_grpo_scaled_down --points 6 iterations=30      # settings for all recipes named
  python scripts/compare.py --all                                                # every method on both small models
  python scripts/compare.py --table                                              # print what was measured last
"""
import argparse, json, os, platform, time
from pathlib import Path
os.environ.setdefault('OMP_NUM_THREADS', str(os.cpu_count()))
KEPT = Path(os.environ.get('COMPARISON', Path(__file__).parent.parent/'nbs/comparison.json'))

class Clock:
    "CPU seconds of this process, but for those spent inside `paused`: what others do on the machine counts little"
    def __init__(self): self.begun, self.left_out = time.process_time(), 0.
    def read(self): return round(time.process_time()-self.begun-self.left_out, 2)
    def paused(self, f):
        start = time.process_time()
        found = f()
        self.left_out += time.process_time()-start
        return found

def rewards_for(config):
    "The rewards that `inpaint-rl train` takes by itself, by their functions"
    from inpaint_rl.cli.reward_options import choose_rewards, connect_rewards
    from inpaint_rl.trainers.reward_gradient_method import GradientConfig
    return connect_rewards(choose_rewards(gradients=isinstance(config, GradientConfig))).weights

def look_at(backbone, config, rewards, n):
    "What is measured once, at the end: the known region, the paper, and how much fills of one hole differ"
    import torch
    from inpaint_rl.cli.reward_options import DIGIT_MONITORS
    from inpaint_rl.datasets.scenes import DigitScenes
    from inpaint_rl.evaluation.evaluate import evaluate, fill
    from inpaint_rl.rewards.digits import ink_map, judge_accuracy
    from inpaint_rl.rewards.local import hole_diversity
    how = (config.eval_steps, config.guidance)
    found = evaluate(backbone, DigitScenes(n, 'test'), rewards, DIGIT_MONITORS, n, *how).summary
    few = DigitScenes(100, 'test').batch(range(100))
    fills = [fill(backbone, few, (0, k), *how) for k in range(4)]
    shapes = torch.stack([ink_map(s.composite, s) for s in fills], 1) # strokes without colour and paper
    pictures = torch.stack([s.composite for s in fills], 1)
    others = DigitScenes(1000, 'test', seed=1).batch(range(1000)) # no setting was chosen by them
    both = dict(diversity=pictures, shapes=shapes)
    apart = {name:hole_diversity(x, few.mask).nanmean().item() for name,x in both.items()}
    return apart | dict(known_region_psnr=found['known_region_psnr'], paper_gap=found['paper_gap'],
                        judge_others=judge_accuracy(fill(backbone, others, 0, *how)).mean().item())

def measure(recipe, seed, overrides, points, n, folder):
    "One training; the judge at `points` even distances along it"
    from inpaint_rl.backbones.load import load_backbone
    from inpaint_rl.cli.model import model_of, recipe_family
    from inpaint_rl.config_files import load_config
    from inpaint_rl.datasets.scenes import DigitScenes
    from inpaint_rl.evaluation.evaluate import fill
    from inpaint_rl.rewards.digits import judge_accuracy
    from inpaint_rl.trainers import recipes
    settings = [f'seed={seed}', f'run_dir={folder}/{recipe}-{seed}', 'overwrite=true', 'save_every=0', 'sample_every=0']
    config = load_config(recipe, [*settings, *overrides], recipes=recipes)
    backbone = load_backbone(model_of(recipe_family(recipe)))
    held_out = DigitScenes(n, 'test')
    scenes = held_out.batch(range(n))
    rewards = rewards_for(config)
    judge = lambda: judge_accuracy(fill(backbone, scenes, 0, config.eval_steps, config.guidance)).mean().item()
    curve = [dict(images=0, seconds=0., cpu=0., judge=judge())]
    stops = {round(config.iterations*k/points) for k in range(1, points+1)}
    def look(t, iteration, metrics):
        if iteration not in stops: return
        with t.best_weights(): seen = clock.paused(judge)
        seconds = round(t.progress['seconds'], 2)
        curve.append(dict(images=t.progress['images'], seconds=seconds, cpu=clock.read(), judge=seen))
    train = DigitScenes(4096, 'train', seed=seed+1)
    trainer = recipes.make_trainer(backbone, rewards, train, config, callbacks=[look])
    clock = Clock()
    trainer.train()
    if trainer.stopped: raise SystemExit('stopped by a signal')
    with trainer.best_weights(): after = look_at(backbone, config, rewards, n)
    return dict(recipe=recipe, seed=seed, overrides=overrides, method=recipes.method_of(config), curve=curve) | after

def reached(curve, goal, what): # images or seconds until the judge first reads `goal`
    return next((p[what] for p in curve if p['judge']>=goal), None)

def run_line(r, goal): # of one training
    first, last = r['curve'][0], r['curve'][-1]
    def to_goal(what, form):
        n = reached(r['curve'], goal, what)
        return '-' if n is None else format(n, form)
    def number(key, form): return format(r[key], form) if key in r else '-' # earlier measurements lack some
    cells = [' '.join([r['recipe'], *r['overrides']]), r['seed'], last['images'], f"{last['seconds']:.1f}",
             f"{last['cpu']:.1f}" if 'cpu' in last else '-', f"{first['judge']:.4f} -> {last['judge']:.4f}",
             number('judge_others', '.3f'), number('known_region_psnr', '.1f'), number('diversity', '.3f'),
             number('shapes', '.3f'), number('paper_gap', '.2f'), to_goal('images', 'd'), to_goal('seconds', '.1f')]
    return f"| {' | '.join(map(str, cells))} |"

HEADINGS = ('recipe', 'seed', 'images', 'seconds', 'CPU s', 'judge', 'judge, 1,000 others', 'known region, dB',
            'diversity', 'of shapes', 'paper gap', 'images to .97', 'seconds to .97')

def table(rows, goal=.97):
    "Every training, in Markdown"
    return '\n'.join([f"| {' | '.join(HEADINGS)} |", '|'+'---|'*len(HEADINGS), *(run_line(r, goal) for r in rows)])

def keep(kept, row):
    "Put one training into what is kept, in place of an earlier one of the same settings"
    same = lambda r: all(r[k]==row[k] for k in ('recipe','seed','overrides'))
    kept['rows'] = sorted([*(r for r in kept['rows'] if not same(r)), row],
                          key=lambda r: (r['recipe'], r['overrides'], r['seed']))
    kept['machine'] = f'{platform.machine()}, {os.cpu_count()} cores, {os.environ["OMP_NUM_THREADS"]} threads'
    KEPT.write_text(json.dumps(kept, indent=1)+'\n')

def bases(recipes, n, known_ones):
    "The same of the models before anything is learned, by family: those that were not measured before"
    from inpaint_rl.backbones.load import load_backbone
    from inpaint_rl.cli.model import model_of, recipe_family
    from inpaint_rl.config_files import load_config
    from inpaint_rl.trainers import recipes as known
    out = {}
    for family,recipe in {recipe_family(r):r for r in recipes}.items():
        if family in known_ones: continue
        config = load_config(recipe, [], recipes=known)
        out[family] = look_at(load_backbone(model_of(family)), config, rewards_for(config), n)
    return out

def measure_all(options, kept):
    from diffusers.utils import logging
    from inpaint_rl.cli.model import METHOD_NAMES, default_recipe, embedded_models
    logging.disable_progress_bar()
    words = options.recipes or [default_recipe(None, method) for method in ('grpo','nft')]
    if options.all: words = [default_recipe(f, m) for f in embedded_models() for m in METHOD_NAMES]+options.recipes
    recipes, overrides = ([w for w in words if ('=' in w)==setting] for setting in (False, True))
    kept.setdefault('base', {})
    kept['base'] |= bases(recipes, options.held_out, kept['base'])
    for recipe in recipes:
        for seed in options.seeds:
            keep(kept, measure(recipe, seed, overrides, options.points, options.held_out, options.folder))

def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('recipes', nargs='*',
                   help='Names of recipes, and key=value settings for all of them.')
    p.add_argument('--all', action='store_true', help='Every method on both small models.')
    p.add_argument('--seeds', type=int, nargs='+', default=[0,1,2], metavar='N',
                   help='Seeds of the runs. Default: 0 1 2.')
    p.add_argument('--points', type=int, default=6, metavar='N', help='Measurements along a training. Default: 6.')
    p.add_argument('--held-out', type=int, default=400, metavar='N', help='Records that are measured. Default: 400.')
    p.add_argument('--folder', default='runs/compare', help='Where the runs go. Default: runs/compare.')
    p.add_argument('--table', action='store_true', help='Print what was measured last, and run nothing.')
    a = p.parse_intermixed_args()
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else dict(rows=[])
    if not a.table: measure_all(a, kept)
    print(table(kept['rows']))

if __name__=='__main__': main()
