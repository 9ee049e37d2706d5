"""What of a spec can be checked against this machine without loading data, weights or torch.

`xlt validate` checks it, and `xlt train` and `xlt sweep` do so before anything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from xlt_cli.api import SPLITS, DataError, OfflineError, Plugin, Split, Task
from xlt_cli.errors import SpecError, UserError, did_you_mean
from xlt_cli.languages import among
from xlt_cli.spec.experiment import ResolvedEvaluation, ResolvedExperiment, ResolvedStage
from xlt_cli.spec.faults import Faults
from xlt_cli.spec.seen_languages import seen_in
from xlt_cli.spec.source import Source
from xlt_cli.spec.yaml_lines import Document, Loc


def check_inputs(experiment: ResolvedExperiment, source: Source) -> None:
    """Refuses what training would refuse: missing files, splits and languages.

    Raises:
        SpecError, PluginError, DataError: all that is missing; each error names the line.
    """
    faults = Faults()
    trained_on = seen_in(experiment)
    _check_plugin(experiment.encoder, ("encoder",), source, faults)
    for index, stage in enumerate(experiment.stages):
        loc: Loc = ("stages", index)
        for at, (perturbation, _) in enumerate(stage.perturbations):
            _check_plugin(perturbation, (*loc, "perturbation", at), source, faults)
        if _check_plugin(stage.task, (*loc, "task"), source, faults):
            _check_rows(stage, loc, source, faults)
            if stage.dev is not None:
                dev = (*loc, "dev")
                with faults.gather():
                    _check_split(stage.task, stage.dev.split, stage.dev.languages, dev, source)
                    _check_comparable(stage.dev.languages, trained_on, dev, source)
    for index, evaluation in enumerate(experiment.evaluations):
        _check_evaluation(evaluation, ("evaluations", index), source, faults, trained_on)
    faults.complain()


def _check_rows(stage: ResolvedStage, loc: Loc, source: Source, faults: Faults) -> None:
    """Refuses a stage whose rows, or those that it excludes, are not there."""
    for index, rows in enumerate(stage.sources):
        at = (*loc, "also", index - 1) if index else loc
        if not index or _check_plugin(rows.task, (*at, "task"), source, faults):
            with faults.gather():
                _check_split(rows.task, rows.split, rows.languages, at, source)
    for index, exclusion in enumerate(stage.exclusions):
        at = (*loc, "exclude", index)
        if exclusion.spec.ids is not None and not Path(exclusion.spec.ids).is_file():
            with faults.gather():
                raise SpecError(
                    f"there is no file '{exclusion.spec.ids}'", source.where((*at, "ids"))
                )
        excluded = exclusion.rows
        if excluded and _check_plugin(excluded.task, (*at, "task"), source, faults):
            with faults.gather():
                _check_split(excluded.task, excluded.split, excluded.languages, at, source)


def check_evaluations(evaluations: Sequence[ResolvedEvaluation]) -> None:
    """The same for evaluations that the command line asks for."""
    faults, source = Faults(), Source(Document(Path("xlt eval"), {}, {}), "")
    for evaluation in evaluations:
        _check_evaluation(evaluation, (), source, faults, ())
    faults.complain()


def _check_evaluation(
    resolved: ResolvedEvaluation,
    loc: Loc,
    source: Source,
    faults: Faults,
    trained_on: Sequence[str],
) -> None:
    task, evaluation = resolved.task, resolved.spec
    if not _check_plugin(task, (*loc, "task"), source, faults):
        return
    former = evaluation.former
    for index, condition in enumerate(resolved.conditions):
        place = ("conditions", index) if former is None else (former.name,)
        _check_plugin(condition, (*loc, *place), source, faults)
    with faults.gather():
        known = _check_split(task, evaluation.split, evaluation.languages, loc, source)
        languages = evaluation.languages or known
        _check_comparable(languages, trained_on, loc, source)
        if "generalized" in evaluation.settings and len(set(languages)) == 1:
            raise SpecError(
                "the generalized setting needs two languages or more, and there is only "
                f"'{languages[0]}'",
                source.where((*loc, "settings")),
            )


def _check_plugin(plugin: Plugin, loc: Loc, source: Source, faults: Faults) -> bool:
    """Asks a plugin whether what it works with is here; an error names its place in the spec."""
    before = len(faults.errors)
    with faults.gather():
        try:
            for each in (plugin, *plugin.parts.values()):
                each.check()
        except UserError as error:
            raise _placed(error, source.where(loc)) from error.__cause__
    return len(faults.errors) == before


def _check_split(
    task: Task, split: Split, languages: Sequence[str] | None, loc: Loc, source: Source
) -> Sequence[str]:
    """The languages that a split has; refuses a split that is missing, and a language."""
    try:
        known = task.languages(split)
    except OfflineError:
        return ()  # on a machine with network training brings the data
    except DataError as error:
        raise _placed(error, source.where((*loc, "task"))) from None
    if not known:
        others = [other for other in SPLITS if other != split and task.languages(other)]
        hint = task.missing(split) or (f"it has {' and '.join(others)}" if others else "")
        if loc[-1:] == ("dev",) and split == "dev":
            hint = f"{hint}\n`dev: null` trains without evaluations on dev".strip()
        raise SpecError(
            f"the task '{task.name}' has no {split} split", source.where((*loc, "split")), hint
        )
    for language in languages or []:
        if language not in known:
            raise SpecError(
                f"the task '{task.name}' has no '{language}' in its {split} split",
                source.where((*loc, "languages")),
                did_you_mean(language, known),
            )
    return known


def _check_comparable(
    tested: Sequence[str], trained_on: Sequence[str], loc: Loc, source: Source
) -> None:
    """Refuses languages of which it cannot be said whether the model was trained on them."""
    try:
        for language in tested:
            among(language, trained_on)
    except UserError as error:
        raise SpecError(
            f"{error.what}, so that xlt cannot tell whether the result is zero-shot",
            source.where((*loc, "languages")),
            error.hint,
        ) from None


def _placed(error: UserError, where: str) -> UserError:
    """The error with its place in the spec before the place that it names itself."""
    return replace(error, where=f"{where}\n{error.where}".strip())
