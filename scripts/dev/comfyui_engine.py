#!/usr/bin/env python
"""Run workflows in a ComfyUI checkout, on the CPU, with small models: what `nbs/invariants/comfyui.ipynb` calls.

  COMFYUI_PYTHON scripts/dev/comfyui_engine.py CHECKOUT FOLDER

FOLDER has cases.json, models/loras, input; it gets NAME.npy for each case. Checking, running and every node are
ComfyUI's own; only the loaders are replaced, because they know no models of these sizes, and the text encoders,
whose embeddings come from a file.
"""
import json, os, sys
from pathlib import Path
CHECKOUT, WORK = (Path(p).resolve() for p in sys.argv[1:3])
sys.argv = [sys.argv[0], '--cpu', '--base-directory', str(WORK)]
sys.path.insert(0, str(CHECKOUT))
os.environ.setdefault('HF_HUB_OFFLINE', '1')
import asyncio, importlib, inspect, importlib.abc, importlib.machinery, importlib.util, types
from unittest.mock import MagicMock
import numpy as np, torch

class StandIn(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    "Empty modules for libraries of video and sound that cannot be imported here; no picture needs them"
    names = ('torchvision', 'torchaudio', 'av')
    def find_spec(self, name, path=None, target=None):
        return importlib.machinery.ModuleSpec(name, self, is_package=True) if name.split('.')[0] in self.names else None
    def create_module(self, spec): return MagicMock(__path__=[], __spec__=spec)
    def exec_module(self, module): pass

def works(name):
    try: return bool(importlib.import_module(name))
    except (ImportError, OSError, RuntimeError): return False

StandIn.names = [n for n in StandIn.names if not works(n)]
for broken in [m for m in sys.modules if m.split('.')[0] in StandIn.names]: del sys.modules[broken]
sys.meta_path.insert(0, StandIn())
import utils.install_util # noqa: F401 (before anything else takes the name)
import comfy.options
comfy.options.enable_args_parsing()
import comfy.model_detection, comfy.model_patcher, comfy.sd, comfy.supported_models, comfy.utils
import execution, nodes
from comfy.text_encoders.flux import FluxTokenizer
from comfy.text_encoders.sd3_clip import SD3Tokenizer
from comfy_api.latest import io
from server import PromptServer
PromptServer.instance = MagicMock() # who would be told of the progress

def add_nodes():
    "The nodes of comfy_extras"
    result = nodes.init_builtin_extra_nodes()
    if asyncio.iscoroutine(result): asyncio.run(result)

def load_model(file, case): # ModelPatcher
    "The case's network: weights in diffusers' names, class and settings of ComfyUI's"
    theirs, config = comfy.utils.load_torch_file(str(file)), case['config']
    if case['class']=='SD15':
        names = comfy.utils.unet_to_diffusers(config)
        state = {names[k]:t for k,t in theirs.items()}
    elif case['class']=='ZImage': state = joined(theirs, comfy.utils.z_image_to_diffusers(config))
    else: state = comfy.model_detection.convert_diffusers_mmdit(theirs, '') or theirs
    if case['class']!='SD15': config = comfy.model_detection.detect_unet_config(state, '') | config
    return patcher(getattr(comfy.supported_models, case['class'])(config), state)

def joined(theirs, names):
    "Weights under ComfyUI's names; those of a fused layer below one another"
    out = {}
    for k,name in names.items():
        if k not in theirs: continue
        if isinstance(name, str): out[name] = theirs[k]
        else: out.setdefault(name[0], []).append((name[1][1], theirs[k]))
    def whole(v): return torch.cat([t for _,t in sorted(v, key=lambda p: p[0])]) if isinstance(v, list) else v
    return {k:whole(v) for k,v in out.items()}

def patcher(settings, state):
    "The model of these settings with these weights, all of them"
    settings.set_inference_dtype(torch.float32, None)
    model = settings.get_model(state, '')
    missing, extra = model.diffusion_model.load_state_dict(state, strict=False)
    assert not missing and not extra, (missing, extra)
    cpu = torch.device('cpu')
    return comfy.model_patcher.ModelPatcher(model.eval(), load_device=cpu, offload_device=cpu)

def film_names(state):
    "An autoencoder of Qwen-Image under Wan's names: the same tensors in the same order, but for the middle blocks"
    from comfy.ldm.wan.vae import WanVAE
    dim = state['decoder.norm_out.gamma'].shape[0]
    theirs = WanVAE(dim=dim, z_dim=16, dim_mult=[1,2,4,4], temperal_downsample=[False,True,True]).state_dict()
    middle = {'resnets.0':0, 'attentions.0':1, 'resnets.1':2}
    def place(key): # of a tensor within its half of the autoencoder
        half, _, rest = key.partition('.')
        order = ['conv_in', 'down_blocks', 'mid_block', 'up_blocks', 'norm_out', 'conv_out']
        part = rest.split('.')[0]
        inside = [v for k,v in middle.items() if rest.startswith(f'mid_block.{k}')]
        halves = ['encoder', 'quant_conv', 'post_quant_conv', 'decoder']
        return halves.index(half), order.index(part) if part in order else 0, inside
    mine = sorted(state, key=place) # stable
    shapes = [(state[m].shape, t.shape) for m,t in zip(mine, theirs.values(), strict=True)]
    assert all(a==b for a,b in shapes), next((m,k,a,b) for m,k,(a,b) in zip(mine, theirs, shapes) if a!=b)
    return {k:state[m] for m,k in zip(mine, theirs)}

def load_vae(file, config, order):
    read = comfy.utils.load_torch_file(str(file))
    state = {k:read[k] for k in order} # a file keeps no order
    if config is None: # of films; its sizes are read from the file
        return comfy.sd.VAE(sd=film_names(state), dtype=torch.float32)
    vae = comfy.sd.VAE(sd=state, config=dict(params=config), dtype=torch.float32)
    vae.latent_channels = config['embed_dim']
    return vae

class TextEncoder:
    "A `CLIP` whose embeddings are read from a file, as many of them as ComfyUI's tokenizer makes tokens"
    tokenizers = dict(flux=(FluxTokenizer, 0), sd3=(SD3Tokenizer, 77)) # and how many tokens stand before those of T5
    def __init__(self, states, kind, options=()): self.states, self.kind, self.options = states, kind, dict(options)
    def clone(self): return TextEncoder(self.states, self.kind, self.options)
    def set_tokenizer_option(self, name, value): self.options[name] = value
    def tokenize(self, text):
        if self.kind not in self.tokenizers: return text, self.states['text'].shape[1]
        make, before = self.tokenizers[self.kind]
        words = make().tokenize_with_weights(text, tokenizer_options=self.options)['t5xxl'][0]
        return text, before+len(words)
    def encode_from_tokens_scheduled(self, tokens):
        text, length = tokens
        name, pooled = ('text','pooled') if text else ('negative','negative_pooled')
        return [[self.states[name][:,:length], {'pooled_output':self.states.get(pooled)}]]

def use(case):
    "Loaders that give the case's models, whatever name they are asked for"
    model = load_model(WORK/case['denoiser'], case)
    clip = TextEncoder(comfy.utils.load_torch_file(str(WORK/case['states'])), case['text'])
    vae = load_vae(WORK/case['vae'], case['vae_config'], case['vae_order'])
    gives = dict(
        UNETLoader=('load_unet', (model,)), VAELoader=('load_vae', (vae,)),
        CLIPLoader=('load_clip', (clip,)), DualCLIPLoader=('load_clip', (clip,)), TripleCLIPLoader=(None, (clip,)),
        CheckpointLoaderSimple=('load_checkpoint', (model, clip, vae)),
    )
    for name,(method,found) in gives.items():
        node = nodes.NODE_CLASS_MAPPINGS[name]
        if method: setattr(node, method, lambda self, found=found, **k: found)
        else: node.execute = classmethod(lambda cls, found=found, **k: io.NodeOutput(*found)) # a node of the newer kind

def run(case):
    "Check and run one workflow; the picture before it is rounded to 8 bit"
    use(case)
    prompt, kept = json.loads((WORK/case['workflow']).read_text()), []
    for node in prompt.values():
        if node['_meta']['title']=='Prompt': node['inputs']['text'] = 'a prompt'
        if node['class_type']=='LoadImage': node['inputs']['image'] = case['image']
    save = nodes.SaveImage.save_images
    nodes.SaveImage.save_images = lambda self, images, **k: (kept.append(images), save(self, images, **k))[1]
    ok, error, outputs, why = asyncio.run(execution.validate_prompt(case['name'], prompt, None))
    assert ok, (error, why)
    server = types.SimpleNamespace(client_id=None, last_node_id=None, send_sync=lambda *a: None)
    newer = 'cache_args' in inspect.signature(execution.PromptExecutor).parameters # and it must be said there
    runner = execution.PromptExecutor(server, **(dict(cache_args=dict(lru=0, ram=0)) if newer else {}))
    runner.execute(prompt, case['name'], {}, outputs)
    nodes.SaveImage.save_images = save
    assert runner.success, runner.status_messages[-1]
    np.save(WORK/f"{case['name']}.npy", kept[0].numpy(), allow_pickle=False)

add_nodes()
for one in json.loads((WORK/'cases.json').read_text()): run(one)
from comfyui_version import __version__
(WORK/'version.txt').write_text(__version__)
