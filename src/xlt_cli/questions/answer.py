"""A question's answer as JSON values: arms, contrasts, and the points of its figure."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from xlt_cli.errors import RunError
from xlt_cli.questions.arms import Runs
from xlt_cli.questions.cells import HOMES, Cells, Tested
from xlt_cli.questions.outcomes import ROBUSTNESS, Outcome, of_families, of_sets
from xlt_cli.questions.stored import TestedRun
from xlt_cli.runs.directory import Run
from xlt_cli.spec.question import Compared, Question
from xlt_cli.stats.estimates import Estimate
from xlt_cli.stats.moved_line import fewest_points
from xlt_cli.stats.significance import holm

LEVEL = 0.05
NO_REFERENCES = (
    "there is no effective robustness: {why}; contrasts are in {metric} alone, and do not tell a "
    "better model from a more robust one"
)
SEVERAL = "figure"
"""What the metric is called where sets have different ones."""

Numbers = Mapping[str, Mapping[int, int]]
"""Of each arm, which of the runs that were tested each seed's is."""


def answered(question: Question, runs: Sequence[Run]) -> dict[str, Any]:
    """All that is known of a question.

    Args:
        runs: those that may be its arms and references; others are left aside.

    Raises:
        RunError: no comparison has a contrast of two arms with runs.
        DataError: runs were tested on different rows.
    """
    notes: list[str] = []
    known = Runs(runs, notes)
    lacking = known.lacking(question)
    references = [
        one
        for one in ([] if lacking else known.references(question))
        if _may_be_reference(one, question, notes)
    ]
    comparisons = []
    for compared in question.comparisons:
        arms = known.arms(compared)
        there = {name: own for name, own in arms.items() if own}
        if not any(one.of in there and one.over in there for one in compared.contrasts):
            notes.append(f"'{compared.name}' is not compared: {_absent(arms)}")
        else:
            own = _Comparison(question, compared, arms, references, lacking)
            comparisons.append(own.values())
    if not comparisons:
        raise RunError(
            "no comparison has runs of both arms of a contrast", "\n".join(notes),
            "the question's file names sweeps and points; `xlt runs` lists the runs that there are",
        )  # fmt: skip
    return {
        "title": question.title,
        "equivalence": question.equivalence,
        "level": LEVEL,
        "comparisons": comparisons,
        "notes": list(dict.fromkeys(notes)),
    }


def _absent(arms: Mapping[str, Sequence[TestedRun]]) -> str:
    names = ", ".join(f"'{name}'" for name, own in arms.items() if not own)
    return f"there are no runs of {names}"


def _may_be_reference(one: TestedRun, question: Question, notes: list[str]) -> bool:
    if one.gives_one_answer(question.in_distribution):
        notes.append(f"the reference {one.run.name} is no point of the lines: it has collapsed")
        return False
    return True


