"""What every source gives: records, and the place of each for error messages."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from xlt_cli.api import Split
from xlt_tasks.sources.columns import Columns

Quoting = Literal["auto", "none", "csv"]


@dataclass(frozen=True)
class Form:
    """How files are written, as far as the user says it.

    Attributes:
        quoting: whether fields in quotation marks are text as it stands or quoted as in csv.
        header: whether the first line names the columns; None to find out.
        suffix: the format of files whose names end in that of none, such as `xglue.nc.de.dev`:
            `.tsv` or another that is read; empty: by the names.
    """

    quoting: Quoting = "auto"
    header: bool | None = None
    suffix: str = ""


FOUND_OUT = Form()


@dataclass(frozen=True, slots=True)
class Record:
    """One row, or one sentence, as it stands in the file.

    Attributes:
        line: the line that it begins in, or the number of the row, from 1.
        inputs: the texts, or lists with a member for each word.
        target: the label as a string or a class id, or the list of tags.
        language: what the file says of its language, if it has a column for it.
        word_lines: the line of each word, in a file with a word a line.
    """

    line: int
    inputs: tuple[Any, ...]
    target: Any
    language: Any = None
    word_lines: tuple[int, ...] = ()


@dataclass(frozen=True)
class Table:
    """The records of one file.

    Attributes:
        path: the file.
        records: in the file's order.
        class_names: what the file itself says its class ids mean; None if it says nothing.
        unit: what `Record.line` counts: lines of one record each ("line"), lines of one word each
            ("word"), or rows of a file without lines ("row").
        notes: what must be known of how the file was read.
        first_line: the fields of a first line that was read as a row, though it may be a header.
    """

    path: Path
    records: tuple[Record, ...]
    class_names: tuple[str, ...] | None = None
    unit: str = "line"
    notes: tuple[str, ...] = ()
    first_line: tuple[str, ...] = ()

    def where(self, record: Record, word: int | None = None) -> str:
        """The place of a record, or of one of its words, in the form `path:line`."""
        if self.unit == "word":
            lines = record.word_lines
            return f"{self.path}:{lines[word] if lines and word else record.line + (word or 0)}"
        place = f"{self.path}: row {record.line}"
        if self.unit == "line":
            place = f"{self.path}:{record.line}"
        return place if word is None else f"{place}, word {word + 1}"


class Source(Protocol):
    """A folder, or a repository on the hub."""

    @property
    def untranslated(self) -> frozenset[str]:
        """The texts that stand for a sentence that was not translated."""
        ...

    def languages(self, split: Split) -> tuple[str, ...]:
        """The languages that a split is there for."""
        ...

    def read(self, split: Split, language: str, columns: Columns) -> tuple[str, list[Table]]:
        """What was read (for `Rows.source`), and its tables in order."""
        ...

    def all_files(self) -> list[Path] | None:
        """All files of the folder, whatever is in them; None for a repository on the hub."""
        ...


def counted(number: int, noun: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
