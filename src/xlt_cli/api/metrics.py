"""Metrics beside those of a problem, computed from predictions."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from xlt_cli.api.features import Prediction
from xlt_cli.api.plugin import Plugin
from xlt_cli.api.problems import Metric, Problem, not_among

if TYPE_CHECKING:
    import numpy as np


class ExtraMetric(Plugin):
    """A metric that is computed in addition to those of a problem.

    Like the metrics of a problem, it is determined by sums over examples, so that it can be
    resampled: an interval comes from the sums of each resample.

    Attributes:
        problems: the names of the only problems that it is made for; None for all.
        unit, higher_is_better, of_examples: as in `Metric`.
        probabilities: whether it needs the probabilities of predictions. They are read from the
            stored predictions only for such a metric, and archives of reproductions have none.
        grouped: whether it is of groups of examples, such as the rows of a query, whose ids are
            equal up to the last `/`. The statistics of a group are those of its first example, and
            0 for the others, so that a resample of examples is one of groups.
    """

    plugin_kind = "metric"
    problems: ClassVar[tuple[str, ...] | None] = None
    unit: ClassVar[Literal["share", "number"]] = "share"
    higher_is_better: ClassVar[bool] = True
    of_examples: ClassVar[bool] = False
    probabilities: ClassVar[bool] = False
    grouped: ClassVar[bool] = False

    @property
    def metric(self) -> Metric:
        """The metric, under the name of the plugin."""
        return Metric(self.name, self.unit, self.higher_is_better, self.of_examples)

    def problem_fault(self, problem: Problem) -> str:
        """The reason why it cannot be used with a problem; empty if it can."""
        return not_among(problem, self.problems)

    @abstractmethod
    def columns(self, problem: Problem) -> int:
        """The number of statistics of an example, S."""

    @abstractmethod
    def statistics(self, problem: Problem, predictions: Sequence[Prediction]) -> np.ndarray:
        """Statistics of each example, [N, S]; their sums over a set of examples determine the
        metric. They depend on no other example, unless the class states `grouped`.

        Predictions have their gold answer and what was predicted (None if the model abstained);
        their probabilities only if the class states `probabilities`.
        """

    @abstractmethod
    def score(self, problem: Problem, sums: np.ndarray) -> np.ndarray:
        """The metric for sums of statistics, [..., S]: an array [...]."""


class MeanMetric(ExtraMetric):
    """A metric that is the mean of a value of each example."""

    @abstractmethod
    def values(self, problem: Problem, predictions: Sequence[Prediction]) -> Sequence[float]:
        """The value of each example; NaN for an example that is left out of the mean."""

    def columns(self, problem: Problem) -> int:
        return 2

    def statistics(self, problem: Problem, predictions: Sequence[Prediction]) -> np.ndarray:
        import numpy as np

        values = np.asarray(self.values(problem, predictions), dtype=np.float64)
        counted = ~np.isnan(values)
        return np.stack([np.where(counted, values, 0.0), counted], axis=-1)

    def score(self, problem: Problem, sums: np.ndarray) -> np.ndarray:
        import numpy as np

        with np.errstate(invalid="ignore", divide="ignore"):
            mean: np.ndarray = sums[..., 0] / sums[..., 1]
        return mean
