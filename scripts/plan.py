#!/usr/bin/env python
"""Expected memory of a run on each GPU, without weights and without a GPU.

  python scripts/plan.py                                                       # the default recipe on the embedded Flux Fill model
  python scripts/plan.py --published flux_fill --config flux_fill_grpo_4gpus --gpus 4 --dtype bf16 --size 1024     # the published sizes, no folder needed
  python scripts/plan.py --backbone path/to/FLUX.1-Fill-dev --config my_recipes.py:mine --lora 64 --dtype bf16 --size 1024
  python scripts/plan.py --backbone path/to/FLUX.1-Fill-dev --config my_recipes.py:mine --gpus 8 shard=fsdp2 activation_checkpointing=true

Of the folder only the .json files are read.
"""
import argparse, os, sys
os.environ.setdefault('HF_HUB_DISABLE_TELEMETRY', '1')

# as in train.py, for GRPO
SHORT = dict(flux_fill=('tiny-flux-fill','tiny_flux_fill_grpo'), sd_inpaint=('tiny-sd-inpaint','tiny_sd_inpaint_grpo'))

def parse():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('overrides', nargs='*', metavar='key=value', help='settings of the recipe')
    p.add_argument('--backbone', default='flux_fill', help='flux_fill, sd_inpaint, or a folder in diffusers\' layout')
    p.add_argument(
        '--published',
        choices=('flux_fill','sd_inpaint'),
        help='FLUX.1-Fill-dev or stable-diffusion-inpainting, in place of --backbone',
    )
    p.add_argument('--config', help="recipe name, file.py:name or YAML file; default: the backbone's")
    p.add_argument('--lora', type=int, metavar='RANK', help='train a LoRA of this rank in place of all weights')
    p.add_argument('--dtype', default='fp32', choices=('fp32','bf16','fp16'), help='compute precision')
    p.add_argument(
        '--size', type=int, nargs='+', default=[64], metavar='PIXELS',
        help='height and width of the pictures; one number for a square'
    )
    p.add_argument('--gpus', type=int, default=1)
    p.add_argument('--gb', type=float, default=80, help='memory of a GPU in 10^9 bytes')
    return p.parse_intermixed_args() # key=value before and after --options

def main():
    a = parse()
    from inpaint_rl.backbones.base import LoRA
    from inpaint_rl.backbones.load import FAMILIES
    from inpaint_rl.backbones.load import model_path
    from inpaint_rl.backbones.meta import meta_backbone, read_parts
    from inpaint_rl.backbones.published import PUBLISHED, published_parts
    from inpaint_rl.config import load_config
    from inpaint_rl.core import ConfigError
    from inpaint_rl.trainers import recipes
    from inpaint_rl.trainers.plan import plan
    from diffusers.utils import logging
    logging.set_verbosity_error()
    model, recipe = SHORT.get(a.backbone, (a.backbone, None)) if not a.published else (a.published, None)
    if not (a.config or recipe): raise ConfigError(f'{model} has no default recipe: name one with --config')
    config = load_config(a.config or recipe, [*(['train_only=[]'] if a.lora else []), *a.overrides], recipes=recipes)
    name, parts = (
        (PUBLISHED[a.published]['pipeline'], published_parts(a.published)) if a.published
        else read_parts(model_path(model))
    )
    cls = next((f for f in FAMILIES if f.pipeline_class==name), None)
    if cls is None:
        raise ConfigError(f'{a.backbone} is a {name}; known are {", ".join(f.pipeline_class for f in FAMILIES)}')
    backbone = meta_backbone(parts, cls, a.dtype, LoRA(rank=a.lora, alpha=2*a.lora) if a.lora else None)
    print(plan(backbone, config, a.size[0], a.size[-1], a.gpus).text(a.gb))

if __name__=='__main__':
    try: main()
    except Exception as e: # errors for people: the reason, without a traceback, when it is one of ours
        from inpaint_rl.core import InpaintRLError
        if not isinstance(e, InpaintRLError): raise
        sys.exit(f'{type(e).__name__}: {e}')
