"""Do translations lie where the decision on the English row still holds?

Figures of one model, and of several against the first, from records of single rows. The hypothesis
is that of Huang et al. 2021 (arXiv:2104.08645): zero-shot transfer fails where a translation lies
outside the region around the English row in which the decision holds. Every quantity is defined in
docs/explanation/alignment.md. Shares of a single language get Wilson's interval; averages,
differences, AUCs and correlations are resampled over the rows, the same ones in all languages and
models. With several seeds of a model all figures are means over them, and seeds and rows are both
samples (`seeds`), but for correlations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from xlt_analyses.alignment import seeds as over
from xlt_analyses.alignment.records import Probed, SourceRow, TranslatedRow, by_name
from xlt_analyses.alignment.seeds import Figure
from xlt_cli.api import Measured
from xlt_cli.api.stats import Resampled, draws, wilson

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

CHANCE = 4
"""Rows below which one answer to all of them may well be chance."""


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


def results(measured: Measured) -> dict[str, Any]:
    """The figures of all names, and what must be said of them."""
    probed = by_name(measured)
    figures = summarise(probed)
    for name, runs in measured.by_name().items():
        figures["runs"][name]["of"] = [
            {"run": run.run, "seed": run.seed, "weights": run.weights} for run in runs
        ]
    languages = len(probed[figures["baseline"]][0].languages)
    notes = [*measured.about["notes"]]
    if figures["comparisons"] and languages < FEW:
        notes.append(f"a correlation over {languages} languages means little")
    if len(measured.runs) > len(figures["runs"]):
        seeds = len(measured.runs) // len(figures["runs"])
        notes.append(
            f"means over {seeds} seeds; 95% intervals have seeds and rows as samples, those of "
            "correlations rows alone"
        )
    notes += [*_notes_of_collapse(measured, probed), *_notes_of_seeds(measured)]
    return {**measured.about, **figures, "notes": notes}


def _notes_of_collapse(measured: Measured, probed: Mapping[str, Sequence[Probed]]) -> list[str]:
    """Which runs give one answer to every source row: their figures say nothing."""
    seeds = {name: iter(own) for name, own in probed.items()}
    notes: dict[str, str] = {}
    for run in measured.runs:
        source = next(seeds[run.name]).source
        answers, labels = {row.predicted for row in source}, {row.gold for row in source}
        if len(source) >= CHANCE and len(labels) > 1 and len(answers) == 1:
            notes[run.run] = (
                f"† '{run.run}' has collapsed: it answers '{answers.pop()}' to every source row; "
                "figures and means that it is in say nothing"
            )
    return list(notes.values())


def _notes_of_seeds(measured: Measured) -> list[str]:
    """What is odd about the runs that are taken together."""
    notes, names = [], measured.by_name()
    for name, runs in names.items():
        if len({run.weights for run in runs}) < len(runs):
            notes.append(f"runs of '{name}' have the same weights: they are no seeds of their own")
    if len({tuple(run.seed for run in runs) for runs in names.values()}) > 1:
        notes.append("the names have different seeds, or in another order: paired as given")
    return notes


def summarise(probed: Mapping[str, Sequence[Probed]]) -> dict[str, Any]:
    """The figures of all models, the first of which is the baseline, as JSON values.

    Shares are in [0, 1], distances and radii relative (see the records). What cannot be computed
    is None.

    Args:
        probed: of each model as many seeds, on the same rows; they are paired in their order.
    """
    names = list(probed)
    tables = {
        name: {
            x: [_Language.of(one.source, one.languages[x]) for one in seeds]
            for x in seeds[0].languages
        }
        for name, seeds in probed.items()
    }
    weights = draws(len(probed[names[0]][0].source), "alignment")
    shares = {
        name: {x: _shares(language, weights) for x, language in table.items()}
        for name, table in tables.items()
    }
    return {
        "baseline": names[0],
        "runs": {
            name: {
                "source": _source([one.source for one in probed[name]], weights),
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
                "radius": _growth(probed[names[0]], probed[name], weights),
                **_compare(shares[names[0]], shares[name]),
            }
            for name in names[1:]
        },
    }


Shares = dict[str, Figure]


def _shares(seeds: Sequence[_Language], weights: np.ndarray) -> Shares:
    present = [one.present for one in seeds]
    return {
        name: over.share([one.shares[name] for one in seeds], present, weights)
        for name in seeds[0].shares
    }


def _source(seeds: Sequence[Sequence[SourceRow]], weights: np.ndarray) -> dict[str, Any]:
    n = len(seeds[0])
    right = [np.array([row.predicted == row.gold for row in rows]) for rows in seeds]
    rows = [row for own in seeds for row in own]
    certified = [row.certified for row in rows if row.certified is not None]
    accuracy = over.share(right, [np.ones(n, bool)] * len(right), weights)
    return {
        "n": n,
        "accuracy": _share_interval(accuracy, n),
        "median_radius_words": float(np.median([row.radius for row in rows])),
        "median_radius_hidden": float(np.median([row.radius_hidden for row in rows])),
        "median_certified": float(np.median(certified)) if certified else None,
        "censored": float(np.mean([row.censored for row in rows])),
    }


def _figures(seeds: Sequence[_Language], shares: Shares, weights: np.ndarray) -> dict[str, Any]:
    n = int(seeds[0].present.sum())
    return {
        "n": n,
        **{name: _share_interval(figure, n) for name, figure in shares.items()},
        **{
            f"median_distance_{space}": float(
                np.median(np.concatenate([one.distances[space][one.present] for one in seeds]))
            )
            for space in seeds[0].distances
        },
        "predicts": {space: _predicts(seeds, space, weights) for space in ("words", "hidden")},
    }


def _predicts(seeds: Sequence[_Language], space: str, weights: np.ndarray) -> dict[str, Any]:
    """Whether decisions are carried over more often where the translation lies inside."""
    carried = [one.shares["carried"] for one in seeds]
    inside = [one.shares[f"inside_{space}"] for one in seeds]
    room = [one.radii[space] - one.distances[space] for one in seeds]
    rows = [one.present for one in seeds]
    pairs = list(zip(inside, rows, strict=True))
    return {
        "carried_inside": _share_among(carried, [i & there for i, there in pairs], weights),
        "carried_outside": _share_among(carried, [~i & there for i, there in pairs], weights),
        "auc": _interval(over.area(carried, room, rows, weights)),
    }


def _share_among(
    holds: Sequence[np.ndarray], among: Sequence[np.ndarray], weights: np.ndarray
) -> dict[str, Any] | None:
    """By seed, [N] each; `n` counts the rows of all seeds. None if a seed has no such row."""
    if not all(rows.any() for rows in among):
        return None
    n = int(sum(rows.sum() for rows in among))
    return {**_share_interval(over.share(holds, among, weights), n), "n": n}


def _share_interval(figure: Figure, n: int) -> dict[str, float]:
    """Wilson's for the rows of one seed; those of several seeds are no n independent ones."""
    return (wilson(figure.value, n) if figure.seeds == 1 else figure.interval()).as_dict()


