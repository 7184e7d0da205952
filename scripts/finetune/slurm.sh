#!/usr/bin/env bash
# The same under SLURM: one task a machine starts one process a GPU.
#   sbatch --nodes 2 --export ALL,MODEL_PATH=...,DATA_JSON_PATH=...,HELD_OUT_JSON_PATH=...,REWARDS=... scripts/finetune/slurm.sh flux_fill_grpo_4gpus
# A job that is about to be stopped gets SIGTERM first: it then saves and ends in good order, and is taken up again with --resume.
#SBATCH --job-name inpaint_rl
#SBATCH --ntasks-per-node 1
#SBATCH --gpus-per-node 8
#SBATCH --signal TERM@300
#SBATCH --requeue
set -euo pipefail
: "${SLURM_JOB_ID:?slurm.sh: not inside a SLURM job: start it with sbatch}"
cd "$SLURM_SUBMIT_DIR"
MASTER_ADDR=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
export MASTER_ADDR NNODES=$SLURM_NNODES GPUS=${GPUS:-${SLURM_GPUS_ON_NODE:-8}}
exec srun --kill-on-bad-exit=1 bash -c 'NODE_RANK=$SLURM_NODEID exec bash scripts/finetune/multi_node.sh "$@"' slurm "$@"
