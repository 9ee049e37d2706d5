"""The words of an example that an attack may replace."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from xlt_cli.api import Edit, Example, ExampleText
from xlt_perturbations.words import UNSPACED, core, match_case, split

Sides = Literal["both", "first", "second"]
Parted = Callable[[str, str], list[str]]
"""Gaps and words, in turn, of a run of characters without spaces in a language."""


@dataclass(frozen=True)
class Word:
    """A word and where it stands.

    Attributes:
        text: the number of the text among those of the example that may be edited.
        piece: its place in the text: among gaps and words in turn, or among the words.
    """

    form: str
    language: str
    text: int
    piece: int


class Wording:
    """An example as words, and the example with some of them replaced.

    Attributes:
        words: those of the sides that may be attacked, in order.
        size: how many words there are on all sides; outside of words, each character of a script
            without spaces counts as one.
    """

    def __init__(
        self,
        example: Example,
        problem: Any,
        sides: Sides = "both",
        parted: Parted | None = None,
    ) -> None:
        self.example = example
        self._problem = problem
        self._texts = example.editable()
        self._pieces = [_pieces(text, parted) for text in self._texts]
        every = [
            _words(number, text, self._pieces[number]) for number, text in enumerate(self._texts)
        ]
        chosen = {"first": every[:1], "second": every[1:]}.get(sides, every)
        self.words = [word for words in chosen for word in words]
        self.size = sum(map(len, every)) + sum(
            len(UNSPACED.findall(gap))
            for text, pieces in zip(self._texts, self._pieces, strict=True)
            for gap in (pieces[::2] if text.words is None else ())
        )

    def fitted(self, candidate: str, word: Word) -> str:
        """A candidate in the case of the word that it replaces."""
        return match_case(candidate, word.form, word.language)

    def replaced(self, forms: Mapping[int, str]) -> Example | None:
        """The example with some words, by their number, in other forms; an empty form removes one.

        None where its label would not be true of the edited texts.
        """
        pieces = [list(own) for own in self._pieces]
        for number, form in forms.items():
            word = self.words[number]
            pieces[word.text][word.piece] = form
        pairs = zip(self._texts, pieces, strict=True)
        edits = [_edit(text, own) for text, own in pairs]
        if self._problem is None:
            return self.example.edited(edits)
        edited: Example | None = self._problem.edited(self.example, edits)
        return edited


def _pieces(text: ExampleText, parted: Parted | None) -> Sequence[str]:
    """Gaps and words in turn; or, where labels hang on words, the words without punctuation."""
    if text.words is not None:
        return [core(token)[1] for token in text.words]
    first, *others = split(text.content)
    pieces = [first]
    for word, gap in zip(others[::2], others[1::2], strict=True):
        if parted is not None and UNSPACED.search(word):
            before, *inside = parted(word, text.language)
            pieces[-1] += before
            pieces += inside
            pieces[-1] += gap
        else:
            pieces += [word, gap]
    return pieces


def _words(number: int, text: ExampleText, pieces: Sequence[str]) -> list[Word]:
    places = range(1, len(pieces), 2) if text.words is None else range(len(pieces))
    return [Word(pieces[at], text.language, number, at) for at in places if pieces[at]]


def _edit(text: ExampleText, pieces: Sequence[str]) -> Edit:
    if text.words is None:
        return "".join(pieces)
    edits = []
    for token, form in zip(text.words, pieces, strict=True):
        before, word, after = core(token)
        edits.append((token,) if form == word else tuple((before + form + after).split()))
    return tuple(edits)
