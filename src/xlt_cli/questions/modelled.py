"""A mixed-effects model over the cells of a comparison: arms, families, languages, sets, seeds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from xlt_cli.errors import DataError
from xlt_cli.languages import facts_of
from xlt_cli.questions.arms import Numbered
from xlt_cli.questions.by_property import Stated, property_of
from xlt_cli.questions.cells import Cells, Tested
from xlt_cli.reports import mixed
from xlt_cli.spec.question import AT_HOME, MixedModel
from xlt_cli.stats import trend

SET, INTERMEDIATE = "set", "intermediate"
"""Further samples beside languages and seeds."""

LEVEL = 0.05


def modelled(
    asked: MixedModel,
    stated: Stated,
    tested: Tested,
    numbers: Mapping[str, Numbered],
    metric: str,
    collapsed: bool,
    notes: list[str],
) -> dict[str, Any] | None:
    """The model as JSON values, in the words of `reports.mixed`: a system is an arm, a condition a
    family. None, and a note, if it cannot be made of these cells.

    Args:
        collapsed: whether one of the runs has collapsed.
        notes: gets the cells that lack a covariate.
    """
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
    question = mixed.Question(asked.baseline, True, metric, asked.covariates, (), LEVEL)
    try:
        values = mixed.model(rows, question)
    except DataError as error:
        notes.append(f"there is no mixed model: {error.what}")
        return None
    return {**values, "collapsed": collapsed, "notes": []}


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
        if len(known) < len([name for name in covariates if name != AT_HOME]):
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
                    sampled={SET: one.title, INTERMEDIATE: _stage(run.before)},
                )


def _language(code: str) -> str:
    """One code for one language, however the task writes it."""
    return facts_of(code).language or code


def _stage(before: Sequence[str]) -> str:
    return "+".join(sorted(set(map(_language, before)))) or "none"
