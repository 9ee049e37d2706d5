"""Predictions that count from a threshold on, which is chosen on the dev rows of their language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from xlt_cli.data.features import Featuriser
from xlt_cli.evaluation.plan import Plan
from xlt_cli.problems import Feature, Prediction, Problem
from xlt_cli.runs.cells import Cell


@dataclass
class Deciding:
    """Applies a problem's threshold to the predictions of cells; leaves others as they are.

    Attributes:
        predict: the predictions for inputs, as the problem decodes them.
        chosen: the threshold of each language so far.
    """

    plan: Plan
    featuriser: Featuriser
    predict: Callable[[Sequence[Feature]], list[Prediction]]
    chosen: dict[str, float] = field(default_factory=dict)

    def __call__(self, cell: Cell, predictions: list[Prediction]) -> list[Prediction]:
        """The predictions of a cell, those below the threshold of its language being none."""
        problem, language = self.plan.problem, cell.languages[0]
        if not problem.open_threshold:
            return predictions
        if language not in self.chosen:
            are_dev = self.plan.evaluation.split == "dev" and not cell.condition
            dev = predictions if are_dev else self._dev(language)
            self.chosen[language] = problem.best_threshold(dev)
        return problem.above(predictions, self.chosen[language])

    def notes(self) -> list[str]:
        """The thresholds, for the reader of the results."""
        oracle = self.plan.evaluation.split == "dev"
        rule = "the best for these very rows (an oracle: an upper bound, and no test result)"
        rule = rule if oracle else "the best for the dev rows"
        return [
            f"threshold of {language}: {threshold:.6g}, {rule}"
            for language, threshold in self.chosen.items()
        ]

    def _dev(self, language: str) -> list[Prediction]:
        plan = self.plan
        rows = plan.rows.load(plan.task, "dev", language, plan.evaluation.limit)
        return self.predict(self.featuriser.windows(rows))


def decided(problem: Problem, dev: list[Prediction]) -> list[Prediction]:
    """Predictions of dev rows under the threshold that is best for them."""
    if not problem.open_threshold:
        return dev
    return problem.above(dev, problem.best_threshold(dev))
