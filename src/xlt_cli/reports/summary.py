"""The figures of an evaluation: per language, per pair of languages, averages, transfer gap.

Everything is computed from stored predictions. Averages are unweighted means over their cells,
and are recomputed from them here, never copied.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from xlt_cli.api import Metric
from xlt_cli.errors import DataError
from xlt_cli.languages import among
from xlt_cli.problems import Prediction
from xlt_cli.reports import validity
from xlt_cli.reports.validity import cell_name
from xlt_cli.runs.cells import Pair
from xlt_cli.stats.intervals import Resampled, Sample, average, difference, resample, wilson

Scores = dict[str, Resampled]


class Scored(Protocol):
    """What figures are computed with: a problem, or several draws of one (see `api.Problem`)."""

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What `score` and `score_samples` give."""

    def score(self, sums: np.ndarray) -> dict[str, np.ndarray]:
        """Metrics from summed statistics."""

    def score_samples(self, statistics: np.ndarray, counts: np.ndarray) -> dict[str, np.ndarray]:
        """Metrics that sums do not determine, of samples."""


class Counting(Scored, Protocol):
    """What counts predictions: a problem, or one with extra metrics."""

    @property
    def labels(self) -> Sequence[str]:
        """The labels; there may be none."""

    def statistics(self, predictions: Sequence[Prediction]) -> np.ndarray:
        """The statistics of each example, whose sums are scored."""


@dataclass(frozen=True)
class Counted(Sample):
    """One evaluated cell: what its figures are computed from.

    Attributes:
        look: what its rows have in common.
    """

    look: validity.Look


@dataclass(frozen=True)
class Summary:
    """Figures in [0, 1], as JSON values; `results.json` holds `as_dict()`.

    Attributes:
        metric: the main metric.
        languages: figures per language (the standard setting).
        averages: of `all` languages, and of the `zero_shot` ones, where there are any.
        transfer_gap: mean of the languages trained on minus mean of the zero-shot ones.
        pairs: figures per pair of different languages, as `first+second` (generalized).
        pair_averages: of `all` pairs, and of the `zero_shot` ones: neither language trained on.
        collapsed: whether the model gives one answer to every row (see `validity`).
        warnings: what makes figures worthless: kind, cells and details of each.
    """

    metric: str
    trained_on: list[str]
    languages: dict[str, dict[str, Any]]
    averages: dict[str, dict[str, Any]]
    transfer_gap: dict[str, Any] | None
    pairs: dict[str, dict[str, Any]]
    pair_averages: dict[str, dict[str, Any]]
    collapsed: bool
    warnings: list[dict[str, Any]]

    def as_dict(self) -> dict[str, Any]:
        return dict(vars(self))


def summarise(
    problem: Scored,
    metric: str,
    evaluated: Mapping[Pair, Counted],
    trained_on: Collection[str],
    aligned: bool,
) -> Summary:
    """Figures with 95% intervals of all evaluated cells.

    Raises:
        UserError: a language is unknown, so that it cannot be said whether it was trained on.
        DataError: a metric is not defined for the rows of a cell.
    """
    cells = {cell_name(pair): cell for pair, cell in evaluated.items()}
    scores = resample(cells, problem.score, aligned, problem.score_samples)
    _check_defined(scores)
    standard = {pair[0]: scores[cell_name(pair)] for pair in evaluated if pair[0] == pair[1]}
    mixed = {pair: scores[cell_name(pair)] for pair in evaluated if pair[0] != pair[1]}
    was_seen = {
        language: among(language, trained_on)
        for language in {i for pair in evaluated for i in pair}
    }
    seen = [language for language in standard if was_seen[language]]
    unseen = [language for language in standard if not was_seen[language]]
    unseen_pairs = [pair for pair in mixed if not any(was_seen[language] for language in pair)]
    looks = {pair: cell.look for pair, cell in evaluated.items()}
    gap = None
    if seen and unseen:
        gap = _figures_of_difference(
            _average([standard[i] for i in seen]), _average([standard[i] for i in unseen])
        )
    summary = Summary(
        metric=metric,
        trained_on=sorted(trained_on),
        languages={
            language: {
                "n": len(cells[language].ids),
                "trained_on": was_seen[language],
                **_figures(scored, len(cells[language].ids), problem.metrics),
            }
            for language, scored in standard.items()
        },
        averages=_averages(
            {"all": list(standard.values()), "zero_shot": [standard[i] for i in unseen]}
        ),
        transfer_gap=gap,
        pairs={
            cell_name(pair): {
                "first": pair[0],
                "second": pair[1],
                "n": len(cells[cell_name(pair)].ids),
                **_figures(scored, len(cells[cell_name(pair)].ids), problem.metrics),
            }
            for pair, scored in mixed.items()
        },
        pair_averages=_averages(
            {"all": list(mixed.values()), "zero_shot": [mixed[i] for i in unseen_pairs]}
        ),
        collapsed=validity.collapsed(looks, seen),
        warnings=validity.warnings(looks, seen),
    )
    groups = (summary.languages, summary.averages, summary.pairs, summary.pair_averages)
    for figures in [*(own for group in groups for own in group.values()), gap or {}]:
        note_units(figures, problem.metrics)
    return summary


