"""Which evaluations are asked for: a run's own, changed by options."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

from xlt_cli.errors import SpecError, did_you_mean
from xlt_cli.evaluation.extras import COLUMNS, DISTANCE, GROUPINGS, Extras
from xlt_cli.interface.stress import stress_of
from xlt_cli.languages import typology
from xlt_cli.spec import CLEAN, Evaluation, ResolvedEvaluation, Stage, former_fields
from xlt_cli.spec.resolution import resolve_evaluation
from xlt_cli.spec.source import Override
from xlt_cli.spec.suite import Suite
from xlt_cli.spec.suite import load as load_suite
from xlt_cli.spec.yaml_lines import Document, parse_given

Written = str | Mapping[str, Any]
"""A name, a mapping, or a mapping as YAML has it on one line."""


class Options(TypedDict, total=False):
    """What can be asked of an evaluation; what is left out, or None, is as the run's spec has it.

    `Run.evaluate` describes them. Beside them, the name of a condition that had a field of its own
    (see `spec.former_fields`) is an option, as are the conditions in `alone`, by name.
    """

    task: Written | None
    split: str | None
    languages: Sequence[str] | None
    generalized: bool
    limit: int | None
    conditions: Sequence[Written] | None
    alone: Mapping[str, Written]
    stress: Sequence[Written] | None
    draws: int | None
    metrics: Sequence[Written] | None
    collapse: Written | None
    allow_overlap: bool
    by: Sequence[str] | None
    columns: Sequence[str] | None


def extras_of(options: Options, prefix: str = "") -> Extras:
    """What is asked of results beyond the figures of cells.

    Raises:
        UserError: there is no such grouping or column, or what it needs is not installed.
    """
    columns = _named(options.get("columns"), COLUMNS, f"{prefix}columns")
    if DISTANCE[0] in columns:
        typology.check()
    return Extras(_named(options.get("by"), GROUPINGS, f"{prefix}by"), columns)


def _named(names: Sequence[str] | None, known: Sequence[str], where: str) -> tuple[str, ...]:
    names = [names] if isinstance(names, str) else list(names or ())
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known) or f"there are {', '.join(known)}"
            raise SpecError(f"'{name}' is nothing that is known of languages", where, hint)
    return tuple(dict.fromkeys(names))


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
    written = {e.former.name for e in chosen if e.former is not None}
    for name, parameters in _alone(options).items():
        given, where = _given(parameters, f"{prefix}{name}"), f"{prefix}{name}"
        changes += [Override((other,), None, where) for other in sorted(written)]
        changes.append(Override(("conditions",), [CLEAN], where))
        changes.append(Override((name,), given.value, where, given.texts))
    changes += _conditions(options, written, prefix)
    changes += _metrics(options, prefix)
    collapse = options.get("collapse")
    if collapse is not None:
        given, where = _given(collapse, f"{prefix}collapse"), f"{prefix}collapse"
        changes.append(Override(("collapse",), given.value, where, given.texts))
    if options.get("allow_overlap"):
        changes.append(Override(("allow_overlap",), True, f"{prefix}allow-overlap"))
    return [resolve_evaluation(evaluation, changes) for evaluation in chosen]


def suite_of(name: str, options: Options, prefix: str = "") -> Suite:
    """A suite by its name or file, with the metrics that are asked for beside its own.

    Raises:
        SpecError: there is no such suite, or its file is wrong.
    """
    suite = load_suite(name)
    if not options.get("metrics"):
        return suite
    asked = Suite.model_validate({"summary": "", "metrics": _metrics(options, prefix)[0].value})
    return suite.model_copy(update={"metrics": [*suite.metrics, *asked.metrics]})


def _metrics(options: Options, prefix: str) -> list[Override]:
    """The metrics that are asked for, in place of the spec's."""
    where = f"{prefix}metric" if prefix else "metrics"
    given = [_given(one, where) for one in options.get("metrics") or ()]
    if not given:
        return []
    texts = {
        (index, *loc): text for index, one in enumerate(given) for loc, text in one.texts.items()
    }
    return [Override(("metrics",), [one.value for one in given], where, texts)]


def _alone(options: Options) -> dict[str, Written]:
    """The conditions that are asked for as evaluations of their own, by name (`former_fields`)."""
    others = {name: value for name, value in options.items() if name not in Options.__annotations__}
    for name in others:
        if not former_fields.known(name):
            known = [*Options.__annotations__, *former_fields.all_names()]
            raise SpecError(f"there is no option '{name}'", "", did_you_mean(name, known))
    alone: dict[str, Any] = {**(options.get("alone") or {}), **others}
    return {name: parameters for name, parameters in alone.items() if parameters is not None}


def _conditions(options: Options, written: Iterable[str], prefix: str) -> list[Override]:
    """The conditions that are asked for, in place of the spec's; those are `written` otherwise.

    Stress alone stands beside `clean`, from which its cost is told.
    """
    conditions, stress = options.get("conditions"), options.get("stress")
    draws = options.get("draws")
    if draws is not None and not stress:
        what = "draws are of the noise of `stress`, and none is asked for"
        raise SpecError(what, f"{prefix}draws", "a condition has a parameter `draws` of its own")
    if not conditions and not stress:
        return []
    where = f"{prefix}condition" if prefix else "conditions"
    for name in _alone(options):
        what = f"`{name}` is an evaluation of its own, without other conditions"
        hint = f"write it as one of the conditions: {where} '{{name: {name}, ...}}'"
        raise SpecError(what, f"{prefix}{name}", hint)
    given = [_given(one, where) for one in conditions or [CLEAN]]
    texts = {
        (index, *loc): text for index, one in enumerate(given) for loc, text in one.texts.items()
    }
    values = [one.value for one in given]
    places = []
    for one in stress or ():
        at = f"{prefix}stress"
        for condition in stress_of(one, at).conditions(draws or 1):
            places.append(Override(("conditions", len(values)), condition, at))
            values.append(condition)
    return [
        *(Override((name,), None, where) for name in sorted(written)),
        Override(("conditions",), values, where, texts),
        *places,
    ]


def option(name: str, prefix: str) -> str:
    """Where an option stands: an argument in Python, or an option of `xlt eval`."""
    return f"xlt eval {prefix}{name}" if prefix else name


def _given(value: Written, where: str) -> Document:
    return parse_given(value, where) if isinstance(value, str) else Document(Path(where), value, {})
