"""Whether a stored evaluation is of a collapsed model; figures of older versions do not say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xlt_cli.reports.validity import collapsed, look
from xlt_cli.runs.cells import Cell, Pair
from xlt_cli.runs.predictions import Store


def is_collapsed(evaluation: Path, result: Mapping[str, Any]) -> bool:
    """What the figures say, or else the predictions beside them.

    Args:
        evaluation: the directory with the predictions.
        result: the content of its results.json.
    """
    if "collapsed" in result:
        return bool(result["collapsed"])
    trained_on = [x for x, figures in result["languages"].items() if figures["trained_on"]]
    pairs: list[Pair] = [(x, x) for x in trained_on or result["languages"]]
    pairs = pairs or [(pair["first"], pair["second"]) for pair in result["pairs"].values()]
    store = Store(evaluation)
    try:
        answers = {pair: store.answers(Cell(pair)) for pair in pairs}
    except (OSError, ValueError, EOFError):
        return False  # without predictions nothing can be told
    looks = {pair: look(found.golds, found.predicted) for pair, found in answers.items()}
    return collapsed(looks, trained_on)
