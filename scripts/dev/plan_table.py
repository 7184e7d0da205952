"""The planner's verdicts for all families in nbs/index.ipynb, between its two marks; `--check` only compares.

LoRA training of each family at its published size, from shapes alone. It takes minutes: `--only FAMILY` makes some rows anew.
"""
import argparse,json,sys
from common import ROOT

START, END = '<!-- plan table -->', '<!-- end of plan table -->'
KEPT, PAGE = ROOT/'nbs/plan_table.json', ROOT/'nbs/index.ipynb'
GPUS = (24, 48, 80, 141) # GB
WAYS = (('BF16',None,'none'), ('int8','int8','none'), ('NF4','nf4','none'), ('NF4, offload','nf4','memory'))
SIZE, RANK = 512, 32
WORDS = """\
One GPU, a LoRA, prompts encoded beforehand: the smallest GPU that holds the run, and the GB expected at its peak, with the
base in BF16, in few bits (`--quantize`), and waiting in main memory (`base_offload=memory`). One sample a forward pass."""

def expected(cls, quantize, offload): # bytes at the peak
    from inpaint_rl.backbones.denoiser import LoRA
    from inpaint_rl.backbones.meta import meta_backbone
    from inpaint_rl.trainers.grpo import GRPOConfig
    from inpaint_rl.trainers.plan import plan
    parts = {n:p for n,p in cls.family.published().items() if not n.startswith('text_encoder')} # prompts from a cache
    b = meta_backbone(parts, cls, 'bf16', LoRA(rank=RANK), quantize=quantize)
    config = GRPOConfig(groups=1, group_size=8, chunk=1, decode_chunk=1, num_steps=8, window=2, activation_checkpointing=True,
                        base_offload=offload, noise_level=.3)
    return plan(b, config, SIZE, SIZE).total

def table(kept):
    rows = [f'| LoRA of rank {RANK}, {SIZE} pixels | ' + ' | '.join(n for n,_,_ in WAYS) + ' |', '|---|'+'---|'*len(WAYS)]
    for name, row in kept.items():
        cells = []
        for way,_,_ in WAYS:
            fits = next((f'{g} GB' for g in GPUS if row[way]<=g*1e9*.92), f'more than {GPUS[-1]} GB')
            cells.append(f'{fits} ({row[way]/1e9:.1f})')
        rows.append(f'| {name} | '+' | '.join(cells)+' |')
    return '\n'.join(rows)

def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--only', nargs='+', default=[], metavar='FAMILY', help='Families to count anew. Default: those that are new.')
    p.add_argument('--check', action='store_true', help='Compare the page with what was counted, and count nothing.')
    a = p.parse_args()
    from inpaint_rl.backbones.families import FAMILIES
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    for cls in () if a.check else FAMILIES:
        title = cls.family.title or cls.family.name
        if title in kept and cls.family.name not in a.only: continue
        kept[title] = {way:expected(cls, q, o) for way,q,o in WAYS}
        print(title, kept[title], flush=True)
        KEPT.write_text(json.dumps(kept, indent=1)+'\n')
    notebook = json.loads(PAGE.read_text())
    cell = next((c for c in notebook['cells'] if START in ''.join(c['source'])), None)
    if cell is None: sys.exit(f'{PAGE.name} has no cell with {START}')
    before, _, rest = ''.join(cell['source']).partition(START)
    shown = f'{WORDS}\n\n{table(kept)}\n\n' if kept else ''
    text = f'{before}{START}\n\n{shown}{END}{rest.partition(END)[2]}'
    if a.check and text!=''.join(cell['source']): sys.exit('the table in nbs/index.ipynb is old: python scripts/dev/plan_table.py')
    cell['source'] = text.splitlines(keepends=True)
    if not a.check: PAGE.write_text(json.dumps(notebook, indent=1, ensure_ascii=False)+'\n')

if __name__=='__main__': main()
