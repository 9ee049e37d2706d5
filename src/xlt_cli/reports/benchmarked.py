"""The report of a benchmark: scores of tasks, their means, and what was tested."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from xlt_cli.api.reports import Column, Figure, Report, Row, Table, Value
from xlt_cli.reports.records import record_table
from xlt_cli.reports.values import MARK, metric_name

Values = Mapping[str, Any]

RECORD = (
    *("system", "group", "task", "metric", "value", "deviation", "low", "high", "seeds"),
    *("trained_on", "split", "published_split", "languages", "languages_published", "rows"),
    *("rows_published", "share_of_rows", "tasks", "tasks_published", "collapsed"),
)
ABSENT = "absent"
SCORE = "score"


def report(values: Values) -> Report:
    """The whole report, from the values of `xlt table --benchmark NAME --json`."""
    return Report(
        [_tasks(values), _means(values), _tested(values)],
        title=f"{values['benchmark']} ({values['reference']})",
        notes=[*_notes(values), *values["notes"]],
        values=values,
        records=record_table(RECORD, _records(values)),
    )


def _tasks(values: Values) -> Table:
    """A line for each task and metric, a column for each system."""
    found = {(one["system"], one["task"]): one for one in values["tasks"]}
    rows = []
    for group, task, metrics in values["defined"]:
        for number, metric in enumerate(metrics):
            cells: list[Value] = [group, task] if not number else ["", ""]
            cells.append(metric_name(metric))
            for system in values["systems"]:
                own = found.get((system, task))
                cells.append(_figure(own["metrics"][metric], own["collapsed"]) if own else ABSENT)
            rows.append(Row(cells))
    columns = [Column("group"), Column("task"), Column("metric")]
    columns += [Column(system, "right") for system in values["systems"]]
    return Table("tasks: averages over languages", columns, rows)


def _means(values: Values) -> Table:
    """A line for each group and for all tasks; how many tasks each mean is over."""
    found = {(one["system"], one["group"]): one for one in values["means"]}
    rows = []
    for group in dict.fromkeys(one["group"] for one in values["means"]):
        cells: list[Value] = [group]
        for system in values["systems"]:
            own = found[system, group]
            every = len(own["tasks"]) + len(own["absent"])
            shown = _figure(own, False) if own["tasks"] else ABSENT
            cells += [shown, f"{len(own['tasks'])} of {every}"]
        rows.append(Row(cells))
    columns = [Column("mean over")]
    for system in values["systems"]:
        columns += [Column(system, "right"), Column("tasks", "right", key=f"tasks of {system}")]
    return Table("means over tasks", columns, rows)


def _tested(values: Values) -> Table:
    """What each score is over."""
    several = len(values["systems"]) > 1
    rows = [
        Row(
            [
                *([one["system"]] if several else []),
                one["task"],
                one["trained_on"],
                one["split"],
                f"{len(one['languages'])} of {one['languages_published']}",
                f"{one['rows']:,}",
                _share(one),
            ]
        )
        for one in values["tasks"]
    ]
    columns = [
        *([Column("system")] if several else []),
        Column("task"),
        Column("trained on"),
        Column("split"),
        Column("languages", "right"),
        Column("rows", "right"),
        Column("of the published test set", "right"),
    ]
    return Table("what was tested", columns, rows)


def _share(one: Values) -> str:
    """The share of the published test set: `45.5%`, or why there is none."""
    if one["split"] != one["published_split"]:
        return f"none: that is {one['published_split']}"
    if one["share_of_rows"] is None:
        return "size not stated"
    return f"{100 * one['share_of_rows']:.1f}%"


def _figure(own: Values, collapsed: bool) -> Figure:
    return Figure(
        own["value"],
        own.get("low"),
        own.get("high"),
        deviation=own.get("deviation"),
        mark=MARK if collapsed else "",
    )


def _notes(values: Values) -> Iterator[str]:
    for mean in values["means"]:
        if mean["group"] == values["all"] and mean["absent"]:
            every = len(mean["tasks"]) + len(mean["absent"])
            yield (
                f"{mean['system']}: the mean is over {len(mean['tasks'])} of {every} tasks, so "
                f"that it is no score of {values['benchmark']}; absent: "
                f"{', '.join(mean['absent'])}"
            )
    for task in _tested_apart(values):
        yield f"{task}: the systems were tested on other rows each; their figures do not compare"
    if len({tuple(one["tasks"]) for one in values["means"] if one["group"] == values["all"]}) > 1:
        yield "the systems were tested on other tasks each, so that their means do not compare"
    yield "averages over languages are unweighted, and have those trained on in them"
    if any(len(metrics) > 1 for *_, metrics in values["defined"]):
        yield "in means, a task with several metrics counts with their mean"
    counts = sorted({len(one["seeds"]) for one in values["tasks"]})
    spread = {"deviation": "standard deviation", "interval": "95% interval (Student's t)"}
    if counts == [1]:
        yield "one seed each, so that there is no spread over seeds"
    else:
        seeds = f"{counts[0]} to {counts[-1]}" if len(counts) > 1 else str(counts[0])
        yield f"means over {seeds} seeds, with the {spread[values['spread']]} over seeds"
    if any(len({*map(tuple, own)}) > 1 for own in _seeds(values).values()):
        yield "tasks have different seeds, so that their means have no spread"
    if any(one["collapsed"] for one in values["tasks"]):
        yield f"{MARK} some runs collapsed: one answer to every row; they are in the figures"
    differs = {one["task"]: one["differs"] for one in values["tasks"] if one["differs"]}
    for task, text in differs.items():
        yield f"{task}: {text}"


def _tested_apart(values: Values) -> list[str]:
    """The tasks of which systems were tested on different splits, languages or numbers of rows."""
    tested: dict[str, set[tuple[object, ...]]] = {}
    for one in values["tasks"]:
        rows = (one["split"], *one["languages"], one["rows"])
        tested.setdefault(one["task"], set()).add(rows)
    return [task for task, several in tested.items() if len(several) > 1]


def _seeds(values: Values) -> dict[str, list[list[str]]]:
    found: dict[str, list[list[str]]] = {}
    for one in values["tasks"]:
        found.setdefault(one["system"], []).append(one["seeds"])
    return found


def _records(values: Values) -> Iterator[dict[str, Any]]:
    for one in values["tasks"]:
        about = {
            **one,
            "languages": " ".join(one["languages"]),
            "seeds": " ".join(one["seeds"]),
        }
        for metric, own in one["metrics"].items():
            yield {**about, "metric": metric, **own}
        yield {**about, "metric": SCORE, **one["score"]}
    for mean in values["means"]:
        every = len(mean["tasks"]) + len(mean["absent"])
        counts = {"tasks": len(mean["tasks"]), "tasks_published": every}
        yield {**mean, "task": "", "metric": SCORE, **counts}
