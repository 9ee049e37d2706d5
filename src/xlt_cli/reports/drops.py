"""What a condition costs: clean figures minus those under the condition, on the same rows.

Differences are paired: each replicate draws the same rows clean and under the condition, and in
an aligned task the same items in every language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from xlt_cli.problems import Problem
from xlt_cli.reports.validity import cell_name
from xlt_cli.runs.cells import Pair
from xlt_cli.stats.intervals import Resampled, Sample, average, difference, resample

Scores = dict[str, Resampled]


def drops(
    problem: Problem,
    clean: Mapping[Pair, Sample],
    under: Mapping[Pair, Sample],
    unseen: Sequence[Pair],
    aligned: bool,
) -> dict[str, Any]:
    """The drop of each cell and of the averages, with intervals; positive where it hurts.

    Cells that are not there in both ways are left out, also of the averages.

    Args:
        unseen: the cells of languages that were not trained on.
        aligned: whether one id is the same item in every cell.
    """
    shared = [pair for pair in under if pair in clean]
    both = {pair: _together(clean[pair], under[pair]) for pair in shared}
    scores = _paired(problem, both, aligned)
    standard = [pair for pair in shared if pair[0] == pair[1]]
    mixed = [pair for pair in shared if pair[0] != pair[1]]
    return {
        "languages": {pair[0]: _as_dict(scores[pair]) for pair in standard},
        "averages": _averages(scores, standard, unseen),
        "pairs": {cell_name(pair): _as_dict(scores[pair]) for pair in mixed},
        "pair_averages": _averages(scores, mixed, unseen),
    }


def _together(clean: Sample, under: Sample) -> tuple[Sample, Sample]:
    """Both cells over the rows that they share, in one order."""
    place = {identifier: row for row, identifier in enumerate(under.ids)}
    rows = [row for row, identifier in enumerate(clean.ids) if identifier in place]
    ids = [clean.ids[row] for row in rows]
    others = np.array([place[identifier] for identifier in ids], dtype=int)
    return Sample(ids, clean.statistics[rows]), Sample(ids, under.statistics[others])


def _paired(
    problem: Problem, cells: Mapping[Pair, tuple[Sample, Sample]], aligned: bool
) -> dict[Pair, Scores]:
    if aligned:
        every = {
            f"{way}/{cell_name(pair)}": cell
            for pair, versions in cells.items()
            for way, cell in enumerate(versions)
        }
        scores = resample(every, problem.score, aligned=True)
        ways = {pair: [scores[f"{way}/{cell_name(pair)}"] for way in (0, 1)] for pair in cells}
    else:  # what is drawn depends on a cell's name and its number of rows alone
        ways = {
            pair: [resample({"": cell}, problem.score, aligned=False)[""] for cell in versions]
            for pair, versions in cells.items()
        }
    return {
        pair: {metric: difference(clean[metric], under[metric]) for metric in clean}
        for pair, (clean, under) in ways.items()
    }


def _averages(
    scores: Mapping[Pair, Scores], cells: Sequence[Pair], unseen: Sequence[Pair]
) -> dict[str, Any]:
    groups = {"all": list(cells), "zero_shot": [pair for pair in cells if pair in unseen]}
    return {
        name: {"cells": len(pairs), **_as_dict(_mean([scores[pair] for pair in pairs]))}
        for name, pairs in groups.items()
        if pairs
    }


def _mean(parts: Sequence[Scores]) -> Scores:
    return {metric: average([part[metric] for part in parts]) for metric in parts[0]}


def _as_dict(scores: Scores) -> dict[str, Any]:
    return {metric: drop.interval().as_dict() for metric, drop in scores.items()}
