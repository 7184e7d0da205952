#!/usr/bin/env bash
# What the launchers beside this file share: they set RECIPE, DTYPE and GPUS, and call it. Everything else comes from variables:
#   MODEL_PATH           a diffusers folder, a .safetensors file in the original layout, or a hub id          (needed)
#   DATA_JSON_PATH       JSON lines {"image_path","mask_path","prompt"} to train on                           (needed)
#   HELD_OUT_JSON_PATH   JSON lines to measure on before and after                                            (needed)
#   REWARDS              "name=weight name=weight": what is learned (but by sft) and measured                 (needed)
#   REWARD_SERVERS       addresses of who computes rewards with short names (see scripts/run_server.sh); default: this process
#   MONITORS             held-out rewards: logged and measured, never optimised
#   DATA_PATH            folder that the paths in the files start from; default: the folder of each file
#   CACHE HELD_OUT_CACHE what scripts/preprocess.py made of the two files; with both, the text encoders leave memory
#   SIZE                 pixels: a side, or "height width"; default: as the pictures are
#   LORA_RANK            train a LoRA of this rank in place of all weights
#   RUN_DIR              default: runs/$RECIPE
#   GPUS                 processes on this machine
#   NNODES NODE_RANK MASTER_ADDR MASTER_PORT    for several machines; see multi_node.sh and slurm.sh
# Further arguments go to `inpaint-rl train`: --resume, key=value, ...
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

needed=(MODEL_PATH DATA_JSON_PATH HELD_OUT_JSON_PATH REWARDS)
missing=(); for name in "${needed[@]}"; do [ -n "${!name:-}" ] || missing+=("$name"); done
if [ ${#missing[@]} -gt 0 ]; then
  echo "$(basename "$0"): not set: ${missing[*]}. What each means:" >&2
  for name in "${missing[@]}"; do grep "^#   $name " scripts/finetune/launch.sh | cut -c3- >&2; done
  exit 2
fi
for name in DATA_JSON_PATH HELD_OUT_JSON_PATH; do
  [ -f "${!name}" ] || { echo "$(basename "$0"): $name=${!name}: there is no such file" >&2; exit 2; }
done

python=${PYTHON:-.venv/bin/python}
command -v "$python" >/dev/null || { echo "$(basename "$0"): no $python here: run scripts/setup.sh, or name an interpreter with PYTHON" >&2; exit 2; }
read -ra rewards <<<"$REWARDS"; read -ra size <<<"${SIZE:-}"
args=(--rewards "${rewards[@]}")
read -ra servers <<<"${REWARD_SERVERS:-}"; read -ra monitors <<<"${MONITORS:-}"
[ ${#servers[@]} -eq 0 ]  || args+=(--reward-servers "${servers[@]}")
[ ${#monitors[@]} -eq 0 ] || args+=(--monitors "${monitors[@]}")
[ -z "${DATA_PATH:-}" ]   || args+=(--set "root=$DATA_PATH")
[ ${#size[@]} -eq 0 ]     || args+=(--size "${size[@]}")
args+=(--backbone "$MODEL_PATH" --config "$RECIPE" --dtype "$DTYPE" --data "$DATA_JSON_PATH" --held-out-data "$HELD_OUT_JSON_PATH" --run-dir "${RUN_DIR:-runs/$RECIPE}")
[ -z "${CACHE:-}" ]       || args+=(--cache "$CACHE")
[ -z "${HELD_OUT_CACHE:-}" ] || args+=(--held-out-cache "$HELD_OUT_CACHE")
[ -z "${LORA_RANK:-}" ]   || args+=(--lora "$LORA_RANK")
where=(--nnodes "${NNODES:-1}" --nproc-per-node "$GPUS")
if [ "${NNODES:-1}" -gt 1 ]; then where+=(--node-rank "${NODE_RANK:?which of the NNODES machines this is, from 0}" --master-addr "${MASTER_ADDR:?address of machine 0}" --master-port "${MASTER_PORT:-29500}"); else where+=(--standalone); fi
set -x
exec "$python" -m torch.distributed.run "${where[@]}" scripts/train.py "${args[@]}" "$@"
