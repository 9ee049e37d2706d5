"""CoSDA-ML: words replaced by their translations into several languages."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from xlt_cli.api import DataError, TokenExample, did_you_mean, own_code
from xlt_cli.problems import TokenLabelling
from xlt_cli.problems.schemes import Scheme, scheme_in
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
        "code-switch puts words of its dictionaries' languages into English text: a model trained "
        "with it has seen words, though no labelled sentence, of those languages"
    )
    speaks = ("en",)
    problems = ("sequence-classification", "token-classification")

    class Params(CopiesParams):
        dictionaries: Path | None = Field(
            None,
            description="a folder of en-LANGUAGE.tsv files; default: $XLT_DATA_DIR/lexicons; a "
            "relative path is also looked up in $XLT_DATA_DIR",
        )
        languages: tuple[str, ...] | None = Field(
            None,
            min_length=1,
            description="the languages to switch to; default: all there are",
        )
        sentence_ratio: float = Field(
            1.0, ge=0, le=1, description="the probability of switching in a sentence at all"
        )
        word_ratio: float = Field(
            0.5, ge=0, le=1, description="of looking a word up, in a sentence that is switched"
        )
        sides: Literal["both", "first", "second"] = Field(
            "both", description="which texts of a pair are switched, each drawn for itself"
        )

        @field_validator("languages")
        @classmethod
        def _once(cls, languages: tuple[str, ...] | None) -> tuple[str, ...] | None:
            if languages and len(set(languages)) < len(languages):
                raise ValueError("a language is named twice")
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

    def text(self, text: str, side: int, rng: random.Random) -> str:
        if side not in SIDES[self.params.sides] or rng.random() >= self.params.sentence_ratio:
            return text
        return map_words(text, self._switch(rng))

    def sentence(self, example: TokenExample, rng: random.Random) -> TokenExample:
        if rng.random() >= self.params.sentence_ratio:
            return example
        switch = self._switch(rng)
        scheme = self._scheme(example)
        tokens: list[str] = []
        tags: list[str] = []
        for token, tag in zip(example.tokens, example.tags, strict=True):
            before, word, after = core(token)
            switched = switch(word)
            if switched == word:
                tokens.append(token)
                tags.append(tag)
                continue
            words = (before + switched + after).split()
            spread = scheme.spread(tag, len(words)) if scheme else [tag] * len(words)
            # A task without I-LOC has no tags for a place of several words: its name stays.
            if not words or not self._are_known(spread):
                words, spread = [token], [tag]
            tokens += words
            tags += spread
        return replace(example, tokens=tuple(tokens), tags=tuple(tags))

    def _scheme(self, example: TokenExample) -> Scheme | None:
        """The scheme of the task's tags; of the sentence's, where no task is known."""
        problem = self.for_problem
        if isinstance(problem, TokenLabelling):
            return problem.scheme
        return scheme_in(example.tags)

    def _are_known(self, tags: Sequence[str]) -> bool:
        return self.for_problem is None or all(tag in self.for_problem.ids for tag in tags)

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
        if folder is None or not (found := _scan(folder)):
            raise DataError(
                "there are no bilingual dictionaries (en-LANGUAGE.tsv)",
                str(folder) if folder else f"neither `dictionaries` nor {DATA_DIR} is set",
                f"put {LAYOUT} into $XLT_DATA_DIR/lexicons, or name their folder in "
                f"`dictionaries`; {SOURCE} has such files",
            )
        if self.params.languages is None:
            return found
        chosen = {}
        for language in self.params.languages:
            own = own_code(language, found, str(folder))
            if own is None:
                raise DataError(
                    f"there is no dictionary for the language '{language}'",
                    str(folder / f"en-{language}.tsv"),
                    did_you_mean(language, found),
                )
            chosen[own] = found[own]
        return chosen


def _scan(folder: Path) -> dict[str, Path]:
    # Sorted: a draw of a language must not depend on the order of a folder's files.
    return {path.stem[3:]: path for path in sorted(folder.glob("en-?*.tsv"))}
