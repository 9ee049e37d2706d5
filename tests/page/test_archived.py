"""The page of a reproduction's archive, and of a run of an earlier version."""

from __future__ import annotations

from html import unescape
from pathlib import Path
from typing import Any

import pytest

from xlt_cli.api.reports import Figure
from xlt_cli.console.progress import Reporter
from xlt_cli.errors import DataError
from xlt_cli.interface.report import report, report_archive
from xlt_cli.reports.values import figure
from xlt_cli.reproduce import archive
from xlt_cli.reproduce.report import report as reproduced

OLD = Path(__file__).parents[1] / "version_1"
QUIET = Reporter(quiet=True)


@pytest.fixture(scope="module")
def page() -> str:
    return unescape(report_archive(OLD / "archive", "robust-xlt", reporter=QUIET))


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    return reproduced(*archive.read("robust-xlt", OLD / "archive"), QUIET)


def test_the_page_of_an_archive_has_the_figures_of_its_report(
    page: str, values: dict[str, Any]
) -> None:
    (task,) = values["tasks"]
    assert values["title"] in page
    for method in values["methods"]:
        for cell in ("average:zero_shot", "average:generalized", "de"):
            own = task["methods"][method]["figures"][cell]
            assert f">{figure(Figure(own['value'], own['low'], own['high']))}" in page
        gains = task["methods"][method]["gains"]
        if gains:
            own = gains["average:zero_shot"]
            shown = Figure(own["value"], own["low"], own["high"], sign="value")
            assert figure(shown) in page


def test_verdicts_are_on_the_page(page: str, values: dict[str, Any]) -> None:
    assert values["claims"]
    for claim in values["claims"]:
        assert claim["text"] in page
    assert all(rule in page for rule in values["rule"])


def test_an_archive_of_something_else_is_refused() -> None:
    with pytest.raises(DataError, match="not of 'robust-xlt-recipes'"):
        report_archive(OLD / "archive", "robust-xlt-recipes", reporter=QUIET)
    with pytest.raises(DataError, match="archive"):
        report_archive(OLD / "runs", "robust-xlt", reporter=QUIET)


def test_runs_of_the_first_version_have_a_page() -> None:
    made = report([OLD / "runs" / "finished-s1-325bf04b", OLD / "runs" / "interrupted-s3-c3ec5829"])
    left = made[made.index('id="left-out"') :]
    assert "interrupted-s3-c3ec5829&#39; has no results (interrupted)" in left
    assert "Stage 2: " in made
