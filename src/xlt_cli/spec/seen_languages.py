"""Which languages a stage has seen texts of: the one place that decides what is zero-shot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xlt_cli.api import Task
from xlt_cli.errors import UserError
from xlt_cli.spec.building import build_task
from xlt_cli.spec.experiment import ResolvedExperiment, ResolvedStage
from xlt_cli.spec.rows import MoreRows
from xlt_cli.spec.stage import Stage


def trained_languages(stage: Stage) -> list[str]:
    """The languages of the texts of all rows of a resolved stage, once each.

    Those that the stage names come first. A row may have texts in several languages, which its task
    states (`Task.row_languages`); a task whose plugin is gone is taken for one without such rows.
    """
    parts: tuple[Stage | MoreRows, ...] = (stage, *stage.also)
    return _seen([(_task(part), part.languages or ()) for part in parts])


def seen_by(stage: ResolvedStage) -> list[str]:
    """The same of a stage that is at work."""
    return _seen([(rows.task, rows.languages) for rows in stage.sources])


def seen_in(experiment: ResolvedExperiment) -> list[str]:
    """The languages of the texts of all stages, once each."""
    return list(dict.fromkeys(code for stage in experiment.stages for code in seen_by(stage)))


def _seen(parts: Iterable[tuple[Task | None, Sequence[str]]]) -> list[str]:
    parts = list(parts)
    named = [code for _, codes in parts for code in codes]
    more = [
        language
        for task, codes in parts
        if task is not None
        for code in codes
        for language in task.row_languages(code)
    ]
    return list(dict.fromkeys([*named, *more]))


def _task(part: Stage | MoreRows) -> Task | None:
    try:
        return build_task(part.task)
    except UserError:  # a plugin is gone, or its parameters have changed
        return None
