#!/usr/bin/env python
"""Rebuild what ships in inpaint_rl/embedded from nothing, on a CPU: the digit reader, autoencoders, text encoders, and denoisers by the kit's own SFT trainer,
and a LoRA of one of them by its GRPO trainer.

  python scripts/build_embedded.py                        # everything; a finished autoencoder in runs/build is not trained again
  python scripts/build_embedded.py --only tiny-flux-fill  # some of reader, tiny-flux-fill, tiny-sd-inpaint, tiny-flux-fill-grpo
"""
import argparse, os, shutil, subprocess, sys, time
from dataclasses import replace
from pathlib import Path
os.environ.setdefault('OMP_NUM_THREADS', str(os.cpu_count()))
ROOT = Path(__file__).parent.parent
PARTS = ('reader', 'tiny-flux-fill', 'tiny-sd-inpaint', 'tiny-flux-fill-grpo')

def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--only', nargs='+', choices=PARTS, default=PARTS)
    p.add_argument('--out', default=ROOT/'inpaint_rl/embedded', type=Path)
    p.add_argument(
        '--work', default=ROOT/'runs/build', type=Path,
        help='where finished autoencoders and the SFT runs are kept'
    )
    a = p.parse_args()
    from diffusers import AutoencoderKL
    from safetensors.torch import save_file
    from inpaint_rl.backbones import embedded as E
    from inpaint_rl.backbones.families import family_named
    from inpaint_rl.backbones.load import load_backbone
    from inpaint_rl.backbones.tokenizers import make_tokenizers
    from inpaint_rl.datasets.scenes import DigitScenes
    from inpaint_rl.rewards.digits import fit_reader
    from inpaint_rl.trainers import recipes
    from inpaint_rl.trainers.sft import SFTTrainer
    start = time.time()
    said = lambda text: print(f'{time.time()-start:6.0f} s  {text}', flush=True)
    a.out.mkdir(parents=True, exist_ok=True)
    if 'reader' in a.only:
        save_file({k:v.contiguous() for k,v in fit_reader().state_dict().items()}, a.out/'digit-reader.safetensors')
        said('digit reader')
    for name, family, channels, kl, recipe in (
        ('tiny-flux-fill', family_named('flux_fill'), 16, .1, recipes.build_tiny_flux_fill),
        ('tiny-sd-inpaint', family_named('sd_inpaint'), 4, .03, recipes.build_tiny_sd_inpaint),
    ):
        if name not in a.only: continue
        kept = a.work/name/'vae'
        if not kept.exists():
            said(f'{name}: drawing scenes for the autoencoder')
            vae = E.train_vae(
                E.make_vae(channels), DigitScenes(6000).batch(range(6000)).image, 4500, kl,
                report=lambda i, l: said(f'{name}: autoencoder step {i} of 4500, loss {l:.3f}')
            )
            vae.save_pretrained(kept)
        clip, t5 = make_tokenizers()
        clip_model, t5_model, accuracy = E.make_text_encoders(clip, t5)
        said(f'{name}: text encoders name the digit in {accuracy} of prompts')
        draft = a.work/name/'untrained'
        E.save_small(E.assemble(family, clip, t5, clip_model, t5_model, AutoencoderKL.from_pretrained(kept)), draft)
        backbone = load_backbone(str(draft))
        trainer = SFTTrainer(
            backbone, DigitScenes(4096), replace(recipe(), run_dir=str(a.work/name), overwrite=True)
        ).train()
        if trainer.stopped: return # half a training is not shipped, and what was shipped stays
        shutil.rmtree(a.out/name, ignore_errors=True)
        with trainer.best_weights(): E.save_small(backbone.pipe, a.out/name)
        said(
            f'{name}: denoiser trained for {trainer.config.iterations} iterations, {trainer.progress["seconds"]:.0f} s'
        )
    if (name:='tiny-flux-fill-grpo') in a.only: # by the commands that everybody uses
        run = lambda script, *args: subprocess.run(
            [sys.executable, ROOT/f'scripts/{script}.py', *map(str, args)], check=True
        )
        run(
            'train', '--config', 'build_tiny_flux_fill_grpo', '--backbone',
            a.out/'tiny-flux-fill' if a.out!=p.get_default('out') else 'flux_fill', '--lora', 16,
            '--run-dir', a.work/name, '--overwrite'
        )
        shutil.rmtree(a.out/name, ignore_errors=True)
        run('export', a.work/name, '--to', a.out/name, '--dtype', 'fp32')
        said(name)

if __name__=='__main__': main()
