"""Does a property of an intermediate language go with the effect of its stage?

An arm of several points has one intermediate language in each. The effect of a point is the mean
difference of its runs from the other arm's, seed by seed. Numbers are compared with the effects by
Spearman's rank correlation, whose p-value is that of a permutation test: the languages are all
there is, and few. Words, such as a family, divide the points, and the effects have means.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from xlt_cli.errors import DataError
from xlt_cli.languages import facts_of, own_code
from xlt_cli.questions.cells import HOMES
from xlt_cli.questions.outcomes import Outcome, Points
from xlt_cli.questions.stored import TestedRun
from xlt_cli.spec.question import FACTS
from xlt_cli.stats.association import rank_correlation
from xlt_cli.stats.significance import holm

Stated = Mapping[str, Mapping[str, float | str]]
"""What is stated of languages, by the name of the property and the code."""

Effects = Mapping[str, Mapping[str, Sequence[float]]]
"""By family and outcome, the effect of each point."""

Values = Sequence[float | str | None]
"""The property of each point; None where it is not known."""

UNKNOWN = "unknown"


def property_of(name: str, code: str, stated: Stated) -> float | str | None:
    """A property of a language; None if it is not known.

    What is stated is of the code itself, or of one that a user may mean by it: `zho_Hans` has that
    of `zh`, but not that of `yue`.

    Raises:
        UserError: what is stated is of several such codes.
    """
    if name in stated:
        own = own_code(code, stated[name], f"the property '{name}'")
        return None if own is None else stated[name][own]
    if name in FACTS:
        value: float | str | None = getattr(facts_of(code), name)
        return value
    raise KeyError(name)


def intermediate_language(point: str, runs: Sequence[TestedRun]) -> str:
    """The one language that the runs of a point were trained on before their last stage.

    Raises:
        DataError: there is none, or there are several.
    """
    found = list(dict.fromkeys(code for run in runs for code in run.before))
    if len(found) == 1:
        return found[0]
    said = f"in {', '.join(found)}" if found else "on nothing"
    raise DataError(
        f"the runs of '{point}' were trained {said} before their last stage: properties are those "
        "of one intermediate language",
        hint="leave out `by_property`, or the point",
    )


def by_property(
    names: Sequence[str],
    stated: Stated,
    languages: Mapping[str, str],
    families: Mapping[str, Mapping[str, Outcome]],
    of: Points,
    over: Sequence[int],
) -> dict[str, Any]:
    """The points with their properties and effects, and how the two go together, as JSON values.

    Args:
        names: of the properties.
        languages: the intermediate language of each point that has runs, in the order of `of`.
        families: the outcomes of each family.
    """
    effects = {
        family: {name: one.effects_of_points(of, over) for name, one in outcomes.items()}
        for family, outcomes in families.items()
    }
    points = [
        {
            "point": point,
            "language": code,
            "properties": {name: property_of(name, code, stated) for name in names},
            "effects": {
                family: {name: own[n] for name, own in outcomes.items()}
                for family, outcomes in effects.items()
            },
        }
        for n, (point, code) in enumerate(languages.items())
    ]
    relations: list[dict[str, Any]] = []
    means: list[dict[str, Any]] = []
    for name in names:
        values = [property_of(name, code, stated) for code in languages.values()]
        if any(isinstance(value, str) for value in values):
            means += _means(name, values, effects)
        else:
            relations += _relations(name, values, effects)
    return {"points": points, "relations": relations, "means": means}


def _means(name: str, values: Values, effects: Effects) -> Iterator[dict[str, Any]]:
    """The mean effect of the points that share a word."""
    words = [UNKNOWN if value is None else str(value) for value in values]
    for level in dict.fromkeys(words):
        chosen = [n for n, word in enumerate(words) if word == level]
        for family, outcomes in effects.items():
            for outcome, own in outcomes.items():
                value = float(np.mean([own[n] for n in chosen]))
                yield {"property": name, "level": level, "points": len(chosen), "family": family,
                       "outcome": outcome, "value": value}  # fmt: skip


def _relations(name: str, values: Values, effects: Effects) -> list[dict[str, Any]]:
    """Rank correlations; corrected over the families out of distribution, for each outcome."""
    numbers = {n: float(value) for n, value in enumerate(values) if value is not None}
    made: list[dict[str, Any]] = []
    for family, outcomes in effects.items():
        for outcome, own in outcomes.items():
            found = rank_correlation(list(numbers.values()), [own[n] for n in numbers])
            if found is not None:
                made.append({"property": name, "points": len(numbers), "family": family,
                             "outcome": outcome, "value": found[0], "p": found[1]})  # fmt: skip
    for outcome in dict.fromkeys(one["outcome"] for one in made):
        chosen = [one for one in made if one["outcome"] == outcome and one["family"] not in HOMES]
        for one, p in zip(chosen, holm([one["p"] for one in chosen]), strict=True):
            one["p_holm"] = p
    return made
