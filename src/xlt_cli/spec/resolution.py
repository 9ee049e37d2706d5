"""From a spec as written to an experiment: every default filled in, every plugin built once.

The plugins are looked up and their parameters validated; none of their data or weights is touched.
"""

from __future__ import annotations

import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xlt_cli.api import (
    Condition,
    Encoder,
    PluginUse,
    Task,
)
from xlt_cli.errors import SpecError, UserError
from xlt_cli.problems import collapse
from xlt_cli.spec.adapter_checks import check_adapters
from xlt_cli.spec.building import (
    build_condition,
    build_encoder,
    build_task,
    build_written,
)
from xlt_cli.spec.experiment import (
    ResolvedEvaluation,
    ResolvedExperiment,
)
from xlt_cli.spec.faults import Faults, together
from xlt_cli.spec.metrics import reopen_metrics, resolve_metrics
from xlt_cli.spec.model import PerturbationUse
from xlt_cli.spec.source import Override, Source, read, values
from xlt_cli.spec.stage_resolution import codes_of, reopen_stage, resolve_stage, written_task
from xlt_cli.spec.suitability import (
    check_condition,
    check_head,
    check_pairs,
    fill_collapse,
)
from xlt_cli.spec.values import validated
from xlt_cli.spec.written import Evaluation, ExperimentSpec
from xlt_cli.spec.yaml_lines import Document, Loc


def load(path: Path, overrides: Sequence[str] = ()) -> ExperimentSpec:
    """Reads, overrides and validates a spec file; every default is filled in.

    Raises:
        SpecError: the file, an override or a field is wrong.
        PluginError: a plugin is unknown or broken.
    """
    return resolve(read(path, overrides)).spec


def resolve(source: Source) -> ResolvedExperiment:
    """The experiment that a spec states.

    Raises:
        SpecError, PluginError: all that is wrong with the spec; each error names its line.
    """
    value = values(source)
    if isinstance(value, dict) and value.get("name") is None:
        value["name"] = _slug(source.document.path.stem)
    try:
        spec = validated(ExperimentSpec, value, source)
    except SpecError as error:
        raise together([error, *_plugin_errors(value, source)]) from None
    return _resolve_plugins(spec, source)


def resolve_evaluation(base: Evaluation, overrides: Sequence[Override]) -> ResolvedEvaluation:
    """The evaluation that options of the command line make of another."""
    document = Document(Path("xlt eval"), base.model_dump(), {})
    source = Source(document, "", tuple(overrides))
    return _resolve_evaluation(validated(Evaluation, values(source), source), (), source)


def reopen(spec: ExperimentSpec) -> ResolvedExperiment:
    """The experiment of a spec whose defaults are filled in already, e.g. of a run.

    Raises:
        PluginError: a plugin is unknown or broken, or does not take parameters that it once took.
    """
    stages = [reopen_stage(stage) for stage in spec.stages]
    evaluations = [reopen_evaluation(evaluation) for evaluation in spec.evaluations]
    return ResolvedExperiment(spec, build_encoder(spec.encoder), tuple(stages), tuple(evaluations))


def reopen_evaluation(evaluation: Evaluation) -> ResolvedEvaluation:
    """An evaluation whose defaults are filled in already, with its plugins.

    Raises:
        PluginError: a plugin is unknown or broken, or does not take parameters that it once took.
    """
    assert evaluation.task is not None
    task, conditions = build_task(evaluation.task), tuple(map(build_condition, evaluation.under))
    return ResolvedEvaluation(evaluation, task, reopen_metrics(evaluation, task), conditions)


