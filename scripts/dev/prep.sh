#!/usr/bin/env bash
# Before a commit: check the notebooks, export and clean them, check the floors, write sidebar and README. (Then: bash scripts/test.sh)
# INPAINT_RL_PYTHON=/path/to/python uses an environment of your own, without set-up.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
if [ -z "${INPAINT_RL_PYTHON:-}" ]; then bash scripts/setup.sh; fi
python=${INPAINT_RL_PYTHON:-.venv/bin/python}
"$python" scripts/dev/check_nbs.py
"$python" scripts/dev/check_sync.py --fix
"$python" scripts/dev/check_layers.py
"$python" scripts/dev/sidebar.py
"$python" scripts/dev/readme.py
