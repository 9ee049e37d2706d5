"""Regression on one's own files: no plugin to write."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from xlt_cli.api import Rows, Split
from xlt_cli.problems import Regression
from xlt_tasks.examples.scoring import build_scored
from xlt_tasks.file_tasks.scores import SCORED_PAIR, SCORED_TEXT
from xlt_tasks.own_files import DataParams, Names, OwnData, check_columns
from xlt_tasks.sources.columns import Columns


class TextRegression(OwnData):
    """One or two texts and a number a row."""

    api_version = 1
    name = "text-regression"
    summary = "your own files: one or two texts and a number"
    problem = Regression
    metric = "spearman"
    labels = ()

    class Params(DataParams):
        """The files, and what is in them."""

        texts: Literal[1, 2] = Field(description="number of texts of a row")
        scale: tuple[float, float] | None = Field(
            None,
            description="the lowest and the highest number, e.g. [0, 5]; a model is trained on "
            "shares of this range. Default: numbers are trained on as they are",
        )
        aligned: bool = Field(False, description="whether row i is the same item in every language")
        columns: Names | None = Field(
            None,
            description="the columns with the texts and the number, in this order: names (of a "
            "header line), or numbers from 1 (from the end: -1)",
        )

        @field_validator("scale")
        @classmethod
        def _rises(cls, scale: tuple[float, float] | None) -> tuple[float, float] | None:
            if scale and not scale[1] > scale[0]:
                raise ValueError("state the lowest number, then the highest")
            return scale

        @model_validator(mode="after")
        def _fit(self) -> TextRegression.Params:
            check_columns(self.columns, self.texts, "number")
            return self

    params: Params

    def __init__(self, params: Params | None = None) -> None:
        super().__init__(params)
        self.aligned = self.params.aligned  # the user knows, not the class
        self.texts = self.params.texts
        self.scale = self.params.scale

    @property
    def columns(self) -> Columns:
        """The columns to read."""
        if self.params.columns is None:
            return SCORED_TEXT if self.params.texts == 1 else SCORED_PAIR
        *texts, score = self.params.columns
        return Columns((tuple(texts),), (score,), named=True)

    def load(self, split: Split, language: str) -> Rows:
        read, tables = self.source.read(split, language, self.columns)
        examples, notes = build_scored(tables, split, language, self.scale)
        return Rows(examples, read, notes)
