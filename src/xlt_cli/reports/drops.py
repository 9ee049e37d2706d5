"""What a condition costs: clean figures minus those under the condition, on the same rows.

Differences are paired: each replicate draws the same rows clean and under the condition, and in
an aligned task the same items in every language.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from xlt_cli.reports.summary import Scored
from xlt_cli.reports.validity import cell_name
from xlt_cli.runs.cells import Pair
from xlt_cli.stats.intervals import Resampled, Sample, average, difference, ratio, resample

Scores = dict[str, Resampled]


def drops(
    problem: Scored,
    clean: Mapping[Pair, Sample],
    under: Mapping[Pair, Sample],
    unseen: Sequence[Pair],
    aligned: bool,
) -> dict[str, Any]:
    """What each cell and the averages lose, with intervals; positive where it hurts.

    Cells that are not there in both ways are left out, also of the averages. `drop` has the
    differences, `relative_drop` their shares of the clean figures (where those are above 0 in
    every resample), and `largest` the language that loses most in each of the two.

    Args:
        unseen: the cells of languages that were not trained on.
        aligned: whether one id is the same item in every cell.
    """
    shared = [pair for pair in under if pair in clean]
    if not shared:
        return {}
    both = {pair: together(clean[pair], under[pair]) for pair in shared}
    scores = paired(problem, both, aligned)
    standard = [pair for pair in shared if pair[0] == pair[1]]
    mixed = [pair for pair in shared if pair[0] != pair[1]]
    groups = {"standard": _groups(standard, unseen), "mixed": _groups(mixed, unseen)}
    lost: dict[str, dict[str, Any]] = {}
    units = {m.name: {"unit": m.unit} for m in problem.metrics if m.unit != "share"}

    def loss_of(clean: Scores, under: Scores) -> dict[str, Any]:
        figures = _difference(clean, under)
        return {metric: {**figure, **units.get(metric, {})} for metric, figure in figures.items()}

    for name, loss in (("drop", loss_of), ("relative_drop", _ratio)):
        lost[name] = {
            "languages": {pair[0]: loss(*scores[pair]) for pair in standard},
            "averages": _averages(scores, groups["standard"], loss),
            "pairs": {cell_name(pair): loss(*scores[pair]) for pair in mixed},
            "pair_averages": _averages(scores, groups["mixed"], loss),
        }
    largest = {name: _largest(parts["languages"], problem) for name, parts in lost.items()}
    return {**lost, "largest": largest}


def together(clean: Sample, under: Sample) -> tuple[Sample, Sample]:
    """Both cells over the rows that they share, in one order."""
    place = {identifier: row for row, identifier in enumerate(under.ids)}
    rows = [row for row, identifier in enumerate(clean.ids) if identifier in place]
    ids = [clean.ids[row] for row in rows]
    others = np.array([place[identifier] for identifier in ids], dtype=int)
    return Sample(ids, clean.statistics[rows]), Sample(ids, under.statistics[others])


def paired(
    problem: Scored, cells: Mapping[Pair, tuple[Sample, Sample]], aligned: bool
) -> dict[Pair, tuple[Scores, Scores]]:
    """Each cell's scores clean and under the condition, resampled together."""
    if aligned:
        every = {
            f"{way}/{cell_name(pair)}": cell
            for pair, versions in cells.items()
            for way, cell in enumerate(versions)
        }
        scores = resample(every, problem.score, True, problem.score_samples)
        return {
            pair: (scores[f"0/{cell_name(pair)}"], scores[f"1/{cell_name(pair)}"]) for pair in cells
        }
    paired = {}
    for pair, versions in cells.items():
        # What is drawn depends on a cell's name and its number of rows alone.
        clean, under = (
            resample({"": cell}, problem.score, False, problem.score_samples)[""]
            for cell in versions
        )
        paired[pair] = (clean, under)
    return paired


def _groups(cells: Sequence[Pair], unseen: Sequence[Pair]) -> dict[str, list[Pair]]:
    """The cells that averages are over, by the average's name."""
    return {"all": list(cells), "zero_shot": [pair for pair in cells if pair in unseen]}


def _averages(
    scores: Mapping[Pair, tuple[Scores, Scores]],
    groups: Mapping[str, Sequence[Pair]],
    loss: Callable[[Scores, Scores], dict[str, Any]],
) -> dict[str, Any]:
    """The loss of each group's mean."""
    return {
        name: {
            "cells": len(pairs),
            **loss(*(_mean([scores[pair][way] for pair in pairs]) for way in (0, 1))),
        }
        for name, pairs in groups.items()
        if pairs
    }


def _mean(parts: Sequence[Scores]) -> Scores:
    return {metric: average([part[metric] for part in parts]) for metric in parts[0]}


def _difference(clean: Scores, under: Scores) -> dict[str, Any]:
    return {
        metric: difference(clean[metric], under[metric]).interval().as_dict() for metric in clean
    }


def _ratio(clean: Scores, under: Scores) -> dict[str, Any]:
    """The shares of the clean figures that are lost; none of a figure that may be 0."""
    return {
        metric: ratio(difference(whole, under[metric]), whole).interval().as_dict()
        for metric, whole in clean.items()
        if whole.value > 0 and (whole.replicates > 0).all()
    }


def _largest(languages: Mapping[str, Mapping[str, Any]], problem: Scored) -> dict[str, Any]:
    """The language that loses most by each metric, with its loss."""
    largest = {}
    for metric in problem.metrics:
        sign = 1 if metric.higher_is_better else -1
        known = {x: own[metric.name] for x, own in languages.items() if metric.name in own}
        if known:
            language = max(known, key=lambda x: sign * known[x]["value"])
            largest[metric.name] = {"language": language, **known[language]}
    return largest
