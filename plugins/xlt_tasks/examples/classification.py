"""Records as examples of sequence classification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from xlt_cli.api import DataError, SequenceExample, Split
from xlt_tasks.examples.labels import DROP, LabelReader
from xlt_tasks.sources.table import Record, Table, counted

Untranslated = Literal["drop", "keep"]


class ClassificationBuilder:
    """Makes examples of tables, and notes of what a reader of the results must know.

    Attributes:
        labels: the task's labels.
        untranslated: what happens to rows with a text in `marks`.
        marks: the texts that stand for a sentence that was not translated.
        label_map: what labels of the files stand for, where they are not the task's.
        differing: the label that says that the two texts differ; rows that have it and two
            identical texts are counted. None for tasks without such a label.
    """

    def __init__(
        self,
        labels: Sequence[str],
        *,
        untranslated: Untranslated = "keep",
        marks: frozenset[str] = frozenset(),
        differing: str | None = None,
        label_map: Mapping[str, str] | None = None,
    ) -> None:
        self.labels = labels
        self.label_map = label_map
        self.untranslated = untranslated
        self.marks = marks
        self.differing = differing

    def build(
        self, tables: Sequence[Table], split: Split, language: str
    ) -> tuple[tuple[SequenceExample, ...], tuple[str, ...]]:
        """The examples and the notes.

        An example's id is its row's number, whatever rows are left out: in an aligned task it is
        the same item in every language.
        """
        examples = []
        reader = LabelReader(self.labels, self.label_map)
        number = missing = identical = 0
        for table in tables:
            for record in table.records:
                number += 1
                untranslated = any(_text(text) in self.marks for text in record.inputs)
                missing += untranslated
                if untranslated and self.untranslated == "drop":
                    continue
                label = reader.get(record.target, table.class_names)
                if label == DROP and DROP not in self.labels:
                    continue
                if not untranslated:
                    self._check_texts(record, table)
                if label is None:
                    reader.reject(record.target, table.where(record), table.class_names)
                    continue
                texts = tuple(_text(text) for text in record.inputs)
                if label == self.differing and not untranslated and texts[0] == texts[1]:
                    identical += 1
                languages = (language,) * len(texts)
                examples.append(SequenceExample(f"{split}-{number}", texts, label, languages))
        reader.check(tables)
        if not examples:
            why = "`label_map` drops them all" if reader.dropped else "no sentence was translated"
            raise DataError(f"no rows are left: {why}", str(tables[0].path))
        said = [note for table in tables for note in table.notes]
        notes = (*said, *self._notes(missing, identical), *reader.notes("rows"))
        return tuple(examples), notes

    def _notes(self, missing: int, identical: int) -> tuple[str, ...]:
        notes = []
        if missing:
            fate = "left out" if self.untranslated == "drop" else "kept"
            mark = "NS or empty" if "" in self.marks else "NS"
            notes.append(
                f"{counted(missing, 'row')} {fate}: a sentence was not translated ({mark})"
            )
        if identical:
            notes.append(
                f"{counted(identical, 'row')} kept: labelled {self.differing}, though the two "
                "sentences are identical (as where a translation loses the difference)"
            )
        return tuple(notes)

    def _check_texts(self, record: Record, table: Table) -> None:
        for index, text in enumerate(record.inputs, start=1):
            if text is not None and not isinstance(text, str):
                raise DataError(f"text {index} is {text!r}, expected a string", table.where(record))
            if text is None or not text.strip():
                hint = "fill it in, or take the row out"
                if self.marks:
                    hint = "fill it in, or write NS for a sentence that was not translated"
                raise DataError(f"text {index} is empty", table.where(record), hint)


def _text(value: object) -> str:
    """A cell as text; files write an empty one as null, too."""
    return "" if value is None else str(value)
