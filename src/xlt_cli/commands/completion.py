"""Completion in the shell: runs, plugins, splits, languages, devices. Errors are not printed."""

from __future__ import annotations

import contextlib
import functools
import io
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, cast

DEVICES = ("auto", "cpu", "cuda", "cuda:0", "mps")
SPLITS = ("train", "dev", "test")


def quietly(offer: Callable[[Any, str], Iterable[str]]) -> Callable[[Any, str], list[str]]:
    """Turns a function that returns words into a completion without errors or output."""

    # Typer passes arguments by the names of the parameters; `incomplete` is the word so far.
    @functools.wraps(offer)
    def complete(ctx: Any, incomplete: str) -> list[str]:
        try:
            with (
                contextlib.redirect_stdout(io.StringIO()),
                contextlib.redirect_stderr(io.StringIO()),
            ):
                return [word for word in offer(ctx, incomplete) if word.startswith(incomplete)]
        except (Exception, SystemExit):
            return []

    return complete


@quietly
def runs(ctx: Any, incomplete: str) -> Iterable[str]:
    """The names of the runs, newest first, or their paths if the word is a path."""
    if "/" in incomplete:
        folder = Path(incomplete) if incomplete.endswith("/") else Path(incomplete).parent
        return [str(path.parent) for path in sorted(folder.glob("*/run.json"))]
    from xlt_cli.runs.finding import all_runs, default_root

    given = ctx.params.get("runs_dir")
    return [run.name for run in reversed(all_runs(given or default_root()))]


@quietly
def plugins(ctx: Any, incomplete: str) -> Iterable[str]:
    """The names of all plugins."""
    from xlt_cli import registry

    return sorted({name for kind in registry.KINDS for name in registry.names(kind)})


@quietly
def launchers(ctx: Any, incomplete: str) -> Iterable[str]:
    """The names of the launchers."""
    from xlt_cli import registry
    from xlt_cli.registry.checks.launchers import IN_THIS_PROCESS

    return [IN_THIS_PROCESS, *registry.names("launcher")]


@quietly
def tasks(ctx: Any, incomplete: str) -> Iterable[str]:
    """The names of the tasks."""
    from xlt_cli import registry

    return registry.names("task")


@quietly
def perturbations(ctx: Any, incomplete: str) -> Iterable[str]:
    """The names of the perturbations."""
    from xlt_cli import registry

    return registry.names("perturbation")


@quietly
def conditions(ctx: Any, incomplete: str) -> Iterable[str]:
    """The names of the conditions."""
    from xlt_cli import registry

    return registry.names("condition")


@quietly
def metrics(ctx: Any, incomplete: str) -> Iterable[str]:
    """The names of the metrics in addition to those of problems."""
    from xlt_cli import registry

    return registry.names("metric")


@quietly
def suites(ctx: Any, incomplete: str) -> Iterable[str]:
    """The names of the suites that are part of xlt."""
    from xlt_cli.spec.suite import names

    return names()


@quietly
def benchmarks(ctx: Any, incomplete: str) -> Iterable[str]:
    """The names of the benchmarks that are part of xlt."""
    from xlt_cli.spec.benchmark import names

    return names()


@quietly
def encoders(ctx: Any, incomplete: str) -> Iterable[str]:
    """The names of the encoders."""
    from xlt_cli import registry

    return registry.names("encoder")


@quietly
def splits(ctx: Any, incomplete: str) -> Iterable[str]:
    """The splits of a task."""
    return SPLITS


@quietly
def devices(ctx: Any, incomplete: str) -> Iterable[str]:
    """The kinds of devices, including those that do not exist on this machine."""
    return DEVICES


@quietly
def groupings(ctx: Any, incomplete: str) -> Iterable[str]:
    """What languages can be grouped by."""
    from xlt_cli.evaluation.extras import GROUPINGS

    return GROUPINGS


@quietly
def language_columns(ctx: Any, incomplete: str) -> Iterable[str]:
    """What can be shown of each language."""
    from xlt_cli.evaluation.extras import COLUMNS

    return COLUMNS


@quietly
def language_orders(ctx: Any, incomplete: str) -> Iterable[str]:
    """What languages can be sorted by."""
    from xlt_cli.evaluation.extras import COLUMNS

    return (*COLUMNS, "rows", "figure")


@quietly
def languages(ctx: Any, incomplete: str) -> Iterable[str]:
    """The languages of the task or run on the command line, without those given already."""
    before, comma, _ = incomplete.rpartition(",")
    given = before.split(",")
    return [f"{before}{comma}{language}" for language in _languages(ctx) if language not in given]


def _languages(ctx: Any) -> Iterable[str]:
    from xlt_cli.api import Split
    from xlt_cli.spec import PluginUse, split_name
    from xlt_cli.spec.building import build_task
    from xlt_cli.spec.yaml_lines import parse_value

    split = cast(Split, split_name(str(ctx.params.get("split") or "test")))
    named = ctx.params.get("task")
    if named:
        value = parse_value(named)
        use = PluginUse.model_validate({"name": value} if isinstance(value, str) else value)
        return build_task(use).languages(split)
    from xlt_cli.runs.finding import default_root, find

    # Parsing has ended at the option that has no value yet; arguments are where it left them.
    named = ctx.params.get("run_name") or next(iter(ctx.params.get("given") or ctx.args or ()), "")
    spec = find(ctx.params.get("runs_dir") or default_root(), named).spec
    return build_task(spec.stages[-1].task).languages(split)
