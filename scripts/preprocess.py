#!/usr/bin/env python
"""Encode a dataset once: text embeddings and latents as safetensors shards with a manifest. Goes on where it was stopped; encodes only what has changed.

  python scripts/preprocess.py --backbone tiny-flux-fill --data rows.jsonl --size 64 --out cache/
  python scripts/preprocess.py --backbone black-forest-labs/FLUX.1-Fill-dev --dtype bf16 --data rows.jsonl --size 1024 --buckets 2 --out cache/
  python scripts/preprocess.py --format brushdata --data tars/ --set pick=all --size 512 --out cache/ --backbone ...
  torchrun --nproc-per-node 4 scripts/preprocess.py ...     # each process takes its share
"""
import argparse, os, sys
os.environ.setdefault('HF_HUB_DISABLE_TELEMETRY', '1')

def parse():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--backbone', required=True, help='tiny-flux-fill, tiny-sd-inpaint, a diffusers folder or a hub id')
    p.add_argument('--data', required=True, help='JSON-lines file, or what the format is made of')
    p.add_argument('--out', required=True, help='folder of the cache; one per dataset')
    p.add_argument(
        '--format',
        default='jsonl',
        help='jsonl, brushbench, brushdata, misato, humanedit, rorem, '
             'follow_your_preference or image_folder; see datasets.importers',
    )
    p.add_argument(
        '--set', nargs='+', default=[], metavar='KEY=VALUE',
        help='further settings of the reader, such as max_bad=0.01 or mask_polarity=black_is_hole'
    )
    p.add_argument(
        '--size', type=int, required=True, help='side in pixels; with --buckets, of the square of the same area'
    )
    p.add_argument('--buckets', type=float, metavar='MOST', help='several shapes, up to MOST:1 and 1:MOST')
    p.add_argument(
        '--least', type=int, default=1, metavar='N',
        help='with --buckets: leave out shapes that fewer than N pictures have'
    )
    p.add_argument('--fields', nargs='+', help="which of the backbone's fields; default: all")
    p.add_argument(
        '--dtype', default='fp32', choices=('fp32','bf16','fp16'),
        help='precision of the text encoders; the VAE is FP32'
    )
    p.add_argument(
        '--store', default='exact', choices=('exact','bf16'),
        help='exact keeps every bit, bf16 takes half the room'
    )
    p.add_argument('--shard-mb', type=float, default=256)
    return p.parse_args()

def main():
    a = parse()
    import torch
    from inpaint_rl import distributed as dist
    from inpaint_rl.backbones.load import load_backbone
    from inpaint_rl.datasets.buckets import bucket_sizes
    from inpaint_rl.datasets.cache import CachedDataset, preprocess
    from inpaint_rl.datasets.importers import read_dataset
    if int(os.environ.get('WORLD_SIZE', 1))>1: torch.distributed.init_process_group('gloo')
    from diffusers.utils import logging
    logging.disable_progress_bar()
    backbone = load_backbone(a.backbone, a.dtype)
    if torch.cuda.is_available(): backbone.to(f'cuda:{os.environ.get("LOCAL_RANK", 0)}')
    size = bucket_sizes(a.size, backbone.multiple, most=a.buckets) if a.buckets else a.size
    if not a.buckets: backbone.check_size(a.size, a.size)
    dataset = read_dataset(a.data, a.format, a.set, size=size, least=a.least)
    say = print if dist.is_main() else lambda text: None
    say(f'{dataset!r}; sizes {sorted(set(dataset.sizes))}')
    done = preprocess(dataset, backbone, a.out, a.fields, a.store, a.shard_mb, report=say)
    CachedDataset(dataset, a.out, backbone)
    say('\n'.join(f'{k:12} {v}' for k,v in done.items()))
    if torch.distributed.is_initialized(): torch.distributed.destroy_process_group()

if __name__=='__main__':
    try: main()
    except Exception as e: # errors for people: the reason, without a traceback, when it is one of ours
        from inpaint_rl.core import InpaintRLError
        if not isinstance(e, InpaintRLError): raise
        sys.exit(f'{type(e).__name__}: {e}')
