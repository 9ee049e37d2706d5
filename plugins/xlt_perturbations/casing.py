"""Casing: words in capitals, in small letters, or in a mixture of both."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal

from pydantic import Field

from xlt_cli.api import Edit
from xlt_perturbations.copies import CopiesParams, NoisyCopies
from xlt_perturbations.words import lower, map_words, upper

Case = Literal["upper", "lower", "swap", "mixed"]


class Casing(NoisyCopies):
    """Writes words in another case, each with a probability.

    The case is drawn for each word. Turkish and Azerbaijani keep their two letters i. Scripts
    without case (Arabic, Devanagari, Thai, Han, Hangul, ...) have nothing to change.
    """

    api_version = 1
    name = "casing"
    summary = "words in capitals, in small letters, or in a mixture of both"
    reference = "Náplava et al. 2021; Gui et al. 2021 (TextFlint), WordCase"
    strength = "rate"

    class Params(CopiesParams):
        rate: float = Field(0.3, ge=0, le=1, description="the probability of changing a word")
        cases: tuple[Case, ...] = Field(
            ("upper", "lower", "swap", "mixed"),
            min_length=1,
            description="upper: all capitals; lower: none; swap: small letters for capitals and "
            "capitals for small ones; mixed: each letter drawn for itself",
        )

    params: Params

    def text(self, text: str, language: str, side: int, rng: random.Random) -> str:
        return map_words(text, partial(self._word, language=language, rng=rng))

    def words(self, words: Sequence[str], language: str, rng: random.Random) -> Edit:
        return tuple((self.text(word, language, 0, rng),) for word in words)

    def _word(self, word: str, language: str, rng: random.Random) -> str:
        if rng.random() >= self.params.rate:
            return word
        return CASES[rng.choice(self.params.cases)](word, language, rng)


def _swap(word: str, language: str, rng: random.Random) -> str:
    return "".join([lower(c, language) if c.isupper() else upper(c, language) for c in word])


def _mixed(word: str, language: str, rng: random.Random) -> str:
    return "".join([rng.choice((lower, upper))(char, language) for char in word])


CASES: dict[Case, Callable[[str, str, random.Random], str]] = {
    "upper": lambda word, language, rng: upper(word, language),
    "lower": lambda word, language, rng: lower(word, language),
    "swap": _swap,
    "mixed": _mixed,
}
