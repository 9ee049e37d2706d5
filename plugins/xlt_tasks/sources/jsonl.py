"""JSON lines: an object a line, columns by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from xlt_cli.api import DataError
from xlt_tasks.sources.table import Columns, Record, Table
from xlt_tasks.sources.text import read_lines


def read(path: Path, columns: Columns) -> Table:
    """The records of a .jsonl file."""
    records = []
    for number, line in enumerate(read_lines(path), start=1):
        where = f"{path}:{number}"
        row = _parse(line, where)
        inputs, target = columns.find(list(row), where)
        records.append(Record(number, tuple(row[name] for name in inputs), row[target]))
    return Table(path, tuple(records))


def _parse(line: str, where: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        what = f"not valid JSON: {error.msg} (column {error.colno})" if line else "a blank line"
        raise DataError(what, where, "each line is to be one JSON object") from error
    if not isinstance(row, dict):
        raise DataError(
            f"a JSON {type(row).__name__}, expected an object", where, '{"premise": ..., ...}'
        )
    if "\\ud" in line.lower():
        _check_surrogates(row, where)
    return row


def _check_surrogates(row: dict[str, Any], where: str) -> None:
    """Half a surrogate pair is valid JSON but no text: tokenizers fail on it, far from here."""
    try:
        json.dumps(row, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise DataError(
            "an escape is half of a surrogate pair, which is no character",
            where,
            "write the file with `json.dumps(row, ensure_ascii=False)`",
        ) from error
