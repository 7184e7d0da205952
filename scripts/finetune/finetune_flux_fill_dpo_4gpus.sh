#!/usr/bin/env bash
# Online DPO of FLUX.1-Fill-dev on four GPUs: all weights, sharded (FSDP2); LORA_RANK=32 for a LoRA.
# The variables are those of launch.sh; the settings are the recipe's: inpaint_rl/trainers/recipes.py, flux_fill_dpo_4gpus.
RECIPE=flux_fill_dpo_4gpus DTYPE=${DTYPE:-bf16} GPUS=${GPUS:-4}
. "$(dirname "${BASH_SOURCE[0]}")/launch.sh"
