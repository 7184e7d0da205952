#!/usr/bin/env python
"""Load what this package exports with older diffusers, transformers and peft, and compare the pictures.

  python scripts/dev/old_clients.py --work FOLDER            # makes a virtual environment for each row of CLIENTS
  python scripts/dev/old_clients.py --work FOLDER --record   # and writes nbs/evaluation/tried_versions.json

Both embedded families, each as a LoRA, merged and whole, weights moved a little at random, which stands for training;
and the embedded models themselves with their LoRA. Every client draws the same holes from the same noise by diffusers
alone; what this environment's diffusers draws is what the others are compared with. Needs a package index; takes some
minutes for each client.
"""
import argparse, json, os, subprocess, sys
from pathlib import Path
ROOT = Path(__file__).resolve().parents[2]
TORCH = '2.13.0'
CLIENTS = ( # what other people have installed
    dict(diffusers='0.35.2', transformers='4.57.6', peft='0.18.0'),
    dict(diffusers='0.42.1', transformers='5.23.0', peft='0.18.0'),
)
TABLE = ROOT/'nbs/evaluation/tried_versions.json'
PIPELINES = dict(flux_fill='FluxFillPipeline', sd_inpaint='StableDiffusionInpaintPipeline')

def make_exports(work):
    "Every kind of export of both families, fp32; and `cases.json`, which says what to load"
    sys.path.insert(0, str(ROOT))
    import torch
    from inpaint_rl.backbones.checks import model_path
    from inpaint_rl.backbones.denoiser import LoRA
    from inpaint_rl.backbones.load import load_backbone
    from inpaint_rl.evaluation.export import export
    cases = []
    for family, name in (('flux_fill','tiny-flux-fill'), ('sd_inpaint','tiny-sd-inpaint')):
        for what in ('lora', 'merged', 'full'):
            lora = None if what=='full' else LoRA(rank=4, alpha=12.)
            b = load_backbone(name, lora=lora)
            g = torch.Generator().manual_seed(0)
            with torch.no_grad():
                for p in b.trainable().values(): p.add_(.02*torch.randn(p.shape, generator=g))
            facts = dict(backbone=name, method='SFT', region='soft', step=1, weights='raw', config_sha256='0'*64,
                         lora=lora and dict(rank=4, alpha=12., targets=[]))
            out = work/f'{family}-{what}'
            if not out.exists(): export(b, out, facts, what, 'fp32')
            base = model_path(name) if what=='lora' else str(out)
            adapter = str(out) if what=='lora' else None
            cases.append(dict(name=f'{family} {what}', family=family, base=base, lora=adapter))
    cases.append(dict(name='shipped LoRA', family='flux_fill', base=model_path('tiny-flux-fill'),
                      lora=model_path('tiny-flux-fill').replace('tiny-flux-fill', 'tiny-flux-fill-grpo')))
    (work/'cases.json').write_text(json.dumps(cases))

def draw(case): # by diffusers alone; [n,H,W,3] in [0,1]
    "Two pictures of a case"
    import diffusers, numpy as np, torch
    from PIL import Image
    extra = {} if case['family']=='flux_fill' else dict(safety_checker=None, requires_safety_checker=False)
    pipe = getattr(diffusers, PIPELINES[case['family']]).from_pretrained(case['base'], **extra)
    if case['lora']: pipe.load_lora_weights(case['lora'], weight_name='pytorch_lora_weights.safetensors')
    pipe.set_progress_bar_config(disable=True)
    rng = np.random.default_rng(0)
    source = Image.fromarray(rng.integers(0, 255, (8,8,3), 'uint8')).resize((64,64))
    hole = np.zeros((64,64), 'uint8')
    hole[16:48,8:40] = 255
    return np.concatenate([pipe(
        prompt='a handwritten seven', image=source, mask_image=Image.fromarray(hole), height=64, width=64,
        num_inference_steps=4, generator=torch.Generator().manual_seed(seed), output_type='np',
    ).images for seed in (1,2)])

