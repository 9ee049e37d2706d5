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
    EmbeddingPerturbation,
    Encoder,
    Perturbation,
    PluginUse,
    Split,
    Task,
)
from xlt_cli.errors import PluginError, SpecError, UserError
from xlt_cli.languages import own_codes
from xlt_cli.problems import collapse
from xlt_cli.registry.checks.tasks import check_source_language
from xlt_cli.spec.building import (
    build_condition,
    build_encoder,
    build_perturbation,
    build_task,
    build_written,
)
from xlt_cli.spec.experiment import (
    ResolvedDev,
    ResolvedEvaluation,
    ResolvedExperiment,
    ResolvedStage,
)
from xlt_cli.spec.faults import Faults, together
from xlt_cli.spec.source import Override, Source, read, values
from xlt_cli.spec.suitability import (
    check_condition,
    check_head,
    check_pairs,
    check_speaks,
    check_together,
)
from xlt_cli.spec.values import validated
from xlt_cli.spec.written import Evaluation, ExperimentSpec, PerturbationUse, Stage
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
    stages = [
        _stage(
            stage,
            build_task(stage.task),
            [build_perturbation(use) for use in stage.perturbation],
        )
        for stage in spec.stages
    ]
    evaluations = [reopen_evaluation(evaluation) for evaluation in spec.evaluations]
    return ResolvedExperiment(spec, build_encoder(spec.encoder), tuple(stages), tuple(evaluations))


def reopen_evaluation(evaluation: Evaluation) -> ResolvedEvaluation:
    """An evaluation whose defaults are filled in already, with its plugins.

    Raises:
        PluginError: a plugin is unknown or broken, or does not take parameters that it once took.
    """
    assert evaluation.task is not None
    conditions = tuple(map(build_condition, evaluation.under))
    return ResolvedEvaluation(evaluation, build_task(evaluation.task), conditions)


def _plugin_errors(value: Any, source: Source) -> list[UserError]:
    """What is wrong with the plugins of a spec whose shape is wrong, as far as they are named."""
    faults = Faults()
    top = value if isinstance(value, dict) else {}
    places: list[tuple[str, Loc, Any]] = [("encoder", ("encoder",), top.get("encoder"))]
    stages = top.get("stages")
    for index, stage in enumerate(stages if isinstance(stages, list) else []):
        if isinstance(stage, dict):
            places.append(("task", ("stages", index, "task"), stage.get("task")))
            uses = stage.get("perturbation")
            for at, use in enumerate(uses if isinstance(uses, list) else [uses]):
                places.append(("perturbation", ("stages", index, "perturbation", at), use))
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
            stages.append(_resolve_stage(stage, ("stages", index), source))
    for index, evaluation in enumerate(spec.evaluations):
        if evaluation.task is None and not faults.errors:
            evaluation.task = spec.stages[-1].task.model_copy(deep=True)
        with faults.gather():
            if evaluation.task is not None:
                loc = ("evaluations", index)
                evaluations.append(_resolve_evaluation(evaluation, loc, source))
    faults.complain()
    for index, resolved in enumerate(evaluations):
        with faults.gather():
            check_head(stages[-1].task, resolved, source.where(("evaluations", index, "task")))
    faults.complain()
    return ResolvedExperiment(spec, encoder, tuple(stages), tuple(evaluations))


def _resolve_stage(stage: Stage, loc: Loc, source: Source) -> ResolvedStage:
    """Fills in what a stage leaves open: languages, and shares of perturbations."""
    faults = Faults()
    with faults.gather():
        task = _task(stage.task, (*loc, "task"), source)
    plugins = []
    for index, use in enumerate(stage.perturbation):
        with faults.gather():
            plugin = build_written(use, "perturbation", (*loc, "perturbation", index), source)
            plugins.append(typing.cast(Perturbation, plugin))
    faults.complain()
    if not stage.languages:
        check_source_language(task, stage.split, source.where((*loc, "languages")))
    languages = _own_codes(
        task, stage.split, stage.languages or [task.source_language], (*loc, "languages"), source
    )
    stage.languages = languages
    if stage.dev is not None:
        where = (*loc, "dev", "languages")
        wanted = stage.dev.languages or languages
        stage.dev.languages = _own_codes(task, stage.dev.split, wanted, where, source)
    for index, plugin in enumerate(plugins):
        check_speaks(plugin, task, languages, source.where((*loc, "perturbation", index)))
    check_together(plugins, source.where((*loc, "perturbation")))
    _share_out(stage.perturbation, plugins, source.where((*loc, "perturbation")))
    return _stage(stage, task, plugins)


