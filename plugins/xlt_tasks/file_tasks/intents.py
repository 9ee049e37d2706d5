"""Tasks whose rows are sentences with an intent, and a slot for each word."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import Field

from xlt_cli.api import DataError, Rows, Split
from xlt_cli.problems import IntentAndSlots, IntentExample
from xlt_tasks.examples.cells import filled
from xlt_tasks.examples.labels import DROP, LabelReader
from xlt_tasks.file_tasks.base import FileTask
from xlt_tasks.folder_params import FolderParams
from xlt_tasks.own_files import LabelMap
from xlt_tasks.sources.columns import Columns
from xlt_tasks.sources.table import Table, counted

UTTERANCE = Columns((("tokens", "slots"),), ("intent",))
"""A sentence a line: its words and their tags, separated by spaces, and its intent."""


class IntentParams(FolderParams):
    """Where the files are, and what their labels stand for."""

    label_map: LabelMap = Field(
        {},
        description="what tags and intents of the files stand for, where they are not as "
        "published, e.g. {B-when: B-datetime}; `drop` leaves the sentence out",
    )


@dataclass(frozen=True)
class Utterance:
    """A sentence as the files have it.

    Attributes:
        id: identifies it within its split; None: its number.
    """

    words: Sequence[str]
    tags: Sequence[str]
    intent: str
    id: str | None = None


def _check_texts(cells: Mapping[str, Any], *, per_word: bool) -> None:
    """Raises a ValueError if a cell is no text, or no list of texts where it may be one."""
    for name, cell in cells.items():
        parts = cell if per_word and isinstance(cell, list) else [cell]
        if not all(isinstance(part, str) for part in parts):
            raise ValueError(f"{name} is {cell!r}, expected a text")


class IntentTask(FileTask):
    """What a user wants, and the words that say the details.

    Attributes:
        slots: the names of the slots; the tags are `O`, and `B-` and `I-` with each name.
        intents: the names of the intents.
    """

    problem = IntentAndSlots
    metric = "slot_f1"
    texts = 1
    slots: ClassVar[tuple[str, ...]]
    intents: ClassVar[tuple[str, ...]]

    class Params(IntentParams):
        """Where the files are, and what their labels stand for."""

    params: IntentParams

    @property
    def labels(self) -> tuple[str, ...]:
        tags = (f"{mark}-{slot}" for slot in self.slots for mark in "BI")
        return ("O", *tags, *self.intents)

    def row(self, split: Split, cells: Mapping[str, Any]) -> Utterance | None:
        """A sentence from its cells by the names of their columns; None if it is of another split.

        By default the cells are those of `UTTERANCE`. Where a file has a word a line, each is a
        list, and the intent stands beside every word.

        Raises:
            ValueError: a cell is not what it should be.
        """
        first, second, last = (filled(cell, f"the column '{name}'") for name, cell in cells.items())
        if isinstance(first, str):
            _check_texts(cells, per_word=False)
            return Utterance(first.split(" "), second.split(" "), last)
        _check_texts(cells, per_word=True)
        if len(set(second)) > 1:
            raise ValueError(f"a sentence has several intents: {', '.join(sorted(set(second)))}")
        return Utterance(first, last, second[0])

    def load(self, split: Split, language: str) -> Rows:
        read, tables, release = self.read(split, language)
        names = (*release.columns.inputs[0], release.columns.targets[0])
        reader = LabelReader(self.labels, self.params.label_map, written=release.label_map)
        examples, notes = utterances(tables, names, self.row, reader, split, language)
        return Rows(examples, read, notes)


def _by_name(intent: Any, class_names: Sequence[str] | None) -> Any:
    """The name of an intent that is a number, where the file says what its numbers mean."""
    is_number = isinstance(intent, int) and not isinstance(intent, bool)
    if class_names is None or not is_number or not 0 <= intent < len(class_names):
        return intent
    return class_names[intent]


def utterances(
    tables: Sequence[Table],
    names: Sequence[str],
    row: Callable[[Split, Mapping[str, Any]], Utterance | None],
    reader: LabelReader,
    split: Split,
    language: str,
) -> tuple[tuple[IntentExample, ...], tuple[str, ...]]:
    """The sentences of files, and what must be known of how they were read.

    Args:
        names: of the columns: those of the inputs, then that of the target.
        row: makes a sentence of the cells of a row; see `IntentTask.row`.

    Raises:
        DataError: a row is not what it should be, or none is left.
    """
    examples: list[IntentExample] = []
    number = empty = 0
    for table in tables:
        for record in table.records:
            where = table.where(record)
            values = (*record.inputs, _by_name(record.target, table.class_names))
            try:
                found = row(split, dict(zip(names, values, strict=True)))
            except ValueError as error:
                raise DataError(str(error), where) from error
            if found is None:
                continue
            number += 1
            if len(found.words) != len(found.tags):
                raise DataError(f"{len(found.words)} words but {len(found.tags)} tags", where)
            written = (found.intent, *found.tags)
            named = [reader.get(label) for label in written]
            for label, known in zip(written, named, strict=True):
                if known is None:
                    reader.reject(label, where)
            if DROP in named:
                continue
            intent, *tags = [label or "" for label in named]
            pairs = [(w, t) for w, t in zip(found.words, tags, strict=True) if w.strip()]
            empty += len(tags) - len(pairs)
            if not pairs:
                raise DataError("the sentence has no words", where, "leave it out")
            words, kept = zip(*pairs, strict=True)
            name = f"{split}-{number if found.id is None else found.id}"
            examples.append(IntentExample(name, words, kept, (language,), intent))
    reader.check(tables)
    if not examples:
        why = "`label_map` leaves them all out" if number else f"none is of the {split} split"
        raise DataError(f"no sentences are left: {why}", str(tables[0].path))
    notes = [note for table in tables for note in table.notes]
    notes += [f"{counted(empty, 'empty word')} left out"] if empty else []
    return tuple(examples), (*notes, *reader.notes("sentences"))
