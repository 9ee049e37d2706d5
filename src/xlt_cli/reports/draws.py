"""Figures over several draws of a condition's noise: means, with intervals over draws and items.

The draws of a row stand side by side: what is resampled is a row with all of its draws. Noise is
drawn for each row by itself, so that this accounts for the rows that were taken and for the noise
that was drawn, and a draw has no effect that all rows share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from xlt_cli.api import Metric
from xlt_cli.reports.summary import Counted, Scored
from xlt_cli.stats.intervals import Sample


@dataclass(frozen=True)
class OverDraws:
    """Scores of several draws of one problem, whose statistics stand side by side."""

    problem: Scored
    draws: int

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Those of the problem; a mean over draws is no proportion of examples any more."""
        return tuple(replace(metric, of_examples=False) for metric in self.problem.metrics)

    def score(self, sums: np.ndarray) -> dict[str, np.ndarray]:
        """The mean over draws of each metric."""
        return _mean([self.problem.score(part) for part in np.split(sums, self.draws, axis=-1)])

    def score_samples(self, statistics: np.ndarray, counts: np.ndarray) -> dict[str, np.ndarray]:
        """The mean over draws of each metric that sums do not determine."""
        parts = np.split(statistics, self.draws, axis=-1)
        return _mean([self.problem.score_samples(part, counts) for part in parts])


def over(problem: Scored, draws: int) -> Scored:
    """What scores so many draws of a problem."""
    return problem if draws == 1 else OverDraws(problem, draws)


def beside(samples: Sequence[Counted]) -> Counted:
    """The draws of a cell side by side, over the rows that all of them have."""
    first, *others = samples
    shared = set(first.ids).intersection(*(other.ids for other in others))
    ids = [identifier for identifier in first.ids if identifier in shared]
    parts = [_of(sample, ids) for sample in samples]
    return Counted(ids, np.concatenate(parts, axis=1), first.look)


def repeated(cells: Mapping[tuple[str, str], Sample], draws: int) -> dict[tuple[str, str], Sample]:
    """Cells as if they had been drawn so many times, to be compared with some that were."""
    return {
        pair: Sample(cell.ids, np.tile(cell.statistics, (1, draws))) for pair, cell in cells.items()
    }


def _mean(scores: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {name: np.mean([score[name] for score in scores], axis=0) for name in scores[0]}


def _of(sample: Sample, ids: Sequence[str]) -> np.ndarray:
    """The statistics of some rows, in their order."""
    if list(sample.ids) == list(ids):
        return sample.statistics
    place = {identifier: row for row, identifier in enumerate(sample.ids)}
    chosen: np.ndarray = sample.statistics[[place[identifier] for identifier in ids]]
    return chosen
