"""The outcomes of runs on a family of test sets: the metric, and effective robustness.

Both are means over the sets of the family. Of each run there are the value and how far each item
moves it; estimates of arms and of contrasts are made of these (`stats.crossed`).

**Effective robustness** on a set is the metric minus what the line through the reference runs
predicts at the run's metric in distribution, or at those on several such sets (a plane; Shi et al.
2023). Items move it in three ways: by the run's metric on the set, by those in distribution, and by
those of the references, which move the line. The references are a sample, too: the scatter about
their lines is a part of the variance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from xlt_cli.questions.cells import Cells
from xlt_cli.stats import trend
from xlt_cli.stats.crossed import Part, combined, parts
from xlt_cli.stats.estimates import Estimate
from xlt_cli.stats.moved_line import (
    ReferenceLine,
    fewest_points,
    is_determined,
    variance_of_lines,
)

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
        predictors: how many figures the lines are over.
    """

    values: np.ndarray
    effects: np.ndarray
    by_lines: np.ndarray | None = None
    residuals: np.ndarray | None = None
    predictors: int = 1

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
            lines = variance_of_lines(weights, self.residuals, self.predictors)
            every.append(Part(lines, self.residuals.shape[1] - self.predictors - 1))
        return combined(float(values.mean()), every)


def metric(sets: Sequence[Cells]) -> Outcome:
    """The unweighted mean over sets."""
    items = _items(sets)
    values = np.mean([one.values for one in sets], axis=0)
    effects = sum(one.effects(items) for one in sets) / len(sets)
    return Outcome(values, np.asarray(effects))


def effective_robustness(
    sets: Sequence[Cells], homes: Sequence[Cells], references: Sequence[int]
) -> Outcome | None:
    """The mean over sets of how far runs lie above each set's line.

    Args:
        homes: the sets in distribution that lines are over.
        references: which of the runs the lines go through.

    Returns:
        None if a line cannot be fitted: there are too few references, or their figures in
        distribution are all the same (over several sets: do not determine a plane).
    """
    chosen, items = list(references), _items([*sets, *homes])
    x = np.stack([trend.inside(home.values, home.rows) for home in homes], axis=1)
    if len(chosen) < fewest_points(len(homes)) or not is_determined(x[chosen]):
        return None
    at_home = [home.effects(items) for home in homes]
    values = np.zeros(len(x))
    effects = np.zeros_like(at_home[0])
    by_lines = np.empty((len(x), len(sets), len(chosen)))
    residuals = np.empty((len(sets), len(chosen)))
    for k, one in enumerate(sets):
        y, moved = one.values, one.effects(items)
        line = ReferenceLine(x[chosen], trend.inside(y[chosen], one.rows))
        expected = [line.at(shares) for shares in x]
        values += y - [at.value for at in expected]
        by_y = np.stack([at.by_points_y for at in expected])
        effects += moved - by_y @ moved[chosen]
        for p, of_home in enumerate(at_home):
            by_x = np.stack([at.by_points_x[:, p] for at in expected])
            effects -= by_x @ of_home[chosen]
            effects -= np.array([at.by_x[p] for at in expected])[:, None] * of_home
        by_lines[:, k] = -np.stack([at.by_logits_y for at in expected]) / len(sets)
        residuals[k] = line.residuals
    return Outcome(values / len(sets), effects / len(sets), by_lines, residuals, len(homes))


def of_families(
    cells: Sequence[Cells], homes: Sequence[Cells], references: Sequence[int], name: str
) -> Mapping[str, dict[str, Outcome]]:
    """The outcomes of each family by its name.

    Args:
        name: what the metric is called; the other outcome is there where lines can be fitted.
    """
    families: dict[str, list[Cells]] = {}
    for one in cells:
        families.setdefault(one.family, []).append(one)
    return {family: of_sets(own, homes, references, name) for family, own in families.items()}


def of_sets(
    sets: Sequence[Cells], homes: Sequence[Cells], references: Sequence[int], name: str
) -> dict[str, Outcome]:
    """The outcomes over some sets; in distribution, the metric alone."""
    outcomes = {name: metric(sets)}
    own = any(sets[0] is home for home in homes)
    if not own and (found := effective_robustness(sets, homes, references)):
        outcomes[ROBUSTNESS] = found
    return outcomes


def _items(sets: Sequence[Cells]) -> np.ndarray:
    return np.unique(np.concatenate([one.items() for one in sets]))
