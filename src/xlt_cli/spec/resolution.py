"""From a spec as written to a checked ExperimentSpec, with every default filled in.

The plugins are looked up and their parameters validated; none of their data or weights is touched.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from xlt_cli import registry
from xlt_cli.api import (
    EmbeddingPerturbation,
    Encoder,
    Perturbation,
    Plugin,
    SegmentationPerturbation,
    Split,
    Task,
)
from xlt_cli.errors import PluginError, SpecError, UserError
from xlt_cli.languages import own_codes, serves
from xlt_cli.problems import collapse
from xlt_cli.registry.calls import Call, calling
from xlt_cli.registry.checks.tasks import check_source_language, check_task
from xlt_cli.registry.guard import make
from xlt_cli.spec import (
    Evaluation,
    ExperimentSpec,
    PerturbationUse,
    PluginUse,
    Smoothing,
    Stage,
    opened_names,
)
from xlt_cli.spec.faults import Faults, together
from xlt_cli.spec.hints import for_plugin
from xlt_cli.spec.source import Override, Source, read, values
from xlt_cli.spec.values import validated
from xlt_cli.spec.yaml_lines import Document, Loc


def load(path: Path, overrides: Sequence[str] = ()) -> ExperimentSpec:
    """Reads, overrides, validates and resolves a spec file.

    Raises:
        SpecError: the file, an override or a field is wrong.
        PluginError: a plugin is unknown or broken.
    """
    return resolve(read(path, overrides))


def resolve(source: Source) -> ExperimentSpec:
    """The validated spec, with every default of it and of the plugins filled in."""
    value = values(source)
    if isinstance(value, dict) and value.get("name") is None:
        value["name"] = _slug(source.document.path.stem)
    try:
        spec = validated(ExperimentSpec, value, source)
    except SpecError as error:
        raise together([error, *_plugin_errors(value, source)]) from None
    return _resolve_plugins(spec, source)


def resolve_evaluation(base: Evaluation, overrides: Sequence[Override]) -> Evaluation:
    """The validated evaluation that options of the command line make of another."""
    document = Document(Path("xlt eval"), base.model_dump(), {})
    source = Source(document, "", tuple(overrides))
    evaluation = validated(Evaluation, values(source), source)
    _resolve_evaluation(evaluation, (), source)
    return evaluation


def build(use: PluginUse, kind: str, where: str = "") -> Plugin:
    """A plugin of a resolved spec, with its parameters.

    Raises:
        PluginError: it is unknown or broken, or does not take parameters that it once took.
    """
    plugin = registry.get(kind, use.name, where)
    call = Call(plugin, "Params", (use.params,))
    try:
        with calling(call, passing=(ValidationError,)):
            params = plugin.Params.model_validate(use.params)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, single['loc']))}: {single['msg']}"
            for single in error.errors(include_url=False)
        )
        raise PluginError(
            f"{call.who} does not take the parameters of this spec: {faults}",
            where,
            "the spec was made with another version of it: bring that back, or start anew",
        ) from None
    return typing.cast(Plugin, make(plugin, params))


def build_encoder(use: PluginUse) -> Encoder:
    """The encoder of a resolved spec."""
    return typing.cast(Encoder, build(use, "encoder"))


def checkpoint_encoder(use: PluginUse, of_checkpoint: Mapping[str, Any]) -> Encoder:
    """The plugin that opens a checkpoint, with the parameters that are given for it.

    Args:
        of_checkpoint: parameters that the checkpoint stands for, where the plugin has them.

    Raises:
        PluginError: it is unknown, or cannot do without parameters.
        SpecError: a parameter is wrong.
    """
    plugin = registry.get("encoder", use.name, "--encoder")
    known = plugin.Params.model_fields
    given = {name: value for name, value in of_checkpoint.items() if name in known} | use.params
    required = [name for name, field in known.items() if field.is_required()]
    missing = [name for name in required if name not in given]
    if missing:
        raise PluginError(
            f"the encoder '{use.name}' cannot open a checkpoint without parameters: "
            f"{', '.join(missing)}",
            "--encoder",
            "give them beside the name: --encoder '{name: ..., ...}'",
        )
    source = Source(Document(Path("--encoder"), use.model_dump(), {}), "")
    params = validated(plugin.Params, given, source, (), plugin.name)
    return typing.cast(Encoder, make(plugin, params))


def build_task(use: PluginUse) -> Task:
    """A task of a resolved spec."""
    return typing.cast(Task, build(use, "task"))


def build_perturbation(use: PluginUse) -> Perturbation:
    """A perturbation of a resolved spec."""
    return typing.cast(Perturbation, build(use, "perturbation"))


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
                _check_use(PerturbationUse.model_construct(**use), kind, loc, source)
    return faults.errors


def _resolve_plugins(spec: ExperimentSpec, source: Source) -> ExperimentSpec:
    faults = Faults()
    with faults.gather():
        _check_use(spec.encoder, "encoder", ("encoder",), source)
    for index, stage in enumerate(spec.stages):
        with faults.gather():
            _resolve_stage(stage, ("stages", index), source)
    for index, evaluation in enumerate(spec.evaluations):
        if evaluation.task is None and not faults.errors:
            evaluation.task = spec.stages[-1].task.model_copy(deep=True)
        with faults.gather():
            if evaluation.task is not None:
                _resolve_evaluation(evaluation, ("evaluations", index), source)
    faults.complain()
    for index, evaluation in enumerate(spec.evaluations):
        assert evaluation.task is not None
        where = source.where(("evaluations", index, "task"))
        with faults.gather():
            check_head(spec.stages[-1].task, evaluation, where)
    faults.complain()
    return spec


def _resolve_stage(stage: Stage, loc: Loc, source: Source) -> None:
    faults = Faults()
    with faults.gather():
        task = typing.cast(Task, _check_use(stage.task, "task", (*loc, "task"), source))
    for index, use in enumerate(stage.perturbation):
        with faults.gather():
            _check_use(use, "perturbation", (*loc, "perturbation", index), source)
    faults.complain()
    if not stage.languages:
        check_source_language(task, stage.split, source.where((*loc, "languages")))
    stage.languages = _own_codes(
        task, stage.split, stage.languages or [task.source_language], (*loc, "languages"), source
    )
    if stage.dev is not None:
        wanted = stage.dev.languages or stage.languages
        where = (*loc, "dev", "languages")
        stage.dev.languages = _own_codes(task, stage.dev.split, wanted, where, source)
    _resolve_perturbations(stage, task, (*loc, "perturbation"), source)


def _resolve_perturbations(stage: Stage, task: Task, loc: Loc, source: Source) -> None:
    plugins = []
    for index, use in enumerate(stage.perturbation):
        where = (*loc, index)
        plugin = build_perturbation(use)
        plugins.append(plugin)
        problems = plugin.problems
        if problems is not None and task.problem.name not in problems:
            raise SpecError(
                f"'{plugin.name}' serves {', '.join(problems)}; '{task.name}' is "
                f"{task.problem.name}",
                source.where(where),
            )
        _check_speaks(plugin, stage.languages or [], source.where(where))
    _check_together(plugins, source.where(loc))
    _share_out(stage.perturbation, plugins, source.where(loc))


def _check_together(plugins: Sequence[Perturbation], where: str) -> None:
    """Refuses perturbations of one stage that cannot work side by side."""
    cutting = [p.name for p in plugins if isinstance(p, SegmentationPerturbation)]
    if len(cutting) > 1:
        raise SpecError(f"a text is cut into pieces once: {_both(cutting)}", where, "take one")
    companions = {
        p.name: p.companion for p in plugins if isinstance(p, EmbeddingPerturbation) and p.companion
    }
    if len(companions) > 1:
        raise SpecError(
            f"{_both(list(companions))} both need other examples beside each example",
            where,
            "take one",
        )
    on_data = [p for p in plugins if not isinstance(p, EmbeddingPerturbation)]
    if "noisy" in companions.values() and not on_data:
        raise SpecError(
            f"'{next(iter(companions))}' compares an example with a noisy version of it, and "
            "nothing here makes one",
            where,
            "put a perturbation of text beside it: [synonyms, consistency]",
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


def _both(names: Sequence[str]) -> str:
    return " and ".join(f"'{name}'" for name in names)


def _resolve_evaluation(evaluation: Evaluation, loc: Loc, source: Source) -> None:
    assert evaluation.task is not None
    task = typing.cast(Task, _check_use(evaluation.task, "task", (*loc, "task"), source))
    if "generalized" in evaluation.settings and not task.aligned:
        raise SpecError(
            f"the generalized setting needs rows aligned across languages; '{task.name}' has none",
            source.where((*loc, "settings")),
            "take 'generalized' out, or choose an aligned task (xnli, pawsx, ...)",
        )
    if "generalized" in evaluation.settings and task.texts == 1:
        raise SpecError(
            f"the generalized setting pairs two texts of an example; '{task.name}' has one",
            source.where((*loc, "settings")),
            "take 'generalized' out",
        )
    if evaluation.languages:
        evaluation.languages = _own_codes(
            task, evaluation.split, evaluation.languages, (*loc, "languages"), source
        )
    if evaluation.collapse:
        collapse.check(evaluation.collapse, source.where((*loc, "collapse")))
    if evaluation.smoothing is not None:
        _check_smoothing(evaluation.smoothing, task, (*loc, "smoothing"), source)


def _check_smoothing(smoothing: Smoothing, task: Task, loc: Loc, source: Source) -> None:
    plugin = _check_use(smoothing.noise, "perturbation", (*loc, "noise"), source)
    where = source.where((*loc, "noise"))
    if not task.problem.votes:
        raise SpecError(
            f"votes are over the label of an example; '{task.name}' is {task.problem.name}",
            source.where(loc),
        )
    if not isinstance(plugin, EmbeddingPerturbation) or not plugin.gaussian:
        raise SpecError(
            f"smoothing needs Gaussian noise on the embeddings, which '{plugin.name}' has not",
            where,
            "e.g. {name: random-perturbation, distribution: gaussian}",
        )


def check_head(trained: PluginUse, evaluation: Evaluation, where: str) -> None:
    """Refuses a test that the trained model's head cannot answer."""
    assert evaluation.task is not None
    own, other = build_task(trained), build_task(evaluation.task)
    collapse.check_known(evaluation.collapse, {*own.labels, *other.labels}, where)
    mine, theirs = (
        set(collapse.classes(evaluation.collapse, task.labels)) for task in (own, other)
    )
    if own.problem.name != other.problem.name or mine != theirs:
        raise SpecError(
            f"a model trained on '{own.name}' ({_head(own)}) cannot be tested on "
            f"'{other.name}' ({_head(other)})",
            where,
            "choose a task of the same kind with the same labels, or count labels as one: "
            "`collapse: {A: [B, C]}`, or `xlt eval --collapse '{A: [B, C]}'`",
        )


