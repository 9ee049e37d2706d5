"""Reports as GitHub's Markdown: tables that a paper's appendix can take as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from xlt_cli.api.reports import (
    Align,
    Figure,
    Forest,
    Line,
    Matrix,
    Piece,
    Report,
    Scalar,
    Table,
    Text,
    Tone,
    Value,
)
from xlt_cli.formats.shapes import table_of
from xlt_cli.reports.values import written

_SPECIAL = re.compile(
    r"[\\`*|~$]"  # these always may begin something
    r"|<(?=[A-Za-z/!?])"  # a tag
    r"|(?<![^\W_])_|_(?![^\W_])"  # not inside a name
    r"|&(?=#?\w+;)"
    r"|\](?=[(\[:])"  # a link
)
_BLOCK = re.compile(r"^(\s*(?:\d+(?=[.)]\s))?)([-+](?!\d)|[#>=]|(?<=\d)[.)])")
_STRONG: tuple[Tone, ...] = ("strong", "bad")


def text(report: Report) -> str:
    """A report as Markdown, ending in a line feed."""
    return "\n\n".join(_merged(_blocks(report, 2))) + "\n"


def _blocks(report: Report, level: int) -> Iterator[str]:
    if report.title:
        yield f"{'#' * level} {_escaped(report.title)}"
        level += 1
    for warning in report.warnings:
        yield f"> **Warning:** {_escaped(warning)}"
    for piece in report.pieces:
        yield from _piece(piece, level)
    if report.notes:
        yield "\n".join(f"- {_paragraph(note)}" for note in report.notes)


def _piece(piece: Piece, level: int) -> Iterator[str]:
    if isinstance(piece, Report):
        yield from _blocks(piece, level)
    elif isinstance(piece, Text):
        if piece.text and piece.whole:
            fence = "~~~~" if "```" in piece.text else "```"
            yield f"{fence}text\n{piece.text}\n{fence}"
        elif piece.text:
            yield _toned(_paragraph(piece.text), piece.tone)
    elif isinstance(piece, Scalar):
        yield f"{_escaped(piece.name)}: {_cell(piece.value)}"
    elif isinstance(piece, Table):
        yield from _table(piece, level)
    elif isinstance(piece, (Matrix, Line, Forest)):
        yield from _table(table_of(piece), level)


def _table(table: Table, level: int) -> Iterator[str]:
    if table.title:
        yield f"{'#' * level} {_escaped(table.title)}"
    head = [_escaped(column.name.replace("\n", " ")) for column in table.columns]
    body = [[_cell(cell, row.strong) for cell in row.cells] for row in table.rows]
    widths = [max(3, *map(len, column)) for column in zip(head, *body, strict=True)]
    aligns = [column.align for column in table.columns]
    rules = [_rule(width, align) for width, align in zip(widths, aligns, strict=True)]
    yield "\n".join(_row(cells, widths, aligns) for cells in (head, rules, *body))
    if table.footer:
        yield _paragraph(table.footer)


def _rule(width: int, align: Align) -> str:
    return "-" * (width - 1) + ":" if align == "right" else "-" * width


def _row(cells: Sequence[str], widths: Sequence[int], aligns: Sequence[Align]) -> str:
    padded = [
        cell.rjust(width) if align == "right" else cell.ljust(width)
        for cell, width, align in zip(cells, widths, aligns, strict=True)
    ]
    return f"| {' | '.join(padded)} |"


def _cell(value: Value, strong: bool = False) -> str:
    shown = _escaped(written(value)).replace("\n", "<br>")
    strong = strong or (isinstance(value, Figure) and value.strong)
    return f"**{shown}**" if strong and shown else shown


def _toned(shown: str, tone: Tone) -> str:
    return f"**{shown}**" if tone in _STRONG and "\n" not in shown else shown


def _paragraph(shown: str) -> str:
    """Text outside a table; its lines stay lines, and none begins a list or a heading."""
    return "\\\n".join(_BLOCK.sub(r"\1\\\2", line) for line in _escaped(shown).splitlines())


def _escaped(shown: str) -> str:
    """Text in which nothing is markup."""
    return _SPECIAL.sub(lambda match: "\\" + match[0], shown)


def _merged(blocks: Iterator[str]) -> Iterator[str]:
    """Blocks, with literal ones that follow each other put together."""
    before: str | None = None
    for block in blocks:
        if before is None:
            before = block
        elif block.startswith("```text\n") and before.startswith("```text\n"):
            before = before.removesuffix("```") + block.removeprefix("```text\n")
        else:
            yield before
            before = block
    if before is not None:
        yield before
