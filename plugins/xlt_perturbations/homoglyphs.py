"""Homoglyphs: letters in the place of others that look the same."""

from __future__ import annotations

import random
from collections.abc import Sequence

from pydantic import Field

from xlt_cli.api import Edit
from xlt_perturbations.confusables import of_other_scripts
from xlt_perturbations.copies import CopiesParams, NoisyCopies


class Homoglyphs(NoisyCopies):
    """Writes letters that another script has, too, with that script's character.

    A reader sees no difference; a tokenizer sees other characters. A letter has no look-alike, and
    stays, in most of the scripts that are neither Latin, Greek, Cyrillic nor Armenian.
    """

    api_version = 1
    name = "homoglyphs"
    summary = "look-alike letters of other scripts"
    reference = "Unicode Technical Standard #39, confusables; Boucher et al. 2022 (Bad Characters)"
    strength = "rate"

    class Params(CopiesParams):
        rate: float = Field(
            0.1, ge=0, le=1, description="the probability of changing a letter that has look-alikes"
        )

    params: Params

    def text(self, text: str, language: str, side: int, rng: random.Random) -> str:
        return "".join([self._letter(char, rng) for char in text])

    def words(self, words: Sequence[str], language: str, rng: random.Random) -> Edit:
        return tuple((self.text(word, language, 0, rng),) for word in words)

    def _letter(self, char: str, rng: random.Random) -> str:
        alike = of_other_scripts(char)
        return rng.choice(alike) if alike and rng.random() < self.params.rate else char
