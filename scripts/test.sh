#!/usr/bin/env bash
# Set up, then run all checks and notebooks; the last line says "N passed, N failed".
#   bash scripts/test.sh                   everything
#   bash scripts/test.sh flow rewards/     just the notebooks whose path contains one of the words
#   bash scripts/test.sh --flags slow      with the cells marked slow (gpu, hub) too; --help lists the rest
# INPAINT_RL_PYTHON=/path/to/python uses an environment of your own, without set-up.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [ -z "${INPAINT_RL_PYTHON:-}" ]; then bash scripts/setup.sh; fi
exec "${INPAINT_RL_PYTHON:-.venv/bin/python}" scripts/dev/run_tests.py "$@"
