"""Which distributions the plugins of runs come from: told where one is not installed any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from xlt_cli import registry
from xlt_cli.errors import UserError
from xlt_cli.runs import atomic
from xlt_cli.spec import ExperimentSpec, PluginUse
from xlt_cli.spec.parts import every_use

T = TypeVar("T")


def plugins_of(spec: ExperimentSpec) -> list[dict[str, str]]:
    """Kind, name, distribution and version of each plugin that a resolved spec uses, once."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for kind, use in _uses(spec):
        distribution, version = registry.source(kind, use.name)
        about = {"kind": kind, "name": use.name, "distribution": distribution, "version": version}
        found[kind, use.name] = about
    return list(found.values())


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


def _uses(spec: ExperimentSpec) -> Iterator[tuple[str, PluginUse]]:
    yield "encoder", spec.encoder
    for stage in spec.stages:
        tasks = [stage.task, *(rows.task for rows in stage.also)]
        tasks += [each.task for each in stage.exclude if each.task is not None]
        yield from (("task", use) for use in tasks)
        for use in stage.perturbation:
            yield "perturbation", use
    for evaluation in spec.evaluations:
        if evaluation.task is not None:
            yield "task", evaluation.task
        for condition in evaluation.under:
            yield from every_use("condition", condition)
