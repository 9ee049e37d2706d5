"""From a suite and a trained run to the evaluations that it comes to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xlt_cli import registry
from xlt_cli.api import Task
from xlt_cli.errors import UserError
from xlt_cli.evaluation.extras import NONE, Extras
from xlt_cli.runs import directory
from xlt_cli.spec import CLEAN, Evaluation, PluginUse, ResolvedEvaluation
from xlt_cli.spec.building import build_task
from xlt_cli.spec.resolution import resolve_evaluation
from xlt_cli.spec.suitability import check_head, fill_collapse
from xlt_cli.spec.suite import DataSets, OwnTask, Suite

if TYPE_CHECKING:
    from xlt_cli.console.progress import Reporter


@dataclass(frozen=True)
class Test:
    """An evaluation of a suite.

    Attributes:
        title: of the group of data sets that it belongs to; empty for the run's own task.
    """

    title: str
    evaluation: ResolvedEvaluation


@dataclass(frozen=True)
class LeftOut:
    """A data set of a suite that the run is not tested on, and why."""

    title: str
    task: str
    why: str


@dataclass(frozen=True)
class SuiteResults:
    """Results of a suite, each with the title of its group (see `Test`), and what was left out."""

    results: list[tuple[str, dict[str, Any]]]
    left_out: list[LeftOut]


def tests_of(suite: Suite, run: directory.Run) -> tuple[list[Test], list[LeftOut]]:
    """The evaluations of a suite that a run can be tested with, and those that it cannot.

    Raises:
        UserError: the suite's tests of the run's own task are wrong.
    """
    trained = build_task(run.spec.stages[-1].task)
    left_out: list[LeftOut] = []
    tests = [Test("", _own(each, run.spec.stages[-1].task, suite)) for each in suite.own]
    own = run.spec.stages[-1].task.name
    for sets in suite.sets:
        for use in _uses(sets):
            if use.name == own:
                continue
            try:
                tests.append(Test(sets.title, _set(use, sets, suite, trained)))
            except UserError as error:
                left_out.append(LeftOut(sets.title, use.name, _brief(error)))
    return tests, left_out


def evaluate_suite(
    run: directory.Run,
    suite: Suite,
    device: str | None,
    plain: bool,
    reporter: Reporter,
    extras: Extras = NONE,
) -> SuiteResults:
    """Evaluates a run on all tests of a suite that it can be tested with.

    Args:
        extras: what is asked of results beyond the figures of cells.

    Raises:
        UserError: the run's own task cannot be tested as the suite says, or no test is left.
    """
    from xlt_cli.launch import pipeline
    from xlt_cli.launch.computing import start

    run.weights  # noqa: B018  (raises if training has not finished)
    tests, left_out = tests_of(suite, run)
    titles = {id(test.evaluation): test.title for test in tests}
    refused: set[int] = set()

    def leave_out(evaluation: ResolvedEvaluation, error: UserError) -> None:
        title = titles[id(evaluation)]
        if not title:
            raise error
        refused.add(id(evaluation))
        left_out.append(LeftOut(title, evaluation.task.name, _brief(error)))

    runtime = start(device or run.spec.device, run.spec.precision, plain)
    evaluations = [test.evaluation for test in tests]
    results = pipeline.evaluate_run(run, evaluations, runtime, reporter, leave_out, extras)
    made = [test.title for test in tests if id(test.evaluation) not in refused]
    return SuiteResults(list(zip(made, results, strict=True)), left_out)


def _own(own: OwnTask, task: PluginUse, suite: Suite) -> ResolvedEvaluation:
    return resolve_evaluation(
        Evaluation(
            task=task.model_copy(deep=True),
            split=own.split,
            languages=own.languages,
            conditions=[PluginUse(name=CLEAN), *own.conditions],
            limit=own.limit,
            metrics=_metrics(suite),
        ),
        (),
    )


def _uses(sets: DataSets) -> Iterator[PluginUse]:
    """The tasks that are named, then those of the family, by name."""
    yield from sets.tasks
    named = {use.name for use in sets.tasks}
    for name in registry.names("task") if sets.family else ():
        try:
            task = registry.get("task", name)
        except UserError:  # a broken plugin is no trouble until it is used
            continue
        wanted = not sets.tags or bool({*sets.tags} & {*task.tags})
        wanted = wanted and not {*sets.without} & {*task.tags} and name not in named
        if wanted and task.family == sets.family and task.published_languages:
            yield PluginUse(name=name)


def _set(use: PluginUse, sets: DataSets, suite: Suite, trained: Task) -> ResolvedEvaluation:
    """The evaluation on a data set.

    Raises:
        UserError: it is not on this machine, or the model's head cannot answer it.
    """
    evaluation = Evaluation(
        task=use.model_copy(deep=True),
        conditions=[PluginUse(name=CLEAN), *sets.conditions],
        limit=sets.limit,
        metrics=_metrics(suite),
    )
    resolved = resolve_evaluation(evaluation, ())
    fill_collapse(resolved, trained.labels, trained)
    check_head(trained, resolved, "")
    resolved.task.check()
    for split in sets.splits:
        if resolved.task.languages(split):
            return resolved.changed(split=split)
    raise UserError(f"it has no {' or '.join(sets.splits)} split")


def _metrics(suite: Suite) -> list[PluginUse]:
    return [use.model_copy(deep=True) for use in suite.metrics]


def _brief(error: UserError) -> str:
    return error.what.splitlines()[0]