def counted(problem: Counting, predictions: Sequence[Prediction]) -> Counted:
    """What figures are computed from; millions of predictions take less room so."""
    ids = [p.id for p in predictions]
    look = validity.look_at(predictions, problem.labels)
    return Counted(ids, problem.statistics(predictions), look)


def check_alignment(task: str, golds: Mapping[str, Mapping[str, object]]) -> None:
    """Checks that an item has one label in all languages: {language: {id: label}}.

    Raises:
        DataError: rows are not aligned, with the first place that shows it.
    """
    first: dict[str, tuple[str, object]] = {}
    for language, labels in golds.items():
        for identifier, label in labels.items():
            other, expected = first.setdefault(identifier, (language, label))
            if label != expected:
                raise DataError(
                    f"the rows of '{task}' are not aligned: '{identifier}' is {expected!r} in "
                    f"'{other}' and {label!r} in '{language}'",
                    f"{task} ({other}, {language})",
                    "line i must be the same item in every language; leave one of them out",
                )


def _check_defined(scores: Mapping[str, Scores]) -> None:
    for cell, own in scores.items():
        for name, resampled in own.items():
            if math.isnan(resampled.value):
                raise DataError(
                    f"the metric '{name}' is not defined for the rows of '{cell}': it is computed "
                    "from none of them, or their gold answers are all the same",
                    cell,
                    "leave the metric or the language out",
                )


def _figures(scores: Scores, n: int, metrics: Sequence[Metric]) -> dict[str, Any]:
    of_examples = {metric.name for metric in metrics if metric.of_examples}
    return {
        name: (
            wilson(resampled.value, n) if name in of_examples else resampled.interval()
        ).as_dict()
        for name, resampled in scores.items()
    }


def note_units(figures: dict[str, Any], metrics: Sequence[Metric]) -> None:
    """Notes beside the figures of metrics that are no shares, or better when lower, that they are;
    figures without a note are shares, and better when higher."""
    for metric in metrics:
        notes: dict[str, str] = {"unit": metric.unit} if metric.unit != "share" else {}
        notes |= {} if metric.higher_is_better else {"better": "lower"}
        if notes and metric.name in figures:
            figures[metric.name] |= notes


def _averages(groups: dict[str, list[Scores]]) -> dict[str, dict[str, Any]]:
    return {
        name: {
            "cells": len(parts),
            **{metric: r.interval().as_dict() for metric, r in _average(parts).items()},
        }
        for name, parts in groups.items()
        if parts
    }


def _average(parts: Sequence[Scores]) -> Scores:
    return {name: average([part[name] for part in parts]) for name in parts[0]}


def _figures_of_difference(first: Scores, second: Scores) -> dict[str, Any]:
    return {name: difference(first[name], second[name]).interval().as_dict() for name in first}
