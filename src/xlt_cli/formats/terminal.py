"""Reports on a terminal, and as plain text for a file."""

from __future__ import annotations

import io

from rich import box
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.panel import Panel
from rich.table import Table as Grid
from rich.text import Text as Words

from xlt_cli.api.reports import (
    Figure,
    Forest,
    Line,
    Matrix,
    Piece,
    Report,
    Row,
    Scalar,
    Stack,
    Table,
    Text,
    Tone,
    Value,
)
from xlt_cli.console.screen import Screen, in_memory
from xlt_cli.formats.shapes import table_of
from xlt_cli.reports.values import point, written

_STYLES: dict[Tone, str] = {
    "plain": "",
    "strong": "bold",
    "muted": "dim",
    "good": "green",
    "caution": "yellow",
    "bad": "red",
}


def show(report: Report, console: Screen) -> None:
    """Prints a report."""
    for warning in report.warnings:
        console.print(_panel(warning))
    if report.title:
        console.print(Words(report.title, style="bold"))
    for piece in report.pieces:
        _show(piece, console)
    for note in report.notes:
        console.print(Words(f"note: {note}", style="yellow"))
    for warning in report.warnings:
        console.print(_panel(warning))


def text(report: Report, width: int) -> str:
    """What is printed, as plain text of so many columns."""
    file = io.StringIO()
    show(report, in_memory(file, width))
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"


def _show(piece: Piece, console: Screen) -> None:
    if isinstance(piece, Report):
        show(piece, console)
    elif isinstance(piece, Text):
        console.print(Words(piece.text, style=_STYLES[piece.tone]), soft_wrap=piece.whole)
    elif isinstance(piece, Scalar):
        console.print(Words(f"{piece.name}: {written(piece.value)}"))
    elif isinstance(piece, Table):
        console.print(_grid(piece))
    elif isinstance(piece, Matrix):
        console.print(Words(piece.title))
        console.print(_Blocks(piece))
    elif isinstance(piece, (Line, Forest)):
        console.print(_grid(table_of(piece)))


def _panel(warning: str) -> Panel:
    return Panel(Words(warning, style="bold red"), style="red")


def _grid(table: Table) -> Grid:
    grid = Grid(
        title=table.title or None,
        title_justify="left",
        caption=table.footer or None,
        caption_justify="left",
        padding=(0, 0, 0, 1) if table.narrow else (0, 1),
    )
    for column in table.columns:
        grid.add_column(
            column.name, justify=column.align, no_wrap=not column.fold, max_width=column.width
        )
    for row in table.rows:
        _add(grid, row)
    return grid


def _add(grid: Grid, row: Row) -> None:
    cells = [_cell(value) for value in row.cells]
    grid.add_row(*cells, style="bold" if row.strong else "", end_section=row.rule)


def _cell(value: Value) -> RenderableType:
    """Words in their tones; what has none is a string, which the grid styles."""
    if isinstance(value, Figure) and value.strong:
        return Words(written(value), style="bold")
    parts = value.values if isinstance(value, Stack) else [value]
    if not any(isinstance(part, Text) for part in parts):
        return written(value)
    lines = [
        Words(shown, style=_STYLES[part.tone] if isinstance(part, Text) else "")
        for part in parts
        if (shown := written(part))
    ]
    return Words("\n").join(lines)


class _Blocks:
    """A matrix; where the terminal is too narrow for all columns, in several blocks, uncut."""

    def __init__(self, matrix: Matrix) -> None:
        self.matrix = matrix

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        rows, columns = self.matrix.rows, self.matrix.columns
        cells = {place: point(figure) for place, figure in self.matrix.cells.items()}
        name = max(map(len, rows), default=0)
        figure = max(map(len, [*cells.values(), *columns]), default=0)
        fits = max(1, (options.max_width - name) // (1 + figure))
        for start in range(0, len(columns), fits):
            grid = Grid("", box=box.SIMPLE_HEAD, padding=0, show_edge=False)
            across = columns[start : start + fits]
            for column in across:
                grid.add_column(column, justify="right", no_wrap=True)
            for row in rows:
                grid.add_row(row, *[cells.get((row, column), "") for column in across])
            yield grid
