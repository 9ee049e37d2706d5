"""Runs whose stored predictions are read; nothing here loads a model, or imports torch."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xlt_cli.analyses.subjects import Measure, Request, Subject
from xlt_cli.api import (
    AnalysedRun,
    Analysis,
    Example,
    Pass,
    PredictedRows,
    PredictionAnalysis,
    Record,
    Task,
)
from xlt_cli.console.progress import Reporter
from xlt_cli.data.hashing import data_hash
from xlt_cli.data.rows import RowStore
from xlt_cli.errors import DataError, PluginError, RunError, did_you_mean
from xlt_cli.languages import own_codes
from xlt_cli.problems import Feature, Prediction
from xlt_cli.problems.collapse import collapsed, problem_under
from xlt_cli.reports.summary import check_alignment
from xlt_cli.runs.cells import Cell
from xlt_cli.runs.directory import Run
from xlt_cli.runs.predictions import Store, cells_of, summaries
from xlt_cli.spec import Evaluation, PluginUse
from xlt_cli.spec.building import build_task, build_written
from xlt_cli.spec.identity import evaluation_stated, plugin_stated
from xlt_cli.spec.seen_languages import trained_languages
from xlt_cli.spec.source import Source
from xlt_cli.spec.values import validated
from xlt_cli.spec.yaml_lines import Document, parse_value

BATCH = 1000
"""Rows in a batch."""

PLAIN = {"task", "split", "limit", "windows"}
"""What an evaluation states where the model itself was tested, on the data as they are."""


@dataclass(frozen=True)
class Evaluated:
    """An evaluation with stored predictions.

    Attributes:
        notes: what was said beside its results.
        cells: language -> its predictions by id.
    """

    evaluation: Evaluation
    weights: str
    key: str
    notes: Sequence[str]
    cells: Mapping[str, Mapping[str, Prediction]]


@dataclass(frozen=True)
class Stored(Subject):
    """A run whose stored predictions are measured."""

    predictions: Mapping[str, Mapping[str, Prediction]]

    def batches(self, wanted: Pass) -> Iterator[list[str]]:
        """In the data's order."""
        ids = list(wanted.ids)
        for start in range(0, len(ids), BATCH):
            yield ids[start : start + BATCH]

    @contextlib.contextmanager
    def measuring(self, analysis: Analysis, reporter: Reporter) -> Iterator[Measure]:
        """Holds the run where something is written into it."""
        assert isinstance(analysis, PredictionAnalysis)

        def measure(wanted: Pass, ids: Sequence[str]) -> Sequence[Record]:
            own, predicted = self.view.rows[wanted.language], self.predictions[wanted.language]
            rows = PredictedRows(
                self.view, wanted.language, ids, [own[i] for i in ids], [predicted[i] for i in ids]
            )
            return analysis.measure(rows)

        with self.run.locked() if analysis.keeps else contextlib.nullcontext():
            yield measure


def prepare(names: Sequence[str], runs: Sequence[Run], request: Request) -> list[Stored]:
    """Reads the stored predictions of runs, and their rows.

    Raises:
        RunError: nothing is stored that was asked for.
        UserError: the rows are not there, or are not those that were predicted.
    """
    rows = RowStore()
    evaluated = [_evaluated(run, request) for run in runs]
    shared = [x for x in evaluated[0].cells if all(x in other.cells for other in evaluated)]
    if not shared:
        raise RunError(
            "there is no language for which all these runs have stored predictions",
            "\n".join(str(run.evaluations) for run in runs),
            "make them with `xlt eval RUN --languages ...`",
        )
    return [
        _prepare(name, run, request, own, shared, rows)
        for name, run, own in zip(names, runs, evaluated, strict=True)
    ]


def _prepare(
    name: str,
    run: Run,
    request: Request,
    evaluated: Evaluated,
    shared: Sequence[str],
    store: RowStore,
) -> Stored:
    """
    Args:
        shared: the languages that all runs have predictions in.
    """
    evaluation, cells = evaluated.evaluation, evaluated.cells
    assert evaluation.task is not None
    task, limit = build_task(evaluation.task), request.limit
    trained_on = languages_trained_on(run)
    languages = sorted(shared, key=lambda language: language not in trained_on)
    loaded = {language: store.load(task, request.split, language) for language in languages}
    run.add_fingerprints(store.fingerprints)  # refuses other rows than were predicted
    rows: dict[str, dict[str, Example]] = {}
    for language, examples in loaded.items():
        counted = {e.id: e for e in collapsed(examples, evaluation.collapse)}
        chosen = [i for i in counted if i in cells[language]][:limit]
        rows[language] = {i: counted[i] for i in chosen}
    unaligned = _unaligned(task, rows)
    view = AnalysedRun(
        name, run.path, task, problem_under(task, evaluation.collapse), request.split,
        trained_on[0] if trained_on else "", trained_on, task.aligned and not unaligned, unaligned,
        rows, _no_inputs,
    )  # fmt: skip
    about = {
        "task": evaluation.task.model_dump(mode="json"),
        "evaluation": evaluated.key,
        "weights": evaluated.weights,
    }
    said = [f"only the first {limit:,} rows of each language"] if limit else []
    left_out = [language for language in cells if language not in shared]
    if left_out:
        said.append(f"{', '.join(left_out)} left out: not all runs have predictions")
    return Stored(
        run,
        view,
        about,
        {language: data_hash(list(own.values())) for language, own in rows.items()},
        run.record.get("seed"),
        evaluated.weights,
        [*evaluated.notes, *said],
        cells,
    )


