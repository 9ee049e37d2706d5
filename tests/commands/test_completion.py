"""Shell completion: runs, plugins, tasks, splits, languages, devices; never an error."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from xlt_cli.runs.making import create
from xlt_cli.spec.resolution import load

Cli = Callable[..., Result]
Complete = Callable[[str], list[str]]
SPEC = "encoder: e5-small-q4\nstages:\n- task: mini-pawsx\nname: demo\n"


@pytest.fixture
def complete(xlt: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Complete:
    """What the shell is offered for a command line that ends where the cursor is."""
    monkeypatch.chdir(tmp_path)

    def run(line: str) -> list[str]:
        monkeypatch.setenv("_XLT_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", str(len(line.split(" ")) - 1))
        result = xlt()
        assert result.stderr == ""
        return result.stdout.split()

    return run


@pytest.fixture
def run_name(tmp_path: Path) -> str:
    spec = tmp_path / "spec.yaml"
    spec.write_text(SPEC, "utf-8")
    return create(tmp_path / "runs", load(spec), 1, SPEC, []).name


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("xlt show x", {"xnli", "xlm-r-base", "xlm-100"}),
        ("xlt eval --task mini", {"mini-pawsx"}),
        ("xlt init --encoder mb", {"mbert"}),
        ("xlt eval --split ", {"train", "dev", "test"}),
        ("xlt train s.yaml --device c", {"cpu", "cuda", "cuda:0"}),
        ("xlt eval --task mini-pawsx --languages d", {"de"}),
        ("xlt eval --task mini-pawsx --languages de,f", {"de,fr"}),
        ("xlt analyze alignment --split d", {"dev"}),
    ],
)
def test_words_are_offered(complete: Complete, line: str, offered: set[str]) -> None:
    assert offered <= set(complete(line))


def test_runs_are_offered_by_name_and_by_path(complete: Complete, run_name: str) -> None:
    assert complete("xlt eval d") == [run_name]
    assert complete("xlt eval runs/") == [f"runs/{run_name}"]
    assert complete("xlt analyze alignment d") == [run_name]


def test_the_languages_are_those_of_the_runs_task(
    complete: Complete, run_name: str, tmp_path: Path
) -> None:
    create(tmp_path / "runs", load(tmp_path / "spec.yaml"), 2, SPEC, [])  # it is not the only run
    assert complete(f"xlt eval {run_name} --languages n") == ["nl"]
    assert complete(f"xlt eval --quiet {run_name} --split dev --languages n") == ["nl"]


@pytest.mark.parametrize(
    "line",
    [
        "xlt eval --task {broken --languages d",
        "xlt eval nosuch --languages d",
        "xlt eval --task nosuch --languages d",
        "xlt eval --device nonsense --languages d",
        "xlt show nothing-like-it",
    ],
)
def test_a_mistake_offers_nothing_and_says_nothing(complete: Complete, line: str) -> None:
    assert complete(line) == []


def test_a_damaged_run_is_no_error(complete: Complete, tmp_path: Path) -> None:
    (tmp_path / "runs" / "bad").mkdir(parents=True)
    (tmp_path / "runs" / "bad" / "run.json").write_text("{", "utf-8")
    assert complete("xlt eval b") in ([], ["bad"])


def test_completion_imports_nothing_heavy() -> None:
    program = (
        "import sys; from xlt_cli.cli import app\n"
        "try: app(prog_name='xlt')\n"
        "except SystemExit: pass\n"
        "sys.exit(' '.join({'torch', 'transformers', 'datasets', 'scipy'} & set(sys.modules)) or 0)"
    )
    words = "xlt eval --task mini-pawsx --languages d"
    asked = {"_XLT_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": "5"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **asked},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["de"]
    assert done.returncode == 0, done.stderr
