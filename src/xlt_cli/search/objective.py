"""What a search optimises: the score on dev, or a figure of an evaluation."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from xlt_cli.errors import SpecError, did_you_mean
from xlt_cli.languages import among
from xlt_cli.registry.guard import problem_of
from xlt_cli.reports.evaluation import headline
from xlt_cli.reports.scorer import Scorer
from xlt_cli.reports.selection import selected
from xlt_cli.reports.values import metric_name
from xlt_cli.runs import atomic
from xlt_cli.runs.directory import Run
from xlt_cli.runs.predictions import Store
from xlt_cli.search.space import PLACE
from xlt_cli.spec import ExperimentSpec, ResolvedEvaluation, ResolvedExperiment, ResolvedStage
from xlt_cli.spec.experiment import Metrics
from xlt_cli.spec.search import Group, Optimize, Search
from xlt_cli.spec.seen_languages import seen_by, seen_in
from xlt_cli.spec.source import Source


@dataclass(frozen=True)
class Objective:
    """The figure of a run by which trials are compared.

    Attributes:
        what: the figure in words: `TASK dev en accuracy`.
        metric: by name; its values are shown by its notation.
        lower_is_better: whether it is minimised.
        oracle: a sentence that says why the choice is not zero-shot; empty if it is.
        evaluation: number of the evaluation in the spec; None for the score on dev.
        languages: the mean is over these; empty for those of the group.
        dev_sign: factor that gives the scores on dev the direction of the figure.
    """

    what: str
    metric: str
    lower_is_better: bool
    oracle: str = ""
    evaluation: int | None = None
    languages: tuple[str, ...] = ()
    group: Group = "zero_shot"
    dev_sign: int = 1

    def value(self, run: Run, spec: ExperimentSpec) -> float | None:
        """The figure of a finished run; None if it has none."""
        if self.evaluation is None:
            dev = selected(run, spec)
            return None if dev is None else dev.score
        place = Store.open(run.evaluations, spec.evaluations[self.evaluation]).path
        result: dict[str, Any] | None = atomic.read_json(place / "results.json")
        if result is None:
            return None
        if not self.languages:
            return headline({**result, "metric": self.metric}, self.group)
        figures = [result["languages"].get(language) for language in self.languages]
        if any(figure is None for figure in figures):
            return None
        return statistics.fmean(figure[self.metric]["value"] for figure in figures if figure)


def objective(experiment: ResolvedExperiment, search: Search, source: Source) -> Objective:
    """What a search optimises in a point of its sweep.

    Raises:
        SpecError: there is no such figure.
    """
    stage, optimize = experiment.stages[-1], search.optimize
    if stage.dev is None and optimize is None:
        raise SpecError(
            "a search optimises the score on dev, and the last stage has no dev",
            source.where(PLACE),
            "give the stage a dev, or the search `optimize: {evaluation: 0}`",
        )
    if stage.dev is None and search.stop_early != "none":
        raise SpecError(
            "runs are stopped by their scores on dev, and the last stage has no dev",
            source.where((*PLACE, "stop_early")),
        )
    lower = False
    if stage.dev is not None:
        lower = _lower(_scorer(stage.task, stage.dev.metrics), stage.dev.metrics.main)
    by_dev = optimize is None or search.stop_early != "none"
    why = _oracle_on_dev(experiment.stages, by_dev)
    if optimize is not None:
        made = _of_evaluation(experiment, optimize, source)
        sign = 1 if lower == made.lower_is_better else -1
        return replace(made, dev_sign=sign, oracle=_sentence(made.oracle, why))
    assert stage.dev is not None
    metric = stage.dev.metrics.main
    languages = "+".join(stage.dev.languages)
    what = f"{stage.task.name} {stage.dev.split} {languages} {metric_name(metric)}"
    return Objective(what, metric, lower, _sentence(why))


def _oracle_on_dev(stages: Sequence[ResolvedStage], by_dev: bool) -> str:
    """Which target languages on dev have a part in the choice; empty for none.

    Args:
        by_dev: whether trials are compared, or stopped, by the scores of the last stage on dev.
    """
    for number, stage in enumerate(stages):
        chooses = stage.spec.select == "best" or (by_dev and stage is stages[-1])
        if stage.dev is None or not chooses:
            continue
        seen = seen_by(stage)
        others = [code for code in stage.dev.languages if not among(code, seen)]
        if others:
            return f"dev has {_listed(others)}, which stage {number + 1} is not trained on"
    return ""


def _of_evaluation(experiment: ResolvedExperiment, optimize: Optimize, source: Source) -> Objective:
    place = (*PLACE, "optimize")
    number = _number(experiment.evaluations, optimize.evaluation, source)
    evaluation = experiment.evaluations[number]
    scorer = _scorer(evaluation.task, evaluation.metrics)
    metric, known = optimize.metric or scorer.main, [one.name for one in scorer.metrics]
    if metric not in known:
        raise SpecError(
            f"the evaluation has no metric '{metric}'",
            source.where((*place, "metric")),
            did_you_mean(metric, known),
        )
    has = evaluation.spec.languages or []
    languages = tuple(_own(code, has, source) for code in optimize.languages or ())
    group = optimize.group or "zero_shot"
    seen = seen_in(experiment)
    if languages:
        tested, shown = list(languages), "+".join(languages)
    else:
        tested = [code for code in has if among(code, seen) == (group == "trained_on")]
        tested, shown = (list(has) if group == "generalized" else tested), group.replace("_", "-")
        missing = group == "generalized" and "generalized" not in evaluation.spec.settings
        if missing or not tested:
            raise SpecError(
                f"the evaluation has no languages of the group '{group}'",
                source.where((*place, "group") if optimize.group else place),
                f"it has {', '.join(has)}" if not missing else "add it to `settings`",
            )
    others = [code for code in tested if not among(code, seen)]
    why = ""
    if others:
        why = f"the figure is of {_listed(others)}, which the model is not trained on"
    elif evaluation.spec.split == "test":
        why = "the figure is of test data"
    what = f"{evaluation.task.name} {evaluation.spec.split} {shown} {metric_name(metric)}"
    lower = _lower(scorer, metric)
    return Objective(what, metric, lower, why, number, languages, group)


def _listed(codes: Sequence[str]) -> str:
    return ", ".join(codes[:5]) + (" and others" if len(codes) > 5 else "")


def _sentence(*reasons: str) -> str:
    """Why the choice is not zero-shot; empty where nothing speaks against it."""
    said = "; ".join(filter(None, reasons))
    return (
        f"oracle: {said}, so that the results of the best trial are not zero-shot" if said else ""
    )


def _number(evaluations: Sequence[ResolvedEvaluation], wanted: int | str, source: Source) -> int:
    """The number of the evaluation that is meant."""
    where = source.where((*PLACE, "optimize", "evaluation"))
    names = [evaluation.task.name for evaluation in evaluations]
    listed = ", ".join(f"{number} ({name})" for number, name in enumerate(names)) or "none"
    if isinstance(wanted, int):
        if wanted in range(len(names)):
            return wanted
        raise SpecError(f"the spec has no evaluation {wanted}", where, f"it has {listed}")
    if names.count(wanted) == 1:
        return names.index(wanted)
    if wanted in names:
        raise SpecError(f"several evaluations are on '{wanted}'", where, f"give a number: {listed}")
    hint = did_you_mean(wanted, names) or f"it has {listed}"
    raise SpecError(f"the spec has no evaluation on '{wanted}'", where, hint)


def _own(code: str, has: Sequence[str], source: Source) -> str:
    """The code that the evaluation has for a language."""
    own = next((one for one in has if one == code or among(one, [code])), None)
    if own is None:
        raise SpecError(
            f"the evaluation has no language '{code}'",
            source.where((*PLACE, "optimize", "languages")),
            f"it has {', '.join(has)}",
        )
    return own


def _scorer(task: Any, metrics: Metrics) -> Scorer:
    return Scorer(problem_of(task), metrics.main, metrics.extra)


def _lower(scorer: Scorer, metric: str) -> bool:
    return not next(one for one in scorer.metrics if one.name == metric).higher_is_better
