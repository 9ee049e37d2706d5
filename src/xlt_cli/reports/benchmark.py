"""The scores of systems on a benchmark, as values: of its tasks, its groups, and all its tasks.

The score of a task is the unweighted mean over the languages that the benchmark names, then over
the metrics that it names, for each seed. The score of a group, and of the benchmark, is the mean
over its tasks. Beside each score stands what it is over.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from xlt_cli.errors import DataError
from xlt_cli.reports.by_language import CLEAN
from xlt_cli.reports.entries import Entry
from xlt_cli.spec.benchmark import Benchmark, BenchmarkTask
from xlt_cli.stats.estimates import Estimate

ALL = "all tasks"
Values = dict[str, Any]
BySeed = Mapping[str, float]


def scores(systems: Mapping[str, Sequence[Entry]], benchmark: Benchmark, spread: str) -> Values:
    """The scores of systems, as JSON values.

    Args:
        systems: the stored figures of each system.
        spread: what stands beside means over seeds: deviation, or interval (95%, Student's t).

    Returns:
        `tasks`: one for each system and task that it was tested on; `means`: one for each system,
        group and all tasks, with the tasks that are absent.

    Raises:
        DataError: figures of a task are of several tests, or lack a metric; nothing was tested.
    """
    tasks: list[Values] = []
    means: list[Values] = []
    for system, entries in systems.items():
        by_task: dict[str, BySeed] = {}
        for group, task in benchmark.tasks:
            own = [entry for entry in entries if _is_of(task, entry)]
            if own:
                by_task[task.name], values = _tested(system, task, own, spread)
                tasks.append({"system": system, "group": group, **values})
        for group, members in _groups(benchmark).items():
            there = [name for name in members if name in by_task]
            means.append(
                {
                    "system": system,
                    "group": group,
                    "tasks": there,
                    "absent": [name for name in members if name not in by_task],
                    **(_mean([by_task[name] for name in there], spread) if there else {}),
                }
            )
    if not tasks:
        wanted = ", ".join(str(task.task) for _, task in benchmark.tasks if task.task)
        raise DataError(
            f"no run was tested on a task of {benchmark.title}", hint=f"its tasks: {wanted}"
        )
    return {"tasks": tasks, "means": means}


def _groups(benchmark: Benchmark) -> dict[str, list[str]]:
    """The names of the tasks of each group, and last of all of them."""
    groups = {group.name: [task.name for task in group.tasks] for group in benchmark.groups}
    return {**groups, ALL: [task.name for _, task in benchmark.tasks]}


def _is_of(task: BenchmarkTask, entry: Entry) -> bool:
    """Whether a figure is one of the benchmark's: of clean texts, with the labels of the task."""
    place = entry.place
    alike = place["task"] == task.task and place["language"] in task.languages
    return alike and place["condition"] == CLEAN and not place["labels"]


def _tested(
    system: str, task: BenchmarkTask, own: Sequence[Entry], spread: str
) -> tuple[BySeed, Values]:
    """The score of each seed on a task, and what the table has of it."""
    where = f"{task.name} of '{system}'"
    splits = list(dict.fromkeys(entry.place["split"] for entry in own))
    if task.split in splits:
        own = [entry for entry in own if entry.place["split"] == task.split]
    elif len(splits) > 1:
        raise _several(where, "split", splits)
    _check_one_test(where, own)
    by_seed: dict[str, list[Entry]] = {}
    for entry in own:
        by_seed.setdefault(entry.place["seed"], []).append(entry)
    by_seed = dict(sorted(by_seed.items(), key=lambda item: int(item[0] or 0)))
    metrics = {
        metric: {seed: _over_languages(where, metric, each) for seed, each in by_seed.items()}
        for metric in task.metrics
    }
    score = {seed: statistics.fmean(own[seed] for own in metrics.values()) for seed in by_seed}
    rows = {entry.place["language"]: entry.rows for entry in own}
    place = own[0].place
    published = task.published_rows()
    whole = place["split"] == task.split
    return score, {
        "task": task.name,
        "metrics": {metric: _mean([values], spread) for metric, values in metrics.items()},
        "score": _mean([score], spread),
        "seeds": list(by_seed),
        "runs": list(dict.fromkeys(entry.place["run"] for entry in own)),
        "evaluations": list(dict.fromkeys(entry.place["evaluation"] for entry in own)),
        "trained_on": place["stage"],
        "split": place["split"],
        "published_split": task.split,
        "languages": [language for language in task.languages if language in rows],
        "languages_published": len(task.languages),
        "rows": sum(rows.values()),
        "rows_published": published,
        "share_of_rows": sum(rows.values()) / published if published and whole else None,
        "collapsed": any(entry.fallen for entry in own if entry.place["metric"] in task.metrics),
        "differs": task.differs,
    }


def _check_one_test(where: str, own: Sequence[Entry]) -> None:
    """Raises DataError unless the figures are of one test of one training, but for the seed."""
    for name in ("encoder", "stage", "limit"):
        values = list(dict.fromkeys(entry.place[name] for entry in own))
        if len(values) > 1:
            raise _several(where, name, [value or "none" for value in values])
    tests: dict[str, tuple[str, str]] = {}
    trained: dict[str, str] = {}
    languages: dict[str, set[str]] = {}
    for entry in own:
        place = entry.place
        run, evaluation = tests.setdefault(place["seed"], (place["run"], place["evaluation"]))
        if run == place["run"] and evaluation != place["evaluation"]:
            raise _several(where, "evaluation", [evaluation, place["evaluation"]])
        trained.setdefault(entry.training, place["run"])
        other = next(iter(trained.values())) if len(trained) > 1 else run
        if run != place["run"] or len(trained) > 1:
            raise _several(where, "run", [other, place["run"]])
        languages.setdefault(place["seed"], set()).add(place["language"])
    first = next(iter(languages.values()))
    for seed, each in languages.items():
        if each != first:
            apart = ", ".join(sorted(each ^ first))
            raise DataError(
                f"the seeds of {where} were tested in different languages: seed {seed} and the "
                f"first differ in {apart}",
                hint="evaluate all in the same languages with `xlt eval --languages`",
            )


def _several(where: str, dimension: str, values: Sequence[str]) -> DataError:
    return DataError(
        f"there are several figures for {where}: they differ in {dimension} ({', '.join(values)})",
        hint=f"take one with `--where {dimension}={values[0]}`, or name systems: NAME=RUNS",
    )


def _over_languages(where: str, metric: str, own: Sequence[Entry]) -> float:
    found = [entry.figure for entry in own if entry.place["metric"] == metric]
    if not found:
        there = ", ".join(dict.fromkeys(entry.place["metric"] for entry in own))
        raise DataError(f"the results of {where} have no '{metric}'", hint=f"they have {there}")
    if any(figure.get("unit", "share") != "share" for figure in found):
        raise DataError(f"'{metric}' of {where} is no share, and cannot be averaged with others")
    return statistics.fmean(figure["value"] for figure in found)


def _mean(several: Sequence[BySeed], spread: str) -> Values:
    """The mean over tasks and seeds; its spread if all tasks have the same seeds, two at least."""
    seeds = list(several[0])
    if any(set(own) != set(seeds) for own in several):
        return {"value": statistics.fmean(statistics.fmean(own.values()) for own in several)}
    means = [statistics.fmean(own[seed] for own in several) for seed in seeds]
    value = statistics.fmean(means)
    if len(means) == 1:
        return {"value": value}
    deviation = statistics.stdev(means)
    if spread == "deviation":
        return {"value": value, "deviation": deviation}
    found = Estimate(value, deviation / math.sqrt(len(means)), len(means) - 1).interval()
    return {"value": value, "low": found.low, "high": found.high}
