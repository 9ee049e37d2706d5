"""The commands of docs/how-to/launching.md ask for the right jobs of a stand-in for `xlt`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "launching.md").read_text("utf-8")
XLT = """\
#!/bin/sh
[ "$1" = run ] && [ "$2" = plan.json ] || exit 2
if [ "$3" = --list ]; then
    printf '1 pending my-s1 base seed=1\\n2 done my-s2 base seed=2\\n3 failed my-s3 base seed=3\\n'
else
    echo "$3" >> jobs
fi
"""


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the stand-in before everything else on the path."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "xlt").write_text(XLT, "utf-8")
    (folder / "xlt").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def asked(place: Path, *command: str) -> list[str]:
    """The jobs that a command asks for."""
    subprocess.run(command, check=True, timeout=60, capture_output=True)
    return sorted((place / "jobs").read_text("utf-8").split())


def test_the_loop_asks_for_every_job(place: Path) -> None:
    (loop,) = [block for block in blocks("console") if block.startswith("for ")]
    assert asked(place, "sh", "-c", loop) == ["1", "2", "3"]


def test_xargs_asks_for_those_that_are_not_done(place: Path) -> None:
    (pipe,) = [block for block in blocks("console") if "xargs" in block]
    assert asked(place, "sh", "-c", pipe) == ["1", "3"]


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_asks_for_every_job(place: Path) -> None:
    (rules,) = blocks("make")
    (place / "Makefile").write_text(rules, "utf-8")
    assert asked(place, "make", "-j", "4", "-k") == ["1", "2", "3"]


def test_an_array_of_slurm_asks_for_its_job(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (script,) = blocks("sh")
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "2")
    assert asked(place, "sh", "-c", script) == ["2"]
