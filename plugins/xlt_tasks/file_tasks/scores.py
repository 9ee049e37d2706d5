"""Tasks whose rows are texts with a score."""

from __future__ import annotations

from typing import ClassVar

from xlt_cli.api import Rows, Split
from xlt_cli.problems import Regression
from xlt_tasks.examples.scoring import build_scored
from xlt_tasks.file_tasks.base import FileTask
from xlt_tasks.folder_params import FolderParams
from xlt_tasks.sources.columns import Columns

SCORED_PAIR = Columns(
    (("sentence1", "sentence2"), ("text1", "text2"), ("sentence_A", "sentence_B")),
    ("score", "relatedness_score", "similarity_score"),
)
"""Two texts and a score."""

SCORED_TEXT = Columns((("text",), ("sentence",)), ("score",))
"""One text and a score."""


class ScoreTask(FileTask):
    """One or two texts and a number a row.

    Attributes:
        scale: the lowest and the highest score; None if there are no such bounds.
    """

    problem = Regression
    metric = "spearman"
    labels = ()
    scale: ClassVar[tuple[float, float] | None] = None

    class Params(FolderParams):
        """Where the files are."""

    params: FolderParams

    def load(self, split: Split, language: str) -> Rows:
        read, tables, _ = self.read(split, language)
        examples, notes = build_scored(
            tables, split, language, self.scale, untranslated=self.untranslated
        )
        return Rows(examples, read, notes)
