#!/usr/bin/env python
"""Peak memory and CPU time of LoRA training with the base as it is, in few bits and offloaded, beside the
planner's number.

Each configuration runs in a fresh process: GRPO on random weights of Flux Fill, narrower and with fewer blocks, a small
autoencoder and short prompts, so that the frozen base is most of what there is, as it is in the whole model.

  python scripts/bench_memory.py                        # all configurations; keeps nbs/benchmarks_memory.json
  python scripts/bench_memory.py --only bf16 nf4        # some of them
  python scripts/bench_memory.py --heads 24 --blocks 19 38 # the published width and depth
  python scripts/bench_memory.py --table                # print what was measured last
"""

import argparse, ctypes, gc, json, os, platform, subprocess, sys, tempfile, time
from pathlib import Path

HERE = Path(__file__).parent
KEPT = HERE.parent / 'nbs/benchmarks_memory.json'
WAYS = {  # name -> (quantize, base_offload, optimizer)
    'bf16': (None, 'none', 'adamw'),
    'int8': ('int8', 'none', 'adamw'),
    'int4': ('int4', 'none', 'adamw'),
    'nf4': ('nf4', 'none', 'adamw'),
    'nf4, 8-bit AdamW': ('nf4', 'none', 'adamw8bit'),
    'bf16, offload': (None, 'disk', 'adamw'),
    'nf4, offload': ('nf4', 'disk', 'adamw'),
}


def status(name):  # of this process, bytes: VmRSS or VmHWM
    lines = Path('/proc/self/status').read_text().splitlines()
    return next(1024 * int(l.split()[1]) for l in lines if l.startswith(name + ':'))


def settle():  # give freed memory back, and let the peak start anew
    gc.collect()
    ctypes.CDLL('libc.so.6').malloc_trim(0)
    Path('/proc/self/clear_refs').write_text('5')


def measure(way, heads, blocks, size, rank, text):  # in a fresh process
    import warnings

    warnings.simplefilter('ignore')
    import torch, diffusers, peft, accelerate  # noqa: F401, what every run imports
    from inpaint_rl.backbones.denoiser import LoRA
    from inpaint_rl.backbones.parts import SMALL_VAE
    from inpaint_rl.backbones.random import random_backbone
    from inpaint_rl.datasets.scenes import DigitScenes
    from inpaint_rl.trainers.grpo import GRPOConfig, GRPOTrainer
    from inpaint_rl.trainers.memory import LiveBytes
    from inpaint_rl.trainers.plan import nbytes, plan
    from inpaint_rl.trainers.profile import Enlarged

    quantize, offload, optimizer = WAYS[way]
    if quantize == 'nf4' or optimizer == 'adamw8bit':
        import bitsandbytes  # noqa: F401, not the model's memory
    settle()
    before = status('VmRSS')
    changes = dict(
        vae=SMALL_VAE, transformer=dict(num_attention_heads=heads, num_layers=blocks[0], num_single_layers=blocks[1])
    )
    b = random_backbone('flux_fill', 'published', 'bf16', LoRA(rank=rank), 'cpu', quantize=quantize, changes=changes)
    b.pipe.tokenizer_2.model_max_length = text
    parameters = sum(c.in_features * c.out_features for c in b.denoiser.net.modules() if hasattr(c, 'in_features'))
    with tempfile.TemporaryDirectory(dir=HERE.parent) as d:  # the file of an offload must lie on a disk
        config = GRPOConfig(
            run_dir=d,
            overwrite=True,
            groups=1,
            group_size=2,
            chunk=2,
            decode_chunk=2,
            num_steps=2,
            window=1,
            window_mode='fixed',
            window_start=0,
            guidance=30.0,
            base_offload=offload,
            optimizer=optimizer,
            activation_checkpointing=True,
            learning_rate=1e-4,
        )
        planned = plan(b, config, size, size)
        with LiveBytes() as live:
            t = GRPOTrainer(
                b, {'inpaint_rl.rewards.local.seam': 1.0}, Enlarged(DigitScenes(16, 'train'), size), config
            )
            t.iterate(0)  # moments are made, and the order of the blocks is learned
            weights = {
                id(p): p
                for m in b.pipe.components.values()
                if isinstance(m, torch.nn.Module)
                for p in [*m.parameters(), *m.buffers()]
            }
            counted = nbytes(p for n, p in weights.items()) + live.peak
        settle()
        start = time.process_time()  # of all threads, so other programs do not count
        t.iterate(1)
        seconds = time.process_time() - start
        return dict(
            way=way,
            resident=status('VmHWM') - before,
            counted=counted,
            seconds=seconds,
            planned=planned.total + planned.pictures,
            parameters=parameters,
        )


