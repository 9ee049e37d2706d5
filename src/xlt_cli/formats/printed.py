"""What a finished command prints on stdout: tables for people, JSON for scripts."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from xlt_cli.console.screen import stdout
from xlt_cli.formats import tables
from xlt_cli.reports.validity import MARK
from xlt_cli.terminal import print_json

if TYPE_CHECKING:
    from xlt_cli.launch.jobs import Outcome


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
        else:
            _name_runs(ranked(found))
        return
    for outcome in found:
        for result in outcome.results:
            console.print(tables.results(result))
        if outcome.dev is not None and outcome.dev.constant:
            said = f"{MARK} on {_selected_on([outcome])} this run gives one answer to every row"
            console.print(f"note: {said}", soft_wrap=True, style="yellow")
        if outcome.results:
            console.print(f"run: {outcome.run.path}", soft_wrap=True, style="dim")
    if len(found) > 1:
        console.print(comparison(found))
        _name_runs(_points(found))


def evaluation(results: Sequence[dict[str, Any]], all_languages: bool, as_json: bool) -> None:
    """The results of one model, averaged over the zero-shot languages and, if asked, over all."""
    if as_json:
        print_json(list(results))
        return
    console = stdout()
    for result in results:
        console.print(tables.results(result, all_languages))


def comparison(found: Sequence[Outcome]) -> RenderableType:
    """One row per point of a sweep: means over seeds of what its runs ended with.

    Runs that collapsed are in the means, which bear a mark; below stands what is left without them.
    """
    dev = _dev_column(found)
    columns = ("point", "task", "seeds", *dev, "trained on", "zero-shot", "languages", "all pairs")
    table = _table("over seeds: mean (standard deviation)", columns, left=2)
    remarks: list[Text] = []
    for group in _points(found):
        good = [outcome for outcome in group if outcome.results]
        if not good:
            begin = (group[0].job.label, "", _seeds(good, group))
            table.add_row(*begin, *[""] * (len(columns) - 3))
            continue
        for index, first in enumerate(good[0].results):
            fallen = [one for one in good if collapsed(one, one.results[index])]
            task = f"{first['task']} {first['split']}{tables.origin(first)} {first['metric']}"
            figures = _figures(good, index, bool(dev))
            cells = [f"{figure}{MARK if fallen and figure else ''}" for figure in figures.values()]
            cells.insert(len(dev) + 2, _count(first))
            table.add_row(group[0].job.label, task, _seeds(good, group, fallen), *cells)
            if fallen:
                left = _figures([one for one in good if one not in fallen], index, bool(dev))
                remarks.append(_remark(group[0].job.label, task, good, fallen, left))
    return Group(table, *remarks)


def _name_runs(groups: Sequence[Sequence[Outcome]]) -> None:
    """The runs of a table, a line for each, whole however narrow the terminal is."""
    console = stdout()
    console.print("runs (`xlt eval RUN`):")
    for outcome in (outcome for group in groups for outcome in group):
        failed = " (failed)" if outcome.error else ""
        said = f"  {outcome.run.name}  {outcome.job.label} seed {outcome.job.seed}{failed}"
        console.print(said, soft_wrap=True)


def _figures(good: Sequence[Outcome], index: int, dev: bool) -> dict[str, str]:
    """The columns of an evaluation, by name: means over runs."""
    figures = {"dev": _spread(one.dev.score for one in good if one.dev)} if dev else {}
    results = [outcome.results[index] for outcome in good]
    return figures | {name: _spread(headline(r, name) for r in results) for name in HEADLINES}


def _remark(
    point: str, task: str, runs: Sequence[Outcome], fallen: Sequence[Outcome], left: dict[str, str]
) -> Text:
    """Which runs of a point collapsed, and its means without them."""
    seeds = ", ".join(str(one.job.seed) for one in fallen)
    place = ", ".join(part for part in (point, task) if part)
    text = (
        f"{MARK} {place}: {len(fallen)} of {len(runs)} runs collapsed (seed {seeds}: one answer to "
        "every row)"
    )
    shown = [f"{name.replace('_', ' ')} {figure}" for name, figure in left.items() if figure]
    if shown:
        text += f"; without: {', '.join(shown)}"
    return Text(text, style="yellow")


def ranking(found: Sequence[Outcome]) -> RenderableType:
    """One row per point of a search: its mean score on dev over seeds, the best first.

    A point with a run that collapsed comes after those without, whatever its score.
    """
    columns = ("point", "selected on", "seeds", "score", "selected step")
    table = _table("on dev, best first; over seeds: mean (standard deviation)", columns, left=2)
    remarks: list[Text] = []
    for group in ranked(found):
        good = [outcome for outcome in group if not outcome.error]
        devs = [outcome.dev for outcome in good if outcome.dev]
        fallen = [outcome for outcome in good if collapsed(outcome)]
        table.add_row(
            group[0].job.label,
            _selected_on(group),
            _seeds(good, group, fallen),
            _spread(dev.score for dev in devs) + (MARK if fallen else ""),
            ", ".join(f"{dev.step}/{dev.steps}" for dev in devs),
        )
        if fallen:
            scores = [one.dev.score for one in good if one.dev and one not in fallen]
            left = {"score": _spread(scores)}
            remarks.append(_remark(group[0].job.label, _selected_on(group), good, fallen, left))
    return Group(table, *remarks)


def ranked(found: Sequence[Outcome]) -> list[list[Outcome]]:
    """The points of a search by their mean score on dev, within what they were selected on.

    Points with a run that collapsed come last: on dev sets in which one label is frequent, one
    answer to every row may have the highest score.
    """
    groups = _points(found)
    kinds = list(dict.fromkeys(map(_selected_on, groups)))

    def place(group: list[Outcome]) -> tuple[bool, int, bool, float]:
        scores = [outcome.dev.score for outcome in group if outcome.dev]
        kind = kinds.index(_selected_on(group))
        fallen = any(collapsed(outcome) for outcome in group)
        return not scores, kind, fallen, -statistics.mean(scores) if scores else 0.0

    return sorted(groups, key=place)


def collapsed(outcome: Outcome, result: dict[str, Any] | None = None) -> bool:
    """Whether a run gave one answer to every row: on dev, or in an evaluation (default: any)."""
    results = outcome.results if result is None else [result]
    on_dev = outcome.dev is not None and bool(outcome.dev.constant)
    return on_dev or any(one.get("collapsed", False) for one in results)


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


def _seeds(
    good: Sequence[Outcome], group: Sequence[Outcome], fallen: Sequence[Outcome] = ()
) -> str:
    failed = len(group) - len(good)
    said = [f"{failed} failed"] if failed else []
    said += [f"{len(fallen)} collapsed"] if fallen else []
    return f"{len(good)}" + (f" ({', '.join(said)})" if said else "")


def _count(result: dict[str, Any]) -> str:
    """How many languages the zero-shot average is over."""
    average = result["averages"].get("zero_shot")
    return str(average["cells"]) if average else ""


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
    origin = f", from {dev.place}," if dev.place else ""
    return f"{dev.task} {dev.split}{origin} {'+'.join(dev.languages)} {dev.metric}{oracle}"


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
        "collapsed": collapsed(outcome),
        "dev": dataclasses.asdict(outcome.dev) if outcome.dev else None,
        "evaluations": outcome.results,
    }
