"""Our own heads, metrics and problems keep to the contract, as its suites test it."""

from __future__ import annotations

import random

import pytest

from xlt_cli import registry
from xlt_cli.api import Example, ExtraMetric, HeadBuilder, Prediction, Task, TextExample
from xlt_cli.problems import (
    AnswerRetrieval,
    BitextMining,
    Candidate,
    ChoiceExample,
    IntentAndSlots,
    IntentExample,
    MaskedLanguageModelling,
    MultipleChoice,
    Problem,
    Regression,
    RetrievalExample,
    ScoredExample,
    SentenceRetrieval,
    SequenceClassification,
    SpanExample,
    SpanExtraction,
    TokenLabelling,
)
from xlt_cli.testing import HeadSuite, MetricSuite, ProblemSuite
from xlt_cli.testing import rows as samples
from xlt_cli.testing.tiny_tasks import Sequences, Tokens


@pytest.mark.parametrize("name", registry.names("head"))
class TestHeads(HeadSuite):
    @pytest.fixture
    def plugin(self, name: str) -> HeadBuilder:
        made: HeadBuilder = registry.get("head", name)()
        return made


def of_words(name: str) -> bool:
    """Whether a metric is for tags of words, not for labels."""
    made: ExtraMetric = registry.get("metric", name)()
    return bool(made.problem_fault(SequenceClassification(samples.LABELS)))


class Metrics(MetricSuite):
    @pytest.fixture
    def plugin(self, name: str) -> ExtraMetric:
        made: ExtraMetric = registry.get("metric", name)()
        return made


@pytest.mark.parametrize("name", [name for name in registry.names("metric") if not of_words(name)])
class TestMetrics(Metrics):
    """Those of labels."""


@pytest.mark.parametrize("name", list(filter(of_words, registry.names("metric"))))
class TestMetricsOfWords(Metrics):
    @pytest.fixture
    def problem(self) -> Problem:
        return TokenLabelling(samples.TAGS)

    @pytest.fixture
    def predictions(self, problem: Problem) -> list[Prediction]:
        """Tags as answers, some of them wrong."""
        rng = random.Random(1)
        golds = [rng.choices(problem.labels, k=rng.randint(1, 6)) for _ in range(40)]
        told = [[t if rng.random() < 0.7 else rng.choice(problem.labels) for t in g] for g in golds]
        pairs = enumerate(zip(golds, told, strict=True))
        return [Prediction(f"{n}", tuple(gold), tuple(answer)) for n, (gold, answer) in pairs]


class Texts(Sequences):
    """Sentences without labels."""

    problem = MaskedLanguageModelling
    labels = ()
    metric = "perplexity"
    texts = 1

    def example(self, number: int, language: str) -> Example:
        words = samples.SENTENCES[language].split()
        return TextExample(f"row-{number}", (" ".join(words[: 2 + number]),), (language,))


class Choices(Sequences):
    """Rows with two to four choices."""

    problem = MultipleChoice
    labels = ()

    def example(self, number: int, language: str) -> Example:
        words = samples.SENTENCES[language].split()
        choices = tuple(" ".join(words[: 2 + c]) for c in range(2 + number % 3))
        context, asked = " ".join(words[number % 4 :]), words[0] if number % 2 else ""
        right, both = number % len(choices), (language, language)
        return ChoiceExample(f"row-{number}", context, asked, choices, right, both)


class Questions(Sequences):
    """Which words of a text are asked for."""

    problem = SpanExtraction
    labels = ()
    metric = "f1"

    def example(self, number: int, language: str) -> Example:
        words = samples.SENTENCES[language].split()
        context, answer = " ".join(words * 4), " ".join(words[number : number + 2])
        answers = ((answer, context.index(answer)),)
        return SpanExample(f"row-{number}", words[0], context, answers, (language, language))


class Requests(Tokens):
    """Sentences with an intent, whose words have slots."""

    problem = IntentAndSlots
    intents = samples.INTENTS
    labels = (*samples.TAGS, *samples.INTENTS)
    metric = "slot_f1"

    def example(self, number: int, language: str) -> Example:
        words = tuple(samples.SENTENCES[language].split()[: 2 + number])
        intent = samples.INTENTS[number % 3]
        tags = samples.tags_for(len(words))
        return IntentExample(f"row-{number}", words, tags, (language,), intent)


class Similarities(Sequences):
    """Pairs of texts with a score."""

    problem = Regression
    labels = ()
    metric = "spearman"
    scale = (0.0, 5.0)

    def example(self, number: int, language: str) -> Example:
        words = samples.SENTENCES[language].split()
        texts = (" ".join(words[: 2 + number]), " ".join(words[number % 4 :]))
        return ScoredExample(f"row-{number}", texts, 0.5 + number % 3, (language, language))


class Sentences(Sequences):
    """Sentences and their beginnings, which the second row has twice; the last row has no query."""

    problem = SentenceRetrieval
    labels = ()
    texts = 1

    def example(self, number: int, language: str) -> Example:
        words = samples.SENTENCES[language].split()
        keys = [f"{language}-{number}"] + [f"{language}-{number}-more"] * (number == 1)
        texts = [" ".join(words[: 2 + number + more]) for more in range(len(keys))]
        found = [Candidate(*pair, language) for pair in zip(keys, texts, strict=True)]
        query, right = (" ".join(words[number:]), keys) if number < 4 else ("", [])
        return RetrievalExample.of(f"row-{number}", query, language, found, right)


class Answers(Sentences):
    problem = AnswerRetrieval
    metric = "mrr"


class Mined(Sentences):
    problem = BitextMining
    metric = "f1"


KINDS = [
    Answers, Choices, Mined, Questions, Requests, Sentences, Sequences, Similarities, Texts, Tokens,
]  # fmt: skip


@pytest.mark.parametrize("of", KINDS)
class TestProblems(ProblemSuite):
    @pytest.fixture
    def task(self, of: type[Task]) -> Task:
        return of()
