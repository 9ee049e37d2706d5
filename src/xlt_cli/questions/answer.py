"""A question's answer as JSON values: arms, contrasts, and the points of its figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from xlt_cli.errors import RunError
from xlt_cli.questions.arms import Numbered, Runs
from xlt_cli.questions.by_property import by_property, intermediate_language
from xlt_cli.questions.cells import HOMES, Cells, Tested
from xlt_cli.questions.modelled import modelled
from xlt_cli.questions.outcomes import ROBUSTNESS, Outcome, Points, of_families, of_sets
from xlt_cli.questions.stored import TestedRun
from xlt_cli.questions.verdicts import LEVEL, differences, judge, means
from xlt_cli.runs.directory import Run
from xlt_cli.spec.question import Compared, Question
from xlt_cli.stats.moved_line import fewest_points

NO_REFERENCES = (
    "there is no effective robustness: {why}; contrasts are in {metric} alone, and do not tell a "
    "better model from a more robust one"
)
SEVERAL = "figure"
"""What the metric is called where sets have different ones."""

Numbers = Mapping[str, Numbered]
"""The runs of each arm that were tested."""


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
        there = {name for name, own in arms.items() if any(own.values())}
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


def _absent(arms: Mapping[str, Mapping[str, Sequence[TestedRun]]]) -> str:
    names = ", ".join(f"'{name}'" for name, own in arms.items() if not any(own.values()))
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
    arms: Mapping[str, Mapping[str, Sequence[TestedRun]]]
    references: Sequence[TestedRun]
    lacking: str

    def __post_init__(self) -> None:
        self.notes: list[str] = []
        every_run = {
            name: [run for own in points.values() for run in own]
            for name, points in self.arms.items()
        }
        there = {name: own for name, own in every_run.items() if own}
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
        self.numbers: dict[str, Numbered] = {}
        for name, points in self.arms.items():
            numbered = {
                point: {run.seed: n for run in own if (n := self.tested.number(run)) is not None}
                for point, own in points.items()
            }
            self.numbers[name] = Numbered(name, self.compared.arms[name].seeds, numbered)
        found = [self.tested.number(run) for run in self.references]
        self.points = [n for n in found if n is not None]
        self.collapsed = {
            name: [n for n in own.runs if self._has_collapsed(n)]
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
                name: own.without(self.collapsed[name]) for name, own in self.numbers.items()
            }
            values["without_collapsed"] = self._contrasts(families, sets, upright)
        if model := self.compared.mixed_model:
            stated = self.question.properties
            of_all = (stated, self.tested, self.numbers, self.metric, self.notes)
            values["mixed_model"] = modelled(model, *of_all)
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
            if count := sum(bool(beyond[n]) for n in own.runs):
                said.append(f"{count} of {len(own.runs)} runs of '{name}'")
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
        own = self.numbers[name]
        about = {
            "arm": name,
            "runs": [self.tested.runs[n].run.name for n in own.runs],
            "seeds": own.seeds,
            "planned": own.planned,
            "points": own.named_points() if len(own.points) > 1 else [],
            "collapsed": [self.tested.runs[n].seed for n in self.collapsed[name]],
        }
        if not own.seeds:
            return {**about, "families": {}, "sets": {}}
        points = own.at(own.seeds)
        return {
            **about,
            "families": {key: means(each, points) for key, each in families.items()},
            "sets": {key: means(each, points) for key, each in sets.items()},
        }

    def _contrasts(
        self,
        families: Mapping[str, Mapping[str, Outcome]],
        sets: Mapping[str, Mapping[str, Outcome]],
        numbers: Numbers,
    ) -> list[dict[str, Any]]:
        made = []
        for one in self.compared.contrasts:
            of, over = numbers[one.of], numbers[one.over]
            seeds = sorted(set(of.seeds) & set(over.seeds))
            no_claim = self._no_claim((one.of, one.over), (of, over), seeds)
            about: dict[str, Any] = {
                "of": one.of,
                "over": one.over,
                "primary": one.primary,
                "seeds": seeds,
                "no_claim": no_claim,
            }
            if not seeds:
                made.append({**about, "families": {}, "sets": {}})
                continue
            pair = of.at(seeds), over.at(seeds)
            found = {key: differences(each, *pair) for key, each in families.items()}
            judge(found, self.metric, self.question.equivalence / 100, no_claim)
            singles = {key: differences(each, *pair) for key, each in sets.items()}
            if one.by_property:
                about["by_property"] = self._by_property(one.by_property, of, families, *pair)
            made.append({**about, "families": found, "sets": singles})
        return made

    def _by_property(
        self,
        names: Sequence[str],
        arm: Numbered,
        families: Mapping[str, Mapping[str, Outcome]],
        of: Points,
        over: Points,
    ) -> dict[str, Any]:
        runs = self.tested.runs
        languages = {
            point: intermediate_language(point, [runs[n] for n in own])
            for point, own in zip(arm.named_points(), of, strict=True)
        }
        found = by_property(names, self.question.properties, languages, families, of, over[0])
        related = [one["property"] for one in (*found["relations"], *found["means"])]
        self.notes += [
            f"no correlation with {name}: fewer than three points have different known values"
            for name in names
            if name not in related
        ]
        return found

    def _no_claim(
        self, arms: Sequence[str], compared: Sequence[Numbered], seeds: Sequence[int]
    ) -> str:
        """Why no claim rests on a contrast; empty if one may.

        Args:
            compared: the arms as they are compared, perhaps without collapsed runs.
        """
        for arm in arms:
            if why := self.numbers[arm].lacks():
                return why
        if not seeds:
            gone = next((one.name for one in compared if not one.runs), None)
            return f"no run of '{gone}' is left" if gone else "the arms have no seed in common"
        if len(seeds) > 1:
            return ""
        several = any(len(one.points) > 1 for one in compared)
        covered = "points and test items" if several else "test items"
        return f"one seed: the intervals cover {covered} only"

    def _points(self, families: Mapping[str, Mapping[str, Outcome]]) -> dict[str, Any]:
        """Of each run the figure in distribution and the mean over the other families."""
        others = [own[self.metric].values for name, own in families.items()
                  if name not in HOMES]  # fmt: skip
        x, y = self.home.values, np.mean(others, axis=0)
        arms = {
            name: [[float(x[n]), float(y[n])] for n in own.runs]
            for name, own in self.numbers.items()
        }
        points = [[float(x[n]), float(y[n])] for n in self.points]
        return {"families": len(others), "arms": arms, "references": points}
