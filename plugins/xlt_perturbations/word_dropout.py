"""Word dropout: some words of a text are left out."""

from __future__ import annotations

import random
from collections.abc import Sequence

from pydantic import Field

from xlt_cli.api import Example, PluginParams, Problem, TextPerturbation
from xlt_perturbations.words import bound_fault


class WordDropout(TextPerturbation):
    """Leaves out each word with a probability; at least one word of a text stays.

    Words are what white space separates, so in scripts without it a text stays whole.
    """

    api_version = 1
    name = "word-dropout"
    summary = "leaves out each word with a probability"
    reference = "Iyyer et al. 2015 (Deep Averaging Networks), section 2.2"
    strength = "probability"

    class Params(PluginParams):
        probability: float = Field(0.1, ge=0, lt=1, description="probability of leaving a word out")
        keep_clean: bool = Field(True, description="train on the clean example as well")

    params: Params

    def problem_fault(self, problem: Problem) -> str:
        return bound_fault(problem)

    def perturb(self, example: Example, rng: random.Random) -> Sequence[Example]:
        texts = example.editable()
        noisy = self.edited(
            example,
            [t.unedited if t.words is not None else self._drop(t.content, rng) for t in texts],
        )
        return [example, noisy] if self.params.keep_clean else [noisy]

    def _drop(self, text: str, rng: random.Random) -> str:
        words = text.split()
        kept = [word for word in words if rng.random() >= self.params.probability]
        if len(kept) == len(words):
            return text
        return " ".join(kept or [rng.choice(words)])
