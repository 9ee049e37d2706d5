"""The rows of a stage as groups of a task in a language, and the items that they are."""

from __future__ import annotations

from dataclasses import dataclass

from xlt_cli.api import Example, Task
from xlt_cli.data.rows import task_key


@dataclass(frozen=True)
class Group:
    """The rows of a task in a language that a stage trains on."""

    task: Task
    language: str
    examples: tuple[Example, ...]


def item_of(task: Task, example: Example) -> tuple[str, str]:
    """What names the item of a row of an aligned task, in all its languages."""
    return task.items or task_key(task), example.id