def _evaluated(run: Run, request: Request) -> Evaluated:
    """The predictions to analyse: of the task that the run ended with, where it has some.

    Of evaluations of the first rows and of more rows, it is the one of the most.
    """
    known = [
        (key, Evaluation.model_validate(about), results or {})
        for key, about, results in summaries(run.evaluations)
        if about
    ]
    fitting = [
        (_rank(evaluation, own_task(run)), key, evaluation, results)
        for key, evaluation, results in known
        if evaluation.split == request.split and _is_of(evaluation, request.task)
    ]
    best = [one for one in fitting if one[0] == min(rank for rank, *_ in fitting)]
    if not best:
        raise _nothing(run, request, [evaluation for _, evaluation, _ in known])
    widest = max(one[2].limit or math.inf for one in best)
    best = [one for one in best if (one[2].limit or math.inf) == widest]
    if len(best) > 1:
        tasks = sorted({_name(evaluation) for _, _, evaluation, _ in best})
        raise RunError(
            f"'{run.name}' has several evaluations of a {request.split} split: "
            f"{', '.join(key for _, key, _, _ in best)}",
            str(run.evaluations),
            f"select one of the tasks: --task {tasks[0]}"
            if len(tasks) > 1
            else f"select one by its parameters: --task '{{name: {tasks[0]}, ...}}'",
        )
    ((_, key, evaluation, results),) = best
    weights, cells = _cells(run, key, evaluation, request)
    return Evaluated(evaluation, weights, key, results.get("notes", ()), cells)


def _is_of(evaluation: Evaluation, task: str | None) -> bool:
    """Whether an evaluation is of a task, which is given by its name, or with its parameters.

    Raises:
        UserError: there is no such task, or it has no such parameters.
    """
    asked = None if task is None else parse_value(task, "--task")
    if not isinstance(asked, dict):
        return asked is None or str(asked) == _name(evaluation)
    source = Source(Document(Path("--task"), asked, {}), "")
    use = validated(PluginUse, asked, source)
    build_written(use, "task", (), source)
    return bool(plugin_stated(use, "task") == evaluation_stated(evaluation)["task"])


def _rank(evaluation: Evaluation, own: Mapping[str, Any] | None) -> tuple[bool, bool, bool]:
    """Smaller is better: the run's own task, the model itself on clean data, all rows."""
    stated = evaluation_stated(evaluation)
    return stated["task"] != own, not set(stated) <= PLAIN, evaluation.limit is not None


def _cells(
    run: Run, key: str, evaluation: Evaluation, request: Request
) -> tuple[str, dict[str, dict[str, Prediction]]]:
    """The hash of the model that answered last, and its predictions of the languages asked for."""
    path = run.evaluations / key
    *_, (_, weights) = cells_of(path).values()
    store = Store(path, {}, weights)
    cells = store.done() if request.languages else store.whole()
    known = [c.languages[0] for c in cells if c.is_standard and not c.condition]
    where = f"{_name(evaluation)} ({request.split})"
    languages = own_codes(request.languages or known, known, where)
    absent = [language for language in languages if language not in known]
    if absent or not languages:
        raise RunError(
            f"'{run.name}' has no stored predictions in {', '.join(absent) or 'single languages'}",
            str(path),
            did_you_mean(absent[0], known) if absent and did_you_mean(absent[0], known) else
            f"make them with `xlt eval {run.name} --languages {','.join(absent) or 'en'}`",
        )  # fmt: skip
    return weights, {x: {p.id: p for p in store.read(Cell((x, x)))} for x in languages}


def _nothing(run: Run, request: Request, known: Sequence[Evaluation]) -> RunError:
    task = f" of '{request.task}'" if request.task else ""
    others = sorted({f"{_name(evaluation)} ({evaluation.split})" for evaluation in known})
    stored = f"there are some for {', '.join(others)}; " if others else ""
    return RunError(
        f"'{run.name}' has no stored predictions{task} for a {request.split} split",
        str(run.evaluations),
        f"{stored}make them with `xlt eval {run.name} --split {request.split}`",
    )


def _name(evaluation: Evaluation) -> str:
    return evaluation.task.name if evaluation.task is not None else ""


def own_task(run: Run) -> dict[str, Any] | None:
    """What the spec says of the task that the run ended with; None for a model of others."""
    if "spec" not in run.record:
        return None
    return plugin_stated(run.spec.stages[-1].task, "task")


def languages_trained_on(run: Run) -> list[str]:
    """The languages that the model was trained on, those of its last stage first."""
    if "spec" not in run.record:
        return list(run.record.get("trained_on", ()))
    stages = reversed(run.spec.stages)
    return list(dict.fromkeys(x for stage in stages for x in trained_languages(stage)))


def _unaligned(task: Task, rows: Mapping[str, Mapping[str, Example]]) -> str:
    """Why an aligned task's rows are not; empty if they are."""
    labels = {
        language: {i: label for i, e in own.items() if (label := e.shared_label()) is not None}
        for language, own in rows.items()
    }
    try:
        check_alignment(task.name, labels if task.aligned else {})
    except DataError as error:
        return error.what
    return ""


def _no_inputs(language: str) -> Mapping[str, Feature]:
    raise PluginError("a PredictionAnalysis has no inputs of a model: derive from ModelAnalysis")
