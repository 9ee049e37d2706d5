r"""Reports as LaTeX: tables with booktabs, whose figures are aligned by siunitx.

A figure takes an `S` column, and what stands beside it (an interval, a deviation, a mark) a column
of text of its own, so that decimal points are aligned whatever follows them. Text is escaped; signs
of xlt's own are written as commands. Letters of any script are left as they are: those that the
fonts of pdfLaTeX lack need XeLaTeX or LuaLaTeX.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterator, Sequence

from xlt_cli.api.reports import (
    Column,
    Figure,
    Forest,
    Line,
    Matrix,
    Piece,
    Report,
    Row,
    Scalar,
    Series,
    Stack,
    Table,
    Text,
    Value,
)
from xlt_cli.formats.shapes import table_of
from xlt_cli.reports.values import figure, written

PACKAGES = r"% \usepackage{booktabs, siunitx} (siunitx 3)"
"""The comment that output begins with."""

_HEADINGS = ("section*", "subsection*", "subsubsection*", "paragraph")

_SIGNS = {
    "\\": r"\textbackslash{}",
    **{sign: f"\\{sign}" for sign in "{}$&#%_"},
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\char34{}",
    "`": r"\textasciigrave{}",
    "[": "{[}",  # after a line's end it would begin an option, as would a star
    "]": "{]}",
    "*": "{*}",
    "†": r"\textdagger{}",
    "±": r"$\pm$",
    "−": r"$-$",
    "×": r"$\times$",
    "≤": r"$\le$",
    "≥": r"$\ge$",
    "→": r"$\to$",
    "…": r"\dots{}",
    "–": r"\textendash{}",
    "—": r"\textemdash{}",
}


def text(report: Report) -> str:
    """A report as LaTeX, ending in a line feed; it needs the packages that its first line names."""
    return "\n\n".join([PACKAGES, *_blocks(report, 0)]) + "\n"


def escaped(shown: str) -> str:
    """Text in which nothing is a command; line feeds and control characters become spaces."""
    parts = (_SIGNS.get(sign, sign if sign.isprintable() else " ") for sign in shown)
    return re.sub("-(?=-)", "-{}", "".join(parts))  # together they would be a dash


def _blocks(report: Report, level: int) -> Iterator[str]:
    if report.title:
        heading = _HEADINGS[min(level, len(_HEADINGS) - 1)]
        yield f"\\{heading}{{{escaped(report.title)}}}"
        level += 1
    for warning in report.warnings:
        yield rf"\textbf{{Warning: {escaped(warning)}}}"
    for piece in report.pieces:
        yield from _piece(piece, level)
    if report.notes:
        items = [rf"  \item {escaped(note)}" for note in report.notes]
        yield "\n".join([r"\begin{itemize}", *items, r"\end{itemize}"])


def _piece(piece: Piece, level: int) -> Iterator[str]:
    if isinstance(piece, Report):
        yield from _blocks(piece, level)
    elif isinstance(piece, Text):
        lines = [escaped(line) for line in piece.text.splitlines() if line.strip()]
        shown = "\\newline\n".join(rf"\texttt{{{x}}}" if piece.whole else x for x in lines)
        if shown:
            yield rf"\noindent {shown}"
    elif isinstance(piece, Scalar):
        yield f"{escaped(piece.name)}: {_text(piece.value)}"
    elif isinstance(piece, Table):
        yield _table(piece)
    elif isinstance(piece, Forest):
        drawn = table_of(piece)  # its bars are made of signs that no font of LaTeX has
        rows = [dataclasses.replace(row, cells=row.cells[:-1]) for row in drawn.rows]
        yield _table(dataclasses.replace(drawn, columns=drawn.columns[:-1], rows=rows))
    elif isinstance(piece, (Matrix, Line)):
        yield _table(table_of(piece))


def _table(table: Table) -> str:
    columns = [
        _Column(column, [row.cells[index] for row in table.rows])
        for index, column in enumerate(table.columns)
    ]
    kinds = " ".join(column.kind for column in columns)
    lines = [
        r"\begin{table}",
        r"  \centering",
        *([rf"  \caption{{{escaped(table.title)}}}"] if table.title else []),
        rf"  \begin{{tabular}}{{{kinds}}}",
        r"    \toprule",
        _line([column.head for column in columns]),
        r"    \midrule",
    ]
    for number, row in enumerate(table.rows):
        lines.append(_line(_cells(columns, row)))
        if row.rule and number + 1 < len(table.rows):
            lines.append(r"    \midrule")
    lines += [r"    \bottomrule", r"  \end{tabular}"]
    if table.footer:
        lines += ["", rf"  {escaped(table.footer)}"]
    return "\n".join([*lines, r"\end{table}"])


def _line(cells: Sequence[str]) -> str:
    return f"    {' & '.join(cells)} \\\\"


def _cells(columns: Sequence[_Column], row: Row) -> list[str]:
    pairs = zip(columns, row.cells, strict=True)
    return [column.cell(value, row.strong) for column, value in pairs]


class _Column:
    """A column of a table: of text, or of figures with what stands beside them."""

    def __init__(self, column: Column, values: Sequence[Value]) -> None:
        self.figures = [value for value in values if isinstance(value, Figure)]
        mixed = any(isinstance(value, (Stack, Series)) for value in values)
        self.aligned = bool(self.figures) and not mixed
        self.beside = self.aligned and any(_split(value)[1] for value in self.figures)
        self.align = "r" if column.align == "right" else "l"
        self.name = escaped(column.name.replace("-\n", "-").replace("\n", " "))

    @property
    def kind(self) -> str:
        """What it is in the preamble of a tabular."""
        if not self.aligned:
            return self.align
        beside = r" @{\,} l" if self.beside else ""
        return f"S[{self._options()}]{beside}"

    @property
    def head(self) -> str:
        if self.beside:
            return rf"\multicolumn{{2}}{{c}}{{{self.name}}}"
        return f"{{{self.name}}}"

    def cell(self, value: Value, strong: bool) -> str:
        """A value's cell, or its two cells."""
        if not self.aligned:
            return _text(value, strong)
        if not isinstance(value, Figure):
            number, beside = f"{{{_text(value, strong)}}}", ""
        else:
            number, beside = _split(value)
            bold = r"\bfseries " if strong or value.strong else ""
            finite = math.isfinite(value.value)
            number = f"{bold}{number}" if finite else f"{{{bold}{number}}}"
        return f"{number} & {beside}" if self.beside else number

    def _options(self) -> str:
        """Of siunitx: the width of the numbers, and bold ones."""
        shown = [_split(value)[0] for value in self.figures if math.isfinite(value.value)]
        parts = [number.lstrip("+-").partition(".") for number in shown]
        whole = max((len(first) for first, _, _ in parts), default=1)
        digits = max((len(last) for _, _, last in parts), default=0)
        sign = "+" if any(number[0] in "+-" for number in shown) else ""
        plus = ", retain-explicit-plus" if any(number[0] == "+" for number in shown) else ""
        return f"table-format={sign}{whole}.{digits}, detect-weight, mode=text{plus}"


def _split(value: Figure) -> tuple[str, str]:
    """The number, as siunitx reads it, and what stands beside it."""
    number = figure(dataclasses.replace(value, low=None, high=None, deviation=None, mark=""))
    full = figure(dataclasses.replace(value, mark=""))
    mark = rf"\textsuperscript{{{escaped(value.mark)}}}" if value.mark else ""
    beside = escaped(full[len(number) :].strip()).replace("-", "$-$")
    return number, f"{beside}{mark}"


def _text(value: Value, strong: bool = False) -> str:
    """A value as text; what has several lines is a small tabular."""
    strong = strong or (isinstance(value, Figure) and value.strong)
    lines = [escaped(line) for line in re.split(r"\r?\n", written(value)) if line]
    if strong:
        lines = [rf"\textbf{{{line}}}" for line in lines]
    if len(lines) > 1:
        return r"\begin{tabular}[t]{@{}l@{}}" + r" \\ ".join(lines) + r"\end{tabular}"
    return "".join(lines)
