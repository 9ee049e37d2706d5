"""The suite for extra metrics."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from xlt_cli.api import ExtraMetric, Prediction, Problem
from xlt_cli.problems import SequenceClassification
from xlt_cli.testing import rows as samples
from xlt_cli.testing.contract import broken
from xlt_cli.testing.suite import PluginSuite

if TYPE_CHECKING:
    import numpy as np

COUNT = 40
"""Predictions that it is tried on."""
TOLERANCE = 1e-9


class MetricSuite(PluginSuite):
    """Checks of an `ExtraMetric`, on predictions drawn at random."""

    kind = "metric"

    @pytest.fixture
    def problem(self) -> Problem:
        """A problem that it is made for; override it, and `predictions`, for one of your own."""
        return SequenceClassification(samples.LABELS)

    @pytest.fixture
    def predictions(self, problem: Problem) -> list[Prediction]:
        """Predictions with labels as answers, about half of them right, with probabilities; their
        ids say that four at a time are of one group."""
        rng = random.Random(1)
        made = []
        for number in range(COUNT):
            weights = [rng.random() for _ in problem.labels]
            shares = tuple(weight / sum(weights) for weight in weights)
            told = problem.labels[shares.index(max(shares))]
            made.append(
                Prediction(f"{number // 4}/{number}", rng.choice(problem.labels), told, shares)
            )
        return made

    @pytest.fixture
    def told(self, plugin: ExtraMetric, predictions: list[Prediction]) -> list[Prediction]:
        """The same as the metric gets them: without probabilities unless it asks for them."""
        if plugin.probabilities:
            return predictions
        return [replace(p, probabilities=()) for p in predictions]

    def test_can_be_used_with_the_problem(self, checked: ExtraMetric, problem: Problem) -> None:
        if fault := checked.problem_fault(problem):
            broken(f"it cannot be used with '{problem.name}': {fault}", ExtraMetric.problem_fault)

    def test_statistics_of_an_example_depend_on_no_other(
        self, checked: ExtraMetric, problem: Problem, told: list[Prediction]
    ) -> None:
        if checked.grouped:
            pytest.skip("its statistics are of groups of examples")
        together = checked.statistics(problem, told)
        for row, prediction in enumerate(told):
            alone = checked.statistics(problem, [prediction])[0]
            if abs(alone - together[row]).max() > TOLERANCE:
                broken(
                    "the statistics of an example are others beside other examples",
                    ExtraMetric.statistics,
                )

    def test_scores_several_sums_at_once(
        self, checked: ExtraMetric, problem: Problem, told: list[Prediction]
    ) -> None:
        import numpy as np

        counts = checked.statistics(problem, told)
        sums = np.stack([counts[: COUNT // 2].sum(0), counts.sum(0), 2 * counts.sum(0)])
        each = np.stack([checked.score(problem, one) for one in sums])
        if not _same(checked.score(problem, sums), each):
            broken("several sums have other scores than each alone", ExtraMetric.score)
        if not _same(checked.score(problem, sums[None])[0], each):
            broken("the scores of sums [1, 3, S] are not those of [3, S]", ExtraMetric.score)

    def test_every_example_twice_has_the_same_score(
        self, checked: ExtraMetric, problem: Problem, told: list[Prediction]
    ) -> None:
        once = _score(checked, problem, told)
        again = [replace(p, id=f"again-{p.id}") for p in told]
        if not _same(once, _score(checked, problem, [*told, *again])):
            broken("with every example twice, the score is another", ExtraMetric.score)

    def test_a_share_is_between_0_and_1(
        self, checked: ExtraMetric, problem: Problem, told: list[Prediction]
    ) -> None:
        value = float(_score(checked, problem, told))
        if checked.unit == "share" and not 0 <= value <= 1:
            broken(f"its unit is `share`, and it is {value}", ExtraMetric)
        if checked.of_examples and abs(value * COUNT - round(value * COUNT)) > TOLERANCE:
            broken(f"it is stated to be a proportion of examples, and is {value}", ExtraMetric)

    def test_right_answers_are_no_worse_than_others(
        self, checked: ExtraMetric, problem: Problem, told: list[Prediction]
    ) -> None:
        right = [
            replace(
                p,
                predicted=p.gold,
                probabilities=tuple(float(label == p.gold) for label in problem.labels)
                if p.probabilities
                else (),
            )
            for p in told
        ]
        best, other = (float(_score(checked, problem, some)) for some in (right, told))
        if checked.metric.better(other, best):
            broken(f"right answers score {best}, and others {other}", ExtraMetric)

    def test_takes_answers_of_a_model_that_abstained(
        self, checked: ExtraMetric, problem: Problem, told: list[Prediction]
    ) -> None:
        silent = [replace(p, predicted=None) if n % 2 else p for n, p in enumerate(told)]
        checked.statistics(problem, silent)  # what the runner refuses is raised


def _score(metric: ExtraMetric, problem: Problem, predictions: Sequence[Prediction]) -> np.ndarray:
    return metric.score(problem, metric.statistics(problem, predictions).sum(0))


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    import numpy as np

    return bool(np.allclose(one, other, rtol=0, atol=TOLERANCE, equal_nan=True))
