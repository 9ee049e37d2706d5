"""What a task says of itself, checked where it is first used."""

from __future__ import annotations

from xlt_cli.api import Split, Task
from xlt_cli.errors import PluginError, SpecError, UserError, did_you_mean
from xlt_cli.languages import own_code
from xlt_cli.registry.calls import Call


def check_task(task: Task) -> None:
    """Refuses a task whose labels or metric cannot be used.

    Raises:
        PluginError: the metric is none of its problem's.
        UserError: its labels are not there, or of no scheme.
    """
    problem = task.problem.of(task)
    if task.metric not in problem.metrics:
        call = Call(type(task), "metric", None, task)
        raise call.refused(f"is {task.metric!r}; {did_you_mean(str(task.metric), problem.metrics)}")


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
            f"{Call(type(task), '').who} has no '{source}' in its {split} split, the language that "
            "is trained on where a spec names none (its source_language)",
            where,
            f"name those to train on: languages: [{known[0]}]\n{did_you_mean(source, known)}",
        )
