"""How much of the rows the noise of a condition changed, as results say it."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from xlt_cli.reports.validity import cell_name
from xlt_cli.runs.cells import Cell, Pair

FEW_ROWS = 0.05
"""A language with fewer changed rows than this share is said to be nearly clean."""

SOME_ROWS, FEW_WORDS = 0.3, 0.1
"""So is one with fewer changed rows than the first share, if its share of changed words is also
below the second part of that of the language that is changed most."""


def shares(
    changes: Mapping[Cell, Mapping[str, Any]],
    keys: Sequence[str],
    cells: Sequence[Pair],
    unseen: Sequence[Pair],
) -> dict[str, Any]:
    """The shares of rows and words that are changed, means over draws; laid out as the figures.

    Empty if it was not measured: the condition acts on no input, or an earlier version stored it.

    Args:
        changes: of stored cells.
        keys: of the draws.
        unseen: the cells of languages that were not trained on.
    """
    known: dict[Pair, dict[str, Any]] = {}
    for pair in cells:
        own = [changes.get(Cell(pair, key)) for key in keys]
        if all(own):
            known[pair] = _mean_shares([one for one in own if one])
    standard = [pair for pair in known if pair[0] == pair[1]]
    mixed = [pair for pair in known if pair[0] != pair[1]]
    if not known:
        return {}
    return {
        "languages": {pair[0]: known[pair] for pair in standard},
        "averages": _averages(known, standard, unseen),
        "pairs": {cell_name(pair): known[pair] for pair in mixed},
        "pair_averages": _averages(known, mixed, unseen),
    }


def unchanged_notes(changed: Mapping[str, Any]) -> list[str]:
    """Names the languages that the noise left as they are, or nearly so.

    Told from what was changed, not from what a perturbation says of itself.
    """
    if not changed:
        return []
    notes = []
    for group in ("languages", "pairs"):
        cells = changed[group]
        most = max((own["words"] for own in cells.values()), default=0.0)
        untouched = [name for name, own in cells.items() if own["rows"] == 0]
        hardly = [
            name
            for name, own in cells.items()
            if name not in untouched and _is_hardly_changed(own, most)
        ]
        if untouched:
            notes.append(
                f"nothing was changed in {', '.join(untouched)}: those figures are the clean ones"
            )
        if hardly:
            said = ", ".join(
                f"{name} ({_percent(cells[name]['rows'])} of the rows)" for name in hardly
            )
            notes.append(f"hardly anything was changed in {said}: those figures are nearly clean")
    return notes


def _percent(share: float) -> str:
    """With one digit; a share that would round to nothing is said to be small."""
    return f"{share:.1%}" if share >= 0.0005 else "less than 0.1%"


def _is_hardly_changed(own: Mapping[str, Any], most: float) -> bool:
    few_words = own["words"] < FEW_WORDS * most
    return bool(own["rows"] < FEW_ROWS or (own["rows"] < SOME_ROWS and few_words))


def _mean_shares(draws: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "rows": statistics.fmean(_share(one["rows"], one["of_rows"]) for one in draws),
        "words": statistics.fmean(_share(one["words"], one["of_words"]) for one in draws),
        "counted": draws[0].get("counted", "words"),
    }


def _averages(
    known: Mapping[Pair, Mapping[str, Any]], cells: Sequence[Pair], unseen: Sequence[Pair]
) -> dict[str, Any]:
    groups = {"all": list(cells), "zero_shot": [pair for pair in cells if pair in unseen]}
    return {
        name: {
            "cells": len(pairs),
            "rows": statistics.fmean(known[pair]["rows"] for pair in pairs),
            "words": statistics.fmean(known[pair]["words"] for pair in pairs),
            "counted": known[pairs[0]]["counted"],
        }
        for name, pairs in groups.items()
        if pairs
    }


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
