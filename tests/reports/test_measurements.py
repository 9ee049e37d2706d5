"""What conditions measure: a row for each cell, and means over the zero-shot languages."""

from __future__ import annotations

from typing import Any

import pytest

from xlt_cli.api.reports import Series
from xlt_cli.reports.measurements import measured_table

COLUMNS = [
    {"name": "robust", "title": "robust at radius", "shown": "curve"},
    {"name": "abstained", "title": "abstained", "shown": "share"},
    {"name": "queries", "title": "queries", "shown": "number"},
]


def result(curves: dict[str, list[list[float]]]) -> dict[str, Any]:
    figures = {
        language: {"robust": curve, "abstained": 0.1 * n, "queries": n}
        for n, (language, curve) in enumerate(curves.items())
    }
    languages = {language: {"trained_on": language == "en"} for language in curves}
    shown = {"name": "found", "title": "an attack", "columns": COLUMNS}
    return {"measured": shown, "found": figures, "languages": languages}


def test_the_average_leaves_out_what_was_trained_on() -> None:
    curves = {
        "en": [[0.0, 0.9], [0.1, 0.9]],
        "de": [[0.0, 0.8], [0.1, 0.2]],
        "sw": [[0.0, 0.6], [0.1, 0.1]],
    }
    table = measured_table(result(curves), "xnli test")
    assert table.title == "xnli test, an attack"
    assert [row.cells[0] for row in table.rows] == ["en", "de", "sw", "zero-shot average (2)"]
    assert [row.rule for row in table.rows] == [False, False, True, False]
    _, curve, abstained, queries = table.rows[-1].cells
    assert isinstance(curve, Series)
    assert [at for at, _ in curve.points] == [0.0, 0.1]
    assert [share.value for _, share in curve.points] == pytest.approx([0.7, 0.15])
    assert getattr(abstained, "value", None) == pytest.approx(0.15)
    assert queries is None


def test_curves_over_other_points_and_single_languages_have_no_average() -> None:
    one = measured_table(result({"en": [[0.0, 0.9]], "de": [[0.0, 0.8]]}), "t")
    assert len(one.rows) == 2
    other = measured_table(result({"de": [[0.0, 0.9]], "sw": [[0.2, 0.8]]}), "t")
    assert other.rows[-1].cells[1] is None
    assert other.rows[-1].cells[2] is not None


def test_what_a_language_has_no_figure_of_is_blank_and_has_no_average() -> None:
    found = result({"de": [[0.0, 0.9]], "sw": [[0.0, 0.8]]})
    found["found"]["de"] |= {"abstained": None, "queries": None}
    table = measured_table(found, "t")
    assert table.rows[0].cells[2:] == [None, None]
    assert table.rows[1].cells[2] is not None
    assert table.rows[-1].cells[1] is not None
    assert table.rows[-1].cells[2] is None
