"""XCOPA: which of two sentences is the cause or the effect of a third?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xlt_tasks.file_tasks import Choices, ChoiceTask, filled
from xlt_tasks.sources.columns import Columns
from xlt_tasks.sources.on_hub import OnHub
from xlt_tasks.sources.release import Release

COLUMNS = Columns((("premise", "choice1", "choice2", "question", "idx"),), ("label",))
QUESTIONS = {"cause": "What was the cause of this?", "effect": "What happened as a result?"}
"""What the models of other work are asked, in English whatever the language."""


class Xcopa(ChoiceTask):
    """English rows, also to train on, are those of COPA; the hub's repository has none.

    In a few rows of et, id, it, qu, sw, ta, th, tr, vi and zh a translator changed what is asked
    for; the right choice is the same in all languages.
    """

    api_version = 1
    name = "xcopa"
    summary = "cause or effect of a sentence, in 12 languages"
    reference = "Ponti et al. 2020, XCOPA (EMNLP); hub: cambridgeltl/xcopa"
    aligned = True
    published_languages = (
        "en", "et", "ht", "id", "it", "qu", "sw", "ta", "th", "tr", "vi", "zh",
    )  # fmt: skip
    licence = "CC BY 4.0; COPA: BSD 2-clause"
    origin = "human-translated"
    origins = {"en": "native"}  # noqa: RUF012  (see Task)
    folder = "xcopa"
    releases = (
        Release(columns=COLUMNS),
        Release("{language}/{split}.{language}.jsonl", COLUMNS),
        Release("data/{language}/{split}.{language}.jsonl", COLUMNS),
    )
    on_hub = OnHub("cambridgeltl/xcopa", Release(columns=COLUMNS), configs=True)
    fixed_question = True

    def row(self, cells: Mapping[str, Any]) -> Choices:
        kind = cells["question"]
        asked = QUESTIONS.get(kind) if isinstance(kind, str) else None
        if asked is None:
            raise ValueError(f"the question is {kind!r}, expected cause or effect")
        choices = (cells["choice1"], cells["choice2"])
        number = str(filled(cells["idx"], "the column 'idx'"))
        return Choices(cells["premise"], choices, cells["label"], asked, number)
