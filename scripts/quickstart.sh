#!/usr/bin/env bash
# Set up, then train and measure an embedded model, afresh each time: by gradients of rewards (DRaFT).
#   bash scripts/quickstart.sh                          the Flux Fill family; less than a minute of training, after the set-up
#   bash scripts/quickstart.sh --backbone sd_inpaint    the SD1.5-inpainting family
#   bash scripts/quickstart.sh --method grpo            another method: dpo, nft, elbo, best_of, refl, direct_align, sft
#   bash scripts/quickstart.sh --resume                 continue a run that was stopped
# All options: inpaint-rl train --help.
# INPAINT_RL_PYTHON=/path/to/python uses an environment of your own, without set-up.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [ -z "${INPAINT_RL_PYTHON:-}" ]; then bash scripts/setup.sh; fi
case " $* " in *" --method"*|*" --config"*|*" --phases"*|*" --resume "*) ;; *) set -- --method draft "$@";; esac
case " $* " in *" --method draft "*) case " $* " in *" --backbone"*|*" iterations="*) ;; *) set -- "$@" iterations=90;; esac;; esac
case " $* " in *" --resume "*|*" --help "*) ;; *) set -- --overwrite "$@";; esac
exec "${INPAINT_RL_PYTHON:-.venv/bin/python}" scripts/train.py "$@"