@dataclass
class _Comparison:
    """One comparison: its arms over the same cells.

    Attributes:
        lacking: which references are not there, in words.
    """

    question: Question
    compared: Compared
    arms: Mapping[str, Sequence[TestedRun]]
    references: Sequence[TestedRun]
    lacking: str

    def __post_init__(self) -> None:
        self.notes: list[str] = []
        there = {name: own for name, own in self.arms.items() if own}
        trained: dict[str, list[str]] = {}
        for name, own in {**there, "references": self.references}.items():
            for code in dict.fromkeys(x for run in own for x in run.trained_on):
                trained.setdefault(code, []).append(name)
        every = len(there) + bool(self.references)
        self.trained = {
            code: ["every arm"] if len(own) == every else own for code, own in trained.items()
        }
        self.tested = Tested(
            self.question.sets(),
            there,
            self.references,
            self.trained,
            self.notes,
            self.question.metric,
        )
        self.home = self.tested.homes[0]
        metrics = list(dict.fromkeys(one.metric for one in self.tested.cells))
        self.metric = metrics[0] if len(metrics) == 1 else SEVERAL
        self.numbers: dict[str, dict[int, int]] = {}
        for name, own in self.arms.items():
            places = {run.seed: self.tested.number(run) for run in own}
            self.numbers[name] = {s: n for s, n in places.items() if n is not None}
        points = [self.tested.number(run) for run in self.references]
        self.points = [n for n in points if n is not None]
        self.collapsed = {
            name: [s for s, n in own.items() if self._has_collapsed(n)]
            for name, own in self.numbers.items()
        }

    def _has_collapsed(self, number: int) -> bool:
        below = self.question.collapsed_below
        if below is not None and self.home.values[number] < below:
            return True
        return self.tested.runs[number].gives_one_answer(self.question.in_distribution)

    def values(self) -> dict[str, Any]:
        """All of it as JSON values."""
        cells, own = self.tested.cells, (self.tested.homes, self.points, self.metric)
        families = of_families(cells, *own)
        sets = {one.title: of_sets([one], *own) for one in cells}
        robust = any(ROBUSTNESS in outcomes for outcomes in families.values())
        if robust:
            self.notes += self._extrapolated()
        else:
            self.notes.append(NO_REFERENCES.format(why=self._why_no_line(), metric=self.metric))
        values = {
            "name": self.compared.name,
            "metric": self.metric,
            "sets": [self._about(one) for one in self.tested.cells],
            "trained_on": self.trained,
            "references": len(self.points),
            "effective_robustness": robust,
            "lines_over": [one.title for one in self.tested.homes],
            "arms": [self._arm(name, families, sets) for name in self.arms],
            "contrasts": self._contrasts(families, sets, self.numbers),
            "points": self._points(families),
        }
        if any(self.collapsed.values()):
            upright = {
                name: {s: n for s, n in own.items() if s not in self.collapsed[name]}
                for name, own in self.numbers.items()
            }
            values["without_collapsed"] = self._contrasts(families, sets, upright)
        return {**values, "notes": list(dict.fromkeys(self.notes))}

    def _why_no_line(self) -> str:
        if self.question.reference is None:
            return "the question names no reference runs"
        if self.lacking:
            return self.lacking
        count, fewest = len(self.points), fewest_points(len(self.tested.homes))
        if count < fewest:
            runs = "run is" if count == 1 else "runs are"
            return f"{count or 'no'} reference {runs} there, and a line needs {fewest}"
        if len(self.tested.homes) > 1:
            return "the figures of the reference runs in distribution do not determine a plane"
        return f"all reference runs have the same {self.metric} in distribution"

    def _extrapolated(self) -> list[str]:
        """Which arms have runs for which lines are extended beyond the references."""
        figures = np.stack([home.values for home in self.tested.homes])
        low, high = figures[:, self.points].min(axis=1), figures[:, self.points].max(axis=1)
        beyond = ((figures < low[:, None]) | (figures > high[:, None])).any(axis=0)
        said = []
        for name, own in self.numbers.items():
            if count := sum(bool(beyond[n]) for n in own.values()):
                said.append(f"{count} of {len(own)} runs of '{name}'")
        if not said:
            return []
        return [
            "effective robustness is extrapolated where a run's figure in distribution lies "
            f"outside the range of the reference runs': {', '.join(said)}"
        ]

    def _about(self, one: Cells) -> dict[str, Any]:
        pairs = ["+".join(dict.fromkeys(pair)) for pair in one.pairs]
        return {
            "family": one.family,
            "set": one.title,
            "cells": pairs,
            "rows": one.rows,
            "left_out": one.left_out,
        }

    def _arm(
        self,
        name: str,
        families: Mapping[str, Mapping[str, Outcome]],
        sets: Mapping[str, Mapping[str, Outcome]],
    ) -> dict[str, Any]:
        own, planned = self.numbers[name], self.compared.arms[name].seeds
        about = {
            "arm": name,
            "runs": [self.tested.runs[n].run.name for n in own.values()],
            "seeds": list(own),
            "planned": planned,
            "collapsed": self.collapsed[name],
        }
        if not own:
            return {**about, "families": {}, "sets": {}}
        numbers = list(own.values())
        return {
            **about,
            "families": {key: _means(each, numbers) for key, each in families.items()},
            "sets": {key: _means(each, numbers) for key, each in sets.items()},
        }

    def _contrasts(
        self,
        families: Mapping[str, Mapping[str, Outcome]],
        sets: Mapping[str, Mapping[str, Outcome]],
        numbers: Numbers,
    ) -> list[dict[str, Any]]:
        made = []
        for one in self.compared.contrasts:
            seeds = sorted(set(numbers[one.of]) & set(numbers[one.over]))
            no_claim = self._no_claim(one.of, one.over, seeds)
            about = {
                "of": one.of,
                "over": one.over,
                "primary": one.primary,
                "seeds": seeds,
                "no_claim": no_claim,
            }
            if not seeds:
                made.append({**about, "families": {}, "sets": {}})
                continue
            pair = [[numbers[arm][s] for s in seeds] for arm in (one.of, one.over)]
            found = {key: _differences(each, *pair) for key, each in families.items()}
            self._judge(found, no_claim)
            singles = {key: _differences(each, *pair) for key, each in sets.items()}
            made.append({**about, "families": found, "sets": singles})
        return made

    def _no_claim(self, of: str, over: str, seeds: Sequence[int]) -> str:
        """Why no claim rests on a contrast; empty if one may."""
        for arm in (of, over):
            planned, own = self.compared.arms[arm].seeds, len(self.numbers[arm])
            if not own:
                return f"there are no runs of '{arm}'"
            if planned is not None and own < planned:
                return f"'{arm}' has {own} of {planned} planned seeds"
        if not seeds:
            return "the arms have no seed in common"
        return "one seed: the intervals cover test items only" if len(seeds) == 1 else ""

    def _judge(self, found: dict[str, dict[str, Any]], no_claim: str) -> None:
        """Adds corrected p-values, over the families out of distribution, and verdicts."""
        band = self.question.equivalence / 100
        for outcome in (self.metric, ROBUSTNESS):
            family = [own[outcome] for name, own in found.items()
                      if name not in HOMES and outcome in own]  # fmt: skip
            adjusted = holm([one["p"] for one in family])
            for one, p in zip(family, adjusted, strict=True):
                one["p_holm"] = p
        for own in found.values():
            for one in own.values():
                within = -band < one["low"] and one["high"] < band
                one["equivalent"] = within and not no_claim
                one["verdict"] = "" if no_claim else _verdict(one, within)

    def _points(self, families: Mapping[str, Mapping[str, Outcome]]) -> dict[str, Any]:
        """Of each run the figure in distribution and the mean over the other families."""
        others = [own[self.metric].values for name, own in families.items()
                  if name not in HOMES]  # fmt: skip
        x, y = self.home.values, np.mean(others, axis=0)
        arms = {
            name: [[float(x[n]), float(y[n])] for n in own.values()]
            for name, own in self.numbers.items()
        }
        points = [[float(x[n]), float(y[n])] for n in self.points]
        return {"families": len(others), "arms": arms, "references": points}


