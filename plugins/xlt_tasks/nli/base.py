"""What the sets of natural language inference share: pairs of texts, and the names of labels."""

from __future__ import annotations

from typing import ClassVar

from xlt_tasks.file_tasks import SlicedTask, TextTask

NLI = ("entailment", "neutral", "contradiction")
"""The labels, in XNLI's order. A set that lacks one of them has it all the same, so that a model of
any of these tasks can be tested on it."""
LETTERS = {"e": "entailment", "n": "neutral", "c": "contradiction"}
"""Labels as some files write them."""
TWO_WAY = ("entailment", "non-entailment")
NON_ENTAILMENT = {"non-entailment": ("neutral", "contradiction")}
"""What a three-way model's answers count as on two-way data."""


class NliTask(TextTask):
    """Pairs of a premise and a hypothesis, with one of three labels."""

    family = "nli"
    texts = 2
    labels: ClassVar[tuple[str, ...]] = NLI


class SlicedNliTask(SlicedTask):
    """The same, where the data name slices."""

    family = "nli"
    texts = 2
    labels: ClassVar[tuple[str, ...]] = NLI
