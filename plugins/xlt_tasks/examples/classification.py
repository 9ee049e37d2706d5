"""Records as examples of sequence classification."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from typing import Literal

from xlt_cli.api import DataError, SequenceExample, Split
from xlt_tasks.examples.cells import cell_text
from xlt_tasks.examples.labels import DROP, LabelReader
from xlt_tasks.sources.table import Record, Table, counted

Untranslated = Literal["drop", "keep"]


class ClassificationBuilder:
    """Makes examples of tables, and notes of what a reader of the results must know.

    Attributes:
        labels: the task's labels.
        untranslated: what happens to rows with a text in `marks`.
        marks: the texts that stand for a sentence that was not translated.
        label_map: what the user says that labels of the files stand for.
        written: the same of labels that the data set is known to have.
        differing: the label that says that the two texts differ; rows that have it and two
            identical texts are counted. None for tasks without such a label.
        row_id: an example's id by the number of its row; default: the split and the number.
        wanted: the numbers of the rows that are read; None: all.
        columns: whether the task has the parameter `columns`, for hints.
    """

    def __init__(
        self,
        labels: Sequence[str],
        *,
        untranslated: Untranslated = "keep",
        marks: frozenset[str] = frozenset(),
        differing: str | None = None,
        label_map: Mapping[str, str] | None = None,
        written: Mapping[str, str] | None = None,
        row_id: Callable[[int], str] | None = None,
        wanted: Container[int] | None = None,
        columns: bool = False,
    ) -> None:
        self.labels = labels
        self.label_map = label_map
        self.untranslated = untranslated
        self.marks = marks
        self.differing = differing
        self.written = written
        self.row_id = row_id
        self.wanted = wanted
        self.columns = columns

    def build(
        self, tables: Sequence[Table], split: Split, language: str
    ) -> tuple[tuple[SequenceExample, ...], tuple[str, ...]]:
        """The examples and the notes.

        An example's id goes by its row's number, whatever rows are left out: in an aligned task it
        is the same item in every language.
        """
        row_id = self.row_id or (lambda number: f"{split}-{number}")
        examples = []
        reader = LabelReader(
            self.labels, self.label_map, written=self.written, columns=self.columns
        )
        number = missing = identical = 0
        for table in tables:
            for record in table.records:
                number += 1
                if self.wanted is not None and number not in self.wanted:
                    continue
                texts = tuple(map(cell_text, record.inputs))
                untranslated = not self.marks.isdisjoint(texts)
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
                if label == self.differing and not untranslated and texts[0] == texts[1]:
                    identical += 1
                languages = (language,) * len(texts)
                examples.append(SequenceExample(row_id(number), texts, label, languages))
        reader.check(tables)
        if not examples:
            why = "no sentence was translated" if missing else "none is asked for"
            why = "`label_map` leaves them all out" if reader.dropped else why
            raise DataError(f"no rows are left: {why}", str(tables[0].path))
        said = [note for table in tables for note in table.notes]
        notes = (*said, *self._notes(missing, identical), *reader.notes("rows"))
        return tuple(examples), notes

    def _notes(self, missing: int, identical: int) -> tuple[str, ...]:
        notes = []
        if missing:
            fate = "left out" if self.untranslated == "drop" else "kept"
            mark = "NS or empty" if "" in self.marks else "NS"
            why = f"a sentence was not translated ({mark})"
            if self.marks == {""}:
                why = "a text is empty"
            notes.append(f"{counted(missing, 'row')} {fate}: {why}")
        if identical:
            notes.append(
                f"{counted(identical, 'row')} kept: labelled {self.differing} although the two "
                "sentences are identical (a translation may have lost the difference)"
            )
        return tuple(notes)

    def _check_texts(self, record: Record, table: Table) -> None:
        for index, text in enumerate(record.inputs, start=1):
            if text is not None and not isinstance(text, str):
                raise DataError(f"text {index} is {text!r}, expected a string", table.where(record))
            if text is None or not text.strip():
                hint = "fill it in, or remove the row"
                if self.marks:
                    hint = "fill it in, or write NS for a sentence that was not translated"
                raise DataError(f"text {index} is empty", table.where(record), hint)
