"""Reports as CSV: their records, or a line for each value of their pieces."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from xlt_cli.api.reports import (
    Figure,
    Forest,
    Line,
    Matrix,
    Piece,
    Report,
    Scalar,
    Series,
    Stack,
    Table,
    Text,
    Value,
)

COLUMNS = ("piece", "row", "column", "value", "low", "high", "unit", "mark")
"""Of the values of a report without records; notes and paragraphs are left out."""

Cells = Sequence[object]


def text(report: Report) -> str:
    """A report as CSV with a header."""
    if report.records is not None:
        return records(report.records)
    return _csv(COLUMNS, _lines(report))


def records(table: Table) -> str:
    """A table as CSV, a line for each row; of a figure its value alone."""
    names = [column.key or column.name for column in table.columns]
    return _csv(names, ([_raw(cell) for cell in row.cells] for row in table.rows))


def _csv(header: Cells, lines: Iterable[Cells]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(lines)
    return buffer.getvalue()


def _lines(piece: Piece) -> Iterator[Cells]:
    if isinstance(piece, Report):
        for part in piece.pieces:
            yield from _lines(part)
    elif isinstance(piece, Table):
        names = [column.key or column.name for column in piece.columns]
        for row in piece.rows:
            label = _raw(row.cells[0]) if row.cells else ""
            for name, cell in list(zip(names, row.cells, strict=True))[1:]:
                yield from _line(piece.title, label, name, cell)
    elif isinstance(piece, Scalar):
        yield from _line("", piece.name, "", piece.value)
    elif isinstance(piece, Matrix):
        for (down, across), figure in piece.cells.items():
            yield from _line(piece.title, down, across, figure)
    elif isinstance(piece, Forest):
        for label, figure in piece.entries:
            yield from _line(piece.title, label, "", figure)
    elif isinstance(piece, Line):
        for series in piece.series:
            yield from _line(piece.title, series.name, piece.up, series)


def _line(title: str, row: object, column: str, cell: Value) -> Iterator[Cells]:
    """The lines of one cell: one, or several of a series and of a stack; none of an empty one."""
    if isinstance(cell, Stack):
        for value in cell.values:
            yield from _line(title, row, column, value)
    elif isinstance(cell, Series):
        for x, figure in cell.points:
            yield from _line(title, row, f"{column} at {x}", figure)
    elif isinstance(cell, Figure):
        yield [title, row, column, cell.value, cell.low, cell.high, cell.unit, cell.mark]
    elif cell not in (None, ""):
        yield [title, row, column, _raw(cell), None, None, "", ""]


def _raw(cell: Value) -> object:
    """A value as a program reads it."""
    if isinstance(cell, Figure):
        return cell.value
    if isinstance(cell, Text):
        return cell.text
    if isinstance(cell, Stack):
        return " ".join(str(_raw(value)) for value in cell.values if value is not None)
    if isinstance(cell, Series):
        return " ".join(f"{x}:{figure.value}" for x, figure in cell.points)
    return cell
