"""Bilingual dictionaries in files: English words and their translations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from xlt_cli.api import DataError, did_you_mean, own_code
from xlt_perturbations.lexicon import DATA_DIR, Lexicon, default_path, given_path, read_dictionary

SOURCE = "https://github.com/kodenii/CoSDA-ML"
LAYOUT = "files named en-LANGUAGE.tsv, each line an English word, a tab and a translation"
ENGLISH = "en"
LONGEST = 12
"""Characters of a word that is looked for in a text without spaces."""


def files(given: Path | None, languages: Sequence[str] | None = None) -> dict[str, Path]:
    """The dictionaries of a folder, by language.

    Args:
        given: the folder; None: the user's lexicons.
        languages: only of these; None: of all there are.

    Raises:
        DataError: there are none, or none of one of the languages.
    """
    folder = default_path() if given is None else given_path(given)
    if folder is None or not (there := _scan(folder)):
        raise DataError(
            "there are no bilingual dictionaries (en-LANGUAGE.tsv)",
            str(folder) if folder else f"neither `dictionaries` nor {DATA_DIR} is set",
            f"put {LAYOUT} into $XLT_DATA_DIR/lexicons, or name their folder in "
            f"`dictionaries`; {SOURCE} has such files",
        )
    if languages is None:
        return there
    chosen = {}
    for language in languages:
        own = own_code(language, there, str(folder))
        if own is None:
            raise DataError(
                f"there is no dictionary for the language '{language}'",
                str(folder / f"en-{language}.tsv"),
                did_you_mean(language, there),
            )
        chosen[own] = there[own]
    return chosen


def _scan(folder: Path) -> dict[str, Path]:
    # Sorted: a draw of a language must not depend on the order of a folder's files.
    return {path.stem[3:]: path for path in sorted(folder.glob("en-?*.tsv"))}


class Dictionaries:
    """Translations from and into English, and through it from any language into any other.

    Args:
        folder: of the files; None: the user's lexicons.
    """

    def __init__(self, folder: Path | None) -> None:
        self._files = files(folder)
        self._own: dict[str, str | None] = {}

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that it has words of; English first."""
        return ENGLISH, *self._files

    def own(self, language: str) -> str | None:
        """The dictionaries' own code of a language; None where they have none of it."""
        if language not in self._own:
            self._own[language] = own_code(language, self.languages, "dictionaries")
        return self._own[language]

    def fingerprint(self) -> dict[str, str]:
        """The sha256 of each file, by its name."""
        return {f"en-{code}.tsv": lexicon.sha256 for code, lexicon in self.lexicons.items()}

    @cached_property
    def lexicons(self) -> dict[str, Lexicon]:
        """English words and their translations, by language.

        Raises:
            DataError: a file is broken.
        """
        return {language: read_dictionary(path) for language, path in self._files.items()}

    def translations(self, word: str, language: str, into: str) -> list[str]:
        """What a word of one language may be in another one, through English where neither is it.

        A word that several ways lead to comes first; then in the order of the files.
        """
        own, other = self.own(language), self.own(into)
        if own is None or other is None:
            return []
        if own == ENGLISH == other:
            back: list[str] = []
            for code in self._files:
                back += self._through(word.lower(), self._from_english(code), self._inverted[code])
            return _most_frequent(back, word)
        if own == ENGLISH:
            return _most_frequent(list(self._from_english(other).get(word.lower(), ())), word)
        if other == ENGLISH:
            return _most_frequent(list(self._inverted[own].get(word.lower(), ())), word)
        there = self._through(word.lower(), self._inverted[own], self._from_english(other))
        return _most_frequent(there, word)

    def parted(self, run: str, language: str) -> list[str]:
        """Gaps and words of a run of characters without spaces, in turn, a gap at both ends.

        The longest word that the dictionary has is taken, from left to right; characters that begin
        none are in the gaps.
        """
        own = self.own(language)
        known = {} if own in (None, ENGLISH) else self._inverted[str(own)]
        pieces, at = [""], 0
        while at < len(run):
            ends = range(min(len(run), at + LONGEST), at, -1)
            end = next((end for end in ends if run[at:end].lower() in known), None)
            if end is None:
                pieces[-1] += run[at]
                at += 1
            else:
                pieces += [run[at:end], ""]
                at = end
        return pieces

    @staticmethod
    def _through(
        word: str, first: Mapping[str, Sequence[str]], second: Mapping[str, Sequence[str]]
    ) -> list[str]:
        """The translations of a word's translations."""
        return [end for middle in first.get(word, ()) for end in second.get(middle.lower(), ())]

    def _from_english(self, language: str) -> Mapping[str, Sequence[str]]:
        return self.lexicons[language].entries

    @cached_property
    def _inverted(self) -> dict[str, dict[str, list[str]]]:
        """English words by their translations, in lower case."""
        inverted: dict[str, dict[str, list[str]]] = {}
        for language, lexicon in self.lexicons.items():
            words = inverted.setdefault(language, {})
            for english, translations in lexicon.entries.items():
                for translation in translations:
                    words.setdefault(translation.lower(), []).append(english)
        return inverted


def _most_frequent(words: Sequence[str], other_than: str) -> list[str]:
    """Each word once, the most frequent first, the word itself left out."""
    counts: dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    kept = [word for word in counts if word.lower() != other_than.lower()]
    return sorted(kept, key=lambda word: -counts[word])
