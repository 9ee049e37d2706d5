"""A perturbation of the text."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from xlt_cli.api import Example, SequenceExample, TextPerturbation


class Shouting(TextPerturbation):
    """SAYS IT LOUDLY."""

    api_version = 1
    name = "shouting"
    summary = "the text in capitals"
    problems = ("sequence-classification",)
    speaks = ("en", "tlh")

    def perturb(self, example: Example, rng: random.Random) -> Sequence[Example]:
        assert isinstance(example, SequenceExample)
        return [replace(example, texts=tuple(text.upper() for text in example.texts))]
