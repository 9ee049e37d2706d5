"""Plugins to begin with: what commands take where none is named, and what hints propose.

They say themselves that they are meant for it; no plugin is known here by its name.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from xlt_cli import registry
from xlt_cli.errors import SpecError

OWN = "xlt-cli"
"""The distribution whose plugins are proposed before those of others."""


def demonstration_task() -> str:
    """The task that is a demonstration, whose rows need no download.

    Raises:
        SpecError: there is none.
    """
    name = _first("task", lambda plugin: stated(plugin, "demonstration") is True)
    if name is None:
        raise SpecError(
            "no installed task is a demonstration", "--task", "`xlt list-plugins` lists the tasks"
        )
    return name


def offline_encoder() -> str:
    """The encoder that needs no network.

    Raises:
        SpecError: there is none.
    """
    name = _first("encoder", lambda plugin: stated(plugin, "offline") is True)
    if name is None:
        raise SpecError(
            "no installed encoder works offline",
            "--encoder",
            "`xlt list-plugins` lists the encoders",
        )
    return name


def opening_encoder() -> str:
    """The encoder that opens folders and hub ids.

    Raises:
        SpecError: there is none.
    """
    name = _first("encoder", lambda plugin: "opens" in vars(plugin))
    if name is None:
        raise SpecError("no installed encoder opens checkpoints", "--encoder")
    return name


def stress_condition() -> str:
    """The condition that puts a perturbation on every example.

    Raises:
        SpecError: there is none.
    """
    name = _first("condition", lambda plugin: stated(plugin, "for_stress") is True)
    if name is None:
        raise SpecError("no installed condition puts a perturbation on examples", "--stress")
    return name


def aligned_tasks() -> list[str]:
    """Tasks whose rows are aligned pairs of texts, demonstrations aside."""
    return [
        entry.name
        for entry in registry.entries("task")
        if entry.plugin is not None
        and stated(entry.plugin, "aligned") is True
        and stated(entry.plugin, "texts") == 2
        and not stated(entry.plugin, "demonstration")
    ]


def own_data_tasks(problem: str = "", parameter: str = "files") -> list[str]:
    """The tasks that read anyone's data, of all problems or of one.

    Args:
        parameter: one that they have: `dataset` for those that read any data set of the hub.
    """
    return [
        entry.name
        for entry in registry.entries("task")
        if entry.plugin is not None
        and {"files", parameter} <= set(entry.plugin.Params.model_fields)
        and not stated(entry.plugin, "published_languages")
        and problem in ("", _problem(entry.plugin))
    ]


def tasks_of(problem: str) -> list[str]:
    """All tasks of a problem, demonstrations aside."""
    return [
        entry.name
        for entry in registry.entries("task")
        if entry.plugin is not None
        and _problem(entry.plugin) == problem
        and not stated(entry.plugin, "demonstration")
    ]


def _problem(task: type[Any]) -> str:
    """The name of a task's problem; empty where each instance says it."""
    return str(getattr(stated(task, "problem"), "name", ""))


def stated(plugin: type[Any], name: str) -> Any:
    """What a class states; a property, which each instance computes, is not asked."""
    return inspect.getattr_static(plugin, name, None)


def _first(kind: str, suits: Callable[[type[Any]], bool]) -> str | None:
    suited = [entry for entry in registry.entries(kind) if entry.plugin and suits(entry.plugin)]
    suited.sort(key=lambda entry: (entry.distribution != OWN, entry.name))
    return suited[0].name if suited else None
