"""Two tasks with a few rows in the code, for plugins that are asked which tasks they accept."""

from __future__ import annotations

from typing import ClassVar

from xlt_cli.api import Example, Rows, SequenceExample, Split, Task, TokenExample
from xlt_cli.problems import Problem, SequenceClassification, TokenLabelling
from xlt_cli.testing import rows as samples

LANGUAGES = ("en", "de")
COUNT = 5


class Sequences(Task):
    """Pairs of texts with a label; row i is one item in both languages."""

    api_version = 1
    name = "suite"
    summary = "rows of the suite"
    problem: ClassVar[type[Problem]] = SequenceClassification
    labels: tuple[str, ...] = samples.LABELS
    metric = "accuracy"
    aligned = True
    texts = 2

    def languages(self, split: Split) -> tuple[str, ...]:
        return LANGUAGES

    def load(self, split: Split, language: str) -> Rows:
        return Rows(tuple(self.example(i, language) for i in range(COUNT)), "in the code")

    def example(self, number: int, language: str) -> Example:
        words = samples.SENTENCES[language].split()
        texts = (" ".join(words[: 2 + number]), " ".join(words[number % 4 :]))
        label = samples.LABELS[number % 2]
        return SequenceExample(f"row-{number}", texts, label, (language, language))


class Tokens(Sequences):
    """Sentences whose words have tags."""

    problem = TokenLabelling
    labels = samples.TAGS
    metric = "f1"
    aligned = False
    texts = 1

    def example(self, number: int, language: str) -> Example:
        words = tuple(samples.SENTENCES[language].split()[: 2 + number])
        return TokenExample(f"row-{number}", words, samples.tags_for(len(words)), (language,))
