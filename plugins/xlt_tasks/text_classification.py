"""Classification of one's own files: no plugin to write."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from xlt_cli.api import Rows, Split, Task
from xlt_cli.problems import SequenceClassification
from xlt_tasks.examples.classification import ClassificationBuilder
from xlt_tasks.own_files import FolderParams, Names
from xlt_tasks.sources.folder import locate
from xlt_tasks.sources.table import PAIR, SINGLE, Columns


class TextClassification(Task):
    """One or two texts and a label a row."""

    api_version = 1
    name = "text-classification"
    summary = "your own files: one or two texts and a label"
    problem = SequenceClassification
    metric = "accuracy"

    class Params(FolderParams):
        """The files, and what is in them."""

        labels: Names = Field(description="the labels, in order of their class ids")
        texts: Literal[1, 2] = Field(1, description="how many texts a row has")
        aligned: bool = Field(False, description="whether row i is the same item in every language")
        columns: Names | None = Field(
            None,
            description="the names of the columns with the texts and the label, in this order; "
            "a .tsv then has a header line",
        )

        @model_validator(mode="after")
        def _as_many_columns(self) -> TextClassification.Params:
            if self.columns is not None and len(self.columns) != self.texts + 1:
                raise ValueError(
                    f"`columns` has {len(self.columns)} names; `texts: {self.texts}` needs "
                    f"{self.texts + 1} (the texts, then the label)"
                )
            return self

    params: Params

    def __init__(self, params: Params | None = None) -> None:
        super().__init__(params)
        self.aligned = self.params.aligned  # the user knows, not the class
        self.texts = self.params.texts

    @property
    def labels(self) -> tuple[str, ...]:
        return self.params.labels

    @property
    def columns(self) -> Columns:
        """The columns to read."""
        if self.params.columns is None:
            return SINGLE if self.params.texts == 1 else PAIR
        *texts, label = self.params.columns
        return Columns((tuple(texts),), (label,), named=True)

    def check(self) -> None:
        """The folder is there."""
        locate(self.params.path)

    def languages(self, split: Split) -> tuple[str, ...]:
        return locate(self.params.path).languages(split)

    def load(self, split: Split, language: str) -> Rows:
        read, tables = locate(self.params.path).read(split, language, self.columns)
        examples, notes = ClassificationBuilder(self.labels).build(tables, split, language)
        return Rows(examples, read, notes)
