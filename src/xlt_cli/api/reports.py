"""Reports as data: typed pieces that every format (terminal, JSON, CSV, Markdown, LaTeX) renders
once.

A builder states what is shown and what each value means. The notation of percentages, digits and
intervals is defined in one place for all formats, so that a builder never formats a number:

    Report(
        title="test in all languages",
        pieces=[
            Table(
                title="accuracy by language",
                columns=[Column("language"), Column("accuracy", align="right")],
                rows=[Row(["de", Figure(0.713, 0.701, 0.724)]), Row(["sw", Figure(0.581)])],
            )
        ],
        notes=["only the first 1000 rows of each language"],
    )

Values are checked when pieces are created and not when they are printed: a row of the wrong length
raises `ValueError`, and a figure that is not a number raises `TypeError`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Literal

Unit = Literal["share", "number"]
"""share: in [0, 1] (a difference: in [-1, 1]), shown as a percentage without its sign, `71.3`.
number: shown as it is."""

Sign = Literal["none", "value", "all"]
"""Where non-negative numbers have a `+`: nowhere, at the value (`+1.1 [0.2, 2.0]`), or at the value
and its bounds (`+1.1 [+0.2, +2.0]`)."""

Tone = Literal["plain", "strong", "muted", "good", "caution", "bad"]
"""The tone of a text, which a terminal shows by colour or weight."""

Align = Literal["left", "right"]


@dataclass(frozen=True)
class Figure:
    """A measured value: `71.3 [70.1, 72.4]`, or `71.3 (0.6)`.

    Attributes:
        value: the point estimate; NaN if it is undefined.
        low, high: the bounds of its interval; both or neither.
        deviation: the standard deviation over seeds, if it is shown instead of an interval.
        unit: the unit of the numbers.
        digits: the number of decimal places that are shown; None for the default of the unit (1 for
            a percentage, 3 for a number).
        sign: which numbers have a `+`.
        mark: shown right after the figure, e.g. `†` for a collapsed run.
        strong: shown in bold, e.g. the best of several.
    """

    value: float
    low: float | None = None
    high: float | None = None
    deviation: float | None = None
    unit: Unit = "share"
    digits: int | None = None
    sign: Sign = "none"
    mark: str = ""
    strong: bool = False

    def __post_init__(self) -> None:
        _check_number(self.value)
        for number in (self.low, self.high, self.deviation):
            if number is not None:
                _check_number(number)
        if (self.low is None) != (self.high is None):
            raise ValueError("an interval has two bounds: give both 'low' and 'high', or neither")


@dataclass(frozen=True)
class Text:
    """Text: a paragraph of a report, or a part of a cell.

    Attributes:
        text: may have several lines; an empty one is an empty line on a terminal.
        tone: the tone of the text.
        whole: never wrapped, even on a narrow terminal; for paths, names and commands.
    """

    text: str
    tone: Tone = "plain"
    whole: bool = False


@dataclass(frozen=True)
class Series:
    """Figures along an axis; in a cell: `95.0 at 0.000  90.1 at 0.012`.

    Attributes:
        name: the name of the series in the legend; may be empty in a cell.
        points: pairs of a position on the axis and the figure at that position.
        digits: the number of decimal places of the positions.
    """

    name: str
    points: Sequence[tuple[float, Figure]]
    digits: int = 3


@dataclass(frozen=True)
class Stack:
    """Values of one cell, one below the other; empty ones (None, "") are omitted."""

    values: Sequence[Figure | Text | str | int | float | None]


Value = Figure | Text | Series | Stack | str | int | float | None
"""The content of a cell. Integers are counts (`1,234`), and None is an empty cell. Other numbers
are shown with up to four significant digits; use a `Figure` for another format."""


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        name: the heading; a line feed breaks the heading on a terminal.
        align: left for text, right for figures.
        key: the name in machine-readable formats; empty: `name`.
        fold: whether a terminal may wrap its cells.
        width: the maximum width on a terminal.
    """

    name: str
    align: Align = "left"
    key: str = ""
    fold: bool = True
    width: int | None = None


