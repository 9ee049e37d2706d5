"""Curves of several conditions over one axis, e.g. an upper and a lower bound of robust accuracy.

Everything is read from the results of evaluations and of their conditions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from xlt_cli.api.reports import Figure, Line, Piece, Series
from xlt_cli.reports.robustness import first_rows

Result = Mapping[str, Any]
Curves = dict[str, list[Series]]
"""For each cell, the curves of all conditions."""


def pieces(results: Sequence[Result]) -> list[Piece]:
    """A line for each axis and cell that several conditions have a curve of.

    Args:
        results: evaluations of one task; curves of those that differ in split or rows say of which
            they are.
    """
    by_axis: dict[str, Curves] = {}
    for result in results:
        of = "" if len(results) == 1 else f" ({_rows(result)})"
        for entry in result.get("conditions", ()):
            for axis, cell, series in _curves(entry, of):
                by_axis.setdefault(axis, {}).setdefault(cell, []).append(series)
    return [
        Line(f"{_title(results)}, {cell}", axis, "share of rows", series)
        for axis, cells in by_axis.items()
        for cell, series in cells.items()
        if len(series) > 1
    ]


def _title(results: Sequence[Result]) -> str:
    splits = " and ".join(dict.fromkeys(result["split"] for result in results))
    return f"{results[0]['task']} {splits}"


def _rows(result: Result) -> str:
    return f"{result['split']}{first_rows(result)}"


def _curves(entry: Result, of: str) -> Iterator[tuple[str, str, Series]]:
    """The curves of a condition: the axis, the cell and the figures along the axis."""
    for name, axis in entry.get("axes", {}).items():
        shown = entry["measured"]
        title = next(column["title"] for column in shown["columns"] if column["name"] == name)
        for cell, figures in entry[shown["name"]].items():
            points = [(at, Figure(share)) for at, share in figures[name]]
            yield axis, cell, Series(f"{title}, {entry['condition']}{of}", points)
