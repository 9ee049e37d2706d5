"""Classification of one's own files: no plugin to write."""

from __future__ import annotations

from functools import cached_property
from typing import Literal

from pydantic import Field, model_validator

from xlt_cli.api import Rows, Split
from xlt_cli.problems import SequenceClassification
from xlt_tasks.examples.classification import ClassificationBuilder
from xlt_tasks.own_files import (
    DataParams,
    LabelMap,
    Names,
    OwnData,
    check_columns,
    check_map,
    checked_map,
)
from xlt_tasks.sources.columns import PAIR, SINGLE, Columns


class TextClassification(OwnData):
    """One or two texts and a label a row."""

    api_version = 1
    name = "text-classification"
    summary = "your own files: one or two texts and a label"
    problem = SequenceClassification
    metric = "accuracy"

    class Params(DataParams):
        """The files, and what is in them."""

        labels: Names | None = Field(
            None,
            description="the labels, in the order of the model's outputs; default: the classes "
            "that Parquet files name themselves (ClassLabel), as most data sets on the hub",
        )
        label_map: LabelMap = Field(
            {},
            description="labels of the files and the task's labels that they stand for, e.g. "
            "{0: negative, 1: positive}; `drop` leaves the row out",
        )
        texts: Literal[1, 2] = Field(1, description="number of texts of a row")
        aligned: bool = Field(False, description="whether row i is the same item in every language")
        columns: Names | None = Field(
            None,
            description="the columns with the texts and the label, in this order: names (of a "
            "header line), or numbers from 1 (from the end: -1)",
        )

        @model_validator(mode="after")
        def _fit(self) -> TextClassification.Params:
            if self.labels is not None:
                check_map(self.label_map, self.labels, "label_map")
            check_columns(self.columns, self.texts, "label")
            return self

    params: Params

    def __init__(self, params: Params | None = None) -> None:
        super().__init__(params)
        self.aligned = self.params.aligned  # the user knows, not the class
        self.texts = self.params.texts

    @property
    def labels(self) -> tuple[str, ...]:
        return self._named if self.params.labels is None else self.params.labels

    @cached_property
    def _named(self) -> tuple[str, ...]:
        names = self.class_names(self.columns, "labels")
        checked_map(self.params.label_map, names, "label_map")
        return names

    @property
    def columns(self) -> Columns:
        """The columns to read."""
        if self.params.columns is None:
            return SINGLE if self.params.texts == 1 else PAIR
        *texts, label = self.params.columns
        return Columns((tuple(texts),), (label,), named=True)

    def load(self, split: Split, language: str) -> Rows:
        read, tables = self.source.read(split, language, self.columns)
        builder = ClassificationBuilder(self.labels, label_map=self.params.label_map, columns=True)
        examples, notes = builder.build(tables, split, language)
        return Rows(examples, read, notes)
