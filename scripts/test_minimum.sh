#!/usr/bin/env bash
# Runs a part of the tests with the lowest versions of the dependencies that pyproject.toml allows.
#
#   bash scripts/test_minimum.sh .venv-min
#
# The environment is made with `uv pip install --resolution lowest-direct`: direct dependencies in
# their lowest versions, what these need in the newest that fits. The tests are of each room and of
# whole commands.
set -euo pipefail
venv=${1:-.venv-min}
python=${PYTHON:-python3.11}
uv() { "$venv/bin/uv" "$@"; }

[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
[ -x "$venv/bin/uv" ] || "$venv/bin/python" -m pip install --quiet uv
install=(pip install --quiet --python "$venv/bin/python" --resolution lowest-direct --editable ".[dev]")
# A CPU build of torch where PyTorch's own index can be reached; otherwise what the usual index has.
uv "${install[@]}" --torch-backend cpu 2>/dev/null || uv "${install[@]}"
# Byte code is kept: the tests start many processes, and each would compile the modules anew.
export PYTHONDONTWRITEBYTECODE=
"$venv/bin/python" -m pytest -q -n auto --maxprocesses 4 --dist worksteal tests/test_architecture.py tests/commands tests/spec tests/registry \
  tests/stats tests/problems tests/data tests/runs tests/training/test_updates.py \
  tests/training/test_optimizer.py tests/plugins/xlt_encoders/test_halves.py \
  tests/plugins/xlt_tasks/sources tests/acceptance/test_train_and_eval.py tests/acceptance/test_resume.py
