"""An experiment that is ready to run: plugins are live instances, and nothing is left to be chosen.

A spec (`ExperimentSpec`) is what a user writes, and what run directories store. Resolving it gives
one of these: each plugin is built once, with checked parameters, and every default is filled in.
Training, evaluation and launching take these parts and build no plugin.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from xlt_cli.api import Condition, Encoder, ExtraMetric, Perturbation, Split, Task
from xlt_cli.spec.rows import Exclusion
from xlt_cli.spec.stage import Stage
from xlt_cli.spec.written import Evaluation, ExperimentSpec


@dataclass(frozen=True)
class Metrics:
    """The metrics that are asked for.

    Attributes:
        main: the name of the one that headlines show, and by which a step is selected.
        extra: those in addition to the metrics of the problem.
    """

    main: str
    extra: tuple[ExtraMetric, ...] = ()


@dataclass(frozen=True)
class ResolvedDev:
    """The rows that a stage is evaluated on while it trains.

    Attributes:
        limit: use only the first rows of each language; None for all.
    """

    split: Split
    languages: tuple[str, ...]
    limit: int | None
    metrics: Metrics


@dataclass(frozen=True)
class ResolvedRows:
    """Rows of a task that a stage trains on.

    Attributes:
        languages: as the task's files name them.
        limit: use only the first rows of each language; None for all.
        own_head: whether they are trained on with another head than that of the stage's task.
    """

    task: Task
    split: Split
    languages: tuple[str, ...]
    limit: int | None = None
    own_head: bool = False


@dataclass(frozen=True)
class ResolvedExclusion:
    """Rows that a stage does not train on.

    Attributes:
        spec: says where their ids are, if they are listed in a file.
        rows: those of another task; its languages are empty for all that it has.
    """

    spec: Exclusion
    rows: ResolvedRows | None


@dataclass(frozen=True)
class ResolvedStage:
    """A stage of training.

    Attributes:
        spec: the stage with all defaults filled in; the schedule is read from here.
        task: gives the stage its problem, its labels and its rows for dev.
        sources: the rows to choose from: those of the task, then those of further tasks.
        exclusions: which of them are left out.
        perturbations: each with its share of the examples.
        dev: None where nothing is evaluated while training.
    """

    spec: Stage
    task: Task
    sources: tuple[ResolvedRows, ...]
    perturbations: tuple[tuple[Perturbation, float], ...]
    dev: ResolvedDev | None
    exclusions: tuple[ResolvedExclusion, ...] = ()

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of all sources, once each, as the tasks' files name them."""
        return tuple(dict.fromkeys(code for rows in self.sources for code in rows.languages))


@dataclass(frozen=True)
class ResolvedEvaluation:
    """An evaluation of the trained model.

    Attributes:
        spec: the evaluation with all defaults filled in.
        conditions: those of the spec, in its order.
    """

    spec: Evaluation
    task: Task
    metrics: Metrics
    conditions: tuple[Condition, ...] = ()

    def changed(self, **fields: Any) -> ResolvedEvaluation:
        """The evaluation with other values of its spec's fields; the plugins stay."""
        return replace(self, spec=self.spec.model_copy(update=fields))


@dataclass(frozen=True)
class ResolvedExperiment:
    """An experiment whose plugins are built.

    A plugin instance may keep state while a run lasts, so that each run resolves its own.

    Attributes:
        spec: the same as data, with all defaults filled in; run directories store it.
    """

    spec: ExperimentSpec
    encoder: Encoder
    stages: tuple[ResolvedStage, ...]
    evaluations: tuple[ResolvedEvaluation, ...]

    @property
    def perturbations(self) -> list[Perturbation]:
        """The perturbations of all stages."""
        return [plugin for stage in self.stages for plugin, _ in stage.perturbations]