def _means(outcomes: Mapping[str, Outcome], numbers: Sequence[int]) -> dict[str, Any]:
    return {
        name: {
            **one.mean(numbers).interval(LEVEL).as_dict(),
            **_deviation([float(one.values[n]) for n in numbers]),
        }
        for name, one in outcomes.items()
    }


def _deviation(values: Sequence[float]) -> dict[str, float]:
    return {"deviation": statistics.stdev(values)} if len(values) > 1 else {}


def _differences(
    outcomes: Mapping[str, Outcome], of: Sequence[int], over: Sequence[int]
) -> dict[str, Any]:
    return {name: _difference(one.less(of, over)) for name, one in outcomes.items()}


def _difference(estimate: Estimate) -> dict[str, Any]:
    return {
        **estimate.interval(LEVEL).as_dict(),
        "p": estimate.p_value(),
        "smallest_effect": estimate.smallest_effect(level=LEVEL) if estimate.error > 0 else None,
    }


def _verdict(one: Mapping[str, Any], within: bool) -> str:
    """What a contrast shows: a direction by the corrected p-value, equivalence by the interval."""
    said = []
    if one.get("p_holm", one["p"]) <= LEVEL:
        said.append("higher" if one["value"] > 0 else "lower")
    if within:
        said.append("equivalent")
    return ", ".join(said) or "undecided"
