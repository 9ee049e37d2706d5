"""JSON: lines of objects (.jsonl), or one document that is a list of objects (.json)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from xlt_cli.api import DataError
from xlt_tasks.sources.columns import Columns
from xlt_tasks.sources.table import FOUND_OUT, Form, Record, Table
from xlt_tasks.sources.text import empty, lines_of, read_text

ROWS_IN = ("data", "rows", "examples")
"""The names under which a document may hold its rows."""
HALF_SURROGATE = "an escape sequence is half of a surrogate pair, which is not a character"


def read(path: Path, columns: Columns, form: Form = FOUND_OUT) -> Table:
    """The records of a .jsonl file."""
    return _lines(path, read_text(path), columns)


def read_document(path: Path, columns: Columns, form: Form = FOUND_OUT) -> Table:
    """The records of a .json file; JSON lines are read under this name, too."""
    text = read_text(path)
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":
            return _lines(path, text, columns)
        raise DataError(
            f"not valid JSON: {error.msg} (column {error.colno})",
            f"{path}:{error.lineno}",
            "expected a list of objects, or one object per line",
        ) from error
    rows = _rows(path, document)
    if not rows:
        raise empty(path)
    check_surrogates(text, rows, str(path))
    numbered = ((n, row, f"{path}: row {n}") for n, row in enumerate(rows, 1))
    return Table(path, _records(numbered, columns), unit="row")


def _lines(path: Path, text: str, columns: Columns) -> Table:
    lines = enumerate(lines_of(text), start=1)
    rows = ((n, _parse(line, f"{path}:{n}"), f"{path}:{n}") for n, line in lines)
    return Table(path, _records(rows, columns))


def _records(rows: Iterable[tuple[int, Any, str]], columns: Columns) -> tuple[Record, ...]:
    records = []
    for number, row, where in rows:
        if not isinstance(row, dict):
            raise DataError(
                f"a JSON {type(row).__name__}, expected an object", where, '{"premise": ..., ...}'
            )
        names = columns.find(list(row), where)
        language = None if names.language is None else row[names.language]
        inputs = tuple(row[name] for name in names.inputs)
        records.append(Record(number, inputs, row[names.target], language))
    return tuple(records)


def _rows(path: Path, document: Any) -> list[Any]:
    """The rows of a document: itself, the list under a usual name, or the one object it is."""
    if isinstance(document, list):
        return document
    if isinstance(document, dict):
        for name in ROWS_IN:
            if isinstance(document.get(name), list):
                rows: list[Any] = document[name]
                return rows
        if not any(isinstance(value, dict | list) for value in document.values()):
            return [document]
    raise DataError(
        "the document is not a list of rows",
        str(path),
        "expected [{...}, {...}] or {'data': [...]}; pandas writes it with "
        "`to_json(orient='records')`",
    )


def _parse(line: str, where: str) -> Any:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        what = f"not valid JSON: {error.msg} (column {error.colno})" if line else "a blank line"
        raise DataError(what, where, "each line must be one JSON object") from error
    check_surrogates(line, row, where)
    return row


def has_half_surrogate(text: str, content: Any) -> bool:
    """Whether a text of JSON writes half of a surrogate pair, which is valid JSON but no text.

    Args:
        content: what the text was read as.
    """
    if "\\ud" not in text.lower():
        return False
    try:
        json.dumps(content, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def check_surrogates(text: str, content: Any, where: str) -> None:
    """Refuses half of a surrogate pair: tokenizers fail on it, far from here.

    Args:
        content: what the text was read as.

    Raises:
        DataError: the text has one.
    """
    if has_half_surrogate(text, content):
        raise DataError(
            HALF_SURROGATE, where, "write the file with `json.dumps(row, ensure_ascii=False)`"
        )
