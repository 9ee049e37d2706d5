"""Means of arms, differences of arms, and what the differences show, as JSON values."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from xlt_cli.questions.cells import HOMES
from xlt_cli.questions.outcomes import ROBUSTNESS, Outcome, Points
from xlt_cli.stats.estimates import Estimate
from xlt_cli.stats.significance import holm

LEVEL = 0.05


def judge(found: dict[str, dict[str, Any]], metric: str, band: float, no_claim: str) -> None:
    """Adds corrected p-values, over the families out of distribution, and verdicts.

    Args:
        found: by family and outcome.
        band: of equivalence.
        no_claim: why no claim rests on them; empty if one may.
    """
    for outcome in (metric, ROBUSTNESS):
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


def means(outcomes: Mapping[str, Outcome], points: Points) -> dict[str, Any]:
    return {
        name: {
            **one.mean(points).interval(LEVEL).as_dict(),
            **_deviation([float(x) for x in one.values[list(map(list, points))].mean(axis=0)]),
        }
        for name, one in outcomes.items()
    }


def _deviation(values: Sequence[float]) -> dict[str, float]:
    return {"deviation": statistics.stdev(values)} if len(values) > 1 else {}


def differences(outcomes: Mapping[str, Outcome], of: Points, over: Points) -> dict[str, Any]:
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
