"""`python -m xlt_cli` imports nothing from the working directory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

NAMES = ("typer", "click", "rich", "pydantic", "json", "logging", "yaml", "errors", "numpy")


def test_modules_of_the_working_directory_are_not_imported(tmp_path: Path) -> None:
    for name in NAMES:
        (tmp_path / f"{name}.py").write_text(f"print('{name} was run')\nraise SystemExit(9)\n")
    command = [sys.executable, "-m", "xlt_cli", "runs", "--runs-dir", "none"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "no runs in none; `xlt train SPEC` starts one\n"


def test_processes_of_its_own_do_not_either(tmp_path: Path) -> None:
    (tmp_path / "pickle.py").write_text("raise SystemExit(9)\n")
    code = (
        "import sys; from unittest import mock; import xlt_cli.cli; from xlt_cli import __main__\n"
        "import subprocess\n"
        "def run(): subprocess.run([sys.executable, '-c', 'import pickle; print(1)'], check=True)\n"
        "with mock.patch('xlt_cli.cli.run', run): __main__.main()\n"
    )
    command = [sys.executable, "-P", "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr
