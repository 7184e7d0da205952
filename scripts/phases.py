#!/usr/bin/env python
"""Where an iteration's time, memory and arithmetic go, phase by phase: measured on the real trainer, for a real model or for random weights of its size.

  python scripts/phases.py tiny-flux-fill                                                     # a model: embedded name, folder, .safetensors file or hub id; default: $MODEL_PATH
  python scripts/phases.py --random-weights flux_fill --scale small                           # random weights, on a laptop
  python scripts/phases.py --random-weights flux_fill --dtype bf16 --lora 32 --size 1024 --chunk 1   # the published size, on a large GPU; nothing is downloaded
"""
import argparse, os, sys
os.environ.setdefault('OMP_NUM_THREADS', str(os.cpu_count()))
os.environ.setdefault('HF_HUB_DISABLE_TELEMETRY', '1')

def parse():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument(
        'model',
        nargs='?',
        help='embedded name, diffusers folder, .safetensors file or hub id; default: $MODEL_PATH',
    )
    p.add_argument(
        '--random-weights', metavar='FAMILY', choices=('flux_fill','sd_inpaint'),
        help='no model, but random weights of this family'
    )
    p.add_argument(
        '--scale',
        choices=('published','small'),
        help='with --random-weights: the size of the networks; default: published',
    )
    p.add_argument('--parts', help='with a single file: the folder that has what it lacks')
    p.add_argument('--variant', help="with a folder or hub id: 'fp16' reads the files *.fp16.safetensors")
    p.add_argument(
        '--quantize', choices=('nf4','int8'), help='store the frozen base in few bits; needs --lora and a GPU'
    )
    p.add_argument('--device', choices=('cpu','cuda'), help='default: a GPU where there is one')
    p.add_argument('--dtype', default='fp32', choices=('fp32','bf16','fp16'), help='compute precision')
    p.add_argument('--lora', type=int, metavar='RANK', help='train a LoRA of this rank in place of all weights')
    p.add_argument('--size', type=int, default=64, help='pixels per side')
    p.add_argument('--groups', type=int, default=2)
    p.add_argument('--group-size', type=int, default=4)
    p.add_argument('--chunk', type=int, default=4, help='samples per forward pass')
    p.add_argument('--steps', type=int, default=4, help='denoising steps of a rollout')
    p.add_argument('--window', type=int, default=2, help='how many of them are trained')
    p.add_argument('--guidance', type=float, help="default: the family's own")
    p.add_argument(
        '--rewards', nargs='+', metavar='NAME=WEIGHT',
        help='dotted names of rewards with weights; default: a cheap local one'
    )
    p.add_argument('--iterations', type=int, default=3, help='timed iterations')
    p.add_argument('--warmup', type=int, default=1, help='iterations before them')
    p.add_argument('--out', default='runs/phases', help='folder of phases.json and phases.md')
    return p.parse_args()

def main():
    a = parse()
    if a.device=='cpu': os.environ['ACCELERATE_USE_CPU'] = 'true'
    from tempfile import TemporaryDirectory
    import torch
    from inpaint_rl.backbones.base import LoRA
    from inpaint_rl.backbones.load import load_backbone, model_path
    from inpaint_rl.backbones.random import random_backbone
    from inpaint_rl.core import ConfigError
    from inpaint_rl.trainers.profile import measure_phases, phase_trainer, phases_table, save_phases
    lora = LoRA(rank=a.lora, alpha=2*a.lora) if a.lora else None
    if a.device=='cuda' and not torch.cuda.is_available():
        raise ConfigError('--device cuda: there is no CUDA device here')
    if a.random_weights:
        if a.model or a.parts or a.variant or a.quantize:
            raise ConfigError('--random-weights takes no model, --parts, --variant or --quantize')
        a.scale = a.scale or 'published'
        name, backbone = (
            f'{a.random_weights}, random weights, {a.scale} size',
            random_backbone(a.random_weights, a.scale, a.dtype, lora, a.device),
        )
    else:
        if a.scale: raise ConfigError('--scale is for --random-weights; a model has the size that it has')
        name, backbone = (
            os.path.basename(model_path(a.model)),
            load_backbone(a.model, a.dtype, lora, variant=a.variant, parts=a.parts, quantize=a.quantize),
        )
    rewards = {n:float(w) for n,w in (r.split('=') for r in a.rewards)} if a.rewards else None
    with TemporaryDirectory() as run:
        trainer = phase_trainer(
            backbone, run, a.size, a.groups, a.group_size, a.chunk, a.steps, a.window, a.guidance, rewards
        )
        result = dict(model=name, **measure_phases(trainer, a.iterations, a.warmup))
    save_phases(result, a.out)
    print(phases_table(result))

if __name__=='__main__':
    try: main()
    except Exception as e: # errors for people: the reason, without a traceback, when it is one of ours
        from inpaint_rl.core import InpaintRLError
        if not isinstance(e, InpaintRLError): raise
        sys.exit(f'{type(e).__name__}: {e}')
