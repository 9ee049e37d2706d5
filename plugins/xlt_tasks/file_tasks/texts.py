"""Tasks whose rows are texts with a label."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import Field

from xlt_cli.api import Rows, Split
from xlt_cli.problems import SequenceClassification
from xlt_tasks.examples.classification import ClassificationBuilder
from xlt_tasks.file_tasks.base import FileTask
from xlt_tasks.folder_params import FolderParams
from xlt_tasks.own_files import LabelMap


class TextParams(FolderParams):
    """Where the files are, and what their labels stand for."""

    label_map: LabelMap = Field(
        {},
        description="what labels of the files stand for, where they are not as published, e.g. "
        "{e: entailment}; `drop` leaves the row out",
    )


class TextTask(FileTask):
    """One or two texts and a label a row."""

    problem = SequenceClassification
    metric = "accuracy"

    class Params(TextParams):
        """Where the files are, and what their labels stand for."""

    params: TextParams

    def load(self, split: Split, language: str) -> Rows:
        read, tables, release = self.read(split, language)
        wanted, said = self.wanted(split, language, sum(len(table.records) for table in tables))
        builder = ClassificationBuilder(
            self.labels,
            untranslated="drop",
            marks=self.untranslated,
            label_map=self.params.label_map,
            written=release.label_map,
            row_id=self.row_id(split, language),
            wanted=wanted,
        )
        examples, notes = builder.build(tables, split, language)
        return Rows(examples, read, (*notes, *said))

    def row_id(self, split: Split, language: str) -> Callable[[int], str]:
        """The id of each row by its number, from 1."""
        column = self.found()[1].id_column
        if column is None:
            return lambda number: f"{split}-{number}"
        names = self.column(split, language, column)
        return lambda number: f"{split}-{names[number - 1]}"

    def wanted(
        self, split: Split, language: str, rows: int
    ) -> tuple[frozenset[int] | None, tuple[str, ...]]:
        """The numbers of the rows that are asked for, None for all, and what is to be said of it.

        Args:
            rows: how many there are.
        """
        return None, ()
