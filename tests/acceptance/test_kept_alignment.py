"""The archive of the published analysis, of version 1, gives the published tables again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from xlt_cli.analyses import archive

RESULTS = Path(__file__).parents[2] / "docs" / "results" / "robust-xlt"
NAMES = ("ERM", "recipe")
"""Six of its twenty-one runs: a tenth of the time, and every kind of table."""


def test_the_tables_are_those_that_were_published(
    xlt: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = archive.read

    def some(folder: Path, analysis: str) -> Any:
        measured, params = read(folder, analysis)
        assert params == {}, "version 1 keeps what is said of the search, not the options"
        runs = [run for run in measured.runs if run.name in NAMES]
        assert len(runs) == 6
        return replace(measured, runs=runs), params

    monkeypatch.setattr(archive, "read", some)
    result = xlt("analyze", "alignment", "--from", RESULTS / "alignment.tar.xz")
    assert result.exit_code == 0, result.output
    published = (RESULTS / "alignment.txt").read_text("utf-8")
    lines = [line.rstrip() for line in published.splitlines()]
    printed = [line.rstrip() for line in result.stdout.splitlines()]
    # All of it stands there, in the same order; tables of other runs lie between.
    place = 0
    for line in printed:
        assert line in lines[place:], line
        place = lines.index(line, place) + 1
    assert len(printed) > 110