def table(kept):
    rows = {r['way']: r for r in kept['rows']}
    base = rows.get('bf16')
    mb = lambda n: f'{n / 1e6:,.0f}'
    of = lambda r, k: f'{r[k] / base[k]:.2f}' if base else ''
    lines = [
        '| base | resident, MB | of BF16 | counted, MB | of BF16 | planned, MB '
        '| off by (resident, counted) | CPU seconds | of BF16 |',
        '|---|---|---|---|---|---|---|---|---|',
    ]
    for r in (rows[w] for w in WAYS if w in rows):
        off = ', '.join(f"{r['planned'] / r[k] - 1:+.1%}" for k in ('resident', 'counted'))
        lines.append(
            '| '
            + ' | '.join(
                [
                    r['way'],
                    mb(r['resident']),
                    of(r, 'resident'),
                    mb(r['counted']),
                    of(r, 'counted'),
                    mb(r['planned']),
                    off,
                    f"{r['seconds']:.0f}",
                    of(r, 'seconds'),
                ]
            )
            + ' |'
        )
    return '\n'.join(lines)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--only', nargs='+', choices=WAYS, metavar='NAME', help='Which configurations. Default: all.')
    p.add_argument('--heads', type=int, default=8, metavar='N', help='Attention heads of 128 channels. Default: 8.')
    p.add_argument(
        '--blocks', type=int, nargs=2, default=[3, 12], metavar='N', help='Double and single blocks. Default: 3 12.'
    )
    p.add_argument('--size', type=int, default=64, metavar='PIXELS', help='Side of the pictures. Default: 64.')
    p.add_argument('--rank', type=int, default=16, metavar='N', help='Of the LoRA. Default: 16.')
    p.add_argument('--text', type=int, default=16, metavar='N', help='Tokens of a prompt. Default: 16.')
    p.add_argument('--table', action='store_true', help='Print what was measured last, and run nothing.')
    p.add_argument('--one', choices=WAYS, help=argparse.SUPPRESS)
    a = p.parse_args()
    how = dict(heads=a.heads, blocks=a.blocks, size=a.size, rank=a.rank, text=a.text)
    if a.one:
        return print(json.dumps(measure(a.one, **how)))
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else dict(rows=[])
    if not a.table:
        if kept.get('how') != how:
            kept = dict(how=how, rows=[])
        kept['machine'] = (
            f'{platform.machine()}, {os.cpu_count()} cores, {os.environ.get("OMP_NUM_THREADS", os.cpu_count())} threads'
        )
        for way in a.only or WAYS:
            words = [w for k, v in how.items() for w in (f'--{k}', *map(str, v if isinstance(v, list) else [v]))]
            out = subprocess.run(
                [sys.executable, __file__, '--one', way, *words], check=True, stdout=subprocess.PIPE, text=True
            )
            row = json.loads(out.stdout.splitlines()[-1])
            kept = (
                json.loads(KEPT.read_text())
                if KEPT.exists() and json.loads(KEPT.read_text()).get('how') == how
                else kept
            )
            kept['rows'] = [*(r for r in kept['rows'] if r['way'] != way), row]
            KEPT.write_text(json.dumps(kept, indent=1) + '\n')
            print(row, flush=True)
    print(table(kept))


if __name__ == '__main__':
    main()
