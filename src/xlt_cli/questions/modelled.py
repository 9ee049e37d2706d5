"""A mixed-effects model over the cells of a comparison: arms, families, languages, sets, seeds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from xlt_cli.errors import DataError
from xlt_cli.languages import broad_code
from xlt_cli.questions.arms import Numbered
from xlt_cli.questions.by_property import Stated, property_of
from xlt_cli.questions.cells import Cells, Tested
from xlt_cli.questions.verdicts import LEVEL
from xlt_cli.reports import mixed
from xlt_cli.spec.question import AT_HOME, MixedModel
from xlt_cli.stats import trend

SET, INTERMEDIATE, RUN = "set", "intermediate", "run"
"""Further samples beside languages and seeds."""


def modelled(
    asked: MixedModel,
    stated: Stated,
    tested: Tested,
    numbers: Mapping[str, Numbered],
    metric: str,
    notes: list[str],
) -> dict[str, Any] | None:
    """The model as JSON values, in the words of `reports.mixed`: a system is an arm, a condition a
    family. None, and a note, if it cannot be made of these cells.

    Args:
        notes: gets the cells that lack a covariate.
    """
    if why := _refused(asked, numbers, tested):
        notes.append(f"there is no mixed model: {why}")
        return None
    lacking: dict[str, list[str]] = {}
    rows = [
        row
        for one in tested.cells
        if not any(one is home for home in tested.homes)
        for row in _rows(one, asked.covariates, stated, tested, numbers, lacking)
    ]
    rows.sort(key=lambda row: row.system != asked.baseline)
    for name, languages in lacking.items():
        said = ", ".join(sorted(set(languages)))
        notes.append(f"the mixed model leaves out cells without a known {name}: {said}")
    if not rows:
        notes.append("there is no mixed model: no cell has all covariates")
        return None
    question = mixed.Question(asked.baseline, True, metric, asked.covariates, (), LEVEL)
    try:
        values = mixed.model(rows, question)
    except DataError as error:
        notes.append(f"there is no mixed model: {error.what}")
        return None
    return {**values, "collapsed": False, "notes": []}


def _refused(asked: MixedModel, numbers: Mapping[str, Numbered], tested: Tested) -> str:
    """Why there is no model of these arms; empty if there may be one."""
    if not numbers[asked.baseline].runs:
        return f"there are no runs of the baseline '{asked.baseline}'"
    arm_of: dict[int, str] = {}
    for arm, numbered in numbers.items():
        for n in numbered.runs:
            other = arm_of.setdefault(n, arm)
            if other != arm:
                return f"'{tested.runs[n].run.name}' is a run of '{other}' and of '{arm}'"
    return ""


def _rows(
    one: Cells,
    covariates: Sequence[str],
    stated: Stated,
    tested: Tested,
    numbers: Mapping[str, Numbered],
    lacking: dict[str, list[str]],
) -> Iterator[mixed.Observed]:
    """The figures of a set: of each run in each cell, as the mean over draws."""
    draws = len(one.figures) // len(one.pairs)
    home = tested.homes[0]
    for place, pair in enumerate(one.pairs):
        own = slice(place * draws, (place + 1) * draws)
        values = np.mean(one.figures[own], axis=0)
        count = sum(moved.shape[1] for moved in one.moved[own])
        known: dict[str, float | str] = {}
        for name in covariates:
            if name == AT_HOME:
                continue
            found = property_of(name, pair[0], stated) if pair[0] == pair[1] else None
            if found is None:
                lacking.setdefault(name, []).append("+".join(dict.fromkeys(pair)))
            else:
                known[name] = found
        if set(known) != set(covariates) - {AT_HOME}:
            continue
        for arm, numbered in numbers.items():
            for n in numbered.runs:
                run = tested.runs[n]
                at_home = float(trend.logit(trend.inside(home.values[n], home.rows)))
                yield mixed.Observed(
                    system=arm,
                    language="+".join(dict.fromkeys(map(_language, pair))),
                    seed=str(run.seed),
                    condition=one.family,
                    value=float(values[n]),
                    rows=count,
                    covariates={**known, **({AT_HOME: at_home} if AT_HOME in covariates else {})},
                    sampled={SET: one.title, INTERMEDIATE: _stage(run.before), RUN: run.run.name},
                )


def _language(code: str) -> str:
    """One code for one language, however the task writes it: `sw` and `swh_Latn` are `sw`."""
    return broad_code(code)


def _stage(before: Sequence[str]) -> str:
    return "+".join(sorted(set(map(_language, before)))) or "none"
