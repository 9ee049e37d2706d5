#!/usr/bin/env bash
# Runs the tests with Python 3.12 or later and fails if they execute too few lines of src/ and
# plugins/ in the tests' own processes (`fail_under` in pyproject.toml).
#
#   bash scripts/coverage.sh .venv-coverage
#
# From 3.12 on, the interpreter reports each line once (sys.monitoring), which costs next to nothing.
# With 3.11 the tests take twice as long.
set -euo pipefail
venv=${1:-.venv-coverage}

candidates() {
  if [ -n "${PYTHON:-}" ]; then echo "$PYTHON"; fi
  for version in 3.13 3.12; do
    echo "python$version"
    # pyenv's python3.12 refuses to start where another version is selected.
    if command -v pyenv >/dev/null 2>&1; then
      for installed in $(pyenv versions --bare | grep "^$version"); do
        echo "$(pyenv root)/versions/$installed/bin/python3"
      done
    fi
  done
}
for python in $(candidates); do
  if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then
    PYTHON=$python bash "$(dirname "$0")/setup.sh" "$venv"
    # Byte code is kept: the tests start many processes, and each would compile the modules anew.
    export COVERAGE_CORE=sysmon PYTHONDONTWRITEBYTECODE=
    exec "$venv/bin/python" -m pytest -q -n auto --maxprocesses 4 --dist worksteal \
      --cov --cov-report=term:skip-covered
  fi
done
echo "no Python 3.12 or later found (PYTHON=... names one); coverage is not measured" >&2
