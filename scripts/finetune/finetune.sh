#!/usr/bin/env bash
# Any recipe on the GPUs of one machine, four unless GPUS says otherwise:
#   bash scripts/finetune/finetune.sh flux_fill_grpo_4gpus          GRPO of FLUX.1-Fill-dev: all weights, sharded (FSDP2)
#   LORA_RANK=32 bash scripts/finetune/finetune.sh flux_fill_dpo_4gpus groups=16    a LoRA, with a setting of its own
#   LORA_RANK=64 bash scripts/finetune/finetune.sh qwen_image_grpo_4gpus     and sd3_, flux_dev_, flux2_klein_, z_image_
#   bash scripts/finetune/finetune.sh sd_inpainting_sft_4gpus       SFT of SD1.5 inpainting, all weights on each GPU (DDP)
# The variables are those of launch.sh; the settings are the recipe's, a function in inpaint_rl/trainers/recipes.py or family_recipes.py.
[ $# -gt 0 ] || { echo "finetune.sh: name a recipe first; its header shows some" >&2; exit 2; }
RECIPE=$1 DTYPE=${DTYPE:-bf16} GPUS=${GPUS:-4}; shift
. "$(dirname "${BASH_SOURCE[0]}")/launch.sh"
