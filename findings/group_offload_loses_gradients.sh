#!/usr/bin/env bash
# Packages: diffusers==0.42.1, torch==2.13.0, accelerate==1.15.0
# Behaviour: `enable_group_offload(offload_to_disk_path=...)` of diffusers takes a block's weights away after its forward
#   pass by `param.data = torch.empty_like(...)`. The graph of the backward pass holds the parameter itself, and multiplies
#   with whatever lies in that memory: the gradient that reaches the input is wrong, and nothing says so. Offload to
#   main memory on one device changes nothing, and between devices it ends in an error.
# Why it matters: a LoRA in an early block learns from the gradient that has passed the frozen weights of all later
#   ones. Who offloads the frozen base to save memory while training gets noise.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0
"$work/venv/bin/pip" install --quiet diffusers==0.42.1 accelerate==1.15.0
"$work/venv/bin/python" - <<'PY'
import tempfile, warnings
import diffusers, torch
from diffusers import FluxTransformer2DModel
warnings.simplefilter('ignore')
print('diffusers', diffusers.__version__, 'torch', torch.__version__)

def network():
    torch.manual_seed(0)
    return FluxTransformer2DModel(
        patch_size=1, in_channels=16, num_layers=2, num_single_layers=2, attention_head_dim=16, num_attention_heads=2,
        joint_attention_dim=32, pooled_projection_dim=32, axes_dims_rope=(4,4,8)).requires_grad_(False)

def output_and_gradient(net):
    g = torch.Generator().manual_seed(1)
    x = torch.randn(1, 8, 16, generator=g).requires_grad_()
    y = net(hidden_states=x, encoder_hidden_states=torch.randn(1, 4, 32, generator=g), timestep=torch.tensor([.5]),
            pooled_projections=torch.randn(1, 32, generator=g), img_ids=torch.zeros(8, 3), txt_ids=torch.zeros(4, 3),
            return_dict=False)[0]
    y.square().mean().backward()
    return y.detach(), x.grad

plain, wanted = output_and_gradient(network())
cpu = torch.device('cpu')
for place in ('main memory', 'disk'):
    net = network()
    with tempfile.TemporaryDirectory() as folder:
        net.enable_group_offload(cpu, cpu, offload_type='block_level', num_blocks_per_group=1,
                                 offload_to_disk_path=folder if place=='disk' else None)
        y, gradient = output_and_gradient(net)
    off = float((gradient-wanted).norm()/wanted.norm())
    print(f'offload to {place:12} output the same: {torch.equal(y, plain)}, gradient off by {off:.1e} of its length')
    assert torch.equal(y, plain), place
    assert torch.equal(gradient, wanted) if place=='main memory' else not off < .1, place
print('as described')
PY
