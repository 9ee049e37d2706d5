"""Punctuation left out, and put where none belongs."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from xlt_cli.api import Edit
from xlt_perturbations.confusables import script
from xlt_perturbations.copies import CopiesParams, NoisyCopies
from xlt_perturbations.words import UNSPACED, core, split

Kind = Literal["remove", "add"]

COMMAS = {
    "ARABIC": "،", "ARMENIAN": "՝", "ETHIOPIC": "፣", "CJK": "，", "HIRAGANA": "、",
    "KATAKANA": "、", "MYANMAR": "၊",
}  # fmt: skip
"""What parts of a sentence are set apart by; a comma in all other scripts."""
SPACED = ("THAI", "LAO", "KHMER", "TIBETAN")
"""Scripts that set them apart by a space, or mark each syllable: nothing is added."""
SYMBOLS = "@#%&*/\\_§¶†‡‰′″"
"""What Unicode counts as punctuation and stands for a word or belongs to one."""
SPACES = re.compile(r"(\s+)")


class Punctuation(NoisyCopies):
    """Leaves out marks at the ends of words, and puts commas after words that had no mark.

    What stands inside a word or a number (`1,000`, `well-known`) stays, and so does a mark that is
    a word by itself: the words keep their number. In scripts without spaces between words, marks
    between them count as marks at their ends.
    """

    api_version = 1
    name = "punctuation"
    summary = "punctuation left out, and commas where none belong"
    reference = "Náplava et al. 2021; Gui et al. 2021 (TextFlint), Punctuation"
    strength = "rate"

    class Params(CopiesParams):
        rate: float = Field(
            0.3,
            ge=0,
            le=1,
            description="the probability of leaving out a mark, and of adding a comma to a word",
        )
        kinds: tuple[Kind, ...] = Field(
            ("remove", "add"), min_length=1, description="what is done to marks"
        )

    params: Params

    def text(self, text: str, language: str, side: int, rng: random.Random) -> str:
        pieces = split(text)
        for place in range(0, len(pieces), 2):
            before = pieces[place - 1][-1:] if place else ""
            after = pieces[place + 1][:1] if place + 1 < len(pieces) else ""
            pieces[place] = self._gap(before, pieces[place], after, rng)
        return "".join(pieces)

    def words(self, words: Sequence[str], language: str, rng: random.Random) -> Edit:
        return tuple((self._token(word, rng),) for word in words)

    def _token(self, token: str, rng: random.Random) -> str:
        before, word, after = core(token)
        if not word:
            return token
        first = self._gap("", before, word[0], rng)
        return first + word + self._gap(word[-1], after, "", rng)

    def _gap(self, before: str, gap: str, after: str, rng: random.Random) -> str:
        """What stands between two words, or before the first, or after the last.

        Args:
            before, after: the letters beside it; empty at the ends of the text.
        """
        parts = SPACES.split(gap)
        alone = len(parts) == 1
        # A mark that is left out must touch one word, not join two.
        joins = bool(before and after) and not any(map(UNSPACED.match, (before, after)))
        bare = bool(before) and not parts[0] and not (alone and after)
        if "remove" in self.params.kinds and not (alone and joins):
            if before:
                parts[0] = self._without_marks(parts[0], rng)
            if after and not (alone and before):
                parts[-1] = self._without_marks(parts[-1], rng)
        if "add" in self.params.kinds and bare and rng.random() < self.params.rate:
            parts[0] = _comma(before)
        return "".join(parts)

    def _without_marks(self, marks: str, rng: random.Random) -> str:
        return "".join([c for c in marks if not _is_mark(c) or rng.random() >= self.params.rate])


def _is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] == "P" and char not in SYMBOLS


def _comma(letter: str) -> str:
    own = script(letter)
    return "" if own in SPACED else COMMAS.get(own, ",")
