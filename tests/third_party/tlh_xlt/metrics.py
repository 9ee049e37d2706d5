"""Metrics: of probabilities, of counts, and of the rows of one label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import Field

from xlt_cli.api import ExtraMetric, MeanMetric, PluginParams, Prediction, Problem

if TYPE_CHECKING:
    import numpy as np


class Brier(MeanMetric):
    api_version = 1
    name = "brier"
    summary = "squared distance of the probabilities from the gold label"
    reference = "Brier 1950"
    problems = ("sequence-classification",)
    unit = "number"
    higher_is_better = False
    probabilities = True

    def values(self, problem: Problem, predictions: Sequence[Prediction]) -> list[float]:
        def distance(p: Prediction) -> float:
            gold = problem.ids[p.gold]
            return sum((x - (i == gold)) ** 2 for i, x in enumerate(p.probabilities))

        return [distance(p) for p in predictions]


class LabelRecall(MeanMetric):
    """The rows of other labels are left out of the mean."""

    api_version = 1
    name = "label_recall"
    summary = "how many rows of one label are found"

    class Params(PluginParams):
        label: str = Field("honour", description="the label")

    params: Params

    def problem_fault(self, problem: Problem) -> str:
        label = self.params.label
        return "" if label in problem.labels else f"there is no label '{label}'"

    def values(self, problem: Problem, predictions: Sequence[Prediction]) -> list[float]:
        own = self.params.label
        return [float(p.predicted == own) if p.gold == own else float("nan") for p in predictions]


class Matthews(ExtraMetric):
    api_version = 1
    name = "mcc"
    summary = "Matthews's correlation coefficient"
    problems = ("sequence-classification",)
    unit = "number"

    def columns(self, problem: Problem) -> int:
        """Counts, gold-major; in the last column the rows on which the model abstained."""
        return len(problem.labels) * (len(problem.labels) + 1)

    def statistics(self, problem: Problem, predictions: Sequence[Prediction]) -> np.ndarray:
        import numpy as np

        size = len(problem.labels)
        counts = np.zeros((len(predictions), size, size + 1))
        for row, p in enumerate(predictions):
            counts[row, problem.ids[p.gold], problem.ids.get(p.predicted, size)] = 1
        return counts.reshape(-1, size * (size + 1))

    def score(self, problem: Problem, sums: np.ndarray) -> np.ndarray:
        import numpy as np

        size = len(problem.labels)
        matrix = sums.reshape(*sums.shape[:-1], size, size + 1)
        told, n = matrix.sum(-2), sums.sum(-1)
        gold = np.pad(matrix.sum(-1), [(0, 0)] * (matrix.ndim - 2) + [(0, 1)])
        right = np.trace(matrix, axis1=-2, axis2=-1)
        covariance = right * n - (gold * told).sum(-1)
        spread = (n**2 - (told**2).sum(-1)) * (n**2 - (gold**2).sum(-1))
        return np.where(spread > 0, covariance / np.sqrt(np.where(spread > 0, spread, 1)), 0.0)
