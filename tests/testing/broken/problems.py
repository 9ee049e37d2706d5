"""Problems that break the contract; `fails` names the checks that say so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from xlt_cli.api import Batch, Feature, Metric, Prediction, Problem, Task
from xlt_cli.problems import SequenceClassification
from xlt_cli.testing import ProblemSuite
from xlt_cli.testing.tiny_tasks import Sequences


class Sound(SequenceClassification):
    """One label for a text, as ours."""

    api_version = 1
    name = "sound"
    summary = "one label for a text"


class Suite(ProblemSuite):
    made: ClassVar[type[Problem]]
    fails: ClassVar[tuple[str, ...]]

    @pytest.fixture
    def task(self) -> Task:
        made: type[Task] = type("Made", (Sequences,), {"problem": self.made})
        return made()


class TestSound(Suite):
    made = Sound
    fails = ()


class TestWeighsLossesByTheBatch(Suite):
    class made(Sound):
        def losses(self, logits: Any, batch: Batch) -> Any:
            return super().losses(logits, batch) / len(batch)

    fails = ("test_loss_depends_on_no_other_example_and_no_padding",)


class TestCutsTheGradient(Suite):
    class made(Sound):
        def losses(self, logits: Any, batch: Batch) -> Any:
            return super().losses(logits.detach(), batch)

    fails = ("test_losses_are_finite_and_have_a_gradient",)


class TestMeasuresLogits(Suite):
    class made(Sound):
        def losses(self, logits: Any, batch: Batch) -> Any:
            return super().losses(logits, batch) + logits.square().sum(dim=-1)

    fails = ("test_softmax_of_logits_gives_what_it_classifies",)


class TestComparesAnswersInTheBatch(Suite):
    class made(Sound):
        def predict(self, logits: Any, features: Sequence[Feature]) -> list[Any]:
            return super().predict(logits - logits.mean(dim=0), features)

    fails = ("test_predictions_depend_on_no_other_example_and_no_padding",)


class TestSharesStatisticsOut(Suite):
    class made(Sound):
        def statistics(self, predictions: Sequence[Prediction]) -> Any:
            return super().statistics(predictions) / len(predictions)

    fails = ("test_statistics_of_an_example_depend_on_no_other",)


class TestScoresOneSumAlone(Suite):
    class made(Sound):
        def score(self, sums: Any) -> Any:
            return super().score(sums.reshape(-1, sums.shape[-1]).sum(axis=0))

    fails = ("test_scores_several_sums_at_once_as_one_by_one",)


class TestScoresInPercent(Suite):
    class made(Sound):
        def score(self, sums: Any) -> Any:
            return {name: 100 * value for name, value in super().score(sums).items()}

    fails = ("test_score_is_in_the_bounds_of_its_unit",)


class TestPrefersErrors(Suite):
    class made(Sound):
        @property
        def metrics(self) -> tuple[Metric, ...]:
            return tuple(replace(metric, higher_is_better=False) for metric in super().metrics)

    fails = ("test_right_answers_score_best",)


class TestKeepsFunctions(Suite):
    class made(Sound):
        def predict(self, logits: Any, features: Sequence[Feature]) -> list[Any]:
            return [lambda p=p: p for p in super().predict(logits, features)]

        def decode(self, kept: Any, features: Any, tokenizer: Any) -> list[Prediction]:
            return [each() for each in kept]

    fails = ("test_predictions_can_be_stored_and_sent",)


class TestTakesSilenceForRight(Suite):
    class made(Sound):
        def statistics(self, predictions: Sequence[Prediction]) -> Any:
            told = [p if p.predicted else replace(p, predicted=p.gold) for p in predictions]
            return super().statistics(told)

    fails = ("test_silence_counts_as_wrong",)


class TestScoresSamplesByAllRows(Suite):
    class made(Sound):
        @property
        def metrics(self) -> tuple[Metric, ...]:
            return (*super().metrics, Metric("first", "number"))

        def score_samples(self, statistics: Any, counts: Any) -> dict[str, Any]:
            return {"first": statistics[:, 0].mean() + 0 * counts.sum(axis=1)}

    fails = ("test_scores_each_sample_as_its_own_rows",)
