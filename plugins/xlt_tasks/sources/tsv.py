"""Tab-separated files without quoting: a row a line, or a word a line with blank lines between."""

from __future__ import annotations

from pathlib import Path

from xlt_cli.api import DataError
from xlt_tasks.sources.table import Columns, Record, Table, counted, unlabelled
from xlt_tasks.sources.text import read_lines


def read(path: Path, columns: Columns) -> Table:
    """The records of a .tsv file."""
    lines = read_lines(path)
    return _sentences(path, lines) if columns.per_word else _rows(path, lines, columns)


def _rows(path: Path, lines: list[str], columns: Columns) -> Table:
    first = lines[0].split("\t")
    header = columns.named or columns.find_inputs(first) is not None
    if header:
        names, target = columns.find(first, f"{path}:1")
        positions = [first.index(name) for name in (*names, target)]
    else:
        positions = list(range(columns.width))
    needed = max(positions) + 1
    records = []
    for number, line in enumerate(lines[header:], start=1 + header):
        fields = line.split("\t")
        if len(fields) < needed:
            raise _too_few(path, number, lines, needed, columns)
        *inputs, label = (fields[position] for position in positions)
        records.append(Record(number, tuple(inputs), label))
    if not records:
        raise DataError("the file has a header and no rows", str(path))
    return Table(path, tuple(records))


def _sentences(path: Path, lines: list[str]) -> Table:
    records = []
    words: list[str] = []
    tags: list[str] = []
    for number, line in enumerate([*lines, ""], start=1):
        if line:
            word, tab, rest = line.partition("\t")
            if not tab:
                if not any("\t" in other for other in lines):
                    raise unlabelled(str(path), "each line is to be: word, tab, tag; ")
                raise DataError(
                    "1 column, expected 2 (word, tag)",
                    f"{path}:{number}",
                    "separate the word and its tag by one tab",
                )
            words.append(word)
            tags.append(rest.partition("\t")[0])
        elif words:
            records.append(Record(number - len(words), (words,), tags))
            words, tags = [], []
    return Table(path, tuple(records), unit="word")


def _too_few(path: Path, number: int, lines: list[str], needed: int, columns: Columns) -> DataError:
    has = lines[number - 1].count("\t") + 1
    if needed == columns.width and all(line.count("\t") == columns.width - 2 for line in lines):
        return unlabelled(str(path), f"each line is to be: {columns.expected}; ")
    what = counted(has, "column") if lines[number - 1] else "a blank line"
    return DataError(
        f"{what}, expected {needed} ({columns.expected})",
        f"{path}:{number}",
        "separate the columns by one tab each; a line break inside a text also looks like this",
    )
