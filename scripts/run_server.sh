#!/usr/bin/env bash
# One reward server per GPU, on following ports; Ctrl-C, SIGTERM, or the end of any of them ends them all.
#   bash scripts/run_server.sh --gpu-ids 0,1,2,3 --port 8000 --rewards ocr,vlm --set vlm.url=http://127.0.0.1:9000/v1
#   bash scripts/run_server.sh --gpu-ids none,none --rewards ocr          two servers without a GPU
# --logs DIR (logs/servers) keeps what they print; everything else goes to reward-server, see its --help.
# INPAINT_RL_PYTHON=/path/to/python uses an environment of your own.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
fail() { echo "run_server: $*" >&2; exit 2; }

gpus='' port=8000 logs=logs/servers rest=()
while [ $# -gt 0 ]; do
  case $1 in
    --gpu-ids|--port|--logs) [ $# -gt 1 ] || fail "$1 needs a value" ;;&
    --gpu-ids) gpus=$2; shift 2 ;;
    --port)    port=$2; shift 2 ;;
    --logs)    logs=$2; shift 2 ;;
    -h|--help) sed -n '2,6s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    *)         rest+=("$1"); shift ;;
  esac
done
[[ $gpus =~ ^([0-9]+|none)(,([0-9]+|none))*$ ]] || fail "--gpu-ids '$gpus': expected numbers with commas, such as 0,1,2,3 (or none)"
[[ $port =~ ^[0-9]+$ ]] && [ "$port" -gt 0 ] || fail "--port '$port': expected the number of the first port"
case " ${rest[*]-} " in *' --rewards '*|*' --rewards='*) ;; *) fail "--rewards is missing: what is to be served, such as --rewards ocr,vlm" ;; esac
python=${INPAINT_RL_PYTHON:-.venv/bin/python}
command -v "$python" >/dev/null || fail "$python is not there: bash scripts/setup.sh makes it, or name yours in INPAINT_RL_PYTHON"

mkdir -p "$logs"
pids=() urls=()
stop() { # all of them; what they accepted is finished first
  trap - EXIT INT TERM
  [ ${#pids[@]} -eq 0 ] || kill -TERM "${pids[@]}" 2>/dev/null || true
  [ ${#pids[@]} -eq 0 ] || wait "${pids[@]}" 2>/dev/null || true
}
trap stop EXIT; trap 'stop; exit 130' INT; trap 'stop; exit 143' TERM

IFS=, read -ra ids <<< "$gpus"
for i in "${!ids[@]}"; do
  p=$((port+i)) log=$logs/$((port+i)).log; : > "$log"
  CUDA_VISIBLE_DEVICES=$([ "${ids[$i]}" = none ] || echo "${ids[$i]}") PYTHONUNBUFFERED=1 "$python" -m inpaint_rl.serving.server --port "$p" "${rest[@]}" > "$log" 2>&1 &
  pids+=($!); urls+=("http://127.0.0.1:$p")
done
for i in "${!ids[@]}"; do
  until grep -q ^serving "$logs/$((port+i)).log"; do
    kill -0 "${pids[$i]}" 2>/dev/null || { tail -n 5 "$logs/$((port+i)).log" >&2; fail "the server for GPU ${ids[$i]} did not start; its log is $logs/$((port+i)).log"; }
    sleep .2
  done
  echo "GPU ${ids[$i]}: $(grep -m1 ^serving "$logs/$((port+i)).log"), log $logs/$((port+i)).log"
done
echo "to train with them: --reward-servers ${urls[*]}"
wait -n "${pids[@]}" || true
for i in "${!ids[@]}"; do
  kill -0 "${pids[$i]}" 2>/dev/null || { echo "run_server: the server on port $((port+i)) has ended, so all are stopped; the end of its log:" >&2; tail -n 5 "$logs/$((port+i)).log" >&2; }
done
exit 1
