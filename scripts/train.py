#!/usr/bin/env python
"""Post-train an inpainting model with rewards: measure, train, measure again, report.

  python scripts/train.py                                       # GRPO on the embedded Flux Fill model
  python scripts/train.py --backbone sd_inpaint                 # and on the SD1.5-inpainting one
  python scripts/train.py --method nft                          # or dpo, best_of, sft: another way to learn from the same rewards
  python scripts/train.py iterations=20 learning_rate=1e-4      # any setting of the recipe as key=value
  python scripts/train.py --config my_recipes.py:mine --resume  # a recipe of your own; continue where it stopped
  torchrun --nproc-per-node 2 scripts/train.py groups=32        # several processes
  python scripts/train.py --reward-servers http://127.0.0.1:8000 http://127.0.0.1:8001   # rewards that scripts/run_server.sh serves
"""
import argparse, json, os, shlex, sys
from pathlib import Path
os.environ.setdefault('OMP_NUM_THREADS', str(os.cpu_count()))
os.environ.setdefault('HF_HUB_DISABLE_TELEMETRY', '1')
sys.path.append(os.getcwd()) # dotted names of rewards are looked up where the command was typed, as `python -m` would

# backbone -> embedded model; its recipes are named after it and the method
SHORT = dict(flux_fill='tiny-flux-fill', sd_inpaint='tiny-sd-inpaint')

NEXT = """
next, to try:
  {launch} scripts/train.py {again}    # go on where this run ended
  {python} scripts/train.py --run-dir runs/mine learning_rate=2e-4 kl_coef=0.05    # other settings; --help lists the options
  bash scripts/quickstart.sh --backbone {other}    # the other family
  {python} -m inpaint_rl.app.ui    # look: paint holes, compare with the base model, vote
  {python} -m jupyterlab nbs/tutorials/02_one_update.ipynb    # one rollout and one update, step by step"""

def parse():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('overrides', nargs='*', metavar='key=value', help='settings of the recipe')
    p.add_argument(
        '--backbone',
        default=os.environ.get('MODEL_PATH') or 'flux_fill',
        help='flux_fill, sd_inpaint, a diffusers folder, '
             'a .safetensors file or a hub id; default: $MODEL_PATH, else flux_fill',
    )
    p.add_argument(
        '--method',
        choices=('grpo','dpo','nft','best_of','sft'),
        help='how to learn; default: what the config is for, else grpo',
    )
    p.add_argument('--config', help="recipe name, file.py:name or YAML file; default: the backbone's")
    p.add_argument(
        '--data',
        help='data of your own, JSON lines unless --format says otherwise; default: the handwritten-digit scenes',
    )
    p.add_argument('--held-out-data', metavar='FILE', help='what to measure on, with --data')
    p.add_argument('--pairs', action='store_true', help='--data holds chosen pairs (win_path, lose_path): offline DPO')
    p.add_argument(
        '--format',
        default='jsonl',
        help='of the data: jsonl, brushbench, brushdata, misato, '
             'humanedit, rorem, follow_your_preference or image_folder',
    )
    p.add_argument(
        '--set', nargs='+', default=[], metavar='KEY=VALUE',
        help='further settings of the reader, such as max_bad=0.01 or root=DIR'
    )
    p.add_argument('--size', type=int, nargs='+', metavar='PX', help='side, or height and width, of the pictures')
    p.add_argument(
        '--buckets', type=float, metavar='MOST',
        help='train on several shapes of the area of --size squared, up to MOST:1 and 1:MOST'
    )
    p.add_argument('--cache', metavar='DIR', help='what scripts/preprocess.py made of --data')
    p.add_argument(
        '--held-out-cache', metavar='DIR', help='and of --held-out-data; with both, the text encoders are dropped'
    )
    p.add_argument(
        '--rewards',
        nargs='+',
        metavar='NAME=WEIGHT',
        help='rewards with weights: short names, dotted ones, or my_rewards.py:name; '
             '--ocr_weight 0.5 says the same as ocr=0.5; default: those of the digit scenes',
    )
    p.add_argument(
        '--monitors', nargs='+', metavar='NAME',
        help='held-out rewards: logged, never optimised, and an alarm when they fall'
    )
    p.add_argument(
        '--reward-set', nargs='+', default=[], metavar='REWARD.OPTION=VALUE',
        help='settings of rewards that are computed here'
    )
    p.add_argument(
        '--reward-servers', nargs='+', default=[], metavar='URL',
        help='who computes the rewards with short names (see scripts/run_server.sh)'
    )
    p.add_argument(
        '--reward-pixels', default='uint8', choices=('uint8','float32'),
        help='how pictures travel there; float32 gives the very scores of this process'
    )
    p.add_argument('--reward-chunk', type=int, default=32, help='samples per request')
    p.add_argument(
        '--reward-token-env', default='', metavar='NAME',
        help='environment variable with the token of the servers'
    )
    p.add_argument(
        '--on-failure', nargs='+', default=[], metavar='REWARD=POLICY',
        help='what a sample without a score costs: nan (itself, the default), drop_group (its group), raise (the run)'
    )
    p.add_argument('--lora', type=int, metavar='RANK', help='train a LoRA of this rank in place of all weights')
    p.add_argument('--dtype', default='fp32', choices=('fp32','bf16','fp16'), help='compute precision')
    p.add_argument(
        '--region', default='soft', choices=('soft','hard','dilated'),
        help='region weight of a latent element that is partly hole: its share, 1, or 1 and its neighbours too'
    )
    p.add_argument('--seed', type=int)
    p.add_argument('--run-dir')
    p.add_argument('--resume', action='store_true', help='continue the newest whole checkpoint of the run folder')
    p.add_argument('--overwrite', action='store_true', help='discard the run that the run folder holds')
    p.add_argument('--held-out', type=int, default=400, help='records that are measured before and after')
    return p

