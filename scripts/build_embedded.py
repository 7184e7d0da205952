#!/usr/bin/env python
"""Rebuild what ships in inpaint_rl/embedded from nothing, on a CPU: the digit reader, autoencoders, text encoders, and denoisers by the kit's own SFT trainer.

  python scripts/build_embedded.py                        # everything
  python scripts/build_embedded.py --only tiny-flux-fill denoiser   # only this model's denoiser, with the shipped autoencoder and text encoders
"""
import argparse, os, shutil, time
from dataclasses import replace
from pathlib import Path
os.environ.setdefault('OMP_NUM_THREADS', str(os.cpu_count()))

def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--only', nargs='*', default=[], help='any of reader, tiny-flux-fill, tiny-sd-inpaint, and vae, denoiser')
    p.add_argument('--out', default=str(Path(__file__).parent.parent/'inpaint_rl/embedded'))
    p.add_argument('--vae-steps', type=int, default=5000)
    p.add_argument('--more', type=int, metavar='N', help='train the shipped denoiser for N further iterations in place of starting afresh')
    p.add_argument('--vae', help='folder of an autoencoder that is trained already')
    a = p.parse_args()
    from safetensors.torch import save_file
    from inpaint_rl.backbones import embedded as E
    from inpaint_rl.backbones.flux_fill import FluxFill
    from inpaint_rl.backbones.sd_inpaint import SDInpaint
    from inpaint_rl.datasets.scenes import DigitScenes
    from inpaint_rl.rewards.digits import fit_reader
    from inpaint_rl.trainers import recipes
    from inpaint_rl.trainers.sft import SFTTrainer
    out, start = Path(a.out), time.time()
    wants = lambda *names: not a.only or any(n in a.only for n in names)
    part = lambda name: not ({'vae','denoiser'} & set(a.only)) or name in a.only
    said = lambda text: print(f'{time.time()-start:6.0f} s  {text}', flush=True)
    out.mkdir(parents=True, exist_ok=True)
    if wants('reader'):
        save_file({k:v.contiguous() for k,v in fit_reader().state_dict().items()}, out/'digit-reader.safetensors'); said('digit reader')
    for name, family, channels, recipe in (('tiny-flux-fill', FluxFill, 16, recipes.tiny_flux_fill_sft), ('tiny-sd-inpaint', SDInpaint, 4, recipes.tiny_sd_inpaint_sft)):
        if not wants(name): continue
        if part('vae'):
            if a.vae: vae = E.finish_vae(type(E.make_vae(channels)).from_pretrained(a.vae), DigitScenes(512).batch(range(512)).image)
            else:
                vae = E.make_vae(channels); said(f'{name}: drawing scenes for the autoencoder')
                E.train_vae(vae, DigitScenes(6000).batch(range(6000)).image, a.vae_steps, report=lambda i, l: said(f'{name}: autoencoder step {i}, loss {l:.3f}'))
            clip, t5 = E.make_tokenizers(); clip_model, t5_model, accuracy = E.make_text_encoders(clip, t5); said(f'{name}: text encoders name the digit in {accuracy} of prompts')
            pipe = E.assemble(family, clip, t5, clip_model, t5_model, vae)
            shutil.rmtree(out/name, ignore_errors=True); E.save_small(pipe, out/name)
        if part('denoiser'):
            backbone, config = E.load_backbone(str(out/name)), replace(recipe(), overwrite=True)
            if a.more: config = replace(config, iterations=a.more, seed=a.more) # other records and noise than in the first round
            else: E.reset_denoiser(backbone)
            trainer = SFTTrainer(backbone, DigitScenes(4096), config).train()
            with trainer.best_weights(): E.save_small(backbone.pipe, out/name)
            said(f'{name}: denoiser trained for {config.iterations} iterations')

if __name__=='__main__': main()
