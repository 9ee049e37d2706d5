"""Words replaced by near ones, the most important first, until the answer is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field

from xlt_conditions.word_attack import Attack, AttackedRow, Attempt, WordAttack, WordAttackParams
from xlt_conditions.wording import Parted, Word
from xlt_perturbations.dictionaries import Dictionaries
from xlt_perturbations.lexicon import read_neighbors
from xlt_perturbations.synonyms import FILE, Synonyms


class WordSubstitution(WordAttack):
    """A word is as important as the loss is high without it.

    For each word the candidates are tried together: the nearest that makes the answer wrong ends
    the attack, otherwise the one of the highest loss stays. TextFooler also compares parts of
    speech and sentence embeddings, for which there are no models in most languages.
    """

    api_version = 1
    name = "word-substitution"
    summary = "black box: important words replaced by near ones until the answer is wrong"
    reference = "Jin et al. 2020 (TextFooler), arXiv:1907.11932"
    caveat = (
        "word-substitution checks neither parts of speech nor the meaning of the sentence: a label "
        "need not hold for each sentence that it makes"
    )

    class Params(WordAttackParams):
        source: Literal["neighbors", "dictionaries"] = Field(
            "neighbors",
            description="neighbors: the counter-fitted neighbours of English words, as `synonyms`; "
            "dictionaries: words of the same language that share a translation",
        )
        neighbors: Path | None = Field(
            None,
            description="a JSON object of words, each with a list of its neighbours; default: "
            f"$XLT_DATA_DIR/lexicons/{FILE}, or else the paper's, downloaded once; a relative "
            "path is also looked up in $XLT_DATA_DIR",
        )
        dictionaries: Path | None = Field(
            None,
            description="a folder of en-LANGUAGE.tsv files; default: $XLT_DATA_DIR/lexicons; a "
            "relative path is also looked up in $XLT_DATA_DIR",
        )
        most: int = Field(50, ge=1, description="candidates for a word, the nearest")

    params: Params

    @property
    def speaks(self) -> tuple[str, ...] | None:  # type: ignore[override]
        return self._synonyms.speaks if self._english else self._dictionaries.languages

    @property
    def _english(self) -> bool:
        return self.params.source == "neighbors"

    def check(self) -> None:
        """What the words come from is there, or can be downloaded."""
        if self._english:
            self._synonyms.check()
        else:
            _ = self._dictionaries

    def fetch(self) -> None:
        """Brings and reads what the words come from."""
        if self._english:
            self._synonyms.fetch()
        else:
            _ = self._dictionaries.lexicons

    def fingerprint(self) -> dict[str, str]:
        """The sha256 of each file, by its name."""
        return (self._synonyms if self._english else self._dictionaries).fingerprint()

    def candidates(self, word: Word) -> Sequence[str]:
        if self._english:
            near = self._neighbors.get(word.form.lower(), ())
        else:
            near = tuple(self._dictionaries.translations(word.form, word.language, word.language))
        return near[: self.params.most]

    def parted(self) -> Parted | None:
        return None if self._english else self._dictionaries.parted

    def attack(self, row: AttackedRow, clean: Attempt) -> Attack:
        without = yield from row.tried([{number: ""} for number in row.candidates])
        ranked = sorted(without, key=lambda attempt: -attempt.loss)
        now = clean
        for number in [number for attempt in ranked for number in attempt.forms]:
            if len(now.forms) >= row.most or not row.left:
                break
            attempts = yield from row.tried(
                [{**now.forms, number: form} for form in row.candidates[number]]
            )
            flipped = [attempt for attempt in attempts if attempt.flipped]
            if flipped:
                return flipped[0]
            now = max([now, *attempts], key=lambda attempt: attempt.loss)
        return now

    @cached_property
    def _neighbors(self) -> Mapping[str, tuple[str, ...]]:
        return read_neighbors(self._synonyms.path()).entries

    @cached_property
    def _synonyms(self) -> Synonyms:
        return Synonyms(Synonyms.Params(neighbors=self.params.neighbors))

    @cached_property
    def _dictionaries(self) -> Dictionaries:
        return Dictionaries(self.params.dictionaries)
