#!/usr/bin/env python
"""Rebuild what ships in inpaint_rl/embedded from nothing, on a CPU: the digit reader, autoencoders, text encoders,
denoisers by the kit's own SFT trainer, and a LoRA of one of them by its GRPO trainer.

  python scripts/build_embedded.py                        # everything
  python scripts/build_embedded.py --only tiny-flux-fill  # or reader, tiny-sd-inpaint, tiny-flux-fill-grpo

A finished autoencoder in runs/build is not trained again.
"""
import argparse, os, shutil, subprocess, sys, time
from dataclasses import replace
from pathlib import Path
os.environ.setdefault('OMP_NUM_THREADS', str(os.cpu_count()))
ROOT = Path(__file__).parent.parent
PARTS = ('reader', 'tiny-flux-fill', 'tiny-sd-inpaint', 'tiny-flux-fill-grpo')

def build_reader(out):
    from safetensors.torch import save_file
    from inpaint_rl.rewards.digits import fit_reader
    save_file({k:v.contiguous() for k,v in fit_reader().state_dict().items()}, out/'digit-reader.safetensors')

def build_vae(folder, channels, kl, report):
    "The autoencoder of a family; one that is there already is not trained again"
    from inpaint_rl.backbones.embedded import make_vae, train_vae
    from inpaint_rl.datasets.scenes import DigitScenes
    if folder.exists(): return
    report('drawing scenes for the autoencoder')
    vae = train_vae(make_vae(channels), DigitScenes(6000).batch(range(6000)).image, 4500, kl,
                    report=lambda i, loss: report(f'autoencoder step {i} of 4500, loss {loss:.3f}'))
    vae.save_pretrained(folder)

def build_model(family, vae, config, out, draft, report):
    "Text encoders and denoiser around an autoencoder; False where the training was stopped"
    from diffusers import AutoencoderKL
    from inpaint_rl.backbones.embedded import assemble, make_text_encoders, save_small
    from inpaint_rl.backbones.tokenizers import make_tokenizers
    from inpaint_rl.backbones.load import load_backbone
    from inpaint_rl.datasets.scenes import DigitScenes
    from inpaint_rl.trainers.sft import SFTTrainer
    clip, t5 = make_tokenizers()
    clip_model, t5_model, accuracy = make_text_encoders(clip, t5)
    report(f'text encoders name the digit in {accuracy} of prompts')
    save_small(assemble(family, clip, t5, clip_model, t5_model, AutoencoderKL.from_pretrained(vae)), draft)
    backbone = load_backbone(str(draft))
    trainer = SFTTrainer(backbone, DigitScenes(4096), config).train()
    if trainer.stopped: return False # half a training is not shipped, and what was shipped stays
    shutil.rmtree(out, ignore_errors=True)
    with trainer.best_weights(): save_small(backbone.pipe, out)
    report(f'denoiser trained for {trainer.config.iterations} iterations, {trainer.progress["seconds"]:.0f} s')
    return True

def build_lora(base, work, out):
    "By the commands that everybody uses"
    def command(name, *words):
        subprocess.run([sys.executable, ROOT/f'scripts/{name}.py', *map(str, words)], check=True)
    command('train', '--config', 'build_tiny_flux_fill_grpo', '--backbone', base, '--lora', 16, '--run-dir', work,
            '--overwrite')
    shutil.rmtree(out, ignore_errors=True)
    command('export', work, '--to', out, '--dtype', 'fp32')

def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--only', nargs='+', choices=PARTS, default=PARTS, help='Parts to build. Default: all.')
    p.add_argument('--out', default=ROOT/'inpaint_rl/embedded', type=Path, metavar='FOLDER',
                   help='Where the parts go. Default: into the package.')
    p.add_argument('--work', default=ROOT/'runs/build', type=Path, metavar='FOLDER',
                   help='Where finished autoencoders and the runs are kept. Default: runs/build.')
    a = p.parse_args()
    from inpaint_rl.backbones.flux_fill import FluxFill
    from inpaint_rl.backbones.sd_inpaint import SDInpaint
    from inpaint_rl.trainers import recipes
    start = time.time()
    report = lambda text: print(f'{time.time()-start:6.0f} s  {text}', flush=True)
    a.out.mkdir(parents=True, exist_ok=True)
    if 'reader' in a.only:
        build_reader(a.out)
        report('digit reader')
    for name, family, channels, kl, recipe in (('tiny-flux-fill', FluxFill, 16, .1, recipes.build_tiny_flux_fill),
                                               ('tiny-sd-inpaint', SDInpaint, 4, .03, recipes.build_tiny_sd_inpaint)):
        if name not in a.only: continue
        work, report_name = a.work/name, lambda text, name=name: report(f'{name}: {text}')
        build_vae(work/'vae', channels, kl, report_name)
        config = replace(recipe(), run_dir=str(work), overwrite=True)
        if not build_model(family, work/'vae', config, a.out/name, work/'untrained', report_name): return
    if (name:='tiny-flux-fill-grpo') in a.only:
        base = a.out/'tiny-flux-fill' if a.out!=p.get_default('out') else 'flux_fill'
        build_lora(base, a.work/name, a.out/name)
        report(name)

if __name__=='__main__': main()
