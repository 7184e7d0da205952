#!/usr/bin/env bash
# Makes .venv with everything that the notebooks, tests and scripts need; does nothing when that is already so.
#   bash scripts/setup.sh                            the newest of python3.11, python3 that is new enough
#   PYTHON=/opt/python3.11 bash scripts/setup.sh     that interpreter
# pip's own settings (an index with CPU builds of torch, say) are honoured.
# Nothing outside this folder is changed (but for pip's cache).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say()  { echo "set-up: $*" >&2; }
fail() { say "$*"; exit 1; }
sum()  { if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi; }

stamp=.venv/set-up
want="$(cat constraints.txt settings.ini setup.py | sum | cut -c1-64) $PWD"
have="$(cat $stamp 2>/dev/null || true)"
if [ "$have" = "$want" ] && [ -x .venv/bin/python ]; then exit 0; fi
if [ -n "$have" ] && [ "${have#* }" != "$PWD" ]; then
  fail "this .venv was made in ${have#* } and does not work from here. Remove it (rm -r .venv) and run this again."
fi

min=$(sed -n 's/^min_python *= *//p' settings.ini)
version() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }
enough()  { "$1" -c 'import sys; sys.exit(sys.version_info[:2] < tuple(map(int, sys.argv[1].split("."))))' "$min" 2>/dev/null; }

if [ -x .venv/bin/python ]; then
  python=.venv/bin/python
  enough $python || fail "needs Python $min or newer, and .venv has $(version $python || echo 'a broken one'). Remove it (rm -r .venv) and run this again."
  .venv/bin/python -c 'import pip' 2>/dev/null || fail "the .venv here has no pip; it was perhaps left half made. Remove it (rm -r .venv) and run this again."
else
  if [ -n "${PYTHON:-}" ]; then python=$PYTHON; elif enough python3.11; then python=python3.11; else python=python3; fi
  command -v "$python" >/dev/null || fail "needs Python $min or newer; there is no '$python' here. Install one, or name it: PYTHON=/path/to/python3.11 bash scripts/setup.sh"
  enough "$python" || fail "needs Python $min or newer; $(command -v "$python") is $(version "$python" || echo 'not working'). Name another: PYTHON=/path/to/python3.11 bash scripts/setup.sh"
fi
v=$(version $python)
[ "$v" = 3.11 ] || say "note: constraints.txt was resolved with Python 3.11 and this is $v; a pinned version may not exist for it"

step() { # step "what" command...
  say "$1"; local what=$1; shift
  "$@" >&2 || fail "failed at: $what. What went wrong stands above; after mending it, run the same command again.$([ "$v" = 3.11 ] || echo " (Python $v: if a pinned version is missing, try 3.11, or install without pins: .venv/bin/python -m pip install -e '.[dev]')")"
}
pip() { .venv/bin/python -m pip install --quiet --disable-pip-version-check "$@"; }

if [ $python != .venv/bin/python ]; then
  step "1/3 a virtual environment in .venv, with Python $v" "$python" -m venv .venv
fi
torch=$(grep -E '^torch==' constraints.txt)
step "2/3 $torch" pip "$torch" -c constraints.txt # by name and first: left to the others, pip may choose another build
step "3/3 inpaint_rl and what it needs (some minutes)" pip -e '.[dev]' -c constraints.txt
echo "$want" > $stamp
say "done"
