#!/usr/bin/env python
"""Published weights of a reward, once, from a pickle to safetensors.

  python scripts/convert_reward.py hps HPS_v2.1_compressed.pt --to rewards/hps     # from xswu/HPSv2 on the hub
  python scripts/convert_reward.py hps HPS_v2.1_compressed.pt --to rewards/hps --tokenizer models/clip     # no network
  python scripts/convert_reward.py aesthetic sac+logos+ava1-l14-linearMSE.pth --to rewards/aesthetic

Then HPS(model='rewards/hps') and Aesthetic(head='rewards/aesthetic').

A .pt or .pth file is a pickle, and a pickle can run programs. Nothing in the package reads one. This script is the one
place that does: the file that you name, with torch's restricted reader (weights_only=True), which builds tensors and
plain containers and refuses everything else. A .safetensors file is taken as well.
"""
import argparse, os, sys
from pickle import UnpicklingError
os.environ.setdefault('HF_HUB_DISABLE_TELEMETRY', '1')

def parse():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('reward', choices=('hps','aesthetic'),
                   help="hps is any CLIP in open_clip's naming; aesthetic is LAION's head on CLIP-L.")
    p.add_argument('file', help='The published file.')
    p.add_argument('--to', required=True, metavar='FOLDER', help='Folder to make.')
    hps = p.add_argument_group('hps')
    hps.add_argument('--tokenizer', default='laion/CLIP-ViT-H-14-laion2B-s32B-b79K', metavar='CLIP',
                     help='Folder or hub id of any CLIP, to copy its tokenizer from. Default: %(default)s.')
    hps.add_argument('--vision-heads', type=int, default=16, metavar='N',
                     help='Heads of attention for pictures. Default: 16, as in ViT-H-14.')
    hps.add_argument('--text-heads', type=int, default=16, metavar='N',
                     help='Heads of attention for texts. Default: 16, as in ViT-H-14.')
    hps.add_argument('--act', default='gelu', choices=('gelu','quick_gelu'),
                     help="Activation: quick_gelu for OpenAI's own models. Default: gelu.")
    return p.parse_args()

def read(file):
    import torch
    from safetensors.torch import load_file
    if file.endswith('.safetensors'): return load_file(file)
    try: return torch.load(file, map_location='cpu', weights_only=True)
    except UnpicklingError:
        sys.exit(f'{file} holds more than tensors and plain containers, and may be a program; it was not opened')
    except (OSError, RuntimeError, EOFError) as e: sys.exit(f'{file} cannot be read: {e}')

def main():
    a = parse()
    from inpaint_rl.rewards.clip import convert_aesthetic
    from inpaint_rl.rewards.hps import convert_open_clip
    state = read(a.file)
    if a.reward=='hps':
        out = convert_open_clip(state, a.to, a.tokenizer, vision_heads=a.vision_heads, text_heads=a.text_heads,
                                act=a.act)
    else: out = convert_aesthetic(state, a.to)
    for f in sorted(out.iterdir()): print(f'{f}  {f.stat().st_size/2**20:.2f} MiB')

if __name__=='__main__':
    from inpaint_rl.cli.words import for_people
    for_people(main)
