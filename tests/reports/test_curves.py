"""Curves of several conditions over one axis stand together; others stay apart."""

from __future__ import annotations

from typing import Any

from xlt_cli.api.reports import Line
from xlt_cli.reports.curves import pieces


def entry(condition: str, axis: str, **cells: list[list[float]]) -> dict[str, Any]:
    column = {"name": "share_at", "title": f"{condition} share", "shown": "curve"}
    columns = [{"name": "other", "title": "other", "shown": "number"}]
    columns.append(column)
    figures = {cell: {"share_at": points, "other": 1} for cell, points in cells.items()}
    measured = {"name": "own", "title": condition, "columns": columns}
    axes = {"axes": {"share_at": axis}} if axis else {}
    return {"condition": condition, "own": figures, "measured": measured, **axes}


def test_a_line_has_the_curves_of_one_axis_and_cell() -> None:
    upper = entry("upper", "radius", de=[[0.0, 0.9], [0.5, 0.6]], fr=[[0.0, 0.8]])
    lower = entry("lower", "radius", de=[[0.0, 0.7], [0.4, 0.1]])
    third = entry("third", "another", de=[[0.0, 0.2]])
    plain = entry("plain", "", de=[[0.0, 0.2]])
    clean = {"condition": "clean", "languages": {}}
    result = {"task": "t", "split": "test", "conditions": [clean, upper, lower, third, plain]}
    (line,) = pieces([result])
    assert isinstance(line, Line)
    assert (line.title, line.across) == ("t test, de", "radius")
    assert [series.name for series in line.series] == ["upper share, upper", "lower share, lower"]
    points = [[(at, figure.value) for at, figure in s.points] for s in line.series]
    assert points == [[(0.0, 0.9), (0.5, 0.6)], [(0.0, 0.7), (0.4, 0.1)]]


def test_nothing_is_shown_of_a_single_curve_or_of_none() -> None:
    one = entry("one", "radius", de=[[0.0, 0.9]])
    assert pieces([{"task": "t", "split": "test", "conditions": [one]}]) == []
    assert pieces([{"task": "t", "split": "test"}]) == []


def test_curves_of_several_evaluations_say_of_which_rows_they_are() -> None:
    upper = entry("upper", "radius", de=[[0.0, 0.9]], fr=[[0.0, 0.8]])
    lower = entry("lower", "radius", de=[[0.0, 0.7]])
    results = [
        {"task": "t", "split": "test", "limit": 500, "conditions": [upper]},
        {"task": "t", "split": "test", "limit": None, "conditions": [lower]},
    ]
    (line,) = pieces(results)
    assert isinstance(line, Line)
    assert line.title == "t test, de"
    assert [series.name for series in line.series] == [
        "upper share, upper (test, first 500 rows)",
        "lower share, lower (test)",
    ]
