#!/usr/bin/env python
"""Peak memory and CPU time of LoRA training with the base as it is, in few bits and offloaded, beside the
planner's number.

Each configuration runs in a fresh process: GRPO on random weights of Flux Fill, narrower and with fewer blocks, a small
autoencoder and short prompts, so that the frozen base is most of what there is, as it is in the whole model.
Set OMP_NUM_THREADS: the table says how many threads there were.

  python scripts/bench_memory.py                             # all configurations; keeps nbs/benchmarks_memory.json
  python scripts/bench_memory.py --only bf16 nf4             # some of them
  python scripts/bench_memory.py --heads 24 --blocks 19 38   # the published width and depth
  python scripts/bench_memory.py --table                     # print what was measured last
"""
import argparse, ctypes, gc, json, os, platform, subprocess, sys, tempfile, time
from pathlib import Path
HERE = Path(__file__).parent
KEPT = HERE.parent/'nbs/benchmarks_memory.json'
WAYS = { # name -> (quantize, base_offload, optimizer)
    'bf16':(None, 'none', 'adamw'),
    'int8':('int8', 'none', 'adamw'),
    'int4':('int4', 'none', 'adamw'),
    'nf4':('nf4', 'none', 'adamw'),
    'nf4, 8-bit AdamW':('nf4', 'none', 'adamw8bit'),
    'bf16, offload':(None, 'disk', 'adamw'),
    'nf4, offload':('nf4', 'disk', 'adamw'),
}
HEAD = ['base', 'resident, MB', 'of BF16', 'counted, MB', 'of BF16', 'planned, MB', 'off by (resident, counted)',
        'CPU seconds', 'of BF16']

def status(name): # of this process, bytes: VmRSS or VmHWM
    lines = Path('/proc/self/status').read_text().splitlines()
    return next(1024*int(l.split()[1]) for l in lines if l.startswith(name+':'))

def settle(): # give freed memory back, and let the peak start anew
    gc.collect()
    ctypes.CDLL('libc.so.6').malloc_trim(0)
    Path('/proc/self/clear_refs').write_text('5')

def backbone(quantize, heads, blocks, rank, text):
    from inpaint_rl.backbones.denoiser import LoRA
    from inpaint_rl.backbones.parts import SMALL_VAE
    from inpaint_rl.backbones.random import random_backbone
    layers = dict(num_attention_heads=heads, num_layers=blocks[0], num_single_layers=blocks[1])
    changes = dict(vae=SMALL_VAE, transformer=layers)
    b = random_backbone('flux_fill', 'published', 'bf16', LoRA(rank=rank), 'cpu', quantize=quantize, changes=changes)
    b.pipe.tokenizer_2.model_max_length = text
    return b

def settings(run_dir, offload, optimizer):
    from inpaint_rl.trainers.grpo import GRPOConfig
    drawn = dict(groups=1, group_size=2, chunk=2, decode_chunk=2, num_steps=2, guidance=30.)
    window = dict(window=1, window_mode='fixed', window_start=0)
    memory = dict(base_offload=offload, optimizer=optimizer, activation_checkpointing=True)
    return GRPOConfig(run_dir=run_dir, overwrite=True, learning_rate=1e-4, **drawn, **window, **memory)

def weight_bytes(b): # of all networks
    import torch
    from inpaint_rl.trainers.plan import nbytes
    networks = [m for m in b.pipe.components.values() if isinstance(m, torch.nn.Module)]
    return nbytes({id(p):p for m in networks for p in (*m.parameters(), *m.buffers())}.values())

