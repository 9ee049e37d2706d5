"""Plain text: a text a line."""

from __future__ import annotations

from pathlib import Path

from xlt_tasks.sources.table import Record, Table
from xlt_tasks.sources.text import read_lines


def read(path: Path) -> Table:
    """The lines of a file as records, each with its text as the target."""
    lines = enumerate(read_lines(path), 1)
    return Table(path, tuple(Record(number, (), line) for number, line in lines))
