#!/usr/bin/env bash
# Any of the recipes on several machines: run this on each, with the same variables but for NODE_RANK.
#   NNODES=2 NODE_RANK=0 MASTER_ADDR=10.0.0.1 GPUS=8 bash scripts/finetune/multi_node.sh flux_fill_grpo_4gpus groups=16
# The variables are those of launch.sh. A recipe's `groups` is a number over all processes: a multiple of NNODES x GPUS.
[ $# -gt 0 ] || { echo "multi_node.sh: name a recipe first; finetune.sh shows some" >&2; exit 2; }
: "${NNODES:?multi_node.sh: NNODES is not set: how many machines take part}"
RECIPE=$1 DTYPE=${DTYPE:-bf16} GPUS=${GPUS:-8}; shift
. "$(dirname "${BASH_SOURCE[0]}")/launch.sh"
