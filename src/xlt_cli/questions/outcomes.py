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
from dataclasses import dataclass, replace

import numpy as np

from xlt_cli.questions.cells import Cells
from xlt_cli.stats import trend
from xlt_cli.stats.crossed import Part, combined, over_languages, parts
from xlt_cli.stats.estimates import Estimate
from xlt_cli.stats.moved_line import (
    ReferenceLine,
    fewest_points,
    is_determined,
    variance_of_lines,
)

ROBUSTNESS = "effective_robustness"

Points = Sequence[Sequence[int]]
"""Which runs an arm has: of each point one for each seed, in the same order of seeds."""


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

    def mean(self, points: Points) -> Estimate:
        """The mean over the runs of an arm, whose seeds are a sample, and its points if several."""
        if len(points) == 1:
            return self._less(points[0], None)
        return self._over_points(points, ())

    def less(self, of: Points, over: Points) -> Estimate:
        """The mean of an arm minus that of another, paired seed by seed.

        Where an arm has several points, they are a sample, as languages are in claims about
        languages (`stats.crossed`).
        """
        if len(of) == len(over) == 1:
            return self._less(of[0], over[0])
        return self._over_points(of, over)

    def effects_of_points(self, of: Points, over: Sequence[int]) -> list[float]:
        """The mean difference of each point of an arm from another arm's runs."""
        return [float((self.values[list(p)] - self.values[list(over)]).mean()) for p in of]

    def _less(self, of: Sequence[int], over: Sequence[int] | None) -> Estimate:
        values, effects = self.values[list(of)], self.effects[list(of)]
        if over is not None:
            values, effects = values - self.values[list(over)], effects - self.effects[list(over)]
        every = [*parts(values, effects), *self._lines([of], [over] if over is not None else [])]
        return combined(float(values.mean()), every)

    def _over_points(self, of: Points, over: Points) -> Estimate:
        sign = 1.0
        if len(of) == 1:
            of, over, sign = over, of, -1.0
        values = np.stack([self.values[list(p)] for p in (*of, *over)], axis=1)
        effects = [self.effects[list(p)] for p in (*of, *over)]
        groups = [range(len(of)), range(len(of), len(of) + len(over))]
        if len(over) == 1:
            values = values[:, :-1] - values[:, -1:]
            effects = [own - effects[-1] for own in effects[:-1]]
        found = over_languages(
            values, effects, groups if len(over) > 1 else groups[:1], self._lines(of, over)
        )
        assert found is not None, "there are two points or more"
        return replace(found, value=sign * found.value)

    def _lines(self, of: Points, over: Points) -> list[Part]:
        """What the scatter of the references about their lines adds to the variance."""
        if self.by_lines is None or self.residuals is None:
            return []
        weights = self._moved(self.by_lines, of)
        if over:
            weights = weights - self._moved(self.by_lines, over)
        lines = variance_of_lines(weights, self.residuals, self.predictors)
        return [Part(lines, self.residuals.shape[1] - self.predictors - 1)]

    @staticmethod
    def _moved(by_lines: np.ndarray, points: Points) -> np.ndarray:
        every: np.ndarray = np.mean([by_lines[list(own)].mean(axis=0) for own in points], axis=0)
        return every


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
