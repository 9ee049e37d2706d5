#!/usr/bin/env bash
# Writes constraints.txt: a version of every dependency, extras included, for all platforms.
#
#   bash scripts/lock.sh .venv
#
# Packages that are installed in the virtual environment keep their version, so that the file has
# the versions that the tests were run with. It names no package index, so that it can be used
# wherever the packages come from: pip install -c constraints.txt -e ".[dev]"
#
# Extras whose packages cannot be installed beside those of the others are left out, so that they
# are installed without the file: trackio needs pillow<13, and matplotlib needs pillow 13. The tools
# that build the documentation need Python 3.11.5.
set -euo pipefail
venv=${1:-.venv}
[ -x "$venv/bin/uv" ] || "$venv/bin/python" -m pip install --quiet uv
installed=$(mktemp)
trap 'rm -f "$installed"' EXIT
# A CPU build of torch comes without triton; elsewhere torch says which one it needs.
"$venv/bin/python" -m pip list --format freeze --disable-pip-version-check 2>/dev/null |
  grep -vE '^(xlt-cli|triton)==' | sed 's/+.*//' >"$installed"
left_out=trackio
extras=$("$venv/bin/python" - "$left_out" <<'PYTHON'
import sys, tomllib
with open("pyproject.toml", "rb") as file:
    extras = tomllib.load(file)["project"]["optional-dependencies"]
unknown = set(sys.argv[1].split()) - set(extras)
if unknown:
    sys.exit(f"scripts/lock.sh leaves out extras that are not there: {', '.join(unknown)}")
print(*(f"--extra={name}" for name in extras if name not in sys.argv[1].split()))
PYTHON
)
# shellcheck disable=SC2086  # one option for each extra
"$venv/bin/uv" pip compile pyproject.toml $extras --universal --python-version 3.11.5 \
  --constraint "$installed" --no-emit-index-url --no-emit-find-links --no-header --no-annotate \
  --no-emit-package xlt-cli --quiet --output-file constraints.txt
