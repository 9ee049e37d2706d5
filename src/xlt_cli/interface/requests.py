"""Which evaluations are asked for: a run's own, changed by options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

from xlt_cli.spec import CLEAN, FORMER, Evaluation, ResolvedEvaluation, Stage
from xlt_cli.spec.resolution import resolve_evaluation
from xlt_cli.spec.source import Override
from xlt_cli.spec.yaml_lines import Document, parse_given

Written = str | Mapping[str, Any]
"""A name, a mapping, or a mapping as YAML has it on one line."""


class Options(TypedDict, total=False):
    """What can be asked of an evaluation; what is left out, or None, is as the run's spec has it.

    `Run.evaluate` describes them.
    """

    task: Written | None
    split: str | None
    languages: Sequence[str] | None
    generalized: bool
    limit: int | None
    conditions: Sequence[Written] | None
    smoothing: Written | None
    collapse: Written | None
    allow_overlap: bool


def requested(
    known: Sequence[Evaluation], stages: Sequence[Stage], options: Options, prefix: str = ""
) -> list[ResolvedEvaluation]:
    """The evaluations to make: the spec's own, changed by options.

    A spec without any has the last stage's task, as one that says nothing of evaluations.
    A task named as in the spec has the spec's parameters.

    Args:
        prefix: what stands before the name of an option in errors.

    Raises:
        UserError: an option is wrong, or does not fit the task.
    """
    chosen = list(known) or [Evaluation(task=stage.task) for stage in stages[-1:]]
    changes = []
    languages, task = options.get("languages"), options.get("task")
    if isinstance(languages, str):
        languages = [part.strip() for part in languages.split(",")]
    if task is not None:
        given = _given(task, f"{prefix}task")
        chosen = [e for e in known if e.task is not None and e.task.name == given.value][:1]
        use = next((s.task for s in stages if s.task.name == given.value), None)
        if not chosen and use is not None:
            chosen = [Evaluation(task=use)]
        elif not chosen:
            chosen = [Evaluation()]
            changes.append(Override(("task",), given.value, f"{prefix}task", given.texts))
    if options.get("split") is not None:
        changes.append(Override(("split",), options["split"], f"{prefix}split"))
    if languages is not None:
        changes.append(Override(("languages",), list(languages), f"{prefix}languages"))
    if options.get("generalized"):
        both = ["standard", "generalized"]
        changes.append(Override(("settings",), both, f"{prefix}generalized"))
    elif languages is not None and len(languages) == 1:
        # The spec's pairs need two languages.
        changes.append(Override(("settings",), ["standard"], f"{prefix}languages"))
    if options.get("limit") is not None:
        changes.append(Override(("limit",), options["limit"], f"{prefix}limit"))
    smoothing, collapse = options.get("smoothing"), options.get("collapse")
    if smoothing is not None:
        given, where = _given(smoothing, f"{prefix}smoothing"), f"{prefix}smoothing"
        changes.append(Override(("conditions",), [CLEAN], where))
        changes.append(Override(("smoothing",), given.value, where, given.texts))
    if options.get("conditions"):
        changes += _conditions(options["conditions"] or (), prefix)
    if collapse is not None:
        given, where = _given(collapse, f"{prefix}collapse"), f"{prefix}collapse"
        changes.append(Override(("collapse",), given.value, where, given.texts))
    if options.get("allow_overlap"):
        changes.append(Override(("allow_overlap",), True, f"{prefix}allow-overlap"))
    return [resolve_evaluation(evaluation, changes) for evaluation in chosen]


def _conditions(conditions: Sequence[Written], prefix: str) -> list[Override]:
    """The conditions that are asked for, in place of the spec's."""
    where = f"{prefix}condition" if prefix else "conditions"
    given = [_given(one, where) for one in conditions]
    written = {
        (index, *loc): text for index, one in enumerate(given) for loc, text in one.texts.items()
    }
    return [
        Override((FORMER,), None, where),
        Override(("conditions",), [one.value for one in given], where, written),
    ]


def option(name: str, prefix: str) -> str:
    """Where an option stands: an argument in Python, or an option of `xlt eval`."""
    return f"xlt eval {prefix}{name}" if prefix else name


def _given(value: Written, where: str) -> Document:
    return parse_given(value, where) if isinstance(value, str) else Document(Path(where), value, {})
