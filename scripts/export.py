#!/usr/bin/env python
"""From a run to a folder that diffusers and ComfyUI load: weights, workflows, and a card that says what it is.

  python scripts/export.py runs/mine --to exports/mine                 # the LoRA of a LoRA run, else all weights; the average, bf16
  python scripts/export.py runs/mine --to exports/merged --what merged # the LoRA folded into its base model, as a pipeline folder
  python scripts/export.py runs/mine --to exports/raw --weights raw --dtype fp32
"""
import argparse, os, sys
os.environ.setdefault('HF_HUB_DISABLE_TELEMETRY', '1')

def parse():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('run', help='folder of the run')
    p.add_argument('--to', required=True, metavar='FOLDER', help='folder to make')
    p.add_argument(
        '--weights',
        choices=('ema','raw'),
        help='the average over the training, or the last weights; default: the average where the run kept one',
    )
    p.add_argument('--step', type=int, help='which checkpoint; default: the newest')
    p.add_argument('--what', choices=('lora','merged','full'), help='default: lora for a LoRA run, else full')
    p.add_argument('--dtype', default='bf16', choices=('bf16','fp16','fp32'))
    p.add_argument('--name', help="title, and the LoRA's name in ComfyUI; default: the folder's name")
    p.add_argument(
        '--comfyui-base',
        metavar='FILE',
        help="the base model's file name in ComfyUI; default: flux1-fill-dev.safetensors or sd-v1-5-inpainting.ckpt",
    )
    return p.parse_args()

def main():
    a = parse()
    print('loading the run and its model ...', flush=True)
    from inpaint_rl.evaluation.export import export
    from inpaint_rl.trainers.runs import load_run, read_run
    from diffusers.utils import logging as noise
    noise.disable_progress_bar()
    run = read_run(a.run, a.weights, a.step)
    out = export(
        load_run(run, a.dtype), a.to, run.facts, a.what, a.dtype,
        a.name, run.config, run.report, run.picture, a.comfyui_base
    )
    print(f'{out}: {run.facts["weights"]} weights of step {run.facts["step"]}, {a.dtype}')
    for f in sorted(f for f in out.rglob('*') if f.is_file()):
        print(f'  {f.relative_to(out)}  {f.stat().st_size/2**20:.2f} MiB')

if __name__=='__main__':
    try: main()
    except Exception as e: # errors for people: the reason, without a traceback, when it is one of ours
        from inpaint_rl.core import InpaintRLError
        if not isinstance(e, InpaintRLError): raise
        sys.exit(f'{type(e).__name__}: {e}')
