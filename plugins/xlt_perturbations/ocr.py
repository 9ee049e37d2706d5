"""Errors of optical character recognition: characters read as others that look like them."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Sequence
from itertools import groupby

from pydantic import Field

from xlt_cli.api import Edit
from xlt_perturbations import hangul
from xlt_perturbations.copies import CopiesParams, NoisyCopies
from xlt_perturbations.lookalikes import readings


class Ocr(NoisyCopies):
    """Misreads characters, each with a probability: `rn` for m, a dot too few, another stroke.

    The characters that are mistaken for one another are listed by script: Latin and digits,
    Cyrillic, Greek, Hebrew, Arabic, several Indic scripts, Thai, Lao, Georgian, Armenian, Amharic,
    Han, kana and Hangul. All others stay. White space and punctuation stay.
    """

    api_version = 1
    name = "ocr"
    summary = "characters misread as by optical character recognition, by script"
    reference = "Ma 2019 (nlpaug), OcrAug; Gui et al. 2021 (TextFlint), Ocr"
    strength = "rate"

    class Params(CopiesParams):
        rate: float = Field(
            0.05, ge=0, le=1, description="the probability of misreading a character that is listed"
        )

    params: Params

    def text(self, text: str, language: str, side: int, rng: random.Random) -> str:
        runs = groupby(text, key=hangul.is_syllable)
        return "".join([self._run(is_hangul, "".join(run), rng) for is_hangul, run in runs])

    def words(self, words: Sequence[str], language: str, rng: random.Random) -> Edit:
        return tuple((self.text(word, language, 0, rng),) for word in words)

    def _run(self, is_hangul: bool, text: str, rng: random.Random) -> str:
        if not is_hangul:
            return self._read(text, rng)
        return "".join([self._syllable(syllable, rng) for syllable in text])

    def _syllable(self, syllable: str, rng: random.Random) -> str:
        """A syllable with letters misread, which stays one."""
        keys = "".join(hangul.strokes(syllable))
        misread = hangul.compose(self._read(keys, rng))
        return misread if len(misread) == 1 else syllable

    def _read(self, text: str, rng: random.Random) -> str:
        read, place = [], 0
        while place < len(text):
            piece, misread = text[place], None
            for listed, others in readings(piece):
                # A letter with an accent of its own is another letter.
                if text.startswith(listed, place) and not _is_marked(text, place + len(listed)):
                    piece = listed
                    misread = rng.choice(others) if rng.random() < self.params.rate else None
                    break
            read.append(misread or piece)
            place += len(piece)
        return "".join(read)


def _is_marked(text: str, place: int) -> bool:
    """Whether what stands at a place is an accent of the letter before."""
    return place < len(text) and unicodedata.combining(text[place]) >= 200
