"""Diacritics removed: é as e, đ as d, ё as е."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Sequence
from functools import cache

from pydantic import Field

from xlt_cli.api import Edit
from xlt_perturbations.confusables import script
from xlt_perturbations.copies import CopiesParams, NoisyCopies
from xlt_perturbations.words import letters

ALPHABETS = ("LATIN", "GREEK", "CYRILLIC")
"""The scripts that lose their marks: in them a mark stands on a letter that is one without it."""
DOTLESS = str.maketrans({"ı": "i", "ȷ": "j"})


class Diacritics(NoisyCopies):
    """Writes letters without their marks, each with a probability.

    Only letters of the Latin, Greek and Cyrillic scripts lose marks: accents, and strokes, hooks
    and the like (what Unicode names `LETTER D WITH STROKE` becomes the letter d). All other scripts
    keep theirs, because there marks are vowels or make another consonant: Devanagari and its
    relatives, Thai, Lao, Hebrew, Arabic, kana.
    """

    api_version = 1
    name = "diacritics"
    summary = "letters without their accents, as typed on a keyboard that lacks them"
    reference = "Náplava et al. 2021; Dhole et al. 2023 (NL-Augmenter), diacritic removal"
    strength = "rate"

    class Params(CopiesParams):
        rate: float = Field(
            1.0, ge=0, le=1, description="the probability that a letter loses its marks"
        )

    params: Params

    def text(self, text: str, language: str, side: int, rng: random.Random) -> str:
        return "".join([self._letter(letter, rng) for letter in letters(text)])

    def words(self, words: Sequence[str], language: str, rng: random.Random) -> Edit:
        return tuple((self.text(word, language, 0, rng),) for word in words)

    def _letter(self, letter: str, rng: random.Random) -> str:
        if letter.isascii():
            return letter
        plain = _plain(letter)
        return plain if plain != letter and rng.random() < self.params.rate else letter


@cache
def _plain(letter: str) -> str:
    """A letter with its marks as the letter alone; itself in scripts that keep their marks."""
    decomposed = unicodedata.normalize("NFD", letter)
    base = decomposed[0]
    if script(base) not in ALPHABETS:
        return letter
    name, _, addition = unicodedata.name(base).partition(" WITH ")
    try:
        return unicodedata.lookup(name) if addition else base.translate(DOTLESS)
    except KeyError:  # no letter by itself
        return base if len(decomposed) > 1 else letter
