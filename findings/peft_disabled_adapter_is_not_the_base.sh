#!/usr/bin/env bash
# Packages: peft==0.21.2, torch==2.13.0
# Behaviour: with `init_lora_weights="pissa"` or "olora" peft moves the largest part of a weight out of the base layer and
#   into the adapter. With the adapter on, nothing has changed (1e-7). With the adapter off (`disable_adapter()`), the
#   model is not the model that was loaded: its output is off by 40 to 60 % (a layer of 32 x 32, rank 4). With the plain start it is the same to the bit.
# Why it matters: the reference policy of a KL term, and the frozen half of DPO, are often "the same network with its
#   adapter off". With these two starts that reference is a broken model, the KL measures the distance to it, and
#   nothing says so.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0
"$work/venv/bin/pip" install --quiet peft==0.21.2
"$work/venv/bin/python" - <<'PY'
import warnings
import peft, torch
from peft import LoraConfig, get_peft_model
warnings.simplefilter('ignore')
print('peft', peft.__version__, 'torch', torch.__version__)

def network():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(32, 32))

@torch.no_grad()
def distances(start):
    "Relative distance of the output to the untouched network's: adapter on, adapter off"
    x = torch.randn(64, 32, generator=torch.Generator().manual_seed(1))
    plain = network()(x)
    config = LoraConfig(r=4, lora_alpha=4, target_modules=['0'], init_lora_weights=start)
    model = get_peft_model(network(), config)
    on = model(x)
    with model.disable_adapter():
        off = model(x)
    return [float((y-plain).norm()/plain.norm()) for y in (on, off)]

expected = {True:'same', 'gaussian':'same', 'orthogonal':'same', 'pissa':'other', 'olora':'other'}
for start, what in expected.items():
    on, off = distances(start)
    print(f'init_lora_weights={start!s:10}  adapter on {on:.1e}  adapter off {off:.1e}')
    assert on < 1e-5, start
    assert off < 1e-5 if what == 'same' else off > .1, start
print('as described')
PY
