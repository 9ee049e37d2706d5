"""The words of an example that an attack may replace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from xlt_cli.api import Edit, Example, ExampleText
from xlt_perturbations.words import core, match_case, split

Sides = Literal["both", "first", "second"]


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
        size: how many words there are on all sides.
    """

    def __init__(self, example: Example, problem: Any, sides: Sides = "both") -> None:
        self.example = example
        self._problem = problem
        self._texts = example.editable()
        self._pieces = [_pieces(text) for text in self._texts]
        every = [_words(number, text) for number, text in enumerate(self._texts)]
        chosen = {"first": every[:1], "second": every[1:]}.get(sides, every)
        self.words = [word for words in chosen for word in words]
        self.size = sum(map(len, every))

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


def _pieces(text: ExampleText) -> Sequence[str]:
    """Gaps and words in turn; or, where labels hang on words, the words without punctuation."""
    if text.words is None:
        return split(text.content)
    return [core(token)[1] for token in text.words]


def _words(number: int, text: ExampleText) -> list[Word]:
    pieces = _pieces(text)
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