def client(work, out):
    "Draw every case; one that cannot be loaded leaves its error"
    import diffusers, numpy as np, peft, torch, transformers
    out.mkdir(exist_ok=True)
    said = dict(versions={m.__name__:m.__version__ for m in (diffusers, transformers, peft, torch)}, errors={})
    for case in json.loads((work/'cases.json').read_text()):
        try: np.save(out/f"{case['name']}.npy", draw(case), allow_pickle=False)
        except Exception as e: said['errors'][case['name']] = f'{type(e).__name__}: {e}'[:300]
    (out/'said.json').write_text(json.dumps(said))

def environment(work, wanted)->str: # its Python
    "A virtual environment with these versions"
    folder = work/'-'.join(f'{k}{v}' for k,v in wanted.items())
    python = folder/'bin/python'
    if not (folder/'ready').exists():
        subprocess.run([sys.executable, '-m', 'venv', '--clear', folder], check=True)
        pins = [f'{k}=={v}' for k,v in wanted.items()]
        subprocess.run([python, '-m', 'pip', 'install', '-q', f'torch=={TORCH}', 'numpy', 'Pillow'], check=True)
        subprocess.run([python, '-m', 'pip', 'install', '-q', f'torch=={TORCH}', *pins, 'accelerate', 'safetensors',
                        'sentencepiece', 'protobuf'], check=True)
        (folder/'ready').touch()
    return str(python)

def run_client(work, python, name):
    "Draw with an interpreter, apart from this package"
    env = {k:v for k,v in os.environ.items() if k!='PYTHONPATH'}
    command = [python, Path(__file__).resolve(), '--work', work, '--client', work/name]
    subprocess.run(command, check=True, env=env, cwd=work)
    return json.loads((work/name/'said.json').read_text())

def compare(work, cases, name, said)->dict: # case -> largest difference of a pixel in [0,1], or the error
    import numpy as np
    def apart(case):
        if case in said['errors']: return said['errors'][case]
        mine, theirs = (np.load(work/n/f'{case}.npy', allow_pickle=False) for n in ('here', name))
        return float(f'{abs(mine-theirs).max():.1e}')
    return {c['name']:apart(c['name']) for c in cases}

def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--work', type=Path, required=True, metavar='FOLDER', help='Where environments and exports go.')
    p.add_argument('--record', action='store_true', help=f'Write {TABLE.relative_to(ROOT)}.')
    p.add_argument('--client', type=Path, metavar='FOLDER', help=argparse.SUPPRESS)
    a = p.parse_args()
    work = a.work.resolve()
    if a.client: return client(work, a.client)
    work.mkdir(parents=True, exist_ok=True)
    make_exports(work)
    cases = json.loads((work/'cases.json').read_text())
    here = run_client(work, sys.executable, 'here')
    rows = [dict(here['versions'], differences=compare(work, cases, 'here', here))]
    for wanted in CLIENTS:
        name = 'drawn-'+wanted['diffusers']
        said = run_client(work, environment(work, wanted), name)
        rows.append(dict(said['versions'], differences=compare(work, cases, name, said)))
    for r in rows: r['torch'] = r['torch'].partition('+')[0]
    print(f'{"":20}', *(', '.join(f'{k} {r[k]}' for k in ('diffusers','transformers','peft')) for r in rows), sep=' | ')
    for c in cases: print(f"{c['name']:20}", *(r['differences'][c['name']] for r in rows), sep=' | ')
    if a.record: TABLE.write_text(json.dumps(rows, indent=1)+'\n')
    failed = [c for r in rows for c,d in r['differences'].items() if not isinstance(d, float) or d>1e-3]
    if failed: sys.exit(f'{len(failed)} cases failed or differ by more than .001: {", ".join(failed)}')

if __name__=='__main__': main()