def main():
    from inpaint_rl.rewards.reward_words import split_weight, take_weights
    from inpaint_rl.serving.client import find_rewards
    words, weights = take_weights(sys.argv[1:])
    a = parse().parse_intermixed_args(words) # key=value before and after --options
    print('loading torch, diffusers and the model ...', flush=True)
    from inpaint_rl import distributed as dist
    from inpaint_rl.backbones.base import LoRA
    from inpaint_rl.backbones.load import load_backbone
    from inpaint_rl.config import load_config, to_yaml
    from inpaint_rl.core import ConfigError, write_json
    from inpaint_rl.datasets.buckets import alike, bucket_sizes
    from inpaint_rl.datasets.cache import CachedDataset
    from inpaint_rl.datasets.importers import read_dataset
    from inpaint_rl.datasets.pairs import PairDataset
    from inpaint_rl.datasets.records import collate
    from inpaint_rl.datasets.scenes import DigitScenes
    from inpaint_rl.evaluation.evaluate import evaluate, report_run
    from inpaint_rl.rewards import local
    from inpaint_rl.trainers import recipes
    from inpaint_rl.trainers.checkpoints import read_metrics
    model = SHORT.get(a.backbone, a.backbone)
    recipe = f"{model}_{a.method or 'grpo'}".replace('-', '_') if a.backbone in SHORT else None
    if not (a.config or recipe):
        raise ConfigError(f'--backbone {a.backbone} has no default recipe: name one with --config')
    # a LoRA says itself what learns
    named = dict(
        seed=a.seed, run_dir=a.run_dir, resume=a.resume or None,
        overwrite=a.overwrite or None, train_only=[] if a.lora else None
    )
    config = load_config(
        a.config or recipe,
        [*(f'{k}={v}' for k,v in named.items() if v is not None), *a.overrides],
        recipes=recipes,
    )
    method = recipes.method_of(config)
    if a.method not in (None, method):
        raise ConfigError(f'--method {a.method}, but {a.config} holds settings of {method}: leave one of the two out')
    from diffusers.utils import logging as noise
    noise.disable_progress_bar() # of loading; the training has its own
    backbone = load_backbone(model, a.dtype, LoRA(rank=a.lora, alpha=2*a.lora) if a.lora else None, a.region)
    if a.data:
        if not ((a.rewards or weights) and a.held_out_data):
            raise ConfigError(
                '--data needs --rewards (the default ones read digits) and '
                '--held-out-data (what was trained on cannot be measured on)'
            )
        size = a.size and (tuple(a.size) if len(a.size)>1 else a.size[0])
        read = lambda f, size: read_dataset(f, a.format, a.set, size=size)
        if a.buckets and not isinstance(size, int):
            raise ConfigError('--buckets needs --size with one number, the side of the square of the same area')
        train = (
            PairDataset(a.data, size) if a.pairs
            else read(a.data, bucket_sizes(size, backbone.multiple, most=a.buckets) if a.buckets else size)
        )
        held_out, weighed, watched = read(a.held_out_data, size), {}, []
        if a.cache: train = CachedDataset(train, a.cache, backbone)
        if a.held_out_cache: held_out = CachedDataset(held_out, a.held_out_cache, backbone)
        if a.cache and a.held_out_cache: backbone.drop('text')
    else:
        train, held_out, watched = DigitScenes(4096, 'train', seed=config.seed+1), DigitScenes(a.held_out, 'test'), [
            'inpaint_rl.rewards.digits.judge_accuracy'
        ]
        weighed = dict(legibility=1., ink_match=.3, seam=.3)
    if a.rewards or weights: weighed = dict(map(split_weight, a.rewards or ())) | weights
    watched = a.monitors or watched
    before_now = Path(config.run_dir, 'run.json')
    # what the servers said when the run began
    known = json.loads(before_now.read_text()).get('canary') if config.resume and before_now.exists() else None
    found, client = find_rewards(
        [*weighed, *(m for m in watched if m not in weighed)],
        a.reward_servers,
        a.reward_set,
        a.on_failure,
        **(
            dict(pixels=a.reward_pixels, chunk=a.reward_chunk, token_env=a.reward_token_env, expected=known)
            if a.reward_servers else {}
        ),
    )
    rewards, monitors = {found[n]:w for n,w in weighed.items()}, tuple(found[m] for m in watched)
    trainer = recipes.make_trainer(
        backbone, rewards, train, config,
        samples=collate([held_out[i] for i in alike(held_out, 8)]), monitors=monitors
    )
    lora = a.lora and dict(rank=a.lora, alpha=2*a.lora, targets=list(backbone.lora.targets))
    if dist.is_main():
        write_json(f'{config.run_dir}/run.json', dict(
            backbone=model, dtype=a.dtype, lora=lora, region=a.region, method=method,
            recipe=a.config or recipe, rewards=weighed, reward_servers=a.reward_servers,
            canary=client and client.canary, monitors=watched, data=a.data or 'digit scenes',
            held_out_data=a.held_out_data or 'digit scenes of other scans',
            versions={m:sys.modules[m].__version__ for m in ('inpaint_rl','torch','diffusers')}
        ))
    # and brightness, saturation ...: has the look of the fills changed?
    measures = (*monitors, *local.monitors.values())
    measured = lambda: trainer.everywhere(lambda: evaluate(
        backbone, held_out, rewards, measures, n=a.held_out, num_steps=config.eval_steps, guidance=config.guidance
    ))
    if dist.is_main():
        print(f'measuring {a.backbone} on {min(a.held_out, len(held_out))} held-out records ...', flush=True)
    before = measured()
    trainer.train()
    if trainer.stopped: return
    with trainer.best_weights(): after = measured()
    if dist.is_main():
        print(report_run(
            config.run_dir, a.backbone, held_out, rewards, measures, before, after, config.seed,
            trainer.progress, to_yaml(config), read_metrics(config.run_dir),
            method.upper() if '_' not in method else method.replace('_', '-')
        ))
    if dist.is_main() and not a.data:
        options = [x for x in sys.argv[1:] if x not in ('--overwrite', '--resume', *a.overrides)]
        kept = [o for o in a.overrides if not o.startswith('iterations=')]
        # the same run, so the same options
        again = shlex.join([*options, '--resume', *kept, f'iterations={2*config.iterations}'])
        alone, python = int(os.environ.get('LOCAL_WORLD_SIZE', 1))==1, os.path.relpath(sys.executable)
        print(NEXT.format(
            python=python,
            launch=python if alone else f"torchrun --nproc-per-node {os.environ['LOCAL_WORLD_SIZE']}",
            again=again,
            other='flux_fill' if a.backbone=='sd_inpaint' else 'sd_inpaint',
        ))

if __name__=='__main__':
    try: main()
    except Exception as e: # errors for people: the reason, without a traceback, when it is one of ours
        from inpaint_rl.core import InpaintRLError
        if not isinstance(e, InpaintRLError): raise
        sys.exit(f'{type(e).__name__}: {e}')