@dataclass(frozen=True)
class Row:
    """A row of a table.

    Attributes:
        cells: one value for each column.
        strong: whether the row summarizes others, such as an average.
        rule: whether a rule follows the row, at the end of a section.
    """

    cells: Sequence[Value]
    strong: bool = False
    rule: bool = False


@dataclass(frozen=True)
class Table:
    """Rows of values.

    Attributes:
        footer: a line below the table.
        narrow: whether a terminal uses as little space between columns as possible.
    """

    title: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    footer: str = ""
    narrow: bool = False

    def __post_init__(self) -> None:
        for number, row in enumerate(self.rows, 1):
            if len(row.cells) != len(self.columns):
                raise ValueError(
                    f"row {number} of the table '{self.title}' has {len(row.cells)} cells for "
                    f"{len(self.columns)} columns"
                )
            _check_values(row.cells)


@dataclass(frozen=True)
class Scalar:
    """One value with its name: `rows: 2,000`."""

    name: str
    value: Value

    def __post_init__(self) -> None:
        _check_values([self.value])


@dataclass(frozen=True)
class Matrix:
    """Figures for pairs, e.g. of the languages of a first text (rows) and of a second text
    (columns).

    Intervals of the figures are not shown in text formats.

    Attributes:
        rows, columns: the names of rows and columns.
        cells: the figures by (row, column); missing pairs are empty cells.
    """

    title: str
    rows: Sequence[str]
    columns: Sequence[str]
    cells: Mapping[tuple[str, str], Figure]

    def __post_init__(self) -> None:
        for row, column in self.cells:
            if row not in self.rows or column not in self.columns:
                raise ValueError(f"({row}, {column}) is not a cell of the matrix '{self.title}'")


@dataclass(frozen=True)
class Line:
    """Figures along an axis, e.g. accuracy by strength of noise, in one or more series.

    Attributes:
        across, up: the names of the axis and of the figures.
    """

    title: str
    across: str
    up: str
    series: Sequence[Series]


@dataclass(frozen=True)
class Forest:
    """Figures with intervals compared with a reference, e.g. the gain in each language.

    Attributes:
        entries: pairs of a label and its figure, from top to bottom.
        reference: the value that stands for neither a gain nor a loss, in the unit of the figures.
    """

    title: str
    entries: Sequence[tuple[str, Figure]]
    reference: float = 0.0


@dataclass(frozen=True)
class Report:
    """Pieces in order, and the notes that belong to them.

    Attributes:
        pieces: a report may be a piece of another, e.g. one for each evaluation.
        title: the heading; empty if the titles of the pieces suffice.
        notes: what a reader needs to know about the figures; sentences without a full stop.
        warnings: reasons why all figures are meaningless, shown before and after them.
        values: the content of the JSON format (dicts, lists, strings, numbers, None); default: the
            pieces.
        records: the content of the CSV format, with one line per figure; default: the pieces.
    """

    pieces: Sequence[Piece]
    title: str = ""
    notes: Sequence[str] = ()
    warnings: Sequence[str] = ()
    values: object = None
    records: Table | None = None

    def __post_init__(self) -> None:
        for piece in self.pieces:
            if not isinstance(piece, _PIECES):
                raise TypeError(f"a piece of a report cannot be {type(piece).__name__}")


Piece = Scalar | Table | Line | Matrix | Forest | Text | Report

_PIECES = (Scalar, Table, Line, Matrix, Forest, Text, Report)
_VALUES = (Figure, Text, Series, Stack, str, Real, type(None))


def _check_number(value: object) -> None:
    if not isinstance(value, Real):
        raise TypeError(f"a figure must be a number, not {value!r}")


def _check_values(values: Sequence[object]) -> None:
    for value in values:
        if not isinstance(value, _VALUES):
            raise TypeError(f"a cell cannot hold {type(value).__name__}: {value!r}")
        if isinstance(value, Stack):
            _check_values(value.values)
