#!/usr/bin/env bash
# SRPO of FLUX.1-dev on PickScore with the published numbers, on the GPUs of one machine, eight unless GPUS says otherwise:
#   MODEL_PATH=FLUX.1-dev DATA_JSON_PATH=prompts.txt HELD_OUT_JSON_PATH=held_out.txt bash scripts/finetune/srpo_training_ps.sh
#   RECIPE=qwen_srpo MODEL_PATH=Qwen-Image ...    the same for Qwen-Image
#   PICK_SCORE_PATH      folder or hub id of PickScore; default: yuvalkirstain/PickScore_v1
#   PROCESSOR_PATH       folder or hub id with its tokenizer; default: laion/CLIP-ViT-H-14-laion2B-s32B-b79K
# The other variables are those of launch.sh; a prompt a line is data enough. The control words were chosen for HPSv2.1; others of
# your own: --reward-set 'pick_score_words.negative=[Painting, Anime]'
RECIPE=${RECIPE:-flux_dev_srpo_pickscore} DTYPE=${DTYPE:-bf16} GPUS=${GPUS:-8} SIZE=${SIZE:-720} REWARDS=${REWARDS:-pick_score_words=1}
[ -z "${PICK_SCORE_PATH:-}" ] || set -- "$@" --reward-set "pick_score_words.model=$PICK_SCORE_PATH"
[ -z "${PROCESSOR_PATH:-}" ]  || set -- "$@" --reward-set "pick_score_words.processor=$PROCESSOR_PATH"
. "$(dirname "${BASH_SOURCE[0]}")/launch.sh"
