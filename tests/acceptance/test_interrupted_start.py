"""Ctrl-C while `xlt` still imports: exit code 130, and no traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from xlt_cli.errors import EXIT_INTERRUPTED


def interrupted(start: str, module: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs `xlt list-plugins` by a line of Python; Ctrl-C comes when `module` is looked for."""
    code = f"""
import importlib.abc, runpy, signal, sys

class Interrupting(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
sys.argv = ["xlt", "list-plugins"]
{start}
"""
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=folder
    )


@pytest.mark.parametrize("module", ["xlt_cli.cli", "typer", "xlt_cli.registry"])
@pytest.mark.parametrize(
    "start",
    [
        "from xlt_cli.__main__ import main; main()",
        "runpy.run_module('xlt_cli', run_name='__main__', alter_sys=True)",
    ],
    ids=["xlt", "python -m"],
)
def test_ctrl_c_while_it_starts_ends_with_130_and_no_traceback(
    start: str, module: str, tmp_path: Path
) -> None:
    done = interrupted(start, module, tmp_path)
    assert done.returncode == EXIT_INTERRUPTED, done.stderr
    assert "Traceback" not in done.stderr
