"""Means over groups of languages: families, scripts, resource classes.

A group's mean is the unweighted mean over its languages, like the averages of an evaluation, and is
resampled like them. Languages of which a fact is not known are a group of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from xlt_cli.api import Metric
from xlt_cli.languages import facts_of
from xlt_cli.reports.summary import note_units
from xlt_cli.stats.intervals import Resampled, average

Scores = Mapping[str, Resampled]

UNKNOWN = "unknown"
"""The group of languages of which a fact is not known."""


def members(languages: Collection[str], fact: str) -> dict[str, list[str]]:
    """The languages of each group, in the order of the groups' names; each is in one group.

    Args:
        fact: family, script, resource or language.
    """
    grouped: dict[str, list[str]] = {}
    for language in languages:
        value = getattr(facts_of(language), fact)
        grouped.setdefault(UNKNOWN if value is None else str(value), []).append(language)
    return dict(sorted(grouped.items(), key=lambda group: (group[0] == UNKNOWN, group[0])))


def means(
    metrics: Sequence[Metric],
    scores: Mapping[str, Scores],
    unseen: Collection[str],
    facts: Sequence[str],
) -> dict[str, dict[str, dict[str, Any]]]:
    """The means of the groups by each fact, as JSON values.

    Args:
        scores: of each language, with their replicates.
        unseen: the languages that were not trained on.

    Returns:
        For each fact and group: its `languages`, the mean of `all` of them, and that of the
        `zero_shot` ones if there are any.
    """
    return {
        fact: {
            name: {"languages": own, **_means(metrics, scores, own, unseen)}
            for name, own in members(scores, fact).items()
        }
        for fact in facts
    }


def _means(
    metrics: Sequence[Metric],
    scores: Mapping[str, Scores],
    languages: Sequence[str],
    unseen: Collection[str],
) -> dict[str, Any]:
    parts = {"all": languages, "zero_shot": [x for x in languages if x in unseen]}
    return {kind: _mean(metrics, [scores[x] for x in own]) for kind, own in parts.items() if own}


def _mean(metrics: Sequence[Metric], parts: Sequence[Scores]) -> dict[str, Any]:
    figures: dict[str, Any] = {"cells": len(parts)}
    for metric in parts[0]:
        figures[metric] = average([part[metric] for part in parts]).interval().as_dict()
    note_units(figures, metrics)
    return figures