def _averages(languages: Mapping[str, Shares]) -> Shares:
    """Unweighted means over the languages."""
    parts = list(languages.values())
    return {name: over.over_languages([part[name] for part in parts]) for name in parts[0]}


def _intervals(shares: Shares) -> dict[str, dict[str, float]]:
    return {name: figure.interval().as_dict() for name, figure in shares.items()}


def _interval(figure: Figure | Resampled | None) -> dict[str, float] | None:
    if figure is None:
        return None
    resampled = figure.resampled if isinstance(figure, Figure) else figure
    known = not np.isnan(resampled.replicates).all()
    return figure.interval().as_dict() if known else None


def _growth(
    baseline: Sequence[Probed], other: Sequence[Probed], weights: np.ndarray
) -> dict[str, Any]:
    """By what factor the radius of the same row grew: the geometric mean, by space."""
    factors = {}
    for space, name in (("words", "radius"), ("hidden", "radius_hidden")):
        grown = []
        for pair in zip(baseline, other, strict=True):
            before, after = ([getattr(row, name) for row in one.source] for one in pair)
            grown.append(np.log(np.maximum(after, SMALLEST)) - np.log(np.maximum(before, SMALLEST)))
        logs = over.mean(grown, weights).interval().as_dict()
        factors[space] = {bound: float(np.exp(log)) for bound, log in logs.items()}
    return factors


def _compare(baseline: Mapping[str, Shares], other: Mapping[str, Shares]) -> dict[str, Any]:
    """Gains over the baseline per language and on average, and how they go together."""
    gains = {
        language: {name: over.gain(mine, baseline[language][name]) for name, mine in shares.items()}
        for language, shares in other.items()
    }
    parts = list(gains.values())
    accuracy = [part["accuracy"] for part in parts]
    explaining = [name for name in EXPLAINING if name in parts[0]]
    return {
        "gains": {language: _intervals(gained) for language, gained in gains.items()},
        "average": _intervals(_averages(gains)),
        "correlations": {
            name: {
                "n": len(parts),
                **{
                    kind: _interval(found)
                    for kind, found in over.together(
                        [part[name] for part in parts], accuracy
                    ).items()
                },
            }
            for name in explaining
        },
    }
