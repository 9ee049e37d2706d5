"""Systems against a baseline, as values that can be stored: figures, gains, tests, ranks.

A system is what some runs have in common but for their seed. Figures are in the unit of the metric,
gains are differences of them; every interval, p-value and smallest effect of a gain is of the same
estimate (`stats.crossed`).
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from xlt_cli.api import Metric
from xlt_cli.reports.comparison import Comparison, Gain, Group, group
from xlt_cli.reports.measured import Measured
from xlt_cli.reports.statements import statement
from xlt_cli.reports.validity import cell_name, collapsed
from xlt_cli.runs.cells import Pair
from xlt_cli.stats.contrasts import mcnemar, odds_ratio, standardized
from xlt_cli.stats.crossed import over_languages
from xlt_cli.stats.order import almost_stochastic_order
from xlt_cli.stats.ranks import ranks
from xlt_cli.stats.significance import CORRECTIONS, holm

AVERAGES: tuple[Group, ...] = ("zero_shot", "source", "all", "generalized", "generalized_zero_shot")


@dataclass(frozen=True)
class Settings:
    """What is asked of a comparison.

    Attributes:
        baseline: the system that gains are over.
        level: how often an interval may miss the truth; p-values up to it count as significant.
        correction: of the p-values of all languages: a name in `stats.significance.CORRECTIONS`.
        band: differences up to it count as none, in the unit of the metric; None: no test of
            equivalence.
    """

    baseline: str
    level: float
    correction: str
    band: float | None


class Systems:
    """The comparison of systems in one evaluation.

    Args:
        runs: {system: {seed: what it answered}}, on the same cells and rows.
        trained_on: languages.
    """

    def __init__(
        self,
        runs: Mapping[str, Mapping[int, Measured]],
        metric: Metric,
        trained_on: Sequence[str],
        settings: Settings,
    ) -> None:
        self.metric, self.settings = metric, settings
        self.every = Comparison(runs, settings.baseline)
        found = group(self.every.pairs, trained_on, ())
        self.groups = {name: found[name] for name in AVERAGES if name in found}
        self.headline: Group = next(iter(self.groups))
        source = [pair[0] for pair in self.groups.get("source", [])]
        self.collapsed = {
            name: [seed for seed, one in sorted(own.items()) if collapsed(one.looks, source)]
            for name, own in runs.items()
        }

    def values(self) -> dict[str, Any]:
        """All that is known, as JSON values."""
        upright = self.every.without(self.collapsed)
        beside = any(self.collapsed.values())
        return {
            "headline": self.headline,
            "averages": {name: len(cells) for name, cells in self.groups.items()},
            "languages": [pair[0] for pair in self.groups.get("all", [])],
            "systems": self._systems(self.every),
            "gains": self._gains(self.every),
            **(
                {
                    "without_collapsed": {
                        "systems": self._systems(upright),
                        "gains": self._gains(upright),
                    }
                }
                if beside
                else {}
            ),
        }

    def _cells(self) -> dict[str, Sequence[Pair]]:
        averages: dict[str, Sequence[Pair]] = {f"average:{k}": v for k, v in self.groups.items()}
        return averages | {cell_name(pair): [pair] for pair in self.every.pairs}

    def _systems(self, of: Comparison) -> dict[str, Any]:
        cells = self.groups[self.headline]
        means = {
            name: float(np.mean([one.mean(cells) for one in own.values()]))
            for name, own in of.runs.items()
            if own
        }
        places = ranks(means, self._beaten(of, cells), self.metric.higher_is_better)
        return {
            name: {
                "seeds": sorted(own),
                "collapsed_seeds": [seed for seed in self.collapsed[name] if seed in own],
                "figures": {
                    cell: self._figure(of, name, pairs)
                    for cell, pairs in self._cells().items()
                    if own
                },
                "rank": {**vars(places[name]), "ties": list(places[name].ties)} if own else None,
            }
            for name, own in of.runs.items()
        }

    def _figure(self, of: Comparison, name: str, cells: Sequence[Pair]) -> dict[str, Any]:
        """Mean and interval, and the deviation over seeds if there are several."""
        estimate = of.figure(name, cells)
        assert estimate is not None
        each = [one.mean(cells) for one in of.runs[name].values()]
        deviation = {"deviation": statistics.stdev(each)} if len(each) > 1 else {}
        return {**estimate.interval(self.settings.level).as_dict(), **deviation}

    def _beaten(self, of: Comparison, cells: Sequence[Pair]) -> set[tuple[str, str]]:
        """Pairs (better, worse), corrected over all pairs by Holm's method."""
        gains = {
            (name, other): gain
            for other, name in combinations(of.runs, 2)
            if (gain := Comparison(of.runs, other).gain(name, cells))
        }
        adjusted = holm([gain.estimate.p_value() for gain in gains.values()])
        sign = 1 if self.metric.higher_is_better else -1
        return {
            pair if sign * gain.estimate.value > 0 else (pair[1], pair[0])
            for (pair, gain), p in zip(gains.items(), adjusted, strict=True)
            if p <= self.settings.level
        }

    def _gains(self, of: Comparison) -> dict[str, Any]:
        others = [name for name in of.runs if name != self.settings.baseline]
        return {name: found for name in others if (found := self._against(of, name))}

    def _against(self, of: Comparison, name: str) -> dict[str, Any] | None:
        """A system's gains over the baseline; None without a seed that both have."""
        gains = {cell: of.gain(name, pairs) for cell, pairs in self._cells().items()}
        known = {cell: gain for cell, gain in gains.items() if gain}
        if not known:
            return None
        found = {cell: self._gain(gain) for cell, gain in known.items()}
        if self.metric.of_examples and len(next(iter(known.values())).seeds) == 1:
            for pair in self.every.pairs:
                found[cell_name(pair)] |= self._changed(of, name, pair)
        correct = CORRECTIONS[self.settings.correction]
        languages = [pair for pair in self.every.pairs if pair[0] == pair[1]]
        mixed = [pair for pair in self.every.pairs if pair[0] != pair[1]]
        for family in (languages, mixed):
            cells = [found[cell_name(pair)] for pair in family]
            for cell, p in zip(cells, correct([cell["p"] for cell in cells]), strict=True):
                cell["p_adjusted"] = p
        head = known[f"average:{self.headline}"]
        values: dict[str, Any] = {
            "seeds": list(head.seeds),
            "cells": found,
            "order": self._order(of, name),
            "any_language": self._any_language(of, name),
        }
        return {**values, "statement": statement(name, values, self.about())}

    def about(self) -> dict[str, Any]:
        """What a statement needs to know of the comparison."""
        return {
            "metric": self.metric,
            "settings": self.settings,
            "headline": self.headline,
            "cells": len(self.groups[self.headline]),
            "languages": [pair[0] for pair in self.groups.get("all", [])],
        }

    def _gain(self, gain: Gain) -> dict[str, Any]:
        level, band = self.settings.level, self.settings.band
        varies = gain.estimate.error > 0  # otherwise nothing is known of chance
        found: dict[str, Any] = {
            **gain.estimate.interval(level).as_dict(),
            "p": gain.estimate.p_value(),
            "smallest_effect": gain.estimate.smallest_effect(level=level) if varies else None,
        }
        if band is not None and not varies:
            found |= {"p_equivalence": None, "equivalent": False}
        elif band is not None:
            p = gain.estimate.equivalence(band)
            found |= {"p_equivalence": p, "equivalent": p <= level}
        d = standardized(gain.each, level)
        return {**found, **({"d": d.as_dict()} if d else {})}

    def _changed(self, of: Comparison, name: str, pair: Pair) -> dict[str, Any]:
        """Of one seed: rows that only one of the two answers correctly, and McNemar's p-value."""
        mine, theirs = of.runs[name], of.runs[self.settings.baseline]
        (seed,) = sorted(set(mine) & set(theirs))
        one, other = mine[seed].scores[pair], theirs[seed].scores[pair]
        moved = one.effects + one.value - other.effects - other.value
        won, lost = int((moved > 0.5).sum()), int((moved < -0.5).sum())
        odds = odds_ratio(won, lost, self.settings.level)
        return {
            "won": won,
            "lost": lost,
            "p": mcnemar(won, lost),
            **({"odds": odds.as_dict()} if odds and np.isfinite(odds.high) else {}),
        }

    def _order(self, of: Comparison, name: str) -> dict[str, float] | None:
        """Almost stochastic order of the headline average, over all seeds of both."""
        cells = self.groups[self.headline]
        sign = 1 if self.metric.higher_is_better else -1
        mine, theirs = (
            [sign * one.mean(cells) for one in of.runs[system].values()]
            for system in (name, self.settings.baseline)
        )
        if min(len(mine), len(theirs)) < 2:
            return None
        return vars(almost_stochastic_order(mine, theirs, self.settings.level))

    def _any_language(self, of: Comparison, name: str) -> dict[str, float] | None:
        """The headline gain, if the languages are a sample of all such languages."""
        cells = self.groups[self.headline]
        if self.headline.startswith("generalized") or len(cells) < 2:
            return None
        gain = of.gain(name, cells)
        assert gain is not None
        mine, theirs = of.runs[name], of.runs[self.settings.baseline]
        values, effects = of.by_cell(mine, theirs, gain.seeds, cells)
        estimate = over_languages(values, effects, [range(len(cells))])
        assert estimate is not None
        interval = estimate.interval(self.settings.level)
        return {**interval.as_dict(), "p": estimate.p_value()}
