"""`xlt runs` on directories that are not as they should be."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

Cli = Callable[..., Result]


@pytest.mark.parametrize("folder", ["none", "[odd]"])
def test_no_runs_is_said_with_what_makes_one(xlt: Cli, tmp_path: Path, folder: str) -> None:
    result = xlt("runs", "--runs-dir", tmp_path / folder)
    assert result.exit_code == 0
    assert result.stdout == f"no runs in {tmp_path / folder}; `xlt train SPEC` makes one\n"
    assert json.loads(xlt("runs", "--runs-dir", tmp_path / folder, "--json").stdout) == []


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"identity": 1}\n\x00'])
def test_a_damaged_run_is_listed_beside_the_others(xlt: Cli, tmp_path: Path, content: str) -> None:
    for name, text in (("bad", content), ("good", '{"identity": "x", "seed": 3}')):
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.json").write_text(text, "utf-8")
    rows = {r["run"]: r for r in json.loads(xlt("runs", "--runs-dir", tmp_path, "--json").stdout)}
    assert (rows["bad"]["state"], rows["bad"]["seed"]) == ("damaged", None)
    assert rows["bad"]["message"]
    assert (rows["good"]["state"], rows["good"]["seed"]) == ("created", 3)
    assert "damaged" in xlt("runs", "--runs-dir", tmp_path).stdout