def measure(way, heads, blocks, size, rank, text): # in a fresh process
    import warnings
    warnings.simplefilter('ignore')
    import torch, diffusers, peft, accelerate # noqa: F401, what every run imports
    from inpaint_rl.datasets.scenes import DigitScenes
    from inpaint_rl.trainers.grpo import GRPOTrainer
    from inpaint_rl.trainers.memory import LiveBytes
    from inpaint_rl.trainers.plan import plan
    from inpaint_rl.trainers.profile import Enlarged
    quantize, offload, optimizer = WAYS[way]
    if quantize=='nf4' or optimizer=='adamw8bit': import bitsandbytes # noqa: F401, not the model's memory
    settle()
    before = status('VmRSS')
    b = backbone(quantize, heads, blocks, rank, text)
    parameters = sum(c.in_features*c.out_features for c in b.denoiser.net.modules() if hasattr(c, 'in_features'))
    with tempfile.TemporaryDirectory(dir=HERE.parent) as d: # the file of an offload must lie on a disk
        config = settings(d, offload, optimizer)
        planned = plan(b, config, size, size)
        with LiveBytes() as live:
            scenes = Enlarged(DigitScenes(16, 'train'), size)
            t = GRPOTrainer(b, {'inpaint_rl.rewards.local.seam':1.}, scenes, config)
            t.iterate(0) # moments are made, and the order of the blocks is learned
            counted = weight_bytes(b)+live.peak
        settle()
        start = time.process_time() # of all threads, so other programs do not count
        t.iterate(1)
        seconds = time.process_time()-start
    return dict(way=way, resident=status('VmHWM')-before, counted=counted, seconds=seconds,
                planned=planned.total+planned.pictures, parameters=parameters)

def line(cells): return '| '+' | '.join(cells)+' |'

def row_line(r, base): # `base`: the row of BF16, or None
    mb = lambda k: f'{r[k]/1e6:,.0f}'
    of = lambda k: f'{r[k]/base[k]:.2f}' if base else ''
    off = ', '.join(f"{r['planned']/r[k]-1:+.1%}" for k in ('resident','counted'))
    return line([r['way'], mb('resident'), of('resident'), mb('counted'), of('counted'), mb('planned'), off,
                 f"{r['seconds']:.0f}", of('seconds')])

def table(kept):
    rows = {r['way']:r for r in kept['rows']}
    lines = [row_line(rows[w], rows.get('bf16')) for w in WAYS if w in rows]
    return '\n'.join([line(HEAD), '|'+'---|'*len(HEAD), *lines])

def machine():
    threads = int(os.environ.get('OMP_NUM_THREADS', os.cpu_count()))
    return f'{platform.machine()}, {os.cpu_count()} cores, {threads} thread{"s" if threads>1 else ""}'

def read_kept(): return json.loads(KEPT.read_text()) if KEPT.exists() else dict(rows=[])

def keep(row, how): # rows that were measured otherwise, or on another machine, are not comparable and go
    setting, kept = dict(how=how, machine=machine()), read_kept()
    same = all(kept.get(k)==v for k,v in setting.items())
    others = [r for r in kept['rows'] if r['way']!=row['way']] if same else []
    KEPT.write_text(json.dumps(setting | dict(rows=[*others, row]), indent=1)+'\n')

def in_own_process(way, how): # the row of a configuration
    words = [w for k,v in how.items() for w in (f'--{k}', *map(str, v if isinstance(v, list) else [v]))]
    command = [sys.executable, __file__, '--one', way, *words]
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(out.stdout.splitlines()[-1])

def options():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--only', nargs='+', choices=WAYS, metavar='NAME', help='Which configurations. Default: all.')
    p.add_argument('--heads', type=int, default=4, metavar='N', help='Attention heads of 128 channels. Default: 4.')
    p.add_argument('--blocks', type=int, nargs=2, default=[3,12], metavar='N',
                   help='Double and single blocks. Default: 3 12.')
    p.add_argument('--size', type=int, default=64, metavar='PIXELS', help='Side of the pictures. Default: 64.')
    p.add_argument('--rank', type=int, default=4, metavar='N', help='Of the LoRA. Default: 4.')
    p.add_argument('--text', type=int, default=8, metavar='N', help='Tokens of a prompt. Default: 8.')
    p.add_argument('--table', action='store_true', help='Print what was measured last, and run nothing.')
    p.add_argument('--one', choices=WAYS, help=argparse.SUPPRESS)
    return p.parse_args()

def main():
    a = options()
    how = dict(heads=a.heads, blocks=a.blocks, size=a.size, rank=a.rank, text=a.text)
    if a.one: return print(json.dumps(measure(a.one, **how)))
    for way in () if a.table else a.only or WAYS:
        row = in_own_process(way, how)
        keep(row, how)
        print(row, flush=True)
    print(table(read_kept()))

if __name__=='__main__': main()
