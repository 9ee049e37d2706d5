"""From a stage as written to a stage that is ready to train: tasks, languages, perturbations."""

from __future__ import annotations

import typing
from collections.abc import Sequence

from xlt_cli.api import EmbeddingPerturbation, Perturbation, PluginUse, Split, Task
from xlt_cli.errors import PluginError, SpecError, UserError
from xlt_cli.languages import own_codes
from xlt_cli.registry.checks.tasks import check_source_language
from xlt_cli.spec.building import build_perturbation, build_task, build_written
from xlt_cli.spec.experiment import (
    Metrics,
    ResolvedDev,
    ResolvedExclusion,
    ResolvedRows,
    ResolvedStage,
)
from xlt_cli.spec.faults import Faults
from xlt_cli.spec.metrics import reopen_metrics, resolve_metrics
from xlt_cli.spec.model import PerturbationUse
from xlt_cli.spec.rows import Exclusion, MoreRows
from xlt_cli.spec.source import Source
from xlt_cli.spec.stage import Stage
from xlt_cli.spec.suitability import (
    check_aligned,
    check_criterion,
    check_labelled,
    check_own_head,
    check_same_head,
    check_speaks,
    check_together,
)
from xlt_cli.spec.yaml_lines import Loc


def resolve_stage(stage: Stage, loc: Loc, source: Source) -> ResolvedStage:
    """Fills in what a stage leaves open: languages, and shares of perturbations.

    Raises:
        SpecError, PluginError: what is wrong with it; each error names its line.
    """
    faults = Faults()
    with faults.gather():
        task = written_task(stage.task, (*loc, "task"), source)
    more: list[Task] = []
    for index, rows in enumerate(stage.also):
        with faults.gather():
            more.append(written_task(rows.task, (*loc, "also", index, "task"), source))
    excluded: list[Task | None] = []
    for index, exclusion in enumerate(stage.exclude):
        with faults.gather():
            use, at = exclusion.task, (*loc, "exclude", index, "task")
            excluded.append(None if use is None else written_task(use, at, source))
    plugins = []
    for index, use in enumerate(stage.perturbation):
        with faults.gather():
            plugin = build_written(use, "perturbation", (*loc, "perturbation", index), source)
            plugins.append(typing.cast(Perturbation, plugin))
    faults.complain()
    check_criterion(stage, task, source.where(loc))
    stage.languages = _languages(task, stage, loc, source)
    for index, (rows, other) in enumerate(zip(stage.also, more, strict=True)):
        at = (*loc, "also", index)
        if rows.head == "own":
            check_own_head(stage, task, other, source.where((*at, "head")))
        else:
            check_same_head(task, other, source.where((*at, "task")))
        rows.languages = _languages(other, rows, at, source)
    for index, (exclusion, of_task) in enumerate(zip(stage.exclude, excluded, strict=True)):
        if of_task is not None and exclusion.languages:
            at = (*loc, "exclude", index, "languages")
            split, wanted = exclusion.split, exclusion.languages
            exclusion.languages = codes_of(of_task, split, wanted, at, source)
    metrics = None
    if stage.dev is not None:
        at = (*loc, "dev")
        wanted = stage.dev.languages or stage.languages
        stage.dev.languages = codes_of(task, stage.dev.split, wanted, (*at, "languages"), source)
        metrics = resolve_metrics(stage.dev, task, at, source)
    check_together(plugins, source.where((*loc, "perturbation")))
    _share_out(stage.perturbation, plugins, source.where((*loc, "perturbation")))
    resolved = _resolved(stage, task, more, excluded, plugins, metrics)
    for index, plugin in enumerate(plugins):
        where = source.where((*loc, "perturbation", index))
        for each in resolved.sources:
            check_speaks(plugin, each.task, each.languages, where)
    if stage.sampling == "one-per-item":
        check_aligned([each.task for each in resolved.sources], source.where((*loc, "sampling")))
    if stage.labels == "shuffled":
        check_labelled(task, source.where((*loc, "labels")))
    return resolved


def reopen_stage(stage: Stage) -> ResolvedStage:
    """A stage whose defaults are filled in already, with its plugins.

    Raises:
        PluginError: a plugin is unknown or broken, or does not take parameters that it once took.
    """
    task = build_task(stage.task)
    return _resolved(
        stage,
        task,
        [build_task(rows.task) for rows in stage.also],
        [None if each.task is None else build_task(each.task) for each in stage.exclude],
        [build_perturbation(use) for use in stage.perturbation],
        None if stage.dev is None else reopen_metrics(stage.dev, task),
    )


def _resolved(
    stage: Stage,
    task: Task,
    more: Sequence[Task],
    excluded: Sequence[Task | None],
    plugins: Sequence[Perturbation],
    metrics: Metrics | None,
) -> ResolvedStage:
    shares = [use.proportion or 1.0 for use in stage.perturbation]
    dev = None
    if stage.dev is not None and metrics is not None:
        languages = tuple(stage.dev.languages or ())
        dev = ResolvedDev(stage.dev.split, languages, stage.dev.limit, metrics)
    return ResolvedStage(
        stage,
        task,
        (_rows(task, stage), *map(_rows, more, stage.also)),
        tuple(zip(plugins, shares, strict=True)),
        dev,
        tuple(map(_exclusion, stage.exclude, excluded)),
    )


def _rows(task: Task, written: Stage | MoreRows) -> ResolvedRows:
    own_head = isinstance(written, MoreRows) and written.head == "own"
    languages = tuple(written.languages or ())
    return ResolvedRows(task, written.split, languages, written.limit, own_head)


def _exclusion(exclusion: Exclusion, task: Task | None) -> ResolvedExclusion:
    if task is None:
        return ResolvedExclusion(exclusion, None)
    languages = tuple(exclusion.languages or ())
    return ResolvedExclusion(exclusion, ResolvedRows(task, exclusion.split, languages))


def _languages(task: Task, rows: Stage | MoreRows, loc: Loc, source: Source) -> list[str]:
    """The languages to train on, as the task's files name them."""
    at = (*loc, "languages")
    if not rows.languages:
        check_source_language(task, rows.split, source.where(at))
    wanted = rows.languages or [task.source_language]
    return codes_of(task, rows.split, wanted, at, source)


def written_task(use: PluginUse, loc: Loc, source: Source) -> Task:
    """A task of a spec as it is written."""
    return typing.cast(Task, build_written(use, "task", loc, source))


def codes_of(
    task: Task, split: Split, languages: Sequence[str], loc: Loc, source: Source
) -> list[str]:
    """Languages in whatever form as the codes that the task has for them, where it has them."""
    known = _known_languages(task, split)
    try:
        return own_codes(languages, known)
    except UserError as error:
        raise SpecError(error.what, source.where(loc), error.hint) from None


def _known_languages(task: Task, split: Split) -> tuple[str, ...]:
    """The languages of a split; none where the data are not on this machine."""
    try:
        return task.languages(split)
    except PluginError:
        raise
    except UserError:
        return ()  # training looks again


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
            "perturbations of embeddings share the examples, but their proportions add up to "
            "more than 1" + (" with those that have none stated" if open_ones else ""),
            where,
        )
    for use in open_ones:
        use.proportion = left / len(open_ones)
