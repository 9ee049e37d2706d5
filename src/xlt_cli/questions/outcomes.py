"""The outcomes of runs on a family of test sets: the metric, and effective robustness.

Both are means over the sets of the family. Of each run there are the value and how far each item
moves it; estimates of arms and of contrasts are made of these (`stats.crossed`).

**Effective robustness** on a set is the metric minus what the line through the reference runs
predicts at the run's metric in distribution. Items move it in three ways: by the run's metric
on the set, by that in distribution, and by those of the references, which move the line.
The references are a sample, too: the scatter about their lines is a part of the variance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from xlt_cli.questions.cells import Cells
from xlt_cli.stats import trend
from xlt_cli.stats.crossed import Part, combined, parts
from xlt_cli.stats.estimates import Estimate
from xlt_cli.stats.moved_line import ReferenceLine, variance_of_lines

ROBUSTNESS = "effective_robustness"


@dataclass(frozen=True)
class Outcome:
    """One figure of R runs.

    Attributes:
        values: [R].
        effects: how far each item moves it, [R, N]; mean 0 over the items.
        by_lines: how logit(y) of each of n references on each of K sets moves it, [R, K, n];
            empty where no line has a part in it.
        residuals: of the references, [K, n].
    """

    values: np.ndarray
    effects: np.ndarray
    by_lines: np.ndarray | None = None
    residuals: np.ndarray | None = None

    def mean(self, runs: Sequence[int]) -> Estimate:
        """The mean over runs, whose seeds are a sample."""
        return self._estimate(list(runs), None)

    def less(self, runs: Sequence[int], others: Sequence[int]) -> Estimate:
        """The mean of some runs minus that of others, paired one by one."""
        return self._estimate(list(runs), list(others))

    def _estimate(self, runs: list[int], others: list[int] | None) -> Estimate:
        values, effects = self.values[runs], self.effects[runs]
        if others is not None:
            values, effects = values - self.values[others], effects - self.effects[others]
        every = parts(values, effects)
        if self.by_lines is not None and self.residuals is not None:
            weights = self.by_lines[runs].mean(axis=0)
            if others is not None:
                weights = weights - self.by_lines[others].mean(axis=0)
            lines = variance_of_lines(weights, self.residuals)
            every.append(Part(lines, self.residuals.shape[1] - 2))
        return combined(float(values.mean()), every)


def metric(sets: Sequence[Cells]) -> Outcome:
    """The unweighted mean over sets."""
    items = _items(sets)
    values = np.mean([one.values for one in sets], axis=0)
    effects = sum(one.effects(items) for one in sets) / len(sets)
    return Outcome(values, np.asarray(effects))


def effective_robustness(
    sets: Sequence[Cells], home: Cells, references: Sequence[int]
) -> Outcome | None:
    """The mean over sets of how far runs lie above each set's line.

    Args:
        home: the set in distribution.
        references: which of the runs the lines go through.

    Returns:
        None if a line cannot be fitted: there are fewer than three references, or all have the same
        figure in distribution.
    """
    chosen, items = list(references), _items([*sets, home])
    x = trend.inside(home.values, home.rows)
    if len(chosen) < trend.FEWEST or np.ptp(x[chosen]) == 0:
        return None
    at_home = home.effects(items)
    values = np.zeros(len(x))
    effects = np.zeros_like(at_home)
    by_lines = np.empty((len(x), len(sets), len(chosen)))
    residuals = np.empty((len(sets), len(chosen)))
    for k, one in enumerate(sets):
        y, moved = one.values, one.effects(items)
        line = ReferenceLine(x[chosen], trend.inside(y[chosen], one.rows))
        expected = [line.at(float(share)) for share in x]
        values += y - [at.value for at in expected]
        by_y = np.stack([at.by_points_y for at in expected])
        by_x = np.stack([at.by_points_x for at in expected])
        effects += moved - by_y @ moved[chosen] - by_x @ at_home[chosen]
        effects -= np.array([at.by_x for at in expected])[:, None] * at_home
        by_lines[:, k] = -np.stack([at.by_logits_y for at in expected]) / len(sets)
        residuals[k] = line.residuals
    return Outcome(values / len(sets), effects / len(sets), by_lines, residuals)


def of_families(
    cells: Sequence[Cells], home: Cells, references: Sequence[int], name: str
) -> Mapping[str, dict[str, Outcome]]:
    """The outcomes of each family by its name.

    Args:
        name: what the metric is called; the other outcome is there where lines can be fitted.
    """
    families: dict[str, list[Cells]] = {}
    for one in cells:
        families.setdefault(one.family, []).append(one)
    return {family: of_sets(own, home, references, name) for family, own in families.items()}


def of_sets(
    sets: Sequence[Cells], home: Cells, references: Sequence[int], name: str
) -> dict[str, Outcome]:
    """The outcomes over some sets; in distribution, the metric alone."""
    outcomes = {name: metric(sets)}
    if sets[0] is not home and (found := effective_robustness(sets, home, references)):
        outcomes[ROBUSTNESS] = found
    return outcomes


def _items(sets: Sequence[Cells]) -> np.ndarray:
    return np.unique(np.concatenate([one.items() for one in sets]))
