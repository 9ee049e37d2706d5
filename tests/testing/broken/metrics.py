"""Extra metrics that break the contract; `fails` names the checks that say so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import pytest

from xlt_cli.api import ExtraMetric, MeanMetric, Prediction, Problem
from xlt_cli.testing import MetricSuite

ALL_BUT_ABSTAINED = (
    "test_statistics_of_an_example_depend_on_no_other",
    "test_scores_several_sums_at_once",
    "test_every_example_twice_has_the_same_score",
    "test_a_share_is_between_0_and_1",
    "test_right_answers_are_no_worse_than_others",
    "test_takes_answers_of_a_model_that_abstained",
)


class Sound(MeanMetric):
    """The share of right answers."""

    api_version = 1
    name = "sound"
    summary = "how many answers are right"
    of_examples = True

    def values(self, problem: Problem, predictions: Sequence[Prediction]) -> list[float]:
        return [float(p.gold == p.predicted) for p in predictions]


class Suite(MetricSuite):
    made: ClassVar[type[ExtraMetric]]
    fails: ClassVar[tuple[str, ...]]

    @pytest.fixture
    def plugin(self) -> Any:
        return self.made()


class TestSound(Suite):
    made = Sound
    fails = ()


class TestCountsInPercent(Suite):
    class made(Sound):
        def values(self, problem: Problem, predictions: Sequence[Prediction]) -> list[float]:
            return [100 * value for value in super().values(problem, predictions)]

    fails = ("test_a_share_is_between_0_and_1",)


class TestLowerIsBetter(Suite):
    class made(Sound):
        higher_is_better = False

    fails = ("test_right_answers_are_no_worse_than_others",)


class TestAverageOfTheCell(Suite):
    class made(Sound):
        of_examples = False

        def values(self, problem: Problem, predictions: Sequence[Prediction]) -> list[float]:
            values = super().values(problem, predictions)
            return [sum(values) / len(values)] * len(values)

    fails = ("test_statistics_of_an_example_depend_on_no_other",)


class TestSumsOfAllCells(Suite):
    class made(Sound):
        def score(self, problem: Problem, sums: np.ndarray) -> np.ndarray:
            return np.full(sums.shape[:-1], sums[..., 0].sum() / sums[..., 1].sum())

    fails = ("test_scores_several_sums_at_once",)


class TestDoesNotDivide(Suite):
    class made(Sound):
        def score(self, problem: Problem, sums: np.ndarray) -> np.ndarray:
            return sums[..., 0] / 1000

    fails = ("test_every_example_twice_has_the_same_score", "test_a_share_is_between_0_and_1")


class TestTooFewColumns(Suite):
    class made(Sound):
        def columns(self, problem: Problem) -> int:
            return 1

    fails = ALL_BUT_ABSTAINED


class TestWantsAnAnswer(Suite):
    class made(Sound):
        def values(self, problem: Problem, predictions: Sequence[Prediction]) -> list[float]:
            return [float(problem.ids[p.gold] == problem.ids[p.predicted]) for p in predictions]

    fails = ("test_takes_answers_of_a_model_that_abstained",)


class TestOfAnotherProblem(Suite):
    class made(Sound):
        problems = ("span-extraction",)

    fails = ("test_can_be_used_with_the_problem",)
