"""Archives of any analysis: what is kept, and what is never replaced."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from xlt_analyses.errors.analysis import Errors
from xlt_cli.analyses import archive
from xlt_cli.api import Measured, MeasuredRun
from xlt_cli.errors import DataError


def measured(source: str = "en", **changes: Any) -> Measured:
    about = {
        "task": "pawsx",
        "split": "test",
        "limit": None,
        "source": source,
        "demonstration": False,
        "notes": ["a caveat"],
    }
    rows = {
        x: [{"id": i, "gold": "0", "texts": ["猫", "\ud800"]} for i in "12"] for x in ("de", "en")
    }
    run = MeasuredRun("A", "a-12345678", None, "0" * 64, rows)
    return Measured({**about, **changes}, [run])


@pytest.mark.parametrize("source", ["en", "fr", ""])
def test_it_holds_all_records_whatever_the_source(tmp_path: Path, source: str) -> None:
    one = measured(source)
    archive.write(tmp_path / "kept", Errors(), one)
    again, params = archive.read(tmp_path / "kept", "errors")
    assert again == one
    assert params == {}  # `shown` is the report's


def test_one_of_another_analysis_is_not_taken(tmp_path: Path) -> None:
    archive.write(tmp_path / "kept", Errors(), measured())
    with pytest.raises(DataError, match="no complete archive of the analysis 'alignment'"):
        archive.read(tmp_path / "kept", "alignment")


@pytest.mark.parametrize("changes", [{"limit": 5}, {"split": "dev"}, {"task": "xnli"}])
def test_one_of_other_rows_stays(tmp_path: Path, changes: dict[str, Any]) -> None:
    archive.write(tmp_path / "kept", Errors(), measured())
    with pytest.raises(DataError, match="the folder contains an archive of other runs or rows"):
        archive.write(tmp_path / "kept", Errors(), measured(**changes))
    archive.write(tmp_path / "kept", Errors(), measured(notes=["another"]))
    assert archive.read(tmp_path / "kept", "errors")[0].about["notes"] == ["another"]
