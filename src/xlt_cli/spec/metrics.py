"""The metrics of an evaluation or of a stage's dev: which one counts, and which come in addition.

The metrics of a task's problem are always there. The task may name others, and so may a spec.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Protocol

from xlt_cli import registry
from xlt_cli.api import ExtraMetric, PluginUse, Problem, Task
from xlt_cli.errors import SpecError, UserError, did_you_mean
from xlt_cli.registry.guard import problem_of
from xlt_cli.spec.building import build, build_written
from xlt_cli.spec.experiment import Metrics
from xlt_cli.spec.source import Source
from xlt_cli.spec.yaml_lines import Loc


class Named(Protocol):
    """What names metrics: an evaluation, or a stage's dev."""

    metric: PluginUse | None
    metrics: list[PluginUse]


def resolve_metrics(written: Named, task: Task, loc: Loc, source: Source) -> Metrics:
    """The metrics that a spec asks for; the defaults of their parameters are filled in.

    Raises:
        SpecError: there is no such metric, it cannot be used with the task's problem, or it is
            named twice with other parameters.
        PluginError: its plugin is broken.
    """
    if written.metric is not None and written.metric == PluginUse(name=task.metric):
        written.metric = None  # the default, written out
    problem = problem_of(task)
    extra: dict[str, ExtraMetric] = {}
    for use, at in _places(written, task, loc):
        where = source.where(at)
        if use.name in problem.metric_names:
            if use.params:
                what = f"'{use.name}' is a metric of the problem '{problem.name}'"
                raise SpecError(f"{what} and has no parameters", where)
            continue
        _check_known(use.name, task, problem, where)
        made = typing.cast(ExtraMetric, build_written(use, "metric", at, source))
        _check_fits(made, task, problem, where)
        if use.name in extra and extra[use.name].params != made.params:
            raise SpecError(
                f"the metric '{use.name}' is named twice, with different parameters", where
            )
        extra[use.name] = made
    return Metrics(written.metric.name if written.metric else task.metric, tuple(extra.values()))


def reopen_metrics(written: Named, task: Task) -> Metrics:
    """The metrics of a spec whose defaults are filled in already.

    Raises:
        PluginError: a plugin is unknown or broken, or does not take parameters that it once took.
    """
    own = problem_of(task).metric_names
    uses = {use.name: use for use, _ in _places(written, task, ()) if use.name not in own}
    extra = tuple(typing.cast(ExtraMetric, build(use, "metric")) for use in uses.values())
    return Metrics(written.metric.name if written.metric else task.metric, extra)


def _places(written: Named, task: Task, loc: Loc) -> Iterator[tuple[PluginUse, Loc]]:
    """The metrics that are named, and where."""
    for name in task.metrics:
        yield PluginUse(name=name), (*loc, "task")
    for index, use in enumerate(written.metrics):
        yield use, (*loc, "metrics", index)
    if written.metric is not None:
        yield written.metric, (*loc, "metric")


def _check_known(name: str, task: Task, problem: Problem, where: str) -> None:
    if name not in registry.names("metric", disabled=True):
        raise SpecError(
            f"'{name}' is no metric of '{task.name}' ({problem.name})",
            where,
            did_you_mean(name, [*problem.metric_names, *_fitting(problem)]),
        )


def _check_fits(made: ExtraMetric, task: Task, problem: Problem, where: str) -> None:
    if fault := made.problem_fault(problem):
        raise SpecError(
            f"the metric '{made.name}' cannot be used with '{task.name}' ({problem.name}): {fault}",
            where,
            did_you_mean(made.name, [*problem.metric_names, *_fitting(problem)]),
        )


def _fitting(problem: Problem) -> list[str]:
    """The plugins that can be used with a problem, as far as they work with their defaults."""
    names = []
    for name in registry.names("metric"):
        try:
            made = typing.cast(ExtraMetric, build(PluginUse(name=name), "metric"))
        except UserError:
            continue
        if not made.problem_fault(problem):
            names.append(name)
    return names
