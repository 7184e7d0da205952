"""The planner's numbers for LoRA training of each family at its published size, as a table in nbs/index.ipynb.

A family takes minutes, so what was counted is kept in nbs/plan_table.json. The table shows what is kept.

  python scripts/dev/plan_table.py                  counts the families that are not kept, and writes the table
  python scripts/dev/plan_table.py --only mochi     counts these families anew
  python scripts/dev/plan_table.py --check          counts nothing: is the table in the page what is kept?
"""
import argparse, json, sys
from common import ROOT

START, END = '<!-- plan table -->', '<!-- end of plan table -->'
KEPT, PAGE = ROOT/'nbs/plan_table.json', ROOT/'nbs/index.ipynb'
GPUS = (24, 48, 80, 141) # GB
RESERVE = .08 # share of a GPU that is left to CUDA and the allocator, as `inpaint-rl plan` does
WAYS = {'BF16':(None, 'none'), 'NF4':('nf4', 'none'), 'NF4, offload':('nf4', 'memory')} # (quantize, base_offload)
SIZE, RANK = 512, 32
WORDS = (
    'Every family, a LoRA on one GPU, with encoded prompts and one sample a forward pass: the smallest of GPUs with '
    f'{", ".join(map(str, GPUS[:-1]))} and {GPUS[-1]} GB\nthat holds the run, and the GB expected at its peak. '
    'The base is in BF16, in 4 bits (`--quantize nf4`), or in 4 bits and waiting in main memory\n'
    '(`base_offload=memory`).'
)

def settings(offload):
    from inpaint_rl.trainers.grpo import GRPOConfig
    sampling = dict(groups=1, group_size=8, chunk=1, decode_chunk=1, num_steps=8, window=2, noise_level=.3)
    return GRPOConfig(**sampling, activation_checkpointing=True, base_offload=offload)

def expected(cls, quantize, offloads): # base_offload -> bytes at the peak
    from inpaint_rl.backbones.denoiser import LoRA
    from inpaint_rl.backbones.meta import meta_backbone
    from inpaint_rl.trainers.plan import plan, stays
    from inpaint_rl.trainers.settings import resolved
    parts = {n:p for n,p in cls.family.published().items() if not n.startswith('text_encoder')}
    b = meta_backbone(parts, cls, 'bf16', LoRA(rank=RANK), quantize=quantize)
    comes = max(plan(b, settings('none'), SIZE, SIZE).phases.values()) # whether or not the base waits
    stay = {o:stays(b, resolved(settings(o), b, 1), 1) for o in offloads}
    return {o:sum(items.values())+comes for o,items in stay.items()}

def count(cls): # way -> bytes at the peak
    found = {}
    for quantize in dict.fromkeys(q for q,_ in WAYS.values()):
        ways = {o:w for w,(q,o) in WAYS.items() if q==quantize}
        found |= {ways[o]:n for o,n in expected(cls, quantize, ways).items()}
    return found

def title_of(cls): return cls.family.title or cls.family.name

def cell(n): # bytes
    gpu = next((f'{g} GB' for g in GPUS if n<=g*1e9*(1-RESERVE)), f'more than {GPUS[-1]} GB')
    return f'{gpu} ({n/1e9:.1f})'

def line(cells): return '| '+' | '.join(cells)+' |'

def table(kept, titles):
    rows = [line([t, *(cell(kept[t][w]) for w in WAYS)]) for t in titles if t in kept]
    missing = [t for t in titles if t not in kept]
    said = f'\n\nNot counted yet: {"; ".join(missing)}.' if missing else ''
    return '\n'.join([line([f'LoRA {RANK}, {SIZE} x {SIZE}', *WAYS]), '|'+'---|'*(len(WAYS)+1), *rows])+said

def with_table(source, kept, titles): # of the page's cell
    before, _, rest = source.partition(START)
    return f'{before}{START}\n\n{WORDS}\n\n{table(kept, titles)}\n\n{END}{rest.partition(END)[2]}'

def count_missing(kept, families, anew):
    for cls in families:
        if title_of(cls) in kept and cls.family.name not in anew: continue
        kept[title_of(cls)] = count(cls)
        print(title_of(cls), kept[title_of(cls)], flush=True)
        KEPT.write_text(json.dumps(kept, indent=1)+'\n')

def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--only', nargs='+', default=[], metavar='FAMILY',
                   help='Families to count anew. Default: those that are not kept.')
    p.add_argument('--check', action='store_true', help='Compare the page with what is kept, and count nothing.')
    a = p.parse_args()
    from inpaint_rl.backbones.families import FAMILIES
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    if not a.check: count_missing(kept, FAMILIES, a.only)
    notebook = json.loads(PAGE.read_text())
    found = next((c for c in notebook['cells'] if START in ''.join(c['source'])), None)
    if found is None: sys.exit(f'{PAGE.name} has no cell with {START}')
    source = ''.join(found['source'])
    new = with_table(source, kept, [title_of(c) for c in FAMILIES])
    if a.check and new!=source: sys.exit('the table in nbs/index.ipynb is old: python scripts/dev/plan_table.py')
    if a.check: return print('ok: the table of the planner')
    found['source'] = new.splitlines(keepends=True)
    PAGE.write_text(json.dumps(notebook, indent=1, ensure_ascii=False)+'\n')

if __name__=='__main__': main()
