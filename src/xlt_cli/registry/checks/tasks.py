"""Tasks: their classes, what their methods return, and what they say of themselves."""

from __future__ import annotations

import contextlib
import inspect
from pathlib import Path
from typing import Any

from xlt_cli.api import Example, Metric, Problem, Rows, Split, Task
from xlt_cli.errors import PluginError, SpecError, UserError, did_you_mean
from xlt_cli.languages import own_code
from xlt_cli.registry.calls import Call, described
from xlt_cli.registry.checks import task_facts
from xlt_cli.registry.checks.examples import example_fault, named
from xlt_cli.registry.checks.problems import fault as problem_fault
from xlt_cli.registry.checks.values import (
    all_texts,
    anything,
    are_texts,
    is_property,
    listed,
    names,
    text,
)
from xlt_cli.registry.kinds import PluginKind

SAMPLES = (("a", "b"), ("O", "B-X", "I-X"))
"""Labels with which a problem shows all its metrics."""


def labels(call: Call, value: Any) -> tuple[str, ...]:
    """Distinct labels, in an order of their own."""
    stated = names(call, value, "the labels, as a tuple of texts")
    if not stated and call.plugin.problem.labelled:  # type: ignore[attr-defined]
        raise call.refused("has no labels")
    return stated


def languages(call: Call, value: Any, split: str) -> tuple[str, ...]:
    """Distinct codes."""
    return names(call, value, "codes of languages, as a tuple of texts")


def row_languages(call: Call, value: Any, language: str) -> tuple[str, ...]:
    """Codes, one at least."""
    stated = names(call, value, "codes of languages, as a tuple of texts")
    if not stated:
        raise call.refused("returned no language; expected one or more")
    return stated


def rows(call: Call, value: Any, split: str, language: str) -> Rows:
    """Rows of whole examples."""
    if not isinstance(value, Rows):
        raise call.wrong(value, "Rows(examples, source)")
    if not isinstance(value.examples, tuple | list):
        raise call.refused(f"returned Rows with {described(value.examples)}; expected a tuple")
    wanted = getattr(call.plugin.problem, "example_type", Example)  # type: ignore[attr-defined]
    stated = getattr(call.owner, "texts", None)
    for number, example in enumerate(value.examples):
        why = example_fault(example, wanted) or _texts_fault(example, stated)
        if why:
            raise call.refused(f"returned as row {number + 1} {named(example)}: {why}")
    if not isinstance(value.source, str):
        raise call.refused(f"returned Rows whose source is {described(value.source)}, not a text")
    if not isinstance(value.notes, tuple | list) or not all_texts(value.notes):
        raise call.refused(f"returned Rows whose notes are {listed(value.notes)}, not texts")
    return Rows(tuple(value.examples), value.source, tuple(value.notes))


def _texts_fault(example: Any, stated: Any) -> str:
    """What keeps the texts of an example from being as many as its task states."""
    own = getattr(example, "texts", None)
    if stated is None or own is None or len(own) == stated:
        return ""
    return f"it has {len(own)} text{'s' * (len(own) != 1)}, and the task states texts = {stated}"


def files(call: Call, value: Any) -> tuple[Path, ...] | None:
    """Paths, or None."""
    if value is None:
        return None
    if not isinstance(value, tuple | list) or not all(isinstance(one, Path) for one in value):
        raise call.wrong(value, "the paths of files, or None")
    return tuple(value)


def all_metrics(problem: type[Any]) -> tuple[Metric, ...]:
    """The metrics that a problem has, with whatever labels."""
    known: dict[Metric, None] = {}
    for labels in SAMPLES:
        with contextlib.suppress(Exception):  # a stranger's problem may take other labels only
            known.update(dict.fromkeys(problem(labels).metrics))
    return tuple(known)


def metrics_of(problem: type[Any]) -> tuple[str, ...]:
    """Their names."""
    return tuple(dict.fromkeys(metric.name for metric in all_metrics(problem)))


def fault(plugin: type[Task]) -> str:
    """What keeps a class from being a task."""
    problem = getattr(plugin, "problem", None)
    if not inspect.isclass(problem) or not issubclass(problem, Problem):
        return f"problem = {problem!r} is not a subclass of xlt_cli.api.Problem"
    wrong = problem_fault(problem)
    if wrong:
        return f"its problem '{getattr(problem, 'name', problem.__name__)}': {wrong}"
    others = inspect.getattr_static(plugin, "metrics", ())
    if not is_property(others) and not are_texts(others):
        return f"metrics = {others!r} is not a tuple of names of metrics"
    metric = inspect.getattr_static(plugin, "metric", None)
    if not is_property(metric):
        if not isinstance(metric, str):
            return "states no metric"
        known = metrics_of(problem)
        if known and not is_property(others):
            known = (*known, *others)
        if known and metric not in known:
            return (
                f"metric = '{metric}' is not a metric of the problem: {did_you_mean(metric, known)}"
            )
    labels = inspect.getattr_static(plugin, "labels")
    if callable(labels) and not is_property(labels):
        return "labels is a method; make it a property"
    if not is_property(labels) and (not are_texts(labels) or (problem.labelled and not labels)):
        return f"labels = {labels!r} is not a tuple of texts"
    source = inspect.getattr_static(plugin, "source_language", "en")
    if not is_property(source) and (not isinstance(source, str) or not source):
        return f"source_language = {source!r} is not the code of a language"
    texts = inspect.getattr_static(plugin, "texts", None)
    if not is_property(texts) and texts not in (None, 1, 2):
        return f"texts = {texts!r} is none of 1, 2 and None"
    told: str = problem.task_fault(plugin)
    return told or task_facts.fault(plugin)


def check_task(task: Task) -> None:
    """Refuses a task whose labels or metric cannot be used.

    Raises:
        PluginError: the metric is none of its problem's.
        UserError: its labels are not there, or of no scheme.
    """
    problem = task.problem.of(task)
    if not are_texts(task.metrics):
        call = Call(type(task), "metrics", None, task)
        raise call.wrong(task.metrics, "a tuple of names of metrics")
    known = (*problem.metric_names, *task.metrics)
    if task.metric not in known:
        call = Call(type(task), "metric", None, task)
        raise call.refused(f"is {task.metric!r}; {did_you_mean(str(task.metric), known)}")


def check_source_language(task: Task, split: Split, where: str) -> None:
    """Refuses to train on the task's source language where the task has no such language.

    Raises:
        SpecError: it has others.
    """
    source = task.source_language
    try:
        known = task.languages(split)
    except PluginError:
        raise
    except UserError:
        return  # the data are not here; training looks again
    if known and own_code(source, known) is None:
        raise SpecError(
            f"{Call(type(task), '').who} has no '{source}' in its {split} split; this is its "
            "source_language, which is trained on if a spec names no language",
            where,
            "give the languages to train on: languages: "
            f"[{known[0]}]\n{did_you_mean(source, known)}",
        )


KIND = PluginKind(
    "task",
    Task,
    "examples per split and language, and their problem",
    {
        Task: {
            "languages": languages,
            "missing": text,
            "load": rows,
            "files": files,
            "row_languages": row_languages,
            "fetch": anything,
        }
    },
    attributes=("labels", "metric", "metrics", "aligned", "texts", "scheme", "source_language"),
    fault=fault,
    inspect=check_task,
    stated=task_facts.stated,
    shown=task_facts.shown,
)
