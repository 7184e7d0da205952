#!/usr/bin/env bash
# A browser for the test that drives the app (invariants/browser); without one that test says so and is skipped.
# Does nothing where there is one already, or where INPAINT_RL_BROWSER names one. As root on Debian or Ubuntu it installs the
# package chromium; elsewhere Playwright's own, which lands in the user's cache (.venv/bin/playwright install chromium).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
if [ -n "${INPAINT_RL_BROWSER:-}" ]; then exit 0; fi
for name in chromium chromium-browser google-chrome google-chrome-stable; do if command -v $name >/dev/null; then exit 0; fi; done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "browser: installing the package chromium" >&2
  (timeout 120 apt-get update -qq && DEBIAN_FRONTEND=noninteractive timeout 400 apt-get install -y -qq --no-install-recommends chromium) >/dev/null 2>&1 && command -v chromium >/dev/null && exit 0
  echo "browser: apt-get could not install chromium" >&2; exit 1
fi
python=${INPAINT_RL_PYTHON:-.venv/bin/python}
echo "browser: fetching Playwright's chromium" >&2
"$python" -m playwright install chromium
