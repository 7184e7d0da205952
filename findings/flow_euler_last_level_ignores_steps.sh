#!/usr/bin/env bash
# Packages: diffusers==0.42.1, torch==2.13.0
# Behaviour: `FlowMatchEulerDiscreteScheduler(shift=3).set_timesteps(n)` as Stable Diffusion 3 uses it: the last level above
#   zero does not depend on the number of steps. It is .00893 for 4, 10, 40 and 100 steps, because the range is cut at
#   the (already shifted) lowest training level and then shifted once more. With 4 steps the sampler jumps from .602
#   to .009, and its last step does next to nothing. Levels that the caller hands over (`sigmas=1, .9, ..., .1`), as
#   the Flux pipelines do, are shifted once, and end at .25 for ten steps.
# Why it matters: a trainer that rebuilds the published schedule from its formula (shift*s/(1+(shift-1)*s) over evenly
#   spaced s) trains on other levels than the pipeline samples with; with few steps, as in reinforcement learning, one
#   of its steps is spent on a level that hardly changes the picture.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0
"$work/venv/bin/pip" install --quiet diffusers==0.42.1
"$work/venv/bin/python" - <<'PY'
import diffusers, torch
from diffusers import FlowMatchEulerDiscreteScheduler
print('diffusers', diffusers.__version__, 'torch', torch.__version__)

def levels(**given):
    scheduler = FlowMatchEulerDiscreteScheduler(num_train_timesteps=1000, shift=3.)
    scheduler.set_timesteps(**given)
    return scheduler.sigmas.tolist()

last = {}
for n in (4, 10, 40, 100):
    s = levels(num_inference_steps=n)
    last[n] = round(s[-2], 5)
    once = 3*(1/n)/(1+2*(1/n))
    print(f'{n:3} steps: ... {s[-3]:.4f}, {s[-2]:.5f}, {s[-1]:.0f};  shifted once, the last would be {once:.4f}')
given = levels(sigmas=[1-i/10 for i in range(10)])
print(f'ten levels handed over: ... {given[-3]:.4f}, {given[-2]:.5f}, {given[-1]:.0f}')
assert set(last.values()) == {.00893}, last
assert abs(given[-2]-.25) < 1e-6, given[-2]
print('as described')
PY
