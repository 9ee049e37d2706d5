#!/usr/bin/env bash
# Writes constraints.txt: a version of every dependency, extras included, for all platforms.
#
#   bash scripts/lock.sh .venv
#
# Packages that are installed in the virtual environment keep their version, so that the file has
# the versions that the tests were run with. It names no package index, so that it can be used
# wherever the packages come from: pip install -c constraints.txt -e ".[dev]"
set -euo pipefail
venv=${1:-.venv}
[ -x "$venv/bin/uv" ] || "$venv/bin/python" -m pip install --quiet uv
installed=$(mktemp)
trap 'rm -f "$installed"' EXIT
# A CPU build of torch comes without triton; elsewhere torch says which one it needs.
"$venv/bin/python" -m pip list --format freeze --disable-pip-version-check 2>/dev/null |
  grep -vE '^(xlt-cli|triton)==' | sed 's/+.*//' >"$installed"
"$venv/bin/uv" pip compile pyproject.toml --all-extras --universal --python-version 3.11 \
  --constraint "$installed" --no-emit-index-url --no-emit-find-links --no-header --no-annotate \
  --no-emit-package xlt-cli --quiet --output-file constraints.txt
