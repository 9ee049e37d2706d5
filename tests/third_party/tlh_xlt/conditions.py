"""Conditions of an evaluation: one of the texts, one of the answers."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pydantic import Field

from xlt_cli.api import (
    Answer,
    Condition,
    Example,
    MeasuredColumn,
    MeasuredTable,
    PluginParams,
    Prediction,
    Seam,
    SequenceExample,
)


class ReversedWords(Condition):
    """Puts the words of each text into the opposite order."""

    api_version = 1
    name = "reversed-words"
    summary = "the words of each text in reverse"
    acts = ("text",)
    problems = ("sequence-classification",)

    def edit(self, example: Example, rng: random.Random) -> Example:
        assert isinstance(example, SequenceExample)
        texts = tuple(" ".join(reversed(text.split())) for text in example.texts)
        return replace(example, texts=texts)


class Cautious(Condition):
    """Silent unless the margin between the two best answers is wide."""

    api_version = 1
    name = "cautious"
    summary = "abstains where the margin is narrow"
    acts = ("answer",)
    problems = ("sequence-classification",)
    measured = MeasuredTable(
        "caution", "cautious answers", (MeasuredColumn("silent", "silent", "share"),)
    )

    class Params(PluginParams):
        margin: float = Field(0.1, ge=0, description="of the logits")

    params: Params

    def answer(self, seam: Seam) -> Answer:
        logits = seam.logits(seam.embeddings)
        best = logits.topk(2, dim=-1).values
        margin = best[:, 0] - best[:, 1]
        return Answer(logits, margin < self.params.margin, {"margin": margin})

    def figures(self, predictions: Sequence[Prediction]) -> dict[str, Any]:
        silent = [prediction.predicted is None for prediction in predictions]
        return {"silent": sum(silent) / len(silent)}

    def notes(self) -> Sequence[str]:
        return [f"silent below a margin of {self.params.margin:g}"]
