"""What a comparison shows, in plain words: never more than its intervals say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xlt_cli.api.reports import Figure
from xlt_cli.reports.values import figure, metric_name

NAMES = {
    "zero_shot": "zero-shot languages",
    "source": "languages trained on",
    "all": "languages",
    "generalized": "pairs of languages",
    "generalized_zero_shot": "pairs of languages without training data",
}
ONE = {
    "zero_shot": "zero-shot language",
    "source": "language trained on",
    "all": "language",
    "generalized": "pair of languages",
    "generalized_zero_shot": "pair of languages without training data",
}
"""The same of a single cell."""


def statement(name: str, gains: Mapping[str, Any], about: Mapping[str, Any]) -> str:
    """The headline gain of a system, and in how many languages it has one.

    Args:
        gains: of the system, as `reports.systems` makes them.
        about: metric, settings, headline, number of its cells, languages.
    """
    settings, metric = about["settings"], about["metric"]
    head = gains["cells"][f"average:{about['headline']}"]
    seeds = len(gains["seeds"])
    where = f"{metric_name(metric.name)} in the {_cells(about['cells'], about['headline'])}"
    word = direction(head, metric.higher_is_better)
    shown = amount(head, metric.unit)
    over = f"{seeds} seeds" if seeds > 1 else "one seed"
    if word:
        said = f"{name} is {word} than {settings.baseline}: {where} {shown} ({over})"
    else:
        effect = head["smallest_effect"]
        said = (
            f"No difference between {name} and {settings.baseline} is shown: {where} {shown} "
            f"({over}); "
        ) + (
            "the difference is the same on every row, so that nothing is known of chance"
            if effect is None
            else f"a true difference of {_size(effect, metric.unit)} would be found in 80% of "
            "such comparisons"
        )
    parts = [said, *_equivalence(head, settings, metric.unit), *_languages(gains, about)]
    anywhere = gains["any_language"]
    if anywhere and word and not direction(anywhere, metric.higher_is_better):
        parts.append(
            "this is about the languages that were tested: that other languages gain is not shown, "
            f"{amount(anywhere, metric.unit)}"
        )
    if seeds == 1:
        parts.append("one seed says nothing about other seeds")
    return (
        ". ".join(part[0].upper() + part[1:] if n else part for n, part in enumerate(parts)) + "."
    )


def _cells(number: int, average: str) -> str:
    """What an average is over: `14 zero-shot languages`, `one language trained on`."""
    return f"one {ONE[average]}" if number == 1 else f"{number} {NAMES[average]}"


def direction(gain: Mapping[str, Any], higher_is_better: bool) -> str:
    """`better` or `worse` if the interval leaves out 0, otherwise nothing."""
    if gain["low"] <= 0 <= gain["high"]:
        return ""
    return "better" if (gain["low"] > 0) == higher_is_better else "worse"


def amount(gain: Mapping[str, Any], unit: str) -> str:
    """`+2.1 [1.2, 3.1] points`."""
    shown = Figure(gain["value"], gain["low"], gain["high"], unit=_unit(unit), sign="value")
    return figure(shown) + (" points" if unit == "share" else "")


def _size(value: float, unit: str) -> str:
    return figure(Figure(value, unit=_unit(unit))) + (" points" if unit == "share" else "")


def _unit(unit: str) -> Any:
    return "share" if unit == "share" else "number"


def _equivalence(head: Mapping[str, Any], settings: Any, unit: str) -> list[str]:
    if settings.band is None:
        return []
    band = f"±{_size(settings.band, unit)}"
    if head["equivalent"]:
        return [f"the difference lies within {band} (p = {head['p_equivalence']:.2g})"]
    return [f"that the difference lies within {band} is not shown"]


def _languages(gains: Mapping[str, Any], about: Mapping[str, Any]) -> list[str]:
    """In how many languages a gain is significant after correction."""
    languages, settings = about["languages"], about["settings"]
    if len(languages) < 2:
        return []
    words = [
        direction(cell, about["metric"].higher_is_better)
        for cell in (gains["cells"][language] for language in languages)
        if cell["p_adjusted"] <= settings.level
    ]
    named = {"holm": "Holm's", "bh": "Benjamini and Hochberg's"}[settings.correction]
    return [
        f"by language, after {named} correction: better in {words.count('better')} of "
        f"{len(languages)}, worse in {words.count('worse')}"
    ]
