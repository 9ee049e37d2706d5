"""Matrices, lines and forests as tables, for formats that show text."""

from __future__ import annotations

import math

from xlt_cli.api.reports import Column, Figure, Forest, Line, Matrix, Row, Table, Value
from xlt_cli.reports.values import point

BAR = 31
"""Characters of a drawn interval."""


def table_of(piece: Matrix | Line | Forest) -> Table:
    """The table that shows a piece."""
    if isinstance(piece, Matrix):
        return _matrix(piece)
    if isinstance(piece, Line):
        return _line(piece)
    return _forest(piece)


def _matrix(matrix: Matrix) -> Table:
    rows = []
    for name in matrix.rows:
        cells = [matrix.cells.get((name, other)) for other in matrix.columns]
        rows.append(Row([name, *[point(cell) if cell else None for cell in cells]]))
    columns = [Column(""), *[Column(name, "right") for name in matrix.columns]]
    return Table(matrix.title, columns, rows)


def _line(line: Line) -> Table:
    """A row for each place on the axis, a column for each series."""
    places = sorted({x for series in line.series for x, _ in series.points})
    curves = [dict(series.points) for series in line.series]
    digits = max((series.digits for series in line.series), default=0)
    rows: list[Row] = []
    for x in places:
        cells: list[Value] = [Figure(x, unit="number", digits=digits)]
        rows.append(Row([*cells, *[curve.get(x) for curve in curves]]))
    names = [series.name or line.up for series in line.series]
    columns = [Column(line.across, "right"), *[Column(name, "right") for name in names]]
    return Table(f"{line.title}: {line.up}" if line.title else line.up, columns, rows)


def _forest(forest: Forest) -> Table:
    """A drawn interval beside each figure; the reference is drawn as a bar."""
    ends = [forest.reference]
    for _, figure in forest.entries:
        ends += [x for x in (figure.value, figure.low, figure.high) if x is not None]
    finite = [x for x in ends if math.isfinite(x)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    rows = [
        Row([label, figure, _bar(figure, low, high, forest.reference)])
        for label, figure in forest.entries
    ]
    return Table(forest.title, [Column(""), Column("", "right"), Column("", fold=False)], rows)


def _bar(figure: Figure, low: float, high: float, reference: float) -> str:
    """`  ├──●────┤  `, and `│` where there is neither a gain nor a loss."""

    def place(x: float | None) -> int | None:
        if x is None or not math.isfinite(x):
            return None
        return round((BAR - 1) * (x - low) / (high - low)) if high > low else BAR // 2

    signs = [" "] * BAR
    zero, first, last = place(reference), place(figure.low), place(figure.high)
    if first is not None and last is not None:
        signs[first : last + 1] = "─" * (last + 1 - first)
    if zero is not None:
        signs[zero] = "│" if signs[zero] == " " else "┼"
    if first is not None and last is not None:
        signs[first], signs[last] = "├", "┤"
    middle = place(figure.value)
    if middle is not None:
        signs[middle] = "●"
    return "".join(signs).rstrip()
