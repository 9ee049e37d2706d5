"""The description of a task's data on its class: checked, and as values and cells for lists."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from xlt_cli.api import ORIGINS, TAGS, Task
from xlt_cli.errors import did_you_mean
from xlt_cli.registry.checks.values import are_texts, is_property

TEXTS = ("family", "licence")
FEW = 4
"""Tables name up to this many languages, and count more."""


def fault(plugin: type[Task]) -> str:
    """What is wrong with the description; empty if it is valid."""
    for name in TEXTS:
        value = getattr(plugin, name)
        if not isinstance(value, str):
            return f"{name} = {value!r} is not a text"
    languages = plugin.published_languages
    if not isinstance(languages, tuple) or not are_texts(languages):
        return f"published_languages = {languages!r} is not a tuple of codes of languages"
    twice = [code for code in languages if languages.count(code) > 1]
    if twice:
        return f"published_languages has '{twice[0]}' twice"
    return _origin_fault(plugin) or _tags_fault(plugin) or _collapse_fault(plugin)


def stated(plugin: type[Task]) -> dict[str, Any]:
    """The description as JSON values."""
    items = inspect.getattr_static(plugin, "items", "")
    aligned = inspect.getattr_static(plugin, "aligned", False)
    return {
        "problem": plugin.problem.name,
        "family": plugin.family,
        "languages": list(plugin.published_languages) or None,
        "aligned": None if is_property(aligned) else bool(aligned),
        "origin": plugin.origin,
        "origins": dict(plugin.origins),
        "tags": list(plugin.tags),
        "licence": plugin.licence,
        "items": items if isinstance(items, str) else None,
        "collapse": {name: list(labels) for name, labels in plugin.collapse.items()},
    }


def shown(plugin: type[Task]) -> dict[str, str]:
    """The description as cells of a table, by column."""
    said = stated(plugin)
    languages = plugin.published_languages
    exceptions = [f"{code}: {origin or 'unknown'}" for code, origin in plugin.origins.items()]
    return {
        "problem": plugin.problem.name,
        "languages": ", ".join(languages) if len(languages) <= FEW else str(len(languages)),
        "aligned": {True: "yes", False: "no", None: ""}[said["aligned"]],
        "origin": plugin.origin + (f" ({', '.join(exceptions)})" if exceptions else ""),
        "tags": ", ".join(plugin.tags),
        "licence": plugin.licence,
    }


def _origin_fault(plugin: type[Task]) -> str:
    if plugin.origin not in ORIGINS:
        return f"origin = {plugin.origin!r}; {did_you_mean(str(plugin.origin), ORIGINS)}"
    origins = plugin.origins
    if not isinstance(origins, Mapping) or not are_texts(list(origins)):
        return f"origins = {origins!r} is not a mapping from codes of languages"
    for language, origin in origins.items():
        if origin not in ORIGINS:
            return f"origins['{language}'] = {origin!r}; {did_you_mean(str(origin), ORIGINS)}"
    return ""


def _tags_fault(plugin: type[Task]) -> str:
    if not isinstance(plugin.tags, tuple) or not are_texts(plugin.tags):
        return f"tags = {plugin.tags!r} is not a tuple of texts"
    unknown = [tag for tag in plugin.tags if tag not in TAGS]
    return f"there is no tag '{unknown[0]}'; {did_you_mean(unknown[0], TAGS)}" if unknown else ""


def _collapse_fault(plugin: type[Task]) -> str:
    given = plugin.collapse
    if not isinstance(given, Mapping) or not are_texts(list(given)):
        return f"collapse = {given!r} is not a mapping from classes to tuples of labels"
    if not all(isinstance(labels, tuple) and are_texts(labels) for labels in given.values()):
        return f"collapse = {given!r} is not a mapping from classes to tuples of labels"
    members = [label for labels in given.values() for label in labels]
    twice = [label for label in members if members.count(label) > 1]
    return f"collapse puts '{twice[0]}' into two classes" if twice else ""
