"""Do translations lie where the decision on the English row still holds?

Figures of one model, and of several against the first, from records of single rows. The hypothesis
is that of Huang et al. 2021 (arXiv:2104.08645): zero-shot transfer fails where a translation lies
outside the region around the English row in which the decision holds. docs/alignment.md defines
every quantity. Shares of a single language get Wilson's interval; averages, differences, AUCs and
correlations are resampled over the rows, the same ones in all languages and models.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from xlt_cli.analysis.association import auc, correlation
from xlt_cli.analysis.intervals import Resampled, average, difference, draws, wilson

SHARES = (
    "accuracy",
    "carried",
    "shift_held",
    "inside_words",
    "inside_hidden",
    "inside_certified",
)
"""Shares of the rows; all but the first and the second say something of the region."""

EXPLAINING = ("inside_words", "inside_hidden", "inside_certified", "shift_held")
"""Whose gains are set against the gain in accuracy."""

SMALLEST = 1e-6
"""What stands for a radius of zero where factors are computed; radii are stored to this digit."""

FEW = 4
"""Languages under which a correlation means little."""


@dataclass(frozen=True)
class SourceRow:
    """A row in the source language.

    Attributes:
        predicted: the decision.
        radius: epsilon at which ascent flips the decision.
        censored: it never did; `radius` is the largest that was tried.
        radius_hidden: how far the pooled hidden states had moved then.
        certified: the certified l2 radius of all tokens' noise; 0 where the smoothed answer is not
            the decision; None where no votes were counted.
    """

    id: str
    gold: str
    predicted: str
    radius: float
    censored: bool
    radius_hidden: float
    certified: float | None


@dataclass(frozen=True)
class TranslatedRow:
    """The same row in another language.

    Attributes:
        predicted: the decision on the translation.
        shifted: the decision on the source row, its words moved by the translation's shift.
        words, hidden, total: distances from the source row, in the units of `radius`,
            `radius_hidden` and `certified`.
    """

    id: str
    predicted: str
    shifted: str
    words: float
    hidden: float
    total: float


@dataclass(frozen=True)
class Probed:
    """The records of one model: its source rows, and per language those that are there."""

    source: Sequence[SourceRow]
    languages: Mapping[str, Sequence[TranslatedRow]]


@dataclass(frozen=True)
class _Language:
    """One language of one model, beside all N source rows; rows that it lacks are not `present`.

    Attributes:
        present: [N].
        shares: what holds of a row, by name, [N] each.
        distances, radii: by space, [N] each.
    """

    present: np.ndarray
    shares: dict[str, np.ndarray]
    distances: dict[str, np.ndarray]
    radii: dict[str, np.ndarray]

    @classmethod
    def of(cls, source: Sequence[SourceRow], rows: Sequence[TranslatedRow]) -> _Language:
        by_id = {row.id: row for row in rows}
        pairs = [(row, by_id.get(row.id)) for row in source]
        distances = {
            space: np.array([np.nan if x is None else getattr(x, space) for _, x in pairs])
            for space in ("words", "hidden", "total")
        }
        radii = {
            "words": np.array([row.radius for row in source]),
            "hidden": np.array([row.radius_hidden for row in source]),
        }
        shares = {
            "accuracy": np.array([x is not None and x.predicted == s.gold for s, x in pairs]),
            "carried": np.array([x is not None and x.predicted == s.predicted for s, x in pairs]),
            "shift_held": np.array([x is not None and x.shifted == s.predicted for s, x in pairs]),
            "inside_words": distances["words"] < radii["words"],
            "inside_hidden": distances["hidden"] < radii["hidden"],
        }
        certified = [row.certified for row in source]
        if None not in certified:
            radii["total"] = np.array(certified, dtype=float)
            shares["inside_certified"] = distances["total"] < radii["total"]
        present = np.array([x is not None for _, x in pairs])
        return cls(present, shares, distances, radii)


def summarise(probed: Mapping[str, Probed]) -> dict[str, Any]:
    """The figures of all models, the first of which is the baseline, as JSON values.

    Shares are in [0, 1], distances and radii relative (see the records). What cannot be computed
    is None.
    """
    names = list(probed)
    tables = {
        name: {x: _Language.of(p.source, rows) for x, rows in p.languages.items()}
        for name, p in probed.items()
    }
    weights = draws(len(probed[names[0]].source), "alignment")
    shares = {
        name: {x: _shares(language, weights) for x, language in table.items()}
        for name, table in tables.items()
    }
    return {
        "baseline": names[0],
        "runs": {
            name: {
                "source": _source(probed[name].source),
                "languages": {
                    x: _figures(table, shares[name][x], weights)
                    for x, table in tables[name].items()
                },
                "average": _intervals(_averages(shares[name])),
            }
            for name in names
        },
        "comparisons": {
            name: {
                "radius": _growth(probed[names[0]].source, probed[name].source, weights),
                **_compare(shares[names[0]], shares[name]),
            }
            for name in names[1:]
        },
    }


Shares = dict[str, Resampled]


def _shares(language: _Language, weights: np.ndarray) -> Shares:
    return {
        name: share(holds, language.present, weights) for name, holds in language.shares.items()
    }


def share(holds: np.ndarray, among: np.ndarray, weights: np.ndarray) -> Resampled:
    """The share of the rows `among` which something holds; all [N], weights [RESAMPLES, N]."""
    with np.errstate(invalid="ignore", divide="ignore"):
        value = (holds & among).sum() / among.sum()
        replicates = (weights @ (holds & among)) / (weights @ among)
    return Resampled(float(value), replicates)


def _source(rows: Sequence[SourceRow]) -> dict[str, Any]:
    right = np.mean([row.predicted == row.gold for row in rows])
    certified = [row.certified for row in rows if row.certified is not None]
    return {
        "n": len(rows),
        "accuracy": wilson(float(right), len(rows)).as_dict(),
        "median_radius_words": float(np.median([row.radius for row in rows])),
        "median_radius_hidden": float(np.median([row.radius_hidden for row in rows])),
        "median_certified": float(np.median(certified)) if certified else None,
        "censored": float(np.mean([row.censored for row in rows])),
    }


def _figures(language: _Language, shares: Shares, weights: np.ndarray) -> dict[str, Any]:
    present = language.present
    n = int(present.sum())
    return {
        "n": n,
        **{name: wilson(found.value, n).as_dict() for name, found in shares.items()},
        **{
            f"median_distance_{space}": float(np.median(values[present]))
            for space, values in language.distances.items()
        },
        "predicts": {space: _predicts(language, space, weights) for space in ("words", "hidden")},
    }


def _predicts(language: _Language, space: str, weights: np.ndarray) -> dict[str, Any]:
    """Whether decisions are carried over more often where the translation lies inside."""
    carried, inside = language.shares["carried"], language.shares[f"inside_{space}"]
    room = language.radii[space] - language.distances[space]
    rows = language.present
    return {
        "carried_inside": _share_among(carried, inside & rows),
        "carried_outside": _share_among(carried, ~inside & rows),
        "auc": _interval(auc(carried[rows], room[rows], weights[:, rows])),
    }


def _share_among(holds: np.ndarray, among: np.ndarray) -> dict[str, Any] | None:
    n = int(among.sum())
    if n == 0:
        return None
    return {**wilson(float(holds[among].mean()), n).as_dict(), "n": n}


def _averages(languages: Mapping[str, Shares]) -> Shares:
    """Unweighted means over the languages."""
    parts = list(languages.values())
    return {name: average([part[name] for part in parts]) for name in parts[0]}


def _intervals(shares: Shares) -> dict[str, dict[str, float]]:
    return {name: found.interval().as_dict() for name, found in shares.items()}


def _interval(found: Resampled | None) -> dict[str, float] | None:
    if found is None or np.isnan(found.replicates).all():
        return None
    return found.interval().as_dict()


def _growth(
    baseline: Sequence[SourceRow], other: Sequence[SourceRow], weights: np.ndarray
) -> dict[str, Any]:
    """By what factor the radius of the same row grew: the geometric mean, by space."""
    found = {}
    for space, name in (("words", "radius"), ("hidden", "radius_hidden")):
        before, after = ([getattr(row, name) for row in rows] for rows in (baseline, other))
        logs = np.log(np.maximum(after, SMALLEST)) - np.log(np.maximum(before, SMALLEST))
        replicates = np.exp(weights @ logs / len(logs))
        found[space] = Resampled(float(np.exp(logs.mean())), replicates).interval().as_dict()
    return found


def _compare(baseline: Mapping[str, Shares], other: Mapping[str, Shares]) -> dict[str, Any]:
    """Gains over the baseline per language and on average, and how they go together."""
    gains = {
        language: {
            name: difference(mine, baseline[language][name]) for name, mine in shares.items()
        }
        for language, shares in other.items()
    }
    parts = list(gains.values())
    explaining = [name for name in EXPLAINING if name in parts[0]]
    return {
        "gains": {language: _intervals(found) for language, found in gains.items()},
        "average": _intervals(_averages(gains)),
        "correlations": {
            name: {
                "n": len(parts),
                **{
                    kind: _interval(
                        correlation(
                            kind,
                            [part[name] for part in parts],
                            [part["accuracy"] for part in parts],
                        )
                    )
                    for kind in ("pearson", "spearman")
                },
            }
            for name in explaining
        },
    }
