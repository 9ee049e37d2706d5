"""CoSDA-ML: words replaced by their translations into several languages."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from xlt_cli.api import DataError, Edit, did_you_mean, own_code
from xlt_perturbations.copies import CopiesParams, NoisyCopies
from xlt_perturbations.lexicon import DATA_DIR, Lexicon, default_path, given_path, read_dictionary
from xlt_perturbations.words import core, map_words, match_case

SOURCE = "https://github.com/kodenii/CoSDA-ML"
LAYOUT = "files named en-LANGUAGE.tsv, each line an English word, a tab and a translation"
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
        given = self.params.dictionaries
        folder = default_path() if given is None else given_path(given)
        if folder is None or not (by_language := _scan(folder)):
            raise DataError(
                "there are no bilingual dictionaries (en-LANGUAGE.tsv)",
                str(folder) if folder else f"neither `dictionaries` nor {DATA_DIR} is set",
                f"put {LAYOUT} into $XLT_DATA_DIR/lexicons, or name their folder in "
                f"`dictionaries`; {SOURCE} has such files",
            )
        if self.params.languages is None:
            return by_language
        chosen = {}
        for language in self.params.languages:
            own = own_code(language, by_language, str(folder))
            if own is None:
                raise DataError(
                    f"there is no dictionary for the language '{language}'",
                    str(folder / f"en-{language}.tsv"),
                    did_you_mean(language, by_language),
                )
            chosen[own] = by_language[own]
        return chosen


def _scan(folder: Path) -> dict[str, Path]:
    # Sorted: a draw of a language must not depend on the order of a folder's files.
    return {path.stem[3:]: path for path in sorted(folder.glob("en-?*.tsv"))}
