"""Effective robustness of runs: lines through reference runs, and how far runs lie from them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from xlt_cli.console.progress import Reporter
from xlt_cli.errors import RunError, SpecError
from xlt_cli.references.choice import check_enough, home_of, is_fit, languages_of, places_of
from xlt_cli.references.stored import Answered, Place, Share, Subject, TestSet, mean
from xlt_cli.stats import trend
from xlt_cli.stats.intervals import Resampled

Shares = Mapping[str, Share]
"""By the name of the run."""

TRAINED, NEW = "trained_on", "zero_shot"
"""The averages over languages that all runs, or none, were trained on."""

TOO_FEW = "fewer than 3 references"
ONE_PLACE = "the references have one {} in distribution"


def measured(
    tested: Sequence[Subject],
    references: Sequence[Subject],
    split: str,
    reporter: Reporter,
    metric: str | None = None,
) -> dict[str, Any]:
    """The effective robustness of runs on all test sets that are stored of them, as JSON values.

    In distribution are the languages that all runs were trained on, on the texts as they are, of
    the task that the runs ended with. Out of distribution is everything else: other languages,
    conditions, other data sets.

    Args:
        metric: a share, better when higher; None for the accuracy, or the main metric of a task
            that has none.

    Raises:
        RunError: the runs have no figure in distribution, or too few references have one.
        SpecError: the task has no such metric.
    """
    every = [*tested, *references]
    own, home = home_of(tested, split)
    notes = [
        f"{s.name}: '{name}' lacks figures or answers of some cells and is left out; "
        f"`xlt eval {s.name}` makes them"
        for s in every
        for name in s.incomplete
    ]
    kept = [s for s in references if is_fit(s, own, home, notes)]
    seen, new = languages_of(tested, kept, home, notes)
    if not seen:
        raise RunError(
            "there is no language that all these runs were trained on and evaluated in, so that "
            "they have no figure in distribution in common",
            "\n".join(f"{s.name}: trained on {', '.join(s.trained_on)}" for s in every),
            "compare runs that were trained on the same language",
        )
    inside, others = _answered(home, [*tested, *kept], seen, metric)
    if inside.metric is None:
        raise SpecError(
            f"'{own['name']}' has no metric '{metric}' that is a share and better when higher"
            if metric
            else f"'{own['name']}' has no metric that is a share and better when higher",
            "metric",
            f"known: {', '.join(inside.known)}" if inside.known else "",
        )
    # Where accuracy is compared, each problem has a name of its own for it.
    name = None if metric is None and inside.is_accuracy else inside.metric
    figure = "accuracy" if name is None else inside.metric
    at = {s.name: mean([inside.shares[x][s.name] for x in seen]) for s in [*tested, *kept]
          if all(s.name in inside.shares[x] for x in seen)}  # fmt: skip
    notes += [f"{name} is left out: it answered other rows in distribution" for name in others]
    kept = [s for s in kept if s.name in at]
    check_enough(kept, references, notes)
    if absent := [s.name for s in tested if s.name not in at]:
        raise RunError(f"'{tested[0].name}' and '{absent[0]}' were evaluated on different rows")
    sets: list[dict[str, Any]] = []
    places = places_of(tested, own, home, split)
    with reporter.bar("figures", len(places), "test sets") as bar:
        for place, one in places.items():
            sets += _set(one, tested, kept, at, seen, new, place == home, name, figure, notes)
            bar.advance(1, 1, one.condition)
    titles = [of["set"] for of in sets]
    for of in sets:
        if titles.count(of["set"]) > 1:
            of["set"] += f" ({of['evaluation']})"
    return {
        "task": own["name"],
        "split": split,
        "metric": inside.metric,
        "figure": figure,
        "in_distribution": seen,
        "runs": [{"run": s.name, "collapsed": s.sets[home].collapsed} for s in tested],
        "references": [s.name for s in kept],
        "sets": sets,
        "notes": list(dict.fromkeys(notes)),
    }


def _answered(
    place: Place, subjects: Sequence[Subject], languages: Sequence[str], metric: str | None
) -> tuple[Answered, list[str]]:
    """The figures of runs on a test set, and the runs that answered other rows of it."""
    answered = Answered(place, subjects, languages, metric)
    return answered, list(dict.fromkeys(n for names in answered.others.values() for n in names))


def _set(
    one: TestSet,
    tested: Sequence[Subject],
    references: Sequence[Subject],
    at: Shares,
    seen: Collection[str],
    new: Collection[str],
    is_home: bool,
    metric: str | None,
    figure: str,
    notes: list[str],
) -> Iterator[dict[str, Any]]:
    """One test set: its averages and languages, each with a line.

    Args:
        metric: the name of the metric; None for what each problem calls its accuracy.
        figure: what it is called in the values.
    """
    title, place = _title(one), one.place
    having = [s for s in [*tested, *references] if place in s.sets]
    shared = [x for x in one.languages if all(x in s.sets[place].languages for s in having)]
    wanted = [x for x in shared if not (is_home and x in seen)]
    if absent := [x for x in one.languages if x not in shared]:
        notes.append(f"{title}: {', '.join(absent)} left out: not all runs have answers")
    answered, others = _answered(place, having, wanted, metric)
    if answered.metric is None:
        notes.append(f"{title} is left out: it has no {metric or 'accuracy'}")
        return
    if others:
        notes.append(f"{title}: {', '.join(others)} left out: other rows were answered")
    shares = {
        x: {n: own for n, own in answered.shares[x].items() if n not in others} for x in wanted
    }
    cells = {TRAINED: [x for x in wanted if x in seen], NEW: [x for x in wanted if x in new]}
    cells |= {x: [x] for x in wanted}
    made = []
    for cell, languages in cells.items():
        if languages:
            means = {
                name: mean([shares[x][name] for x in languages]) for name in shares[languages[0]]
            }
            made.append({
                "cell": cell, "languages": languages,
                **_line(figure, means, at, [s.name for s in tested],
                        [s.name for s in references]),
            })  # fmt: skip
    if made:
        evaluation = one.evaluation
        assert evaluation.task is not None
        yield {
            "set": title, "evaluation": one.folder, "task": evaluation.task.name,
            "split": evaluation.split, "limit": evaluation.limit, "condition": one.condition,
            "cells": made,
        }  # fmt: skip


def _title(one: TestSet) -> str:
    evaluation = one.evaluation
    assert evaluation.task is not None
    limit = f", first {evaluation.limit:,} rows" if evaluation.limit else ""
    way = ", collapsed labels" if evaluation.collapse else ""
    source = f", from {one.source}" if one.source else ""
    return f"{evaluation.task.name} {evaluation.split}{source}{limit}{way}, {one.condition}"


def _line(
    figure: str,
    there: Shares,
    at: Shares,
    tested: Sequence[str],
    references: Sequence[str],
) -> dict[str, Any]:
    """The line of some references on some rows, and where runs lie.

    Args:
        figure: what the metric is called in the values.
    """
    points = {name: (_inside(at[name]), _inside(there[name])) for name in references
              if name in there}  # fmt: skip
    sides = list(zip(*points.values(), strict=True)) or [(), ()]
    line, why = None, ""
    if len(points) < trend.FEWEST:
        why = TOO_FEW
    else:
        line = trend.fitted(*([p.value for p in side] for side in sides))
        why = "" if line else ONE_PLACE.format(figure)
    runs = {}
    for name in tested:
        if name not in there:
            continue
        x, y = at[name], there[name]
        figures: dict[str, Any] = {
            "in_distribution": x.interval().as_dict(),
            figure: y.interval().as_dict(),
        }
        if line is not None:
            moved = _inside(x)
            expected = line.expected(moved.value)
            over = trend.above(line, sides[0], sides[1], moved, y.share)
            figures |= {
                "expected": expected.as_dict(),
                "effective_robustness": over.interval().as_dict(),
                "outside_range": not expected.low <= y.share.value <= expected.high,
                "extrapolated": line.extrapolates(moved.value),
            }
        runs[name] = figures
    ends = [n for n in [*points, *runs] if {at[n].share.value, there[n].share.value} & {0.0, 1.0}]
    return {
        "rows": max((own.rows for own in there.values()), default=0),
        "references": len(points),
        "line": _values(line) if line else None,
        **({"why": why} if why else {}),
        **({"moved": ends} if ends else {}),
        "points": {name: [x.value, y.value] for name, (x, y) in points.items()},
        "runs": runs,
    }


def _inside(figure: Share) -> Resampled:
    """A figure where it has a logit, and its replicates."""
    rows = figure.rows
    value = float(trend.inside(figure.share.value, rows))
    return Resampled(value, trend.inside(figure.share.replicates, rows))


def _values(line: trend.Line) -> dict[str, Any]:
    shown = ("slope", "intercept", "r_squared", "deviation", "low", "high")
    values = {name: getattr(line, name) for name in shown}
    return {name: None if value != value else value for name, value in values.items()}
