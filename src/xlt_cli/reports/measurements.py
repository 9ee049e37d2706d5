"""What a condition measures beyond the metrics, e.g. robust accuracy at several radii."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from xlt_cli.api.reports import Column, Figure, Row, Series, Table, Value

Result = Mapping[str, Any]


def measured_table(result: Result, title: str) -> Table:
    """A row for each cell, and their average over the zero-shot languages.

    Args:
        result: under a condition that measures something.
    """
    shown = result["measured"]
    columns = [Column("cell"), *[Column(one["title"], "right") for one in shown["columns"]]]
    rows = [
        Row([cell, *(_value(figures[one["name"]], one["shown"]) for one in shown["columns"])])
        for cell, figures in result[shown["name"]].items()
    ]
    average = _average(result)
    if average:
        rows = [*rows[:-1], replace(rows[-1], rule=True), average]
    return Table(f"{title}, {shown['title']}", columns, rows)


def _average(result: Result) -> Row | None:
    """The means of shares and curves; None without two zero-shot languages, or without any mean."""
    shown, languages = result["measured"], result["languages"]
    own = result[shown["name"]]
    cells = [own[x] for x, one in languages.items() if x in own and not one["trained_on"]]
    if len(cells) < 2:
        return None
    means = [_mean([cell[one["name"]] for cell in cells], one["shown"]) for one in shown["columns"]]
    if all(mean is None for mean in means):
        return None
    return Row([f"zero-shot average ({len(cells)})", *means], strong=True)


def _mean(values: Sequence[Any], shown: str) -> Value:
    """The mean of shares, or of curves over the same points; None of anything else, and where a
    language has no value."""
    if None in values:
        return None
    if shown == "share":
        return _value(statistics.fmean(values), shown)
    if shown == "curve" and len({tuple(at for at, _ in curve) for curve in values}) == 1:
        points = zip(*values, strict=True)
        means = [(of[0][0], statistics.fmean(share for _, share in of)) for of in points]
        return _value(means, shown)
    return None


def _value(value: Any, shown: str) -> Value:
    """As tables show it; blank where the cell has none."""
    if value is None:
        return None
    if shown == "curve":
        return Series("", [(at, Figure(share)) for at, share in value])
    return Figure(value) if shown == "share" else Figure(value, unit="number")
