"""Which languages a stage has seen texts of: the one place that decides what is zero-shot."""

from __future__ import annotations

from collections.abc import Iterable

from xlt_cli.errors import UserError
from xlt_cli.spec.building import build_task
from xlt_cli.spec.rows import MoreRows
from xlt_cli.spec.stage import Stage


def trained_languages(stage: Stage) -> list[str]:
    """The languages of the texts of all rows of a resolved stage, once each.

    Those that the stage names come first. A row may have texts in several languages, which its task
    states (`Task.row_languages`); a task whose plugin is gone is taken for one without such rows.
    """
    parts: tuple[Stage | MoreRows, ...] = (stage, *stage.also)
    named = [code for part in parts for code in part.languages or ()]
    return list(dict.fromkeys([*named, *(code for part in parts for code in _of_rows(part))]))


def _of_rows(part: Stage | MoreRows) -> Iterable[str]:
    try:
        task = build_task(part.task)
    except UserError:  # a plugin is gone, or its parameters have changed
        return ()
    return [code for language in part.languages or () for code in task.row_languages(language)]
