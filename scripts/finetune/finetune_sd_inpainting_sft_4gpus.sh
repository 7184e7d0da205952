#!/usr/bin/env bash
# Supervised fine-tuning of SD1.5 inpainting on four GPUs, each with all weights (DDP).
# The variables are those of launch.sh; the settings are the recipe's: inpaint_rl/trainers/recipes.py, sd_inpainting_sft_4gpus.
RECIPE=sd_inpainting_sft_4gpus DTYPE=${DTYPE:-bf16} GPUS=${GPUS:-4}
. "$(dirname "${BASH_SOURCE[0]}")/launch.sh"
