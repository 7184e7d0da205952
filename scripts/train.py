#!/usr/bin/env python
"""Post-train an inpainting model with rewards: measure, train, measure again, report.

  python scripts/train.py                                       # GRPO on the embedded Flux Fill model
  python scripts/train.py --backbone sd_inpaint                 # and on the SD1.5-inpainting one
  python scripts/train.py iterations=20 learning_rate=1e-4      # any setting of the recipe as key=value
  python scripts/train.py --config my_recipes.py:mine --resume  # a recipe of your own; continue where it stopped
  torchrun --nproc-per-node 2 scripts/train.py groups=32        # several processes
"""
import argparse, os, shlex, sys
os.environ.setdefault('OMP_NUM_THREADS', str(os.cpu_count()))
os.environ.setdefault('HF_HUB_DISABLE_TELEMETRY', '1')

SHORT = dict(flux_fill=('tiny-flux-fill','tiny_flux_fill_grpo'), sd_inpaint=('tiny-sd-inpaint','tiny_sd_inpaint_grpo')) # backbone -> embedded model, recipe

NEXT = """
next, to try:
  {python} scripts/train.py {again}    # go on where this run ended
  {python} scripts/train.py --run-dir runs/mine learning_rate=2e-4 kl_coef=0.05    # other settings; --help lists the options
  bash scripts/quickstart.sh --backbone {other}    # the other family
  {python} -m jupyterlab nbs/tutorials/one_update.ipynb    # one rollout and one update, step by step"""

def parse():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('overrides', nargs='*', metavar='key=value', help='settings of the recipe')
    p.add_argument('--backbone', default='flux_fill', help='flux_fill, sd_inpaint, a diffusers folder or a hub id')
    p.add_argument('--config', help="recipe name, file.py:name or YAML file; default: the backbone's")
    p.add_argument('--data', help='JSON-lines file of your own; default: the handwritten-digit scenes')
    p.add_argument('--held-out-data', metavar='FILE', help='JSON-lines file to measure on, with --data')
    p.add_argument('--rewards', nargs='+', metavar='NAME=WEIGHT', help='dotted names of rewards with weights; default: those of the digit scenes')
    p.add_argument('--lora', type=int, metavar='RANK', help='train a LoRA of this rank in place of all weights')
    p.add_argument('--dtype', default='fp32', choices=('fp32','bf16','fp16'), help='compute precision')
    p.add_argument('--region', default='soft', choices=('soft','hard','dilated'), help='region weight of a latent element that is partly hole: its share, 1, or 1 and its neighbours too')
    p.add_argument('--seed', type=int)
    p.add_argument('--run-dir')
    p.add_argument('--resume', action='store_true', help='continue the newest whole checkpoint of the run folder')
    p.add_argument('--overwrite', action='store_true', help='discard the run that the run folder holds')
    p.add_argument('--held-out', type=int, default=400, help='records that are measured before and after')
    return p.parse_args()

def main():
    a = parse()
    print('loading torch, diffusers and the model ...', flush=True)
    from inpaint_rl import distributed as dist
    from inpaint_rl.backbones.base import LoRA
    from inpaint_rl.backbones.embedded import load_backbone
    from inpaint_rl.config import load_config, to_yaml
    from inpaint_rl.core import ConfigError
    from inpaint_rl.datasets.records import JsonlDataset, collate
    from inpaint_rl.datasets.scenes import DigitScenes
    from inpaint_rl.evaluation.evaluate import evaluate, report_run
    from inpaint_rl.trainers import recipes
    from inpaint_rl.trainers.checkpoints import read_metrics
    from inpaint_rl.trainers.grpo import GRPOTrainer
    model, recipe = SHORT.get(a.backbone, (a.backbone, None))
    if not (a.config or recipe): raise ConfigError(f'--backbone {a.backbone} has no default recipe: name one with --config')
    named = dict(seed=a.seed, run_dir=a.run_dir, resume=a.resume or None, overwrite=a.overwrite or None, train_only=[] if a.lora else None) # a LoRA says itself what learns
    config = load_config(a.config or recipe, [*(f'{k}={v}' for k,v in named.items() if v is not None), *a.overrides], recipes=recipes)
    from diffusers.utils import logging as noise
    noise.disable_progress_bar() # of loading; the training has its own
    backbone = load_backbone(model, a.dtype, LoRA(rank=a.lora, alpha=2*a.lora) if a.lora else None, a.region)
    if a.data:
        if not (a.rewards and a.held_out_data): raise ConfigError('--data needs --rewards (the default ones read digits) and --held-out-data (what was trained on cannot be measured on)')
        train, held_out = JsonlDataset(a.data), JsonlDataset(a.held_out_data); rewards, monitors = {}, ()
    else:
        train, held_out, monitors = DigitScenes(4096, 'train', seed=config.seed+1), DigitScenes(a.held_out, 'test'), ('inpaint_rl.rewards.digits.judge_accuracy',)
        rewards = {'inpaint_rl.rewards.digits.legibility':1., 'inpaint_rl.rewards.digits.ink_match':.3, 'inpaint_rl.rewards.local.seam':.3}
    if a.rewards: rewards = {n:float(w) for n,w in (r.split('=') for r in a.rewards)}
    trainer = GRPOTrainer(backbone, rewards, train, config, samples=collate([held_out[i] for i in range(min(8, len(held_out)))]), monitors=monitors)
    measured = lambda: trainer.everywhere(lambda: evaluate(backbone, held_out, rewards, monitors, n=a.held_out, num_steps=config.eval_steps, guidance=config.guidance), (None, None))
    if dist.is_main(): print(f'measuring {a.backbone} on {min(a.held_out, len(held_out))} held-out records ...', flush=True)
    before = measured()
    trainer.train()
    if trainer.stopped: return
    with trainer.best_weights(): after = measured()
    if dist.is_main(): print(report_run(config.run_dir, a.backbone, held_out, rewards, monitors, before, after, config.seed, trainer.progress, to_yaml(config), read_metrics(config.run_dir)))
    if dist.is_main() and not a.data:
        options = [x for x in sys.argv[1:] if x not in ('--overwrite', '--resume', *a.overrides)]; kept = [o for o in a.overrides if not o.startswith('iterations=')]
        again = shlex.join([*options, '--resume', *kept, f'iterations={2*config.iterations}']) # the same run, so the same options
        print(NEXT.format(python=os.path.relpath(sys.executable), again=again, other='flux_fill' if a.backbone=='sd_inpaint' else 'sd_inpaint'))

if __name__=='__main__':
    try: main()
    except Exception as e: # errors for people: the reason, without a traceback, when it is one of ours
        from inpaint_rl.core import InpaintRLError
        if not isinstance(e, InpaintRLError): raise
        sys.exit(f'{type(e).__name__}: {e}')
