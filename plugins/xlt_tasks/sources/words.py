"""Files with a word a line and a blank line after each sentence: CoNLL's forms.

Columns are separated by tabs or by spaces. Lines that are no words are left out: `-DOCSTART-`,
comments (`#`), and in CoNLL-U the lines of multi-word tokens (`1-2`) and empty nodes (`8.1`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from xlt_cli.api import DataError
from xlt_tasks.sources.columns import Columns, Places, unlabelled
from xlt_tasks.sources.table import FOUND_OUT, Form, Record, Table
from xlt_tasks.sources.text import lines_of, read_text

Line = tuple[int, list[str]]
"""The number of a line, and its fields; no fields for a blank line."""

WORD_NAMES = frozenset({"token", "tokens", "word", "words", "form"})
TAG_NAMES = frozenset(
    {"tag", "tags", "label", "labels", "ner", "ner_tag", "ner_tags", "ner-tags", "pos", "upos"}
)
GLOBAL_COLUMNS = "# global.columns ="
COMMENT = re.compile(r"#([ \t]|begin |end |$)")
"""How a comment begins, before the first word of a sentence. The line is a word all the same if it
has a word's columns (and, where spaces separate them, one of the task's tags)."""
CONLL_U_WIDTH = 10
FORM, UPOS = 1, 3
"""The columns of CoNLL-U that hold the word and its part of speech, from 0."""
LONGEST = 1000
"""A file with one sentence of more words has lost its blank lines."""
_SPACE = re.compile(r"[ \t]+")
_ID = re.compile(r"[0-9]+([-.][0-9]+)?")


def read(path: Path, columns: Columns, form: Form = FOUND_OUT) -> Table:
    """The sentences of a file, whatever its columns are separated by."""
    return parse(path, read_text(path), columns, form)


def parse(path: Path, text: str, columns: Columns, form: Form) -> Table:
    """The sentences of a text whose fields are as they stand."""
    lines = lines_of(text)
    filled = [line for line in lines if line.strip(" \t")]
    plain = [line for line in filled if COMMENT.match(line) is None] or filled
    tabs = any("\t" in line for line in plain)
    bare = [] if tabs else [line for line in plain if " " not in line.strip(" ")]
    if bare and len(bare) < len(plain) / 2:
        raise _too_few(path, lines.index(bare[0]) + 1, bare[:1], 2)
    if bare:
        raise unlabelled(str(path), "each line must have: word, tab, tag; ", columns.on_hub)

    def cut(line: str) -> list[str]:
        return line.split("\t") if tabs else _SPACE.split(line.strip(" "))

    width: int | None = None
    rows: list[Line] = []
    header = False
    for number, line in enumerate(lines, start=1):
        fields = cut(line) if line.strip(" \t") else []
        within = len(rows) > header and bool(rows[-1][1])
        comment = not within and COMMENT.match(line) is not None
        if comment and line.startswith(GLOBAL_COLUMNS) and not rows:
            fields, header = line.removeprefix(GLOBAL_COLUMNS).split(), True
        elif comment:
            width = width or Counter(len(cut(line)) for line in plain).most_common(1)[0][0]
            if not _is_word(fields, width, tabs, columns):
                continue
        rows.append((number, fields))
    return sentences(path, rows, columns, form, (), header=header)


def _is_word(fields: Sequence[str], width: int, tabs: bool, columns: Columns) -> bool:
    """Whether a line that begins as comments do is a word with its tag all the same."""
    has_tag = not columns.values or not columns.values.isdisjoint(fields[1:])
    if len(fields) == width:
        return tabs or has_tag
    return tabs and fields[0] == "#" and bool(columns.values) and has_tag


def sentences(
    path: Path,
    rows: Sequence[Line],
    columns: Columns,
    form: Form,
    notes: tuple[str, ...],
    *,
    header: bool = False,
) -> Table:
    """The sentences of lines that are cut into fields.

    Args:
        header: whether the first row is known to name the columns.
    """
    filled = [(number, fields) for number, fields in rows if fields]
    places, said = _places(path, filled, columns, form, header)
    start = filled[0][0] if places.header else 0
    numbered = all(_ID.fullmatch(fields[0]) for _, fields in filled[places.header :])
    skips_ids, needed = numbered and 0 not in places.inputs, places.needed
    records: list[Record] = []
    sentence: list[Line] = []
    for number, fields in [*rows, (0, [])]:
        if fields and (number == start or fields[0] == "-DOCSTART-"):
            continue
        if fields and skips_ids and not fields[0].isdecimal():
            continue
        if fields:
            if len(fields) < needed:
                raise _too_few(path, number, fields, needed)
            sentence.append((number, fields))
        elif sentence:
            records.append(_record(sentence, places))
            sentence = []
    if not records:
        raise DataError("the file has no words", str(path))
    _check_not_numbers(path, records)
    if len(records) == 1 and len(filled) > 1 + places.header:
        _check_one_sentence(path, filled, places)
    if len(records) == 1 and len(records[0].word_lines) > LONGEST:
        raise DataError(
            f"all {len(records[0].word_lines):,} words are in one sentence",
            str(path),
            "a sentence must end with a blank line; a column with sentence numbers is not used",
        )
    return Table(path, tuple(records), unit="word", notes=(*notes, *said))


def _places(
    path: Path, filled: Sequence[Line], columns: Columns, form: Form, header: bool
) -> tuple[Places, tuple[str, ...]]:
    """Where the words and their tags are, and what is to be said of it."""
    if not filled:
        raise DataError("the file has no words", str(path))
    number, first = filled[0]
    header = header or bool(form.header)
    if columns.named:
        return columns.locate(first, f"{path}:{number}", header or None), ()
    words, tags = [
        [i for i, name in enumerate(first) if name.lower() in names]
        for names in (WORD_NAMES, TAG_NAMES)
    ]
    if form.header is not False and words and tags and first[tags[0]] not in columns.values:
        if len(tags) > 1:
            raise DataError(
                f"more than one column may contain the tags: {', '.join(first[i] for i in tags)}",
                f"{path}:{number}",
                f"select two with `columns`, e.g. `columns: [{first[words[0]]}, "
                f"{first[tags[-1]]}]`",
            )
        return Places((words[0],), tags[0], None, True), ()
    rows = filled[header:]
    widths = {len(fields) for _, fields in rows if fields[0] != "-DOCSTART-"}
    if widths == {CONLL_U_WIDTH} and all(_ID.fullmatch(fields[0]) for _, fields in rows):
        return Places((FORM,), UPOS, None, header), ()
    if max(widths, default=0) <= 2 or ".tsv" in path.suffixes:
        places = Places((0,), 1, None, header)
    else:
        places = Places((0,), -1, None, header)
    if len(widths) == 1 and min(widths) > 2:
        tag = "second" if places.target == 1 else "last"
        said = f"{path.name}: {min(widths)} columns; words from the first, tags from the {tag}"
        return places, (said,)
    return places, ()


def _record(sentence: Sequence[Line], places: Places) -> Record:
    inputs = tuple([fields[place] for _, fields in sentence] for place in places.inputs)
    tags = [fields[places.target] for _, fields in sentence]
    language = None if places.language is None else sentence[0][1][places.language]
    lines = tuple(number for number, _ in sentence)
    return Record(lines[0], inputs, tags, language, lines)


def _check_not_numbers(path: Path, records: Sequence[Record]) -> None:
    """Refuses a column that numbers the words where words are expected."""
    counts = [[str(i) for i in range(first, first + 10000)] for first in (0, 1)]
    words = [record.inputs[0] for record in records]
    if max(len(x) for x in words) > 1 and any(
        all(x == count[: len(x)] for x in words) for count in counts
    ):
        raise DataError(
            "the first column numbers the words of each sentence",
            str(path),
            "select the columns of the words and their tags, e.g. `columns: [2, 3]`",
        )


def _check_one_sentence(path: Path, filled: Sequence[Line], places: Places) -> None:
    """Refuses a file without blank lines that has a column which numbers its sentences."""
    first, rows = filled[0][1], [fields for _, fields in filled[places.header :]]
    width = min(len(fields) for fields in rows)
    read = {place % width for place in (*places.inputs, places.target)}
    for column in set(range(width)) - read:
        named = places.header and column < len(first) and "sent" in first[column].lower()
        if named or (column == 0 and _rises_by_runs([x[0] for x in rows])):
            raise DataError(
                f"all {len(rows):,} words are in one sentence, and column {column + 1} seems to "
                "number the sentences",
                str(path),
                "write a blank line after each sentence; a column of numbers does not end a "
                "sentence",
            )


def _rises_by_runs(values: Sequence[str]) -> bool:
    """Whether these are whole numbers that stay the same for some lines and then rise."""
    if not all(value.isdecimal() for value in values):
        return False
    numbers = [int(value) for value in values]
    return numbers == sorted(numbers) and 1 < len(set(numbers)) < len(numbers)


def _too_few(path: Path, number: int, fields: Sequence[str], needed: int) -> DataError:
    if needed == 2:
        return DataError(
            "1 column, expected 2 (word, tag)",
            f"{path}:{number}",
            "separate the word and its tag by one tab (or, without any tabs, by spaces)",
        )
    return DataError(
        f"{len(fields)} columns, expected at least {needed}",
        f"{path}:{number}",
        "every word must have all columns, separated by one tab each (or, without any tabs, "
        "by spaces)",
    )