def _head(task: Task) -> str:
    labels = ", ".join(task.labels[:6]) + (", ..." if len(task.labels) > 6 else "")
    return f"{task.problem.name}: {labels}"


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


def _check_speaks(plugin: Plugin, languages: Sequence[str], where: str) -> None:
    if plugin.speaks is None:
        return
    try:
        mute = [language for language in languages if not serves(plugin.speaks, language)]
    except UserError as error:
        raise SpecError(error.what, where, error.hint) from None
    if mute:
        raise SpecError(
            f"'{plugin.name}' does not speak {', '.join(mute)}",
            where,
            f"it speaks {', '.join(plugin.speaks)}",
        )


def _check_use(use: PluginUse, kind: str, loc: Loc, source: Source) -> Plugin:
    """Validates a plugin's parameters, fills in their defaults, and returns an instance."""
    if kind == "encoder":
        opened_names.resolve(use, source.where(loc))
    try:
        plugin = registry.get(kind, use.name)
    except PluginError as error:
        where = f"{source.where(loc)}\n{error.where}".strip()
        hint = for_plugin(use.name, kind) or error.hint
        raise PluginError(error.what, where, hint) from None
    try:
        with calling(Call(plugin, "Params", (use.params,))):
            params = validated(plugin.Params, use.params, source, loc, plugin.name)
            use.__pydantic_extra__ = params.model_dump(mode="json")
        made = typing.cast(Plugin, make(plugin, params))
        if isinstance(made, Task):
            check_task(made)
        return made
    except SpecError:
        raise
    except UserError as error:
        where = f"{source.where(loc)}\n{error.where}".strip()
        raise replace(error, where=where) from error.__cause__


def _slug(stem: str) -> str:
    slug = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in stem)
    return slug.strip("-._")[:100] or "experiment"
