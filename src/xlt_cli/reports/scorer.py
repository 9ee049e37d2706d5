"""What figures are computed with: a problem and the extra metrics that are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from xlt_cli.api import ExtraMetric, Metric, Words
from xlt_cli.errors import DataError
from xlt_cli.problems import Prediction, Problem
from xlt_cli.spec.stated import stated


@dataclass(frozen=True)
class Scorer:
    """A problem with extra metrics; the statistics of these stand behind those of the problem.

    Attributes:
        main: the name of the metric that headlines show, and by which a step is selected.
    """

    problem: Problem
    main: str
    extra: tuple[ExtraMetric, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the problem."""
        return self.problem.labels

    @property
    def scoring(self) -> str:
        """What the problem says of its scores."""
        return self.problem.scoring

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Those of the problem, then the others."""
        return *self.problem.metrics, *(one.metric for one in self.extra)

    @property
    def main_metric(self) -> Metric:
        """The main one of them."""
        return next(metric for metric in self.metrics if metric.name == self.main)

    @property
    def extra_stated(self) -> dict[str, dict[str, Any]]:
        """The extra metrics by name: their parameters that are not at their defaults, and their
        version if it was raised."""
        return {
            one.name: {
                **stated(one.params),
                **({} if one.version == 1 else {"plugin version": one.version}),
            }
            for one in self.extra
        }

    @property
    def needs_probabilities(self) -> bool:
        """Whether statistics need the probabilities of predictions."""
        return any(one.probabilities for one in self.extra)

    def statistics(self, predictions: Sequence[Prediction]) -> np.ndarray:
        """[N, S]: those of the problem and of each extra metric, side by side.

        Raises:
            DataError: a metric needs probabilities, and predictions have none; or it is of groups,
                and predictions have no ids.
        """
        own = self.problem.statistics(predictions)
        if not self.extra:
            return own
        self._check(predictions)
        return np.concatenate(
            [own, *(one.statistics(self.problem, predictions) for one in self.extra)], axis=1
        )

    def score(self, sums: np.ndarray) -> dict[str, np.ndarray]:
        """The metrics for sums of statistics, [..., S]: an array [...] for each, by its name."""
        own, *others = self._parts(sums)
        scores = dict(self.problem.score(own))
        for one, part in zip(self.extra, others, strict=True):
            scores[one.name] = one.score(self.problem, part)
        return scores

    def score_samples(self, statistics: np.ndarray, counts: np.ndarray) -> dict[str, np.ndarray]:
        """The metrics of the problem that sums do not determine, of samples."""
        return self.problem.score_samples(self._parts(statistics)[0], counts)

    def score_all(self, predictions: Sequence[Prediction]) -> dict[str, float]:
        """Every metric of a set of predictions, by its name."""
        statistics = self.statistics(predictions)
        once = self.score_samples(statistics, np.ones((1, len(statistics))))
        scores = self.score(statistics.sum(axis=0)) | {name: own[0] for name, own in once.items()}
        return {name: float(value) for name, value in scores.items()}

    def words(self, sums: np.ndarray) -> Words:
        """The counts of words for sums of statistics."""
        return self.problem.words(self._parts(sums)[0])

    def _parts(self, sums: np.ndarray) -> list[np.ndarray]:
        """The sums (or statistics) of the problem, then of each extra metric."""
        parts, end = [], sums.shape[-1]
        for one in reversed(self.extra):
            begin = end - one.columns(self.problem)
            parts.append(sums[..., begin:end])
            end = begin
        return [sums[..., :end], *reversed(parts)]

    def _check(self, predictions: Sequence[Prediction]) -> None:
        grouped = next((one for one in self.extra if one.grouped), None)
        if grouped and not all(p.id for p in predictions):
            raise DataError(
                f"'{grouped.name}' is of groups of examples, and here each counts by itself",
                hint="compare by another metric, e.g. `--metric accuracy`",
            )
        needing = next((one for one in self.extra if one.probabilities), None)
        if needing and any(not p.probabilities for p in predictions):
            raise DataError(
                f"the metric '{needing.name}' needs the probabilities of the labels, and these "
                f"predictions ({self.problem.name}) have none",
                hint=f"leave '{needing.name}' out; reports of reproductions read no probabilities",
            )
