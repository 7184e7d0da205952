"Post-train inpainting diffusion and flow models with rewards."
__version__ = "0.0.1"

# module -> what a user needs of it; imported when it is asked for, so that `import inpaint_rl` costs nothing
_NAMES = dict(
    config_files=('load_config',),
    rollout=('generate',),
    **{'backbones.denoiser':('LoRA',), 'backbones.load':('load_backbone',), 'datasets.jsonl':('JsonlDataset',),
       'rewards.reward':('reward',), 'rewards.scores':('score',), 'evaluation.evaluate':('evaluate',),
       'trainers.trainer':('Trainer', 'make_trainer'),
       'trainers.sft':('SFTConfig', 'SFTTrainer'), 'trainers.grpo':('GRPOConfig', 'GRPOTrainer'),
       'trainers.nft':('NFTConfig', 'NFTTrainer'), 'trainers.elbo':('ELBOConfig', 'ELBOTrainer'),
       'trainers.dpo':('DPOConfig', 'DPOTrainer'),
       'trainers.best_of':('BestOfConfig', 'BestOfTrainer'),
       'trainers.draft':('DRaFTConfig', 'DRaFTTrainer', 'ReFLConfig', 'ReFLTrainer'),
       'trainers.direct_align_method':('DirectAlignConfig', 'DirectAlignTrainer')})

_PLACE = {name:module for module,names in _NAMES.items() for name in names}
__all__ = sorted(_PLACE)

def __getattr__(name):
    if name not in _PLACE: raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    from importlib import import_module
    return getattr(import_module(f'{__name__}.{_PLACE[name]}'), name)

def __dir__(): return sorted({*globals(), *_PLACE})
