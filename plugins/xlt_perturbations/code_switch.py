"""CoSDA-ML: words replaced by their translations into several languages."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from xlt_cli.api import Edit
from xlt_perturbations import dictionaries
from xlt_perturbations.copies import CopiesParams, NoisyCopies
from xlt_perturbations.lexicon import Lexicon, read_dictionary
from xlt_perturbations.words import core, map_words, match_case

SIDES = {"both": (0, 1), "first": (0,), "second": (1,)}


class CodeSwitch(NoisyCopies):
    """Draws sentences, words in them, a language for each word, and one of its translations.

    A word that the drawn language's dictionary lacks stays as it is, so fewer words than
    `word_ratio` change. The language that an example states stays the one it was written in.
    """

    api_version = 1
    name = "code-switch"
    summary = "CoSDA-ML: words replaced by translations into several languages"
    reference = "Qin et al. 2020 (CoSDA-ML)"
    caveat = (
        "code-switch puts words of its dictionaries' languages into English text: a "
        "model trained with it has seen words of those languages, but no labelled sentences"
    )
    speaks = ("en",)
    strength = "word_ratio"

    class Params(CopiesParams):
        dictionaries: Path | None = Field(
            None,
            description="a folder of en-LANGUAGE.tsv files; default: $XLT_DATA_DIR/lexicons; a "
            "relative path is also looked up in $XLT_DATA_DIR",
        )
        languages: tuple[str, ...] | None = Field(
            None,
            min_length=1,
            description="the languages to switch to; default: all available",
        )
        sentence_ratio: float = Field(
            1.0, ge=0, le=1, description="probability of switching words in a sentence"
        )
        word_ratio: float = Field(
            0.5, ge=0, le=1, description="probability of looking a word up, in such a sentence"
        )
        sides: Literal["both", "first", "second"] = Field(
            "both", description="which texts of a pair are switched, each with its own draws"
        )

        @field_validator("languages")
        @classmethod
        def _once(cls, languages: tuple[str, ...] | None) -> tuple[str, ...] | None:
            if languages and len(set(languages)) < len(languages):
                raise ValueError("a language is listed twice")
            return languages

    params: Params

    def check(self) -> None:
        """The dictionaries are there."""
        self._files()

    def fetch(self) -> None:
        """Reads the dictionaries, so that missing or broken ones are known before training."""
        _ = self._lexicons

    def fingerprint(self) -> dict[str, str]:
        """The sha256 of each dictionary, by the file's name."""
        return {f"en-{lang}.tsv": lexicon.sha256 for lang, lexicon in self._lexicons}

    def text(self, text: str, language: str, side: int, rng: random.Random) -> str:
        if side not in SIDES[self.params.sides] or rng.random() >= self.params.sentence_ratio:
            return text
        return map_words(text, self._switch(rng))

    def words(self, words: Sequence[str], language: str, rng: random.Random) -> Edit:
        if rng.random() >= self.params.sentence_ratio:
            return tuple((word,) for word in words)
        switch = self._switch(rng)
        return tuple(self._in_place(word, switch) for word in words)

    def _in_place(self, token: str, switch: Callable[[str], str]) -> tuple[str, ...]:
        """The words in the place of one, which a translation may have several of."""
        before, word, after = core(token)
        switched = switch(word)
        words = (before + switched + after).split()
        return tuple(words) if words and switched != word else (token,)

    def _switch(self, rng: random.Random) -> Callable[[str], str]:
        lexicons, ratio = self._lexicons, self.params.word_ratio

        def switch(word: str) -> str:
            if rng.random() >= ratio:
                return word
            language, lexicon = rng.choice(lexicons)
            translations = lexicon.entries.get(word.lower())
            return match_case(rng.choice(translations), word, language) if translations else word

        return switch

    @cached_property
    def _lexicons(self) -> list[tuple[str, Lexicon]]:
        files = self._files()
        return [(language, read_dictionary(path)) for language, path in files.items()]

    def _files(self) -> dict[str, Path]:
        """The dictionaries to use, by language."""
        return dictionaries.files(self.params.dictionaries, self.params.languages)
