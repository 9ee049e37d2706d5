"""Examples of span extraction: a question, a passage, and the answers in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from xlt_cli.api import Edit, Example, ExampleText

_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class SpanExample(Example):
    """A question and the passage that answers it.

    Attributes:
        answers: each correct answer, and the index of its first character in the passage. The first
            one is trained on. Empty, or one empty text, if the passage does not answer the
            question.
        languages: the language of the question and that of the passage.
    """

    id: str
    question: str
    context: str
    answers: tuple[tuple[str, int], ...]
    languages: tuple[str, ...]

    @property
    def texts(self) -> tuple[str, str]:
        """The question and the passage."""
        return self.question, self.context

    @property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """The first character of each answer and the one after its last, without surrounding
        white space."""
        spans = []
        for text, start in self.answers:
            if text.strip():
                start += len(text) - len(text.lstrip())
                spans.append((start, start + len(text.strip())))
        return tuple(spans)

    def editable(self) -> tuple[ExampleText, ...]:
        """The question, and the words of the passage."""
        asked, told = self.languages
        words = tuple(_WORD.findall(self.context))
        return ExampleText(asked, self.question), ExampleText(told, words=words)

    def edited(self, texts: Sequence[Edit]) -> Self | None:
        """Words that an answer touches stay as they are; answers move with what comes before."""
        question, places = texts
        assert isinstance(question, str)
        assert not isinstance(places, str)
        parts: list[str] = []
        length = end = 0
        moved: dict[int, int] = {}
        for word, place in zip(_WORD.finditer(self.context), places, strict=True):
            gap, end_before = self.context[end : word.start()], end
            end = word.end()
            touched = [
                n
                for n, (text, start) in enumerate(self.answers)
                if start < word.end() and start + len(text) > word.start()
            ]
            added = gap + (word[0] if touched else " ".join(place))
            for n in touched:
                moved.setdefault(n, self.answers[n][1] + length - end_before)
            parts.append(added)
            length += len(added)
        parts.append(self.context[end:])
        answers = tuple((a[0], moved.get(n, 0)) for n, a in enumerate(self.answers))
        return replace(self, question=question, context="".join(parts), answers=answers)

    def content(self) -> list[str]:
        return [self.question, self.context]

    def fault(self) -> str:
        if len(self.languages) != 2:
            return f"it has {len(self.languages)} languages, not those of a question and a passage"
        for text, start in self.answers:
            if text.strip() and (start < 0 or not self.context.startswith(text, start)):
                return f"its answer '{text}' is not in the passage at character {start}"
        return ""

    def replacement_fault(self, other: Self, labels: Sequence[str]) -> str:
        """The passage may change around its answers."""
        own, its = ([text for text, _ in e.answers] for e in (self, other))
        return "" if own == its else f"its answers are {its}, not {own}"
