#!/usr/bin/env bash
# Makes a virtual environment and installs xlt into it, editable, with the developers' tools.
#
#   PYTHON=python3.12 bash scripts/setup.sh .venv
#
# Where there is no NVIDIA GPU, a CPU build of torch is wanted: the default one brings 3 GB of CUDA
# libraries along on Linux. uv knows where PyTorch keeps its CPU builds; where that place is out of
# reach, pip takes torch from wherever it is set up to look.
set -euo pipefail
venv=${1:-.venv}
python=${PYTHON:-python3}

"$python" - <<'PY'
import sys
if sys.version_info < (3, 11):
    sys.exit(f"xlt needs Python 3.11 or newer, this is {sys.version.split()[0]}; try PYTHON=python3.12 make setup")
PY
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
pip() { "$venv/bin/python" -m pip --disable-pip-version-check "$@"; }

if ! "$venv/bin/python" -c 'import torch' 2>/dev/null; then
  if command -v nvidia-smi >/dev/null 2>&1 && nvidia-smi -L >/dev/null 2>&1; then
    pip install --quiet torch
  else
    # pip first looks for a CPU build on this machine's own shelves (PIP_FIND_LINKS, pip.conf).
    pip install --quiet uv
    "$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --torch-backend cpu torch 2>/dev/null ||
      pip install --quiet "torch==2.13.0"
  fi
fi
pip install --quiet --editable ".[dev]"
# pip compiles what it copies, but not what it installs editable: the first commands would wait.
"$venv/bin/python" -m compileall -q src plugins
echo "ready: $venv/bin/xlt --help"
