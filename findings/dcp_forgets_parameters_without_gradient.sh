#!/usr/bin/env bash
# Packages: torch==2.13.0 (and numpy==2.3.5, which it wants for this)
# Behaviour: `get_optimizer_state_dict` creates the state of a *fresh* optimizer for every parameter, by a step with zero
#   gradients. After a real step it saves only what has a state, so a parameter that never got a gradient is left out.
#   Saved with `torch.distributed.checkpoint` and loaded into a fresh optimizer of the same model, the checkpoint is
#   refused: "Missing key in checkpoint". The error is a `CheckpointException`, which is a `BaseException`: an
#   `except Exception` around the load does not see it. With `allow_partial_load=True` the load goes through.
# Why it matters: joint transformers (Flux, SD3, Qwen-Image) have parameters that cannot get a gradient, the text outputs
#   of their last block. A full fine-tune of one saves for days without complaint, and cannot be resumed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0
"$work/venv/bin/pip" install --quiet numpy==2.3.5
FOLDER="$work" "$work/venv/bin/python" - <<'PY'
import os, warnings
import torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.default_planner import DefaultLoadPlanner
from torch.distributed.checkpoint.state_dict import get_optimizer_state_dict
warnings.simplefilter('ignore')
folder = os.environ['FOLDER']
dist.init_process_group('gloo', rank=0, world_size=1, init_method=f'file://{folder}/store')
print('torch', torch.__version__)

class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.used = torch.nn.Linear(4, 4)
        self.unused = torch.nn.Linear(4, 4)
    def forward(self, x): return self.used(x)

def fresh():
    torch.manual_seed(0)
    network = Network()
    return network, torch.optim.AdamW(network.parameters(), lr=1e-3)

network, optimizer = fresh()
network(torch.ones(2, 4)).sum().backward()
optimizer.step()
saved = get_optimizer_state_dict(network, optimizer)
dcp.save({'optim': saved}, checkpoint_id=f'{folder}/checkpoint')
wanted = get_optimizer_state_dict(*fresh())
print('saved :', sorted(saved['state']))
print('wanted:', sorted(wanted['state']))
assert sorted(saved['state']) == ['used.bias', 'used.weight']
assert sorted(wanted['state']) == ['unused.bias', 'unused.weight', 'used.bias', 'used.weight']
try:
    dcp.load({'optim': wanted}, checkpoint_id=f'{folder}/checkpoint')
    raise SystemExit('it was loaded: the behaviour has changed')
except BaseException as error:
    if isinstance(error, SystemExit): raise
    print(type(error).__name__, 'is an Exception:', isinstance(error, Exception))
    print(str(error).strip().splitlines()[-1])
    assert not isinstance(error, Exception)
    assert 'Missing key in checkpoint' in str(error)
planner = DefaultLoadPlanner(allow_partial_load=True)
dcp.load({'optim': wanted}, checkpoint_id=f'{folder}/checkpoint', planner=planner)
torch.testing.assert_close(wanted['state']['used.weight']['exp_avg'], saved['state']['used.weight']['exp_avg'])
print('allow_partial_load=True: loaded')
print('as described')
PY
