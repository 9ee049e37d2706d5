"""`--format`: the same report in each format, on stdout alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

Cli = Callable[..., Result]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with one run."""
    (tmp_path / "a_run").mkdir()
    (tmp_path / "a_run" / "run.json").write_text('{"identity": "x", "seed": 3}', "utf-8")
    return tmp_path


def test_the_listing_in_each_format(xlt: Cli, root: Path) -> None:
    def printed(*options: str) -> str:
        result = xlt("runs", "--runs-dir", root, *options)
        assert (result.exit_code, result.stderr) == (0, "")
        return result.stdout

    assert printed() == printed("--format", "terminal")
    assert printed().startswith("a_run  pending")
    assert printed("--format", "json") == printed("--json") == printed("--json", "--format", "json")
    header, line = printed("--format", "csv").splitlines()
    assert header.startswith("run,state,seed,created")
    assert line.startswith("a_run,pending,3,")
    assert printed("--format", "markdown").startswith("```text\na_run  pending")


def test_no_runs_are_a_header_and_an_empty_list(xlt: Cli, tmp_path: Path) -> None:
    command = ("runs", "--runs-dir", tmp_path, "--format")
    assert xlt(*command, "csv").stdout.count("\n") == 1
    assert json.loads(xlt(*command, "json").stdout) == []
    assert "no runs in" in xlt(*command, "markdown").stdout


@pytest.mark.parametrize("verb", ["runs", "train", "sweep", "eval", "reproduce"])
def test_two_formats_are_refused(xlt: Cli, root: Path, verb: str) -> None:
    (root / "spec.yaml").write_text("encoder: mbert\n", "utf-8")
    argument = {"runs": [], "reproduce": ["robust-xlt"], "eval": ["a_run"]}.get(verb)
    given = [root / "spec.yaml"] if argument is None else argument
    result = xlt(verb, *given, "--json", "--format", "csv")
    assert result.exit_code == 2
    assert "contradict each other" in str(result.exception) + result.stderr


def test_an_unknown_format_is_refused(xlt: Cli, root: Path) -> None:
    result = xlt("runs", "--runs-dir", root, "--format", "html")
    assert result.exit_code == 2
    assert "markdown" in result.stderr
