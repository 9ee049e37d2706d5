"""Script change: words written in the letters of another script."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import cache, partial
from importlib.util import find_spec
from typing import Literal

from pydantic import Field

from xlt_cli.api import Edit, PluginError
from xlt_cli.languages import lookup
from xlt_perturbations.copies import CopiesParams, NoisyCopies
from xlt_perturbations.words import map_words, match_case

RULES = {
    "ara", "asm", "bel", "ben", "bul", "deu", "ell", "eng", "fas", "grc", "guj", "kas", "kaz",
    "kir", "lav", "lit", "mkd", "oss", "pan", "pnt", "pus", "rus", "san", "srp", "tur", "uig",
    "ukr", "yid",
}  # fmt: skip
"""ISO 639-3 of the languages that uroman has rules of their own for.

It writes all others by what holds for their script.
"""
LATIN = re.compile("[A-Za-z]+")
PACKAGES = {"latin": "uroman", "cyrillic": "cyrtranslit"}
Write = Callable[[str, str], str]
"""A word and its language's code to the word in other letters."""


class Transliterate(NoisyCopies):
    """Writes words in Latin letters (uroman), or Latin ones in Cyrillic letters (cyrtranslit).

    Words that are in the script already stay, and so does a word that would become none, or more
    than one. To Cyrillic letters, words in plain Latin ones (without accents) are changed, and
    their case is carried over.
    """

    api_version = 1
    name = "transliterate"
    summary = "words are written in Latin or in Cyrillic letters"
    reference = "Hermjakob et al. 2018 (uroman)"
    strength = "word_ratio"

    class Params(CopiesParams):
        script: Literal["latin", "cyrillic"] = Field(
            description="latin: words in all other scripts, romanised; cyrillic: words in plain "
            "Latin letters, as if they were Russian"
        )
        word_ratio: float = Field(0.5, ge=0, le=1, description="probability of changing a word")

    params: Params

    def check(self) -> None:
        """The library is installed."""
        if find_spec(PACKAGES[self.params.script]) is None:
            raise _not_installed(self.params.script)

    def fetch(self) -> None:
        """Loads the library.

        Raises:
            PluginError: it is not installed.
        """
        _writer(self.params.script)

    def text(self, text: str, language: str, side: int, rng: random.Random) -> str:
        return self._text(text, language, rng)

    def words(self, words: Sequence[str], language: str, rng: random.Random) -> Edit:
        return tuple((self._text(word, language, rng),) for word in words)

    def _text(self, text: str, language: str, rng: random.Random) -> str:
        write, ratio = _writer(self.params.script), self.params.word_ratio
        return map_words(text, lambda word: write(word, language) if rng.random() < ratio else word)


@cache
def _writer(script: str) -> Write:
    """What writes a word in a script; loaded once per process, which takes uroman seconds."""
    try:
        if script == "latin":
            import uroman  # type: ignore[import-untyped]

            return cache(partial(_latin, uroman.Uroman().romanize_string))
        import cyrtranslit  # type: ignore[import-untyped]
    except ImportError as error:
        raise _not_installed(script) from error
    return partial(_cyrillic, cyrtranslit.to_cyrillic)


def _not_installed(script: str) -> PluginError:
    return PluginError(
        f"the package {PACKAGES[script]}, which writes words in {script} letters, is not installed",
        f"transliterate: script: {script}",
        "pip install 'xlt-cli[transliterate]'",
    )


def _latin(romanize: Callable[..., str], word: str, language: str) -> str:
    # Accents are no other script: uroman would take them off.
    if all("LATIN" in unicodedata.name(char, "") for char in word if char.isalpha()):
        return word
    written = romanize(word, lcode=_uroman_code(language))
    return written if written.split() == [written] else word


@cache
def _uroman_code(language: str) -> str | None:
    """The ISO 639-3 code under which uroman has rules for a language; None if it has none."""
    known = lookup(language)
    codes = (known.language, known.macrolanguage) if known else ()
    return next((code for code in codes if code in RULES), None)


def _cyrillic(to_cyrillic: Callable[..., str], word: str, language: str) -> str:
    if any(char.isalpha() and not char.isascii() for char in word):
        return word  # Letters with accents would stay, between Cyrillic ones.

    def letters(run: re.Match[str]) -> str:
        # In lower case: the library leaves some capitals as they are. Russian has no x.
        return to_cyrillic(run[0].lower().replace("x", "ks"), "ru")

    return match_case(LATIN.sub(letters, word), word)
