"""Typing errors: letters swapped, left out, typed twice, or hit beside."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Literal

from pydantic import Field

from xlt_cli.api import Edit
from xlt_perturbations import hangul
from xlt_perturbations.copies import CopiesParams, NoisyCopies
from xlt_perturbations.keyboards import lookalikes, neighbors, script
from xlt_perturbations.words import letters, map_words

Kind = Literal["swap", "drop", "repeat", "key", "confusable"]
Strokes = list[str]


class Typos(NoisyCopies):
    """Makes one typing error in a word, with a probability.

    Its words are runs of letters of one script: Latin, Cyrillic, Greek, Arabic, Hangul, hiragana
    or katakana; characters of other scripts are left alone. Letters keep their accents and vowel
    signs. Hangul is handled as the keys that type it. The kind of error is drawn from those that
    the word allows, then the place.
    """

    api_version = 1
    name = "typos"
    summary = "typing errors: letters swapped, omitted, repeated, or replaced by a neighbouring key"
    reference = "Belinkov and Bisk 2018; Pruthi et al. 2019"
    strength = "rate"

    class Params(CopiesParams):
        rate: float = Field(0.1, ge=0, le=1, description="probability of an error in a word")
        kinds: tuple[Kind, ...] = Field(
            ("swap", "drop", "repeat", "key"),
            min_length=1,
            description="swap: two neighbouring letters swapped; drop: a letter omitted; "
            "repeat: a letter typed twice; key: a letter replaced by that of a neighbouring "
            "key (for kana: by one that looks or sounds similar); confusable: a letter "
            "replaced by one that looks similar, possibly of another script",
        )
        keep_ends: bool = Field(
            True, description="do not change the first and last letter (in Hangul, key) of a word"
        )

    params: Params

    def text(self, text: str, language: str, side: int, rng: random.Random) -> str:
        return map_words(text, lambda word: self._word(word, rng))

    def words(self, words: Sequence[str], language: str, rng: random.Random) -> Edit:
        return tuple((self.text(word, language, 0, rng),) for word in words)

    def _word(self, word: str, rng: random.Random) -> str:
        runs = groupby(letters(word), key=lambda letter: script(letter[0]))
        return "".join(self._run(kind, list(own), rng) for kind, own in runs)

    def _run(self, kind: str, run: Strokes, rng: random.Random) -> str:
        """Letters of one script, with an error or without."""
        word = "".join(run)
        if not kind or rng.random() >= self.params.rate:
            return word
        is_typed = kind == "HANGUL" and all(map(hangul.is_syllable, word))
        strokes = hangul.strokes(word) if is_typed else run
        ends = 1 if self.params.keep_ends else 0
        inside = range(ends, len(strokes) - ends)
        possible = [
            (make, places)
            for make, at in (ERRORS[kind] for kind in self.params.kinds)
            if (places := [i for i in inside if at(strokes, i, inside)])
        ]
        if not possible:
            return word
        make, places = rng.choice(possible)
        changed = make(strokes, rng.choice(places), rng)
        return hangul.compose(changed) if is_typed else "".join(changed)


def _swap(strokes: Strokes, i: int, rng: random.Random) -> Strokes:
    return [*strokes[:i], strokes[i + 1], strokes[i], *strokes[i + 2 :]]


def _drop(strokes: Strokes, i: int, rng: random.Random) -> Strokes:
    return [*strokes[:i], *strokes[i + 1 :]]


def _repeat(strokes: Strokes, i: int, rng: random.Random) -> Strokes:
    return [*strokes[:i], strokes[i], *strokes[i:]]


def _key(strokes: Strokes, i: int, rng: random.Random) -> Strokes:
    letter = strokes[i]
    return [*strokes[:i], rng.choice(neighbors(letter[0])) + letter[1:], *strokes[i + 1 :]]


def _confuse(strokes: Strokes, i: int, rng: random.Random) -> Strokes:
    letter = strokes[i]
    return [*strokes[:i], rng.choice(lookalikes(letter[0])) + letter[1:], *strokes[i + 1 :]]


Make = Callable[[Strokes, int, random.Random], Strokes]
At = Callable[[Strokes, int, range], bool]

ERRORS: dict[Kind, tuple[Make, At]] = {
    "swap": (_swap, lambda strokes, i, inside: i + 1 in inside and strokes[i] != strokes[i + 1]),
    "drop": (_drop, lambda strokes, i, inside: len(strokes) > 1),
    "repeat": (_repeat, lambda strokes, i, inside: True),
    "key": (_key, lambda strokes, i, inside: bool(neighbors(strokes[i][0]))),
    "confusable": (_confuse, lambda strokes, i, inside: bool(lookalikes(strokes[i][0]))),
}
"""How each kind of error is made, and at which strokes it can be."""
