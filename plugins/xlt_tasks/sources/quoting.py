"""Whether the quotation marks of a tab-separated file are text, or quote its fields.

pandas and spreadsheets quote a field that holds a quotation mark, a tab or a line break and double
the marks inside it, as in csv; XTREME's files and most others do not. The two are told apart by
the whole file: a csv writer leaves no mark outside a quoted field and none single inside one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from xlt_tasks.sources.text import lines_of

_FIELD = re.compile(r'(?:"([^"]*(?:""[^"]*)*)"|([^"\t\n]*))(\t|\r?\n|\Z)')
_NUMBER = re.compile(r"[-+]?[0-9]*\.?[0-9]*")

_ESCAPED = re.compile(r'"(?:[^"\\]|\\.)*"')

Verdict = Literal["none", "csv", "ambiguous", "escaped"]


@dataclass
class _Marks:
    """What the quoted fields of a file look like.

    Attributes:
        quoted, bare: how many fields are quoted, and how many are not and are no numbers.
        special: quoted fields that hold a doubled mark.
        tabbed, broken: quoted fields that hold a tab, and that hold a line break.
        bare_separators: the commas and semicolons seen in fields that are not quoted.
        quoted_separators: those seen in quoted fields.
        whole_columns: the columns in which every row so far is quoted.
        widths: the numbers of fields that rows have.
    """

    quoted: int
    bare: int
    special: int
    tabbed: int
    broken: int
    bare_separators: set[str]
    quoted_separators: set[str]
    whole_columns: set[int] | None
    widths: set[int]


def judge(text: str, needed: int) -> Verdict:
    r"""How a tab-separated text is quoted; `ambiguous` where nothing in it decides.

    `escaped`: every row has a field in quotation marks, and some of those fields have `\"` for a
    mark inside, as R's `write.table` writes it.

    Args:
        needed: how many columns a row has at least.
    """
    if '"' not in text:
        return "none"
    marks = _marks(text)
    if marks is None and _is_escaped(text):
        return "escaped"
    if marks is None or not marks.quoted or not _fits(marks.widths, needed):
        return "none"
    plain_widths = {line.count("\t") + 1 for line in lines_of(text) if line}
    if not _fits(plain_widths, needed):
        return "csv"
    if marks.broken:
        # Lines that all have their columns are lines: a mark that opened a field here and closed
        # it lines later, as the words " of a sentence do, quoted nothing.
        return "none"
    if marks.special or marks.tabbed or not marks.bare:
        return "csv"
    if marks.whole_columns or marks.quoted_separators - marks.bare_separators:
        # Some writers quote a column of text throughout, spreadsheets a text with a comma.
        return "ambiguous"
    return "none"


def count_quoted(text: str) -> int:
    """How many fields of a text that is quoted as in csv are quoted."""
    marks = _marks(text)
    return marks.quoted if marks is not None else 0


def _is_escaped(text: str) -> bool:
    """Whether some column is quoted in every row, with backslashes before the marks inside."""
    if '\\"' not in text:
        return False
    columns: set[int] | None = None
    for line in filter(None, lines_of(text)):
        quoted = {i for i, field in enumerate(line.split("\t")) if _ESCAPED.fullmatch(field)}
        columns = quoted if columns is None else columns & quoted
    return bool(columns)


def _fits(widths: set[int], needed: int) -> bool:
    return len(widths) == 1 and min(widths) >= needed


def _marks(text: str) -> _Marks | None:
    """The marks of a text that a csv writer can have written; None if none can."""
    marks = _Marks(0, 0, 0, 0, 0, set(), set(), None, set())
    for row in _rows(text):
        if row is None:
            return None
        if row == [(False, "")]:
            continue  # a blank line
        marks.widths.add(len(row))
        whole = {i for i, (quoted, _) in enumerate(row) if quoted}
        marks.whole_columns = whole if marks.whole_columns is None else marks.whole_columns & whole
        for quoted, value in row:
            separators = {mark for mark in ",;" if mark in value}
            if quoted:
                marks.quoted += 1
                marks.special += '""' in value
                marks.tabbed += "\t" in value
                marks.broken += "\n" in value
                marks.quoted_separators |= separators
            else:
                marks.bare += _NUMBER.fullmatch(value) is None
                marks.bare_separators |= separators
    return marks


def _rows(text: str) -> Iterator[list[tuple[bool, str]] | None]:
    """The fields of each row, and whether each is quoted; None where no csv writer was at work."""
    position, row = 0, []
    while position < len(text):
        match = _FIELD.match(text, position)
        if match is None:
            yield None
            return
        quoted = match[1] is not None
        row.append((quoted, match[1] if quoted else match[2].removesuffix("\r")))
        position = match.end()
        if match[3] != "\t":
            yield row
            row = []
    if row:
        yield [*row, (False, "")]