def _stage(stage: Stage, task: Task, plugins: Sequence[Perturbation]) -> ResolvedStage:
    """A stage whose defaults are filled in, with its plugins."""
    shares = [use.proportion or 1.0 for use in stage.perturbation]
    dev = None
    if stage.dev is not None:
        languages = tuple(stage.dev.languages or ())
        dev = ResolvedDev(stage.dev.split, languages, stage.dev.limit)
    return ResolvedStage(
        stage,
        task,
        tuple(stage.languages or ()),
        tuple(zip(plugins, shares, strict=True)),
        dev,
    )


def _share_out(
    uses: Sequence[PerturbationUse], plugins: Sequence[Perturbation], where: str
) -> None:
    """Fills in proportions that are not stated.

    All examples for perturbations of text and of segmentation; for those of embeddings, equal
    shares of what the others leave.
    """
    methods = []
    for use, plugin in zip(uses, plugins, strict=True):
        if isinstance(plugin, EmbeddingPerturbation):
            methods.append(use)
        elif use.proportion is None:
            use.proportion = 1.0
    left = 1.0 - sum(use.proportion or 0.0 for use in methods)
    open_ones = [use for use in methods if use.proportion is None]
    if left < -1e-9 or (open_ones and left < 1e-9):
        raise SpecError(
            "perturbations of embeddings share the examples, and their proportions come to more "
            "than 1" + (" with those that have none stated" if open_ones else ""),
            where,
        )
    for use in open_ones:
        use.proportion = left / len(open_ones)


def _resolve_evaluation(evaluation: Evaluation, loc: Loc, source: Source) -> ResolvedEvaluation:
    assert evaluation.task is not None
    task = _task(evaluation.task, (*loc, "task"), source)
    if "generalized" in evaluation.settings:
        check_pairs(task, source.where((*loc, "settings")))
    if evaluation.languages:
        evaluation.languages = _own_codes(
            task, evaluation.split, evaluation.languages, (*loc, "languages"), source
        )
    if evaluation.collapse:
        collapse.check(evaluation.collapse, source.where((*loc, "collapse")))
    conditions = _conditions(evaluation, task, loc, source)
    return ResolvedEvaluation(evaluation, task, conditions)


def _conditions(
    evaluation: Evaluation, task: Task, loc: Loc, source: Source
) -> tuple[Condition, ...]:
    former = evaluation.former
    if former is not None:
        condition = _condition(former, task, (*loc, former.name), source)
        setattr(evaluation, former.name, former.params)
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


def _task(use: PluginUse, loc: Loc, source: Source) -> Task:
    return typing.cast(Task, build_written(use, "task", loc, source))


def _known_languages(task: Task, split: Split) -> tuple[str, ...]:
    """The languages of a split; none where the data are not on this machine."""
    try:
        return task.languages(split)
    except PluginError:
        raise
    except UserError:
        return ()  # training looks again


def _own_codes(
    task: Task, split: Split, languages: Sequence[str], loc: Loc, source: Source
) -> list[str]:
    """Languages in whatever form as the codes that the task has for them, where it has them."""
    known = _known_languages(task, split)
    try:
        return own_codes(languages, known)
    except UserError as error:
        raise SpecError(error.what, source.where(loc), error.hint) from None


def _slug(stem: str) -> str:
    slug = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in stem)
    return slug.strip("-._")[:100] or "experiment"
