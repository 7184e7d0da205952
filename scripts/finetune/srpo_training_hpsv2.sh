#!/usr/bin/env bash
# SRPO of FLUX.1-dev on HPSv2.1 with the published numbers, on the GPUs of one machine, eight unless GPUS says otherwise:
#   HPS_PATH=hps_v2.1 MODEL_PATH=FLUX.1-dev DATA_JSON_PATH=prompts.txt HELD_OUT_JSON_PATH=held_out.txt \
#     bash scripts/finetune/srpo_training_hpsv2.sh
#   RECIPE=flux_fill_srpo ... the same for Flux Fill, with rows of picture, mask and prompt
#   HPS_PATH             folder of HPSv2.1, made by: python scripts/convert_reward.py hps HPS_v2.1_compressed.pt --to FOLDER   (needed)
# The other variables are those of launch.sh; a prompt a line is data enough for FLUX.1-dev. MONITORS="pick_score" watches the run
# with another model. Pictures of the result: inpaint-rl sample runs/flux_dev_srpo_hps --data held_out.txt --size 720 --out FOLDER
: "${HPS_PATH:?srpo_training_hpsv2.sh: HPS_PATH is not set: the folder of HPSv2.1, see the header}"
RECIPE=${RECIPE:-flux_dev_srpo_hps} DTYPE=${DTYPE:-bf16} GPUS=${GPUS:-8} SIZE=${SIZE:-720} REWARDS=${REWARDS:-hps_words=1}
set -- "$@" --reward-set "hps_words.model=$HPS_PATH"
. "$(dirname "${BASH_SOURCE[0]}")/launch.sh"
