"""Which distributions the plugins of runs come from: told where one is not installed any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from xlt_cli import registry
from xlt_cli.api import Problem
from xlt_cli.errors import UserError
from xlt_cli.registry.guard import problem_of
from xlt_cli.runs import atomic
from xlt_cli.spec import ExperimentSpec, PluginUse
from xlt_cli.spec.building import build_encoder, build_task
from xlt_cli.spec.metrics import Named, reopen_metrics
from xlt_cli.spec.parts import every_use

T = TypeVar("T")


def plugins_of(spec: ExperimentSpec) -> list[dict[str, str]]:
    """Kind, name, distribution and version of each plugin that a resolved spec uses, once.

    Also of those that it does not name: the problems of its tasks, and the heads that the encoder
    takes for them.
    """
    used = dict.fromkeys((kind, use.name) for kind, use in _uses(spec))
    used |= dict.fromkeys(_problems_and_heads(spec))
    origins = {(kind, name): registry.source(kind, name) for kind, name in used}
    return [
        {"kind": kind, "name": name, "distribution": distribution, "version": version}
        for (kind, name), (distribution, version) in origins.items()
    ]


def remember(record: Any) -> None:
    """Lets errors about plugins that are gone say where those of a run came from."""
    plugins = record.get("plugins") if isinstance(record, dict) else None
    for about in plugins if isinstance(plugins, list) else []:
        if isinstance(about, dict) and isinstance(about.get("distribution"), str):
            origin = (str(about["distribution"]), str(about.get("version", "")))
            registry.remember(str(about.get("kind")), str(about.get("name")), origin)


def explained(root: Path, resolve: Callable[[], T]) -> T:
    """What `resolve` returns; if it fails, its error may say what the runs of a root know."""
    try:
        return resolve()
    except UserError:
        for path in root.glob("*/run.json"):
            try:
                remember(atomic.read_json(path))
            except (OSError, ValueError, UserError):  # a damaged run is another's affair
                continue
        return resolve()


def _metrics(task: PluginUse, named: Named) -> Iterator[tuple[str, PluginUse]]:
    for metric in reopen_metrics(named, build_task(task)).extra:
        yield "metric", PluginUse(name=metric.name)


def _problems_and_heads(spec: ExperimentSpec) -> Iterator[tuple[str, str]]:
    encoder = build_encoder(spec.encoder)
    for stage in spec.stages:
        problem = problem_of(build_task(stage.task))
        if registered := _registered(problem):
            yield "problem", registered
        if head := encoder.head_plugin(problem.head):
            yield "head", head


def _registered(problem: Problem) -> str | None:
    """The name under which a problem, or the one that it derives from, is a plugin.

    A problem that is none comes from the distribution of its task.
    """
    names = registry.names("problem")
    for base in type(problem).__mro__:
        name = vars(base).get("name")
        if name in names and registry.get("problem", name) is base:
            return str(name)
    return None


def _uses(spec: ExperimentSpec) -> Iterator[tuple[str, PluginUse]]:
    yield "encoder", spec.encoder
    for stage in spec.stages:
        tasks = [stage.task, *(rows.task for rows in stage.also)]
        tasks += [each.task for each in stage.exclude if each.task is not None]
        yield from (("task", use) for use in tasks)
        for use in stage.perturbation:
            yield "perturbation", use
        if stage.dev is not None:
            yield from _metrics(stage.task, stage.dev)
    for evaluation in spec.evaluations:
        if evaluation.task is not None:
            yield "task", evaluation.task
            yield from _metrics(evaluation.task, evaluation)
        for condition in evaluation.under:
            yield from every_use("condition", condition)
