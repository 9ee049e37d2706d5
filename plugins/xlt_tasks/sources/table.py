"""What every source gives: records, and the place of each for error messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from xlt_cli.api import DataError, Split


@dataclass(frozen=True)
class Columns:
    """The columns that a task reads, and the names that they may have.

    Attributes:
        inputs: the names of the input columns; several alternatives, all of the same number.
        targets: the names that the column with the label (or the tags) may have.
        per_word: a record is a sentence, its input a list of words and its target their tags.
        named: a .tsv must have a header line; otherwise one is recognised by these names.
    """

    inputs: tuple[tuple[str, ...], ...]
    targets: tuple[str, ...]
    per_word: bool = False
    named: bool = False

    @property
    def expected(self) -> str:
        """The columns for an error message."""
        return ", ".join((*self.inputs[0], self.targets[0]))

    @property
    def width(self) -> int:
        """How many columns there are."""
        return len(self.inputs[0]) + 1

    def find_inputs(self, present: Sequence[str]) -> tuple[str, ...] | None:
        """The names of the input columns among those present; None if they are not all there."""
        return next((names for names in self.inputs if set(names) <= set(present)), None)

    def find(self, present: Sequence[str], where: str) -> tuple[tuple[str, ...], str]:
        """The names of the input columns and of the target; DataError if one is missing."""
        inputs = self.find_inputs(present)
        target = next((name for name in self.targets if name in present), None)
        if inputs is not None and target is not None:
            return inputs, target
        if inputs is not None:
            raise unlabelled(where, f"its columns are {', '.join(present)}; ")
        raise DataError(
            f"the columns {self.expected} are needed; there are: {', '.join(present) or 'none'}",
            where,
            "rename the columns" + (f", or use {_alternatives(self)}" if self.inputs[1:] else ""),
        )


PAIR = Columns(
    (("premise", "hypothesis"), ("sentence1", "sentence2"), ("text1", "text2")),
    ("label", "gold_label"),
)
SENTENCE_PAIR = Columns((PAIR.inputs[1], PAIR.inputs[0], PAIR.inputs[2]), PAIR.targets)
SINGLE = Columns((("text",), ("sentence",)), ("label", "gold_label"))
WORDS = Columns((("tokens",),), ("ner_tags", "tags"), per_word=True)


@dataclass(frozen=True, slots=True)
class Record:
    """One row, or one sentence, as it stands in the file.

    Attributes:
        line: the line that it begins in, or the number of the row, from 1.
        inputs: the texts, or the list of words.
        target: the label as a string or a class id, or the list of tags.
    """

    line: int
    inputs: tuple[Any, ...]
    target: Any


@dataclass(frozen=True)
class Table:
    """The records of one file.

    Attributes:
        path: the file.
        records: in the file's order.
        class_names: what the file itself says its class ids mean; None if it says nothing.
        unit: what `Record.line` counts: lines of one record each ("line"), lines of one word each
            ("word"), or rows of a file without lines ("row").
    """

    path: Path
    records: tuple[Record, ...]
    class_names: tuple[str, ...] | None = None
    unit: str = "line"

    def where(self, record: Record, word: int | None = None) -> str:
        """The place of a record, or of one of its words, in the form `path:line`."""
        if self.unit == "word":
            return f"{self.path}:{record.line + (word or 0)}"
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


def unlabelled(where: str, has: str = "") -> DataError:
    """The error for a file that has inputs but no labels, as XTREME's own test files."""
    return DataError(
        "the file has no labels",
        where,
        f"{has}XTREME's own test files come without labels: evaluate on dev, take labelled test "
        "data (published tasks: `source: hub`), or add the labels as the last column",
    )


def counted(number: int, noun: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _alternatives(columns: Columns) -> str:
    return " or ".join(", ".join(names) for names in columns.inputs[1:])
