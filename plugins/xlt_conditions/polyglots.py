"""The worst code-mixed sentence: words replaced by their translations, found by beam search."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from pydantic import Field

from xlt_cli.api import SpecError
from xlt_conditions.word_attack import Attack, AttackedRow, Attempt, WordAttack, WordAttackParams
from xlt_conditions.wording import Parted, Word
from xlt_perturbations.dictionaries import Dictionaries


class Polyglots(WordAttack):
    """Goes through the words from left to right and keeps the versions of the highest loss.

    It ends when the answer is wrong. Words come from the dictionaries of `code-switch`; between
    two languages other than English they are translated through English.
    """

    api_version = 1
    name = "polyglots"
    summary = "black box: the worst code-mixed sentence, by beam search over dictionaries"
    reference = "Tan and Joty 2021, arXiv:2103.09593"
    caveat = (
        "polyglots takes translations of words from dictionaries, whatever the words mean in their "
        "sentence: a label need not hold for each sentence that it makes"
    )

    class Params(WordAttackParams):
        dictionaries: Path | None = Field(
            None,
            description="a folder of en-LANGUAGE.tsv files; default: $XLT_DATA_DIR/lexicons; a "
            "relative path is also looked up in $XLT_DATA_DIR",
        )
        languages: tuple[str, ...] | None = Field(
            None, min_length=1, description="the languages to mix in; default: all there are"
        )
        most: int = Field(2, ge=1, description="translations of a word into each language")
        beam: int = Field(1, ge=1, description="versions that are kept from word to word")

    params: Params

    @property
    def speaks(self) -> tuple[str, ...] | None:  # type: ignore[override]
        return self._dictionaries.languages

    def check(self) -> None:
        """The dictionaries are there, and those of the languages that are named."""
        _ = self._into

    def fetch(self) -> None:
        """Reads the dictionaries."""
        _ = self._into, self._dictionaries.lexicons

    def fingerprint(self) -> dict[str, str]:
        """The sha256 of each dictionary, by the file's name."""
        return self._dictionaries.fingerprint()

    def candidates(self, word: Word) -> Sequence[str]:
        own = self._dictionaries.own(word.language)
        others = [language for language in self._into if language != own]
        each = [self._dictionaries.translations(word.form, word.language, x) for x in others]
        return list(dict.fromkeys(form for forms in each for form in forms[: self.params.most]))

    def parted(self) -> Parted | None:
        return self._dictionaries.parted

    def attack(self, row: AttackedRow, clean: Attempt) -> Attack:
        beam, worst = [clean], clean
        for number, forms in row.candidates.items():
            open_versions = [version for version in beam if len(version.forms) < row.most]
            attempts = yield from row.tried(
                [{**version.forms, number: form} for version in open_versions for form in forms]
            )
            worst = max([worst, *attempts], key=_badness)
            if worst.flipped or not row.left:
                break
            beam = sorted([*beam, *attempts], key=_badness, reverse=True)[: self.params.beam]
        return worst

    @cached_property
    def _dictionaries(self) -> Dictionaries:
        return Dictionaries(self.params.dictionaries)

    @cached_property
    def _into(self) -> list[str]:
        """The languages to mix in, in the dictionaries' own codes."""
        known = self._dictionaries.languages
        if self.params.languages is None:
            return list(known)
        own = {language: self._dictionaries.own(language) for language in self.params.languages}
        missing = [language for language, code in own.items() if code is None]
        if missing:
            raise SpecError(
                f"there is no dictionary for the language '{missing[0]}'",
                "languages",
                f"there are {', '.join(known)}",
            )
        return list(dict.fromkeys(code for code in own.values() if code is not None))


def _badness(attempt: Attempt) -> tuple[bool, float]:
    return attempt.flipped, attempt.loss
