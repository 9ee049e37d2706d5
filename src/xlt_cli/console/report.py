"""What a finished command prints on stdout: tables for people, JSON for scripts."""

from __future__ import annotations

import dataclasses
import json
import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from xlt_cli.console import tables

if TYPE_CHECKING:
    from xlt_cli.sweep.local import Outcome


def stdout() -> Console:
    """A console that does not fold tables when it writes to a file or a pipe."""
    # Names and paths are shown as they are: [x] is no style in them, and :x: no picture.
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = 200
    return console


def print_json(value: Any) -> None:
    """JSON on stdout, nothing else."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def outcomes(found: Sequence[Outcome], as_json: bool) -> None:
    """The results of runs: one table per run and evaluation, and one over all if several.

    Runs without evaluations are a search: they are ranked by their score on dev.
    """
    search = bool(found) and not any(outcome.job.spec.evaluations for outcome in found)
    if as_json:
        order = [one for group in ranked(found) for one in group] if search else found
        print_json([_as_json(outcome) for outcome in order])
        return
    console = stdout()
    if search:
        console.print(ranking(found))
        if len(found) == 1:
            console.print(f"run: {found[0].run.path}", soft_wrap=True, style="dim")
        return
    for outcome in found:
        for result in outcome.results:
            console.print(tables.results(result, zero_shot=True))
        if outcome.results:
            console.print(f"run: {outcome.run.path}", soft_wrap=True, style="dim")
    if len(found) > 1:
        console.print(comparison(found))


def evaluation(results: Sequence[dict[str, Any]], zero_shot: bool, as_json: bool) -> None:
    """The results of one model."""
    if as_json:
        print_json(list(results))
        return
    console = stdout()
    for result in results:
        console.print(tables.results(result, zero_shot))


def comparison(found: Sequence[Outcome]) -> Table:
    """One row per point of a sweep: means over seeds of what its runs ended with."""
    dev = _dev_column(found)
    columns = ("point", "task", "seeds", *dev, "trained on", "zero-shot", "generalized")
    table = _table("over seeds: mean (standard deviation)", columns, left=2)
    for group in _points(found):
        good = [outcome for outcome in group if outcome.results]
        begin = (group[0].job.label, "", _seeds(good, group))
        if not good:
            table.add_row(*begin, *[""] * (len(columns) - 3))
            continue
        for index, first in enumerate(good[0].results):
            per_run = [outcome.results[index] for outcome in good]
            table.add_row(
                begin[0],
                f"{first['task']} {first['split']} {first['metric']}",
                begin[2],
                *[_spread(one.dev.score for one in good if one.dev) for _ in dev],
                *[_spread(headline(r, name) for r in per_run) for name in HEADLINES],
            )
    return table


def ranking(found: Sequence[Outcome]) -> Table:
    """One row per point of a search: its mean score on dev over seeds, the best first."""
    columns = ("point", "selected on", "seeds", "score", "selected step")
    table = _table("on dev, best first; over seeds: mean (standard deviation)", columns, left=2)
    for group in ranked(found):
        good = [outcome for outcome in group if not outcome.error]
        devs = [outcome.dev for outcome in good if outcome.dev]
        table.add_row(
            group[0].job.label,
            _selected_on(group),
            _seeds(good, group),
            _spread(dev.score for dev in devs),
            ", ".join(f"{dev.step}/{dev.steps}" for dev in devs),
        )
    return table


def ranked(found: Sequence[Outcome]) -> list[list[Outcome]]:
    """The points of a search by their mean score on dev, within what they were selected on."""
    groups = _points(found)
    kinds = list(dict.fromkeys(map(_selected_on, groups)))

    def place(group: list[Outcome]) -> tuple[bool, int, float]:
        scores = [outcome.dev.score for outcome in group if outcome.dev]
        kind = kinds.index(_selected_on(group))
        return not scores, kind, -statistics.mean(scores) if scores else 0.0

    return sorted(groups, key=place)


def _points(found: Sequence[Outcome]) -> list[list[Outcome]]:
    """The outcomes of each point, one for each seed."""
    points: dict[str, list[Outcome]] = {}
    for outcome in found:
        points.setdefault(outcome.job.label, []).append(outcome)
    return list(points.values())


def _table(title: str, columns: Sequence[str], left: int) -> Table:
    """A table whose first columns hold words, and the others figures."""
    table = Table(title=title, title_justify="left")
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index < left else "right")
    return table


def _seeds(good: Sequence[Outcome], group: Sequence[Outcome]) -> str:
    failed = len(group) - len(good)
    return f"{len(good)}" + (f" ({failed} failed)" if failed else "")


def _dev_column(found: Sequence[Outcome]) -> list[str]:
    """The heading of the column with scores on dev, if any run has one."""
    languages = {"+".join(outcome.dev.languages) for outcome in found if outcome.dev}
    return [f"dev {languages.pop()}" if len(languages) == 1 else "dev"] if languages else []


def _selected_on(group: Sequence[Outcome]) -> str:
    """What a point's models were selected on: task, split, languages and metric."""
    dev = next((outcome.dev for outcome in group if outcome.dev), None)
    if dev is None:
        return ""
    oracle = " (oracle)" if dev.oracle else ""
    return f"{dev.task} {dev.split} {'+'.join(dev.languages)} {dev.metric}{oracle}"


HEADLINES = ("trained_on", "zero_shot", "generalized")


def headline(result: dict[str, Any], name: str) -> float | None:
    """One figure of an evaluation: the mean of the languages trained on, of the zero-shot ones,
    or of all pairs of different languages; None where it has none."""
    metric = result["metric"]
    if name == "trained_on":
        own = [f[metric]["value"] for f in result["languages"].values() if f["trained_on"]]
        return statistics.mean(own) if own else None
    averages = result["averages"] if name == "zero_shot" else result["pair_averages"]
    figures = averages.get("zero_shot" if name == "zero_shot" else "all")
    return figures[metric]["value"] if figures else None


def _spread(values: Any) -> str:
    known = [100 * value for value in values if value is not None]
    if not known:
        return ""
    if len(known) == 1:
        return f"{known[0]:.1f}"
    return f"{statistics.mean(known):.1f} ({statistics.stdev(known):.1f})"


def _as_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "run": str(outcome.run.path),
        "seed": outcome.job.seed,
        "point": outcome.job.label,
        "error": outcome.error,
        "dev": dataclasses.asdict(outcome.dev) if outcome.dev else None,
        "evaluations": outcome.results,
    }
