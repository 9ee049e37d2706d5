"""What XNLI and PAWS-X share: pairs of sentences, translated line by line."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from xlt_cli.api import Rows, Split
from xlt_cli.problems import SequenceClassification
from xlt_tasks.examples.classification import ClassificationBuilder, Untranslated
from xlt_tasks.own_files import LabelMap
from xlt_tasks.published import PublishedParams, PublishedTask
from xlt_tasks.sources.columns import PAIR, Columns


class PairParams(PublishedParams):
    """Where the data come from, and what happens to gaps in the translation."""

    untranslated: Untranslated = Field(
        "drop",
        description="treatment of rows in which a sentence was not translated (the text NS)",
    )
    label_map: LabelMap = Field(
        {},
        description="labels of the files and the task's labels that they stand for, e.g. "
        "{e: entailment}; `drop` leaves the row out",
    )


class TranslatedPairs(PublishedTask):
    """A published task whose rows are pairs of sentences, the same items in every language."""

    problem = SequenceClassification
    metric = "accuracy"
    aligned = True
    texts = 2
    columns: ClassVar[Columns] = PAIR
    label_set: ClassVar[tuple[str, ...]]
    differing: ClassVar[str | None] = None

    class Params(PairParams):
        """Where the data come from, and what happens to gaps in the translation."""

    params: PairParams

    @property
    def labels(self) -> tuple[str, ...]:
        return self.label_set

    def load(self, split: Split, language: str) -> Rows:
        source = self.source
        read, tables = source.read(split, language, self.columns)
        builder = ClassificationBuilder(
            self.labels,
            untranslated=self.params.untranslated,
            marks=source.untranslated,
            differing=self.differing,
            label_map=self.params.label_map,
        )
        examples, notes = builder.build(tables, split, language)
        return Rows(examples, read, notes)
