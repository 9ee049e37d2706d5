"""Reports as data: typed pieces that every format (terminal, JSON, CSV, Markdown) renders once.

A builder says what is shown and what each value is; how a share becomes a percentage, how many
digits it has and how an interval is written is decided in one place for all of them. So a builder
never formats a number:

    Report(
        title="xnli test",
        pieces=[
            Table(
                title="accuracy by language",
                columns=[Column("language"), Column("accuracy", align="right")],
                rows=[Row(["de", Figure(0.713, 0.701, 0.724)]), Row(["sw", Figure(0.581)])],
            )
        ],
        notes=["only the first 1000 rows of each language"],
    )

Values are checked as pieces are made: a row of the wrong length raises `ValueError` there, a figure
that is no number raises `TypeError`, and neither waits until it is printed.
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
"""Where a `+` stands before what is not negative: nowhere, before the value (`+1.1 [0.2, 2.0]`), or
before its bounds, too (`+1.1 [+0.2, +2.0]`)."""

Tone = Literal["plain", "strong", "muted", "good", "caution", "bad"]
"""How a text is meant; a terminal shows it by colour or weight."""

Align = Literal["left", "right"]


@dataclass(frozen=True)
class Figure:
    """A measured value: `71.3 [70.1, 72.4]`, or `71.3 (0.6)`.

    Attributes:
        value: the point estimate; NaN where it is undefined.
        low, high: the bounds of its interval, both or neither.
        deviation: the standard deviation over seeds, where that is shown instead.
        unit: what the numbers are.
        digits: how many follow the decimal point where it is shown; None for the unit's own (1 of
            a percentage, 3 of a number).
        sign: where a `+` is shown.
        mark: stands right after it, e.g. `†` beside a figure of a collapsed run.
    """

    value: float
    low: float | None = None
    high: float | None = None
    deviation: float | None = None
    unit: Unit = "share"
    digits: int | None = None
    sign: Sign = "none"
    mark: str = ""

    def __post_init__(self) -> None:
        _check_number(self.value)
        for number in (self.low, self.high, self.deviation):
            if number is not None:
                _check_number(number)
        if (self.low is None) != (self.high is None):
            raise ValueError("an interval has two bounds: give both 'low' and 'high', or neither")


@dataclass(frozen=True)
class Text:
    """Words: a paragraph of a report, or a part of a cell.

    Attributes:
        text: may have several lines; an empty one is an empty line on a terminal.
        tone: how it is meant.
        whole: never folded, however narrow the terminal is: paths, names, commands.
    """

    text: str
    tone: Tone = "plain"
    whole: bool = False


@dataclass(frozen=True)
class Series:
    """Figures along an axis; in a cell: `95.0 at 0.000  90.1 at 0.012`.

    Attributes:
        name: of the series in its legend; may be empty in a cell.
        points: pairs of a place on the axis and the figure there.
        digits: of the places, where they are shown.
    """

    name: str
    points: Sequence[tuple[float, Figure]]
    digits: int = 3


@dataclass(frozen=True)
class Stack:
    """Values of one cell, one below the other; empty ones (None, "") take no line."""

    values: Sequence[Figure | Text | str | int | float | None]


Value = Figure | Text | Series | Stack | str | int | float | None
"""What a cell holds. Integers are counts (`1,234`); None is an empty cell; other numbers are shown
with up to four significant digits, so give a `Figure` where that is not what you want."""


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        name: its heading; a line feed in it breaks the heading on a terminal.
        align: words to the left, figures to the right.
        key: what machine-readable formats call it; empty: `name`.
        fold: whether a terminal may fold its cells.
        width: the widest it may be on a terminal.
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
        strong: it sums others up, as an average does.
        rule: a rule follows it, since a section ends.
    """

    cells: Sequence[Value]
    strong: bool = False
    rule: bool = False


@dataclass(frozen=True)
class Table:
    """Rows of values.

    Attributes:
        footer: said below it.
        narrow: leave out what a terminal can leave out of the space between columns.
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
    """Figures of pairs, e.g. of the languages of a first text (down) and of a second (across).

    Where it is shown as text, figures are without intervals.

    Attributes:
        rows, columns: the names down and across.
        cells: by (row, column); a pair that is missing is an empty cell.
    """

    title: str
    rows: Sequence[str]
    columns: Sequence[str]
    cells: Mapping[tuple[str, str], Figure]

    def __post_init__(self) -> None:
        for row, column in self.cells:
            if row not in self.rows or column not in self.columns:
                raise ValueError(f"({row}, {column}) is no cell of the matrix '{self.title}'")


@dataclass(frozen=True)
class Line:
    """Figures along an axis, e.g. accuracy under noise of growing strength; one or more series.

    Attributes:
        across, up: what the axis is, and what the figures are.
    """

    title: str
    across: str
    up: str
    series: Sequence[Series]


@dataclass(frozen=True)
class Forest:
    """Figures with intervals beside each other, e.g. a gain by language, against a reference.

    Attributes:
        entries: pairs of a label and its figure, from top to bottom.
        reference: where there is neither a gain nor a loss, in the figures' own unit.
    """

    title: str
    entries: Sequence[tuple[str, Figure]]
    reference: float = 0.0


@dataclass(frozen=True)
class Report:
    """Pieces in their order, and what must be said beside them.

    Attributes:
        pieces: a report may be a piece of another, e.g. one for each evaluation.
        title: a heading above them; empty where the pieces' own titles say enough.
        notes: what a reader must know of the figures; each is a sentence without a full stop.
        warnings: what makes all figures worthless, said before and after them.
        values: everything as JSON values (dicts, lists, strings, numbers, None), for programs. JSON
            is this; without it, JSON is the pieces.
        records: a line for each figure, for programs. CSV is this; without it, CSV is made of the
            pieces.
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
        raise TypeError(f"a figure is a number, not {value!r}")


def _check_values(values: Sequence[object]) -> None:
    for value in values:
        if not isinstance(value, _VALUES):
            raise TypeError(f"a cell cannot hold {type(value).__name__}: {value!r}")
        if isinstance(value, Stack):
            _check_values(value.values)
