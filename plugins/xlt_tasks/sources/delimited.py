"""Files of lines with separated columns: .tsv and .csv, a row a line."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Sequence
from pathlib import Path

from xlt_cli.api import DataError
from xlt_tasks.sources import words
from xlt_tasks.sources.columns import Columns, unlabelled
from xlt_tasks.sources.quoting import count_quoted, judge
from xlt_tasks.sources.table import FOUND_OUT, Form, Record, Table, counted
from xlt_tasks.sources.text import lines_of, read_text

Line = tuple[int, list[str]]
"""The number of a line (of a row's first line), and its fields."""


def read_tsv(path: Path, columns: Columns, form: Form = FOUND_OUT) -> Table:
    """The records of a .tsv file."""
    text = read_text(path)
    verdict = judge(text, columns.needed) if form.quoting == "auto" else form.quoting
    if verdict == "ambiguous":
        raise DataError(
            "some fields are in quotation marks, and it is unclear whether the marks are part "
            "of the text",
            str(path),
            "use `quoting: none` (they are text) or `quoting: csv` (they quote fields)",
        )
    if verdict == "escaped":
        raise DataError(
            'fields are in quotation marks, and inner marks are written as \\"',
            str(path),
            'R writes marks as in CSV with `qmethod = "double"`, and none with `quote = FALSE`; '
            "with `quoting: none`, all marks and backslashes are part of the text",
        )
    notes: tuple[str, ...] = ()
    if verdict == "csv":
        lines = _csv(path, text, "\t")
        quoted = count_quoted(text)
        if quoted:
            around = f"the quotation marks around {counted(quoted, 'field')} were removed"
            notes = (f"{path.name}: quoted as in CSV; {around}",)
    elif columns.per_word:
        return words.parse(path, text, columns, form)
    else:
        lines = [(n, line.split("\t")) for n, line in enumerate(lines_of(text), 1)]
    if columns.per_word:
        return words.sentences(path, [(n, _unblank(x)) for n, x in lines], columns, form, notes)
    return _rows(path, lines, columns, form, "tab", notes)


def read_csv(path: Path, columns: Columns, form: Form = FOUND_OUT) -> Table:
    """The records of a .csv file, whose columns are separated by commas or semicolons."""
    text = read_text(path)
    if text.lower().startswith("sep="):
        raise DataError(
            "the first line tells spreadsheets which character separates the columns",
            f"{path}:1",
            "delete this line",
        )
    quoted = form.quoting != "none"
    parsed: dict[str, list[Line]] = {}
    problem: DataError | None = None
    for separator in (",", ";", "\t"):
        try:
            parsed[separator] = _csv(path, text, separator, quoted)
        except DataError as error:
            problem = problem or error
    fitting = _separator(path, parsed, columns)
    if fitting is None and problem is not None:
        raise problem
    separator = fitting or ","
    lines = parsed[separator]
    if columns.per_word:
        return words.sentences(path, [(n, _unblank(x)) for n, x in lines], columns, form, ())
    name = {",": "comma", ";": "semicolon"}.get(separator, "tab")
    return _rows(path, lines, columns, form, name, ())


def _csv(path: Path, text: str, separator: str, quoted: bool = True) -> list[Line]:
    """The rows of a text in csv's form; quoted fields may go over several lines."""
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))  # a document may be longer than 128 KiB
    reader = csv.reader(
        io.StringIO(text.rstrip("\r\n"), newline=""),
        delimiter=separator,
        quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
        strict=True,
    )
    lines: list[Line] = []
    start = 1
    try:
        for fields in reader:
            lines.append((start, fields or [""]))
            start = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            f"the quotation marks of this row do not follow CSV: {error}",
            f"{path}:{start}",
            'a quoted field begins and ends with " and has "" for each mark inside it; '
            "with `quoting: none`, all marks are part of the text",
        ) from error
    return lines


def _separator(path: Path, parsed: dict[str, list[Line]], columns: Columns) -> str | None:
    """The separator with which every row has its columns; None if there is none."""
    named, fitting, wider = [], [], []
    for separator, lines in parsed.items():
        first = lines[0][1]
        if columns.are_in(first) or columns.are_in([name.strip().lower() for name in first]):
            named.append(separator)
        widths = {len(fields) for _, fields in lines if fields != [""]}
        if len(widths) == 1 and min(widths) >= columns.needed:
            fitting.append(separator)
        if columns.numbered and min(widths, default=0) >= columns.needed:
            wider.append(separator)  # rows that go on with columns of their own
    fitting = fitting or wider
    if len(named) == 1:
        return named[0]
    if len(fitting) > 1:
        raise DataError(
            "the columns may be separated by more than one of comma, semicolon and tab",
            str(path),
            "write a header line with the names of the columns",
        )
    return fitting[0] if fitting else None


def _rows(
    path: Path,
    lines: Sequence[Line],
    columns: Columns,
    form: Form,
    separator: str,
    notes: tuple[str, ...],
) -> Table:
    number, first = lines[0]
    places = columns.locate(first, f"{path}:{number}", form.header)
    needed = places.needed
    records = []
    for number, fields in lines[places.header :]:
        if len(fields) < needed:
            raise _too_few(path, number, fields, lines, needed, columns, separator)
        texts = tuple(fields[place] for place in places.inputs)
        language = None if places.language is None else fields[places.language]
        records.append(Record(number, texts, fields[places.target], language))
    if not records:
        raise DataError("the file has a header and no rows", str(path))
    unsure = form.header is None and not places.header
    return Table(path, tuple(records), notes=notes, first_line=tuple(first) if unsure else ())


def _unblank(fields: list[str]) -> list[str]:
    return fields if any(fields) else []


def _too_few(
    path: Path,
    number: int,
    fields: Sequence[str],
    lines: Sequence[Line],
    needed: int,
    columns: Columns,
    separator: str,
) -> DataError:
    other = _other_separator(lines)
    if other is not None:
        return DataError(
            f"the columns seem to be separated by {other}, expected a {separator}",
            str(path),
            "commas and semicolons are for files named .csv, tabs for .tsv",
        )
    if needed == columns.width and all(len(other) == columns.width - 1 for _, other in lines):
        return unlabelled(str(path), f"each line must have: {columns.expected}; ", columns.on_hub)
    what = counted(len(fields), "column") if list(fields) != [""] else "a blank line"
    hint = (
        f"separate the columns by one {separator} each; "
        "a line break inside a text also looks like this"
    )
    return DataError(f"{what}, expected {needed} ({columns.expected})", f"{path}:{number}", hint)


def _other_separator(lines: Sequence[Line]) -> str | None:
    """What separates the columns of lines that seem to have one only; None if nothing does."""
    if len(lines) < 2 or any(len(fields) != 1 for _, fields in lines):
        return None
    for mark, name in (
        (",", "commas"),
        (";", "semicolons"),
        ("|", "vertical bars"),
        ("\t", "tabs"),
    ):
        if len({fields[0].count(mark) for _, fields in lines} | {0}) == 2 and all(
            mark in fields[0] for _, fields in lines
        ):
            return name
    return None
