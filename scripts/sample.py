#!/usr/bin/env python
"""Fill a folder with a model's pictures: one per record and seed, the same noise for the same record whatever the model.

  python scripts/sample.py runs/mine --out samples/mine --seeds 0 1 2          # of a run: its average, steps and guidance as measured
  python scripts/sample.py tiny-flux-fill --out samples/base --seeds 0 1 2 --steps 4   # of the base model, to put beside it
  python scripts/sample.py exports/mine --out samples/test --data test.jsonl --size 512   # of an export, on records of your own
  torchrun --nproc-per-node 4 scripts/sample.py runs/mine --out samples/mine --data test.jsonl
"""
import argparse, os, sys
os.environ.setdefault('OMP_NUM_THREADS', str(os.cpu_count()))
os.environ.setdefault('HF_HUB_DISABLE_TELEMETRY', '1')

def parse():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument(
        'model',
        help='a run, an exported folder, a LoRA (file or folder), an embedded model, a diffusers folder or a hub id',
    )
    p.add_argument(
        '--out', required=True, metavar='FOLDER',
        help='settings.json, samples.jsonl, contact_sheet.png and the pictures; with the same settings it is continued'
    )
    p.add_argument('--weights', choices=('ema','raw'), help='of a run; default: the average where it kept one')
    p.add_argument('--step', type=int, help='which checkpoint of a run; default: the newest')
    p.add_argument('--base', help='base model of a LoRA that does not name its own')
    p.add_argument('--data', metavar='FILE', help='JSON lines; default: held-out digit scenes')
    p.add_argument(
        '--size', type=int, nargs='+', metavar='PX',
        help='side, or height and width, of the records of --data; default: as they are'
    )
    p.add_argument('--seeds', type=int, nargs='+', default=[0])
    p.add_argument('--steps', type=int, help='default: as the run was measured, else 50')
    p.add_argument('--guidance', type=float, help="default: as the run was measured, else the family's own")
    how = p.add_mutually_exclusive_group()
    how.add_argument(
        '--paste-back', dest='paste', action='store_true', default=True,
        help='the fill in its source (the default)'
    )
    how.add_argument('--raw', dest='paste', action='store_false', help='all that the model decoded')
    p.add_argument('--feather', type=float, default=0, metavar='PX', help='softness of the paste, outside the hole')
    p.add_argument(
        '--limit', type=int, metavar='N', help='the first N records only; of the digit scenes 16 unless told'
    )
    p.add_argument('--chunk', type=int, default=16, help='pictures at a time')
    p.add_argument('--dtype', choices=('fp32','bf16','fp16'), help="default: the run's, else fp32")
    return p.parse_args()

def main():
    a = parse()
    from accelerate import PartialState
    from inpaint_rl import distributed as dist
    from inpaint_rl.datasets.jsonl import JsonlDataset
    from inpaint_rl.datasets.scenes import DigitScenes
    from inpaint_rl.evaluation.export import load_model
    from inpaint_rl.evaluation.sample import sample
    from inpaint_rl.trainers.runs import open_source
    from diffusers.utils import logging as noise
    noise.disable_progress_bar()
    backbone, facts = open_source(a.model, load_model, a.weights, a.step, a.base, a.dtype)
    backbone.to(PartialState().device)
    data = JsonlDataset(a.data, a.size and (a.size[0], a.size[-1])) if a.data else DigitScenes(a.limit or 16, 'test')
    steps = (facts.get('eval_steps') or 50) if a.steps is None else a.steps
    guidance = facts.get('guidance') if a.guidance is None else a.guidance
    rows = sample(
        backbone, data, a.out, a.seeds, steps, guidance, a.paste, a.feather, a.limit, a.chunk,
        f'{os.path.basename(os.path.normpath(a.model))}: {steps} steps{"" if a.paste else ", raw"}'
    )
    if dist.is_main(): print(f'{rows}\n{rows.parent/"contact_sheet.png"}')

if __name__=='__main__':
    try: main()
    except Exception as e: # errors for people: the reason, without a traceback, when it is one of ours
        from inpaint_rl.core import InpaintRLError
        if not isinstance(e, InpaintRLError): raise
        sys.exit(f'{type(e).__name__}: {e}')
