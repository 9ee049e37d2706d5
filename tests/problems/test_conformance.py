"""Our own heads, metrics and problems keep to the contract, as its suites test it."""

from __future__ import annotations

import pytest

from xlt_cli import registry
from xlt_cli.api import Example, ExtraMetric, HeadBuilder, Task, TextExample
from xlt_cli.problems import MaskedLanguageModelling
from xlt_cli.testing import HeadSuite, MetricSuite, ProblemSuite
from xlt_cli.testing import rows as samples
from xlt_cli.testing.tiny_tasks import Sequences, Tokens


@pytest.mark.parametrize("name", registry.names("head"))
class TestHeads(HeadSuite):
    @pytest.fixture
    def plugin(self, name: str) -> HeadBuilder:
        made: HeadBuilder = registry.get("head", name)()
        return made


@pytest.mark.parametrize("name", registry.names("metric"))
class TestMetrics(MetricSuite):
    @pytest.fixture
    def plugin(self, name: str) -> ExtraMetric:
        made: ExtraMetric = registry.get("metric", name)()
        return made


class Texts(Sequences):
    """Sentences without labels."""

    problem = MaskedLanguageModelling
    labels = ()
    metric = "perplexity"
    texts = 1

    def example(self, number: int, language: str) -> Example:
        words = samples.SENTENCES[language].split()
        return TextExample(f"row-{number}", (" ".join(words[: 2 + number]),), (language,))


@pytest.mark.parametrize("of", [Sequences, Texts, Tokens])
class TestProblems(ProblemSuite):
    @pytest.fixture
    def task(self, of: type[Task]) -> Task:
        return of()
