"""What the runs of a reproduction found, from their stored predictions: the report as values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xlt_cli.analysis import claims
from xlt_cli.analysis.comparison import Measured, measure
from xlt_cli.analysis.findings import TaskFindings
from xlt_cli.console.progress import Reporter
from xlt_cli.runs import provenance
from xlt_cli.runs.predictions import Store
from xlt_cli.spec_file import build_task
from xlt_cli.sweep.local import Outcome
from xlt_cli.sweep.reproduction import Claim, Reproduction, Shipped
from xlt_cli.sweep.trials import Choice, Trial, encoder_of

FEW_SEEDS = 5
"""Below this many, Student's t widens an interval over seeds by half and more."""

Finished = list[tuple[Trial, Outcome]]


def report(
    shipped: Shipped,
    choice: Choice,
    trials: Sequence[Trial],
    outcomes: Sequence[Outcome],
    reporter: Reporter,
) -> dict[str, Any]:
    """Figures, gains and verdicts, and what is missing; `outcomes` are those of `trials`.

    Raises:
        DataError: two runs of a task were tested on different rows.
    """
    content, ran = shipped.content, list(zip(trials, outcomes, strict=True))
    finished = [(trial, outcome) for trial, outcome in ran if not outcome.error]
    findings = _findings(content, finished, reporter)
    tasks = {name: found.as_dict() for name, found in findings.items()}
    encoder = encoder_of(shipped, choice)
    return {
        "reproduction": shipped.name,
        "title": content.title,
        "reference": content.reference,
        "encoder": encoder,
        "original": content.original,
        "quick": choice.quick,
        "overrides": list(choice.overrides),
        "baseline": content.methods[0],
        "methods": content.methods,
        "tasks": list(tasks.values()),
        "claims": [_judged(claim, findings, choice.quick) for claim in content.claims],
        "rule": list(claims.RULE),
        "notes": [*_notes(choice, tasks), *_notes_of_runs(finished)],
        "planned": len(trials),
        "runs": [{**_which(trial), "run": str(outcome.run.path)} for trial, outcome in ran],
        "missing": [
            {**_which(trial), "error": outcome.error} for trial, outcome in ran if outcome.error
        ],
    }


def _which(trial: Trial) -> dict[str, Any]:
    return {"task": trial.task, "method": trial.method, "seed": trial.job.seed}


def _findings(
    content: Reproduction, finished: Finished, reporter: Reporter
) -> dict[str, TaskFindings]:
    """By task; tasks without a finished run are left out."""
    about: dict[str, dict[str, Any]] = {}
    runs: dict[str, dict[str, dict[int, Measured]]] = {}
    with reporter.bar("reading predictions", len(finished), "runs") as bar:
        for trial, outcome in finished:
            about.setdefault(trial.task, _about(outcome))
            by_method = runs.setdefault(trial.task, {})
            by_method.setdefault(trial.method, {})[trial.job.seed] = _answers(outcome)
            bar.advance(1, 1)
    return {
        task: TaskFindings(about[task], found, content.methods, content.near)
        for task, found in runs.items()
    }


def _about(outcome: Outcome) -> dict[str, Any]:
    names = ("task", "split", "limit", "metric", "demonstration", "trained_on")
    return {name: outcome.results[0][name] for name in names}


def _answers(outcome: Outcome) -> Measured:
    """What a run answered in its spec's first evaluation."""
    evaluation, result = outcome.job.spec.evaluations[0], outcome.results[0]
    assert evaluation.task is not None
    task = build_task(evaluation.task)
    store = Store.open(
        outcome.run.evaluations, evaluation, provenance.weights_hash(outcome.run.model)
    )
    pairs = [(language, language) for language in result["languages"]]
    pairs += [(pair["first"], pair["second"]) for pair in result["pairs"].values()]
    predictions = {pair: store.read(pair) for pair in pairs}
    return measure(task.problem(task.labels), task.metric, predictions, task.aligned)


def _judged(claim: Claim, findings: dict[str, TaskFindings], quick: bool) -> dict[str, Any]:
    found = findings.get(claim.task)
    verdicts = found.judge(claim.of, claim.than, claim.points, quick) if found else {}
    return {**claim.model_dump(), "verdicts": verdicts}


def _notes(choice: Choice, tasks: dict[str, dict[str, Any]]) -> list[str]:
    """What must be said beside the figures."""
    paired = {
        len(found["paired_seeds"])
        for task in tasks.values()
        for found in task["methods"].values()
        if found["gains"]
    }
    found = []
    if 1 in paired:
        found.append("gains over one seed: their intervals cover the test examples only")
    if paired - {1}:
        found.append("95% intervals of gains: crossed bootstrap over test examples and seeds")
    if any(1 < count < FEW_SEEDS for count in paired):
        found.append(
            f"fewer than {FEW_SEEDS} seeds: what they say of other seeds is little, and the "
            "intervals are wide"
        )
    if choice.overrides:
        found.append(f"changed with --set: {', '.join(choice.overrides)}")
    return found


def _notes_of_runs(finished: Finished) -> list[str]:
    """What the evaluations themselves say, each once."""
    notes = (
        f"{trial.task}: {note}"
        for trial, outcome in finished
        for note in outcome.results[0]["notes"]
    )
    return list(dict.fromkeys(notes))
