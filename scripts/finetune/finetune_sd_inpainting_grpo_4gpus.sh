#!/usr/bin/env bash
# GRPO of SD1.5 inpainting on four GPUs, each with all weights (DDP).
# The variables are those of launch.sh; the settings are the recipe's: inpaint_rl/trainers/recipes.py, sd_inpainting_grpo_4gpus.
RECIPE=sd_inpainting_grpo_4gpus DTYPE=${DTYPE:-bf16} GPUS=${GPUS:-4}
. "$(dirname "${BASH_SOURCE[0]}")/launch.sh"
