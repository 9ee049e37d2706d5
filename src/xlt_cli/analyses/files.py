"""What an analysis leaves in a folder: results.json, results.csv, and figures."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeGuard

from rich.console import Group, RenderableType
from rich.table import Table as RichTable
from rich.text import Text as RichText

from xlt_cli import registry
from xlt_cli.analyses import drawing
from xlt_cli.api import Analysis, Measured
from xlt_cli.api.reports import Column, Figure, Matrix, Report, Row, Table, Text
from xlt_cli.console.progress import Reporter
from xlt_cli.formats import csv
from xlt_cli.reports.records import record_table
from xlt_cli.runs import atomic


def write(directory: Path, report: Report) -> None:
    """Writes the figures as JSON and as CSV."""
    atomic.write_json(directory / "results.json", values(report), sealed=False)
    tables = [report.records] if report.records else [t for t in report.pieces if _is_table(t)]
    for number, table in enumerate(tables):
        names = [column.key or column.name for column in table.columns]
        rows = [dict(zip(names, map(_plain, row.cells), strict=True)) for row in table.rows]
        name = f"results-{number + 1}.csv" if number else "results.csv"
        atomic.write_text(directory / name, csv.records(record_table(names, rows)))


def draw(
    directory: Path, analysis: Analysis, measured: Measured, report: Report, reporter: Reporter
) -> None:
    """Draws what figures the analysis has, where they can be drawn."""
    plugin = registry.get("analysis", analysis.name)
    if plugin.figures is Analysis.figures:
        return
    if drawing.can_draw():
        drawing.draw(directory, analysis, measured, report)
    else:
        reporter.warn(drawing.MISSING)


def values(report: Report) -> Any:
    """The report as JSON values."""
    if report.values is not None:
        return report.values
    return {"pieces": [asdict(piece) for piece in report.pieces], "notes": list(report.notes)}


def _of_matrix(piece: Matrix) -> Table:
    rows = [
        Row([name, *(piece.cells.get((name, column)) for column in piece.columns)])
        for name in piece.rows
    ]
    return Table("", [Column(""), *(Column(c, "right") for c in piece.columns)], rows)


def _is_table(piece: object) -> TypeGuard[Table]:
    return isinstance(piece, Table)


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Figure) else value


def rendered(report: Report) -> RenderableType:
    """The report for a terminal."""
    parts: list[RenderableType] = []
    for piece in report.pieces:
        if isinstance(piece, Text):
            parts.append(RichText(piece.text))
        elif isinstance(piece, Table):
            parts.append(_table(piece))
        elif isinstance(piece, Matrix):
            parts += [RichText(piece.title), _table(_of_matrix(piece))]
    return Group(*parts, *[RichText(f"note: {note}", style="yellow") for note in report.notes])


def _table(piece: Table) -> RichTable:
    table = RichTable(
        title=piece.title or None,
        title_justify="left",
        caption_justify="left",
        padding=(0, 0, 0, 1),
        caption=piece.footer or None,
    )
    for column in piece.columns:
        table.add_column(column.name, justify=column.align, no_wrap=not column.fold)
    for row in piece.rows:
        cells = [_cell(value) for value in row.cells]
        table.add_row(*cells, style="bold" if row.strong else None, end_section=row.rule)
    return table


def _cell(value: Any) -> str:
    if not isinstance(value, Figure):
        return "" if value is None else f"{value}"
    scale, digits = (100, 1) if value.unit == "share" else (1, 3)
    digits = digits if value.digits is None else value.digits
    first, others = ("+" if value.sign != "none" else ""), ("+" if value.sign == "all" else "")
    said = f"{scale * value.value:{first}.{digits}f}"
    if value.low is None or value.high is None:
        return said
    bounds = (f"{scale * bound:{others}.{digits}f}" for bound in (value.low, value.high))
    return f"{said} [{', '.join(bounds)}]"
