"""Methods against a baseline: paired differences of a metric, with intervals over seeds and items.

Everything is compared with itself as far as it can be: a method's run with the baseline's run of
the same seed, on the same test items in all methods, seeds and (aligned) languages. What the two
share, hard items above all, cancels. Seeds and items are samples (`stats.crossed`); where a claim
is about languages, they are a sample, too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from xlt_cli.errors import DataError
from xlt_cli.languages import among
from xlt_cli.reports.measured import Measured
from xlt_cli.runs.cells import Pair
from xlt_cli.stats.crossed import crossed, over_languages
from xlt_cli.stats.estimates import Estimate

Group = Literal[
    "source",
    "zero_shot",
    "near",
    "distant",
    "all",
    "generalized",
    "generalized_zero_shot",
    "generalized_near",
    "generalized_distant",
]
"""An average over cells; `group` says over which."""

SAMPLES: frozenset[Group] = frozenset({"near", "distant"})
"""Averages that are compared as samples of such languages, and not of those that were tested."""


@dataclass(frozen=True)
class Gain:
    """A method minus the baseline, mean over the seeds that both finished.

    Attributes:
        estimate: in the metric's unit. With one seed, items alone are a sample.
        seeds: those it is a mean over.
        each: the gain with each of them.
        languages: in a comparison of languages, how many more there are than groups: none say
            nothing of other languages. None: no such comparison.
    """

    estimate: Estimate
    seeds: tuple[int, ...]
    each: tuple[float, ...]
    languages: int | None = None


def group(
    pairs: Sequence[Pair], trained_on: Collection[str], near: Collection[str]
) -> dict[Group, list[Pair]]:
    """The cells that each average is over; averages without a cell are left out.

    source: languages trained on. zero_shot: the others, which are near or distant. all: both.
    generalized: pairs of different languages; generalized_zero_shot: neither trained on;
    generalized_near: each trained on or near; generalized_distant: all others.

    Raises:
        UserError: a language is unknown, so that its group is.
    """
    languages = {language for pair in pairs for language in pair}
    seen = {language for language in languages if among(language, trained_on)}
    close = seen | {language for language in languages if among(language, near)}
    standard = [pair for pair in pairs if pair[0] == pair[1]]
    mixed = [pair for pair in pairs if pair[0] != pair[1]]
    unseen = [pair for pair in standard if pair[0] not in seen]
    cells: dict[Group, list[Pair]] = {
        "source": [pair for pair in standard if pair[0] in seen],
        "zero_shot": unseen,
        "near": [pair for pair in unseen if pair[0] in close],
        "distant": [pair for pair in unseen if pair[0] not in close],
        "all": standard,
        "generalized": mixed,
        "generalized_zero_shot": [pair for pair in mixed if not set(pair) & seen],
        "generalized_near": [pair for pair in mixed if set(pair) <= close],
        "generalized_distant": [pair for pair in mixed if not set(pair) <= close],
    }
    return {name: members for name, members in cells.items() if members}


@dataclass(frozen=True)
class Comparison:
    """The finished runs of one task: {method: {seed: what it answered}}.

    Attributes:
        baseline: the method that the others are compared with.
    """

    runs: Mapping[str, Mapping[int, Measured]]
    baseline: str

    def __post_init__(self) -> None:
        """Raises DataError if two runs were not tested on the same rows."""
        every = [t.rows for seeds in self.runs.values() for t in seeds.values()]
        if any(rows != every[0] for rows in every):
            raise DataError(
                "the runs were tested on different rows and cannot be compared",
                hint="the data have changed between runs; use another --runs-dir for the new data",
            )

    @property
    def pairs(self) -> list[Pair]:
        """The cells that were tested."""
        tests = [t for seeds in self.runs.values() for t in seeds.values()]
        return list(tests[0].scores) if tests else []

    def figure(self, method: str, cells: Sequence[Pair]) -> Estimate | None:
        """A method's own figure, mean over its seeds; None if none is finished."""
        runs = self.runs.get(method, {})
        if not runs:
            return None
        every = [runs[seed] for seed in sorted(runs)]
        effects = np.empty((len(every), every[0].items))
        for row, one in zip(effects, every, strict=True):
            row[:] = one.effects(cells)
        return crossed([one.mean(cells) for one in every], effects)

    def gain(self, method: str, cells: Sequence[Pair]) -> Gain | None:
        """A method minus the baseline; None if there is no seed that both finished."""
        return self._gain(method, {1: cells})

    def larger(
        self, method: str, of: Sequence[Pair], than: Sequence[Pair], samples: bool = False
    ) -> Gain | None:
        """By how much a method gains more in some cells than in others.

        Args:
            samples: the two are samples of languages, and the claim is about such languages.
        """
        gain = self._gain(method, {1: of, -1: than})
        if gain is None or not samples:
            return gain
        cells, known = [*of, *than], len(of) + len(than) - 2
        mine, theirs = (self.runs[name] for name in (method, self.baseline))
        values, effects = self.by_cell(mine, theirs, gain.seeds, cells)
        groups = [range(len(of)), range(len(of), len(cells))]
        estimate = over_languages(values, effects, groups) or gain.estimate
        return Gain(estimate, gain.seeds, gain.each, known)

    @staticmethod
    def by_cell(
        mine: Mapping[int, Measured],
        theirs: Mapping[int, Measured],
        seeds: Sequence[int],
        cells: Sequence[Pair],
    ) -> tuple[np.ndarray, list[np.ndarray]]:
        """Gains in each of C cells, [K, C], and their effects, [K, items] each."""
        values = [
            [mine[s].scores[c].value - theirs[s].scores[c].value for c in cells] for s in seeds
        ]
        return np.array(values), [_less(mine, theirs, seeds, [c]) for c in cells]

    def without(self, seeds: Mapping[str, Collection[int]]) -> Comparison:
        """The same without some seeds of some methods."""
        kept = {
            method: {s: one for s, one in runs.items() if s not in seeds.get(method, ())}
            for method, runs in self.runs.items()
        }
        return Comparison(kept, self.baseline)

    def _gain(self, method: str, means: Mapping[int, Sequence[Pair]]) -> Gain | None:
        """The gain in a mean over cells, or in one mean less another, by their signs."""
        mine, theirs = self.runs.get(method, {}), self.runs.get(self.baseline, {})
        seeds = sorted(set(mine) & set(theirs))
        if not seeds:
            return None
        each = tuple(
            sum(
                sign * (mine[s].mean(cells) - theirs[s].mean(cells))
                for sign, cells in means.items()
            )
            for s in seeds
        )
        signed = [sign * _less(mine, theirs, seeds, cells) for sign, cells in means.items()]
        return Gain(crossed(each, sum(signed[1:], signed[0])), tuple(seeds), each)


def _less(
    mine: Mapping[int, Measured],
    theirs: Mapping[int, Measured],
    seeds: Sequence[int],
    cells: Sequence[Pair],
) -> np.ndarray:
    """How far each item moves the gain in a mean over cells with each seed, [K, items]."""
    effects = np.empty((len(seeds), mine[seeds[0]].items))
    for row, s in zip(effects, seeds, strict=True):
        pair = mine[s].effects(cells), theirs[s].effects(cells)
        np.subtract(*pair, out=row, dtype=np.float64)
    return effects
