"""Which columns of a file a task reads, and under what names they are found."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from xlt_cli.api import DataError

NUMBER = re.compile(r"[1-9][0-9]*|-[1-9][0-9]*")
"""A column by its number: from 1, or from the end as -1."""


@dataclass(frozen=True)
class Columns:
    """The columns that a task reads, and the names that they may have.

    Attributes:
        inputs: the names of the input columns; several alternatives, all of the same number.
        targets: the names that the column with the label (or the tags) may have.
        per_word: a record is a sentence, its input a list of words and its target their tags.
        named: the user chose the columns: names are those of a header line, numbers are places.
        language: the name or number of the column that says a row's language.
        values: the labels or tags of the task, which tell a word from a comment.
        lines: rows have no label, and the lines of a text file no columns; the target is then the
            last of the texts.
        on_hub: whether the task can take its data from the hub with `source: hub`, for hints.
    """

    inputs: tuple[tuple[str, ...], ...]
    targets: tuple[str, ...]
    per_word: bool = False
    named: bool = False
    language: str | None = None
    values: frozenset[str] = frozenset()
    lines: bool = False
    on_hub: bool = False

    @property
    def expected(self) -> str:
        """The columns for an error message."""
        return ", ".join(dict.fromkeys((*self.inputs[0], self.targets[0], *self._language)))

    @property
    def width(self) -> int:
        """How many columns there are, without the one for the language."""
        return len(self.inputs[0]) + 1

    @property
    def needed(self) -> int:
        """The fewest columns that a file has."""
        if self.numbered:
            return self.locate([], "").needed
        return self.width + len(self._language)

    @property
    def numbered(self) -> bool:
        """Whether the columns are given by their numbers alone."""
        names = (*self.inputs[0], self.targets[0], *self._language)
        return self.named and all(NUMBER.fullmatch(name) for name in names)

    @property
    def _counts_from_0(self) -> bool:
        names = (*self.inputs[0], self.targets[0], *self._language)
        return self.named and "0" in names

    @property
    def _language(self) -> tuple[str, ...]:
        return () if self.language is None else (self.language,)

    def find_inputs(self, present: Sequence[str]) -> tuple[str, ...] | None:
        """The names of the input columns among those present; None if they are not all there."""
        return next((names for names in self.inputs if set(names) <= set(present)), None)

    def are_in(self, first: Sequence[str]) -> bool:
        """Whether a line is the header that names the columns."""
        if self.inputs == ((),):  # the column for the language alone is wanted
            return any(name in first for name in self.targets)
        has_target = any(name in first for name in self.targets)
        return not self.numbered and has_target and self.find_inputs(first) is not None

    def find(self, present: Sequence[str], where: str) -> Names:
        """The names of the columns among those present; DataError if one is missing."""
        inputs = self.find_inputs(present)
        target = next((name for name in self.targets if name in present), None)
        missing = set(self._language) - set(present)
        if inputs is not None and target is not None and not missing:
            names = Names(inputs, target, self.language)
            self._check_single(names, present, where)
            return names
        if inputs and not missing and not self.named:
            raise unlabelled(where, f"its columns are {', '.join(present)}; ", self.on_hub)
        raise DataError(
            f"the columns {self.expected} are required; the file has: "
            f"{', '.join(present) or 'none'}",
            where,
            ("columns are counted from 1, or from the end as -1; " if self._counts_from_0 else "")
            + "rename the columns"
            + (f", or use {_alternatives(self)}" if self.inputs[1:] else "")
            + (", or select the existing ones with `columns`" if not self.named else ""),
        )

    def _check_single(self, names: Names, present: Sequence[str], where: str) -> None:
        """Refuses a choice between columns that the file leaves open."""
        for name in names.all:
            if present.count(name) > 1:
                raise DataError(
                    f"{present.count(name)} columns have the name '{name}'",
                    where,
                    "rename all but one of them, or select the columns by number",
                )
        targets = [name for name in self.targets if name in present]
        if len(targets) > 1:
            raise DataError(
                f"more than one column may contain the labels: {', '.join(targets)}",
                where,
                "choose with `columns`, or rename all but one of them",
            )

    def locate(self, first: Sequence[str], where: str, header: bool | None = None) -> Places:
        """Where the columns are in a file of lines, and whether its first line is a header.

        Args:
            first: the fields of the first line.
            header: what the user says of the first line; None to find out.

        Raises:
            DataError: a column is missing.
        """
        if self.numbered:
            names = (*self.inputs[0], self.targets[0], *self._language)
            return self._places([_position(name) for name in names], bool(header))
        plain = [name.strip().lower() for name in first]
        if header is not False and not self.are_in(first) and self.are_in(plain):
            first, header = plain, True
        if header is None:
            header = self.named or bool(self.find_inputs(first)) or self.are_in(first)
        if not header:
            if self.named or self.language is not None:
                raise DataError(
                    f"the columns {self.expected} are given by name, and the file has no "
                    "header line",
                    where,
                    "give their numbers instead, e.g. `columns: [1, 2]`",
                )
            return self._places(list(range(self.width)), False)
        used = self.find(first, where)
        return self._places([first.index(name) for name in used.all], True)

    def _places(self, positions: list[int], header: bool) -> Places:
        language = positions.pop() if self.language is not None else None
        *inputs, target = positions
        return Places(tuple(inputs), target, language, header)


@dataclass(frozen=True)
class Names:
    """The columns of one file by their names."""

    inputs: tuple[str, ...]
    target: str
    language: str | None = None

    @property
    def all(self) -> tuple[str, ...]:
        """The inputs, the target, and the language if there is a column for it."""
        rest = () if self.language is None else (self.language,)
        return (*self.inputs, self.target, *rest)


@dataclass(frozen=True)
class Places:
    """The columns of one file by their positions, from 0; negative ones count from the end."""

    inputs: tuple[int, ...]
    target: int
    language: int | None
    header: bool

    @property
    def needed(self) -> int:
        """The fewest fields that a line must have."""
        places = [*self.inputs, self.target]
        if self.language is not None:
            places.append(self.language)
        return max(place + 1 if place >= 0 else -place for place in places)


PAIR = Columns(
    (("premise", "hypothesis"), ("sentence1", "sentence2"), ("text1", "text2")),
    ("label", "gold_label"),
)
SENTENCE_PAIR = Columns((PAIR.inputs[1], PAIR.inputs[0], PAIR.inputs[2]), PAIR.targets)
SINGLE = Columns((("text",), ("sentence",)), ("label", "gold_label"))
TEXT = Columns(((),), ("text", "sentence"), lines=True)
WORDS = Columns((("tokens",),), ("ner_tags", "tags"), per_word=True)


def unlabelled(where: str, has: str, on_hub: bool) -> DataError:
    """The error for a file that has inputs but no labels, as XTREME's own test files.

    Args:
        has: what the file has, or should have, before the hint.
        on_hub: whether `source: hub` is to be advised.
    """
    return DataError(
        "the file has no labels",
        where,
        f"{has}XTREME's own test files come without labels: evaluate on dev, take labelled test "
        f"data{' (`source: hub`)' if on_hub else ''}, or add the labels as the last column",
    )


def _position(number: str) -> int:
    value = int(number)
    return value - 1 if value > 0 else value


def _alternatives(columns: Columns) -> str:
    return " or ".join(", ".join(names) for names in columns.inputs[1:])