def _plugin_errors(value: Any, source: Source) -> list[UserError]:
    """What is wrong with the plugins of a spec whose shape is wrong, as far as they are named."""
    faults = Faults()
    top = value if isinstance(value, dict) else {}
    places: list[tuple[str, Loc, Any]] = [("encoder", ("encoder",), top.get("encoder"))]
    stages = top.get("stages")
    for index, stage in enumerate(stages if isinstance(stages, list) else []):
        if isinstance(stage, dict):
            at: Loc = ("stages", index)
            places.append(("task", (*at, "task"), stage.get("task")))
            for field in ("also", "exclude"):
                rows = stage.get(field)
                for number, one in enumerate(rows if isinstance(rows, list) else []):
                    if isinstance(one, dict):
                        places.append(("task", (*at, field, number, "task"), one.get("task")))
            uses = stage.get("perturbation")
            for number, use in enumerate(uses if isinstance(uses, list) else [uses]):
                places.append(("perturbation", (*at, "perturbation", number), use))
    for kind, loc, written in places:
        use = {"name": written} if isinstance(written, str) else written
        if isinstance(use, dict) and isinstance(use.get("name"), str):
            with faults.gather():
                build_written(PerturbationUse.model_construct(**use), kind, loc, source)
    return faults.errors


def _resolve_plugins(spec: ExperimentSpec, source: Source) -> ResolvedExperiment:
    faults = Faults()
    stages, evaluations = [], []
    with faults.gather():
        encoder = typing.cast(Encoder, build_written(spec.encoder, "encoder", ("encoder",), source))
    for index, stage in enumerate(spec.stages):
        with faults.gather():
            stages.append(resolve_stage(stage, ("stages", index), source))
    for index, evaluation in enumerate(spec.evaluations):
        if evaluation.task is None and not faults.errors:
            evaluation.task = spec.stages[-1].task.model_copy(deep=True)
        with faults.gather():
            if evaluation.task is not None:
                loc = ("evaluations", index)
                evaluations.append(_resolve_evaluation(evaluation, loc, source))
    faults.complain()
    with faults.gather():
        check_adapters(spec.stages, encoder, source)
    for index, resolved in enumerate(evaluations):
        with faults.gather():
            fill_collapse(resolved, stages[-1].task.labels, stages[-1].task)
            check_head(stages[-1].task, resolved, source.where(("evaluations", index, "task")))
    faults.complain()
    return ResolvedExperiment(spec, encoder, tuple(stages), tuple(evaluations))


def _resolve_evaluation(evaluation: Evaluation, loc: Loc, source: Source) -> ResolvedEvaluation:
    assert evaluation.task is not None
    task = written_task(evaluation.task, (*loc, "task"), source)
    if "generalized" in evaluation.settings:
        check_pairs(task, source.where((*loc, "settings")))
    if evaluation.languages:
        evaluation.languages = codes_of(
            task, evaluation.split, evaluation.languages, (*loc, "languages"), source
        )
    if evaluation.collapse:
        collapse.check(evaluation.collapse, source.where((*loc, "collapse")))
    metrics = resolve_metrics(evaluation, task, loc, source)
    conditions = _conditions(evaluation, task, loc, source)
    return ResolvedEvaluation(evaluation, task, metrics, conditions)


def _conditions(
    evaluation: Evaluation, task: Task, loc: Loc, source: Source
) -> tuple[Condition, ...]:
    former = evaluation.former
    if former is not None:
        condition = _condition(former, task, (*loc, former.name), source)
        return (condition,)
    made = []
    for index, use in enumerate(evaluation.conditions):
        at: Loc = (*loc, "conditions", index)
        made.append(_condition(use, task, at, source))
        if use in evaluation.conditions[:index]:
            raise SpecError(
                f"the condition '{use.name}' is listed twice with the same parameters",
                source.where(at),
            )
    return tuple(made)


def _condition(use: PluginUse, task: Task, loc: Loc, source: Source) -> Condition:
    condition = typing.cast(Condition, build_written(use, "condition", loc, source))
    check_condition(condition, task, loc, source)
    return condition


def _slug(stem: str) -> str:
    slug = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in stem)
    return slug.strip("-._")[:100] or "experiment"
