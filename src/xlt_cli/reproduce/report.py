"""What the runs of a reproduction found, from their stored predictions: the report as values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xlt_cli.api import Task
from xlt_cli.console.progress import Reporter
from xlt_cli.errors import SpecError, did_you_mean
from xlt_cli.problems.collapse import problem_under
from xlt_cli.reports import claims
from xlt_cli.reports.gains import TaskGains
from xlt_cli.reports.measured import Measured, measure
from xlt_cli.reports.scorer import Scorer
from xlt_cli.reports.values import MARK, measured, point
from xlt_cli.reproduce.definition import Claim, Reproduction, Shipped
from xlt_cli.reproduce.records import Record
from xlt_cli.reproduce.spread import spread
from xlt_cli.reproduce.trials import Choice, encoder_of
from xlt_cli.spec.building import build_task
from xlt_cli.spec.metrics import reopen_metrics

MEANS = {
    "source": "trained on",
    "zero_shot": "zero-shot",
    "all": "all languages",
    "generalized": "generalized",
}

FEW_SEEDS = 5
"""Below this many, Student's t widens an interval over seeds by half and more."""


def baseline_of(shipped: Shipped, asked: str | None) -> str:
    """The method that gains are over: the one asked for, or else the reproduction's own.

    Raises:
        SpecError: there is no such method.
    """
    methods = shipped.content.methods
    if asked is None:
        return methods[0]
    if asked not in methods:
        raise SpecError(f"unknown method '{asked}'", "--baseline", did_you_mean(asked, methods))
    return asked


def report(
    shipped: Shipped,
    choice: Choice,
    records: Sequence[Record],
    reporter: Reporter,
    baseline: str | None = None,
    at_once: int = 1,
    by: Sequence[str] = (),
    measured: Sequence[Measured] | None = None,
) -> dict[str, Any]:
    """Figures, gains and verdicts, and what is missing.

    Args:
        baseline: the method that gains are over; None for the reproduction's own.
        at_once: processes that read predictions.
        by: facts by which languages are grouped; each group has its mean and its gains.
        measured: what the finished runs answered; None: their predictions are read.

    Raises:
        SpecError: there is no such method.
        DataError: two runs of a task were tested on different rows.
    """
    content, finished = shipped.content, [record for record in records if not record.error]
    over = baseline_of(shipped, baseline)
    if measured is None:
        measured = measured_of(finished, reporter, at_once)
    gains = _gains(content, finished, measured, over, by)
    asked = [c for c in content.claims if not choice.tasks or c.task in choice.tasks]
    # The paper's claims are about gains over its own baseline.
    judged = asked if over == content.methods[0] else []
    tasks = {name: task.as_dict() for name, task in gains.items()}
    return {
        "reproduction": shipped.name,
        "title": content.title,
        "reference": content.reference,
        "encoder": encoder_of(shipped, choice),
        "original": content.original,
        "quick": choice.quick,
        "overrides": list(choice.overrides),
        "only": list(choice.tasks),
        "baseline": over,
        "methods": content.methods,
        "tasks": list(tasks.values()),
        "claims": [_judged(claim, gains, choice.quick) for claim in judged],
        "rule": _rule(tasks) if judged else [],
        "notes": [
            *_notes_of_baseline(content, over),
            *_notes(choice, tasks),
            *_notes_of_collapse(tasks),
            *_notes_of_runs(finished),
        ],
        "planned": len(records),
        "runs": [{**_which(record), "run": record.run} for record in records],
        "missing": [
            {**_which(record), "error": record.error} for record in records if record.error
        ],
    }


def _which(record: Record) -> dict[str, Any]:
    return {"task": record.task, "method": record.method, "seed": record.seed}


def measured_of(finished: Sequence[Record], reporter: Reporter, at_once: int = 1) -> list[Measured]:
    """What finished runs answered, from their predictions.

    Args:
        at_once: processes that read predictions.
    """
    found = []
    with reporter.bar("reading predictions", len(finished), "runs") as bar:
        for answered in spread(_measured, finished, at_once):
            found.append(answered)
            bar.advance(1, 1)
    return found


def _gains(
    content: Reproduction,
    finished: Sequence[Record],
    measured: Sequence[Measured],
    baseline: str,
    by: Sequence[str],
) -> dict[str, TaskGains]:
    """By task; tasks without a finished run are left out."""
    about: dict[str, dict[str, Any]] = {}
    runs: dict[str, dict[str, dict[int, Measured]]] = {}
    for record, answered in zip(finished, measured, strict=True):
        about.setdefault(record.task, about_test(record))
        by_method = runs.setdefault(record.task, {})
        by_method.setdefault(record.method, {})[record.seed] = answered
    return {
        task: TaskGains(about[task], by_method, content.methods, baseline, content.near, by)
        for task, by_method in runs.items()
    }


def about_test(record: Record) -> dict[str, Any]:
    """What a finished run was tested on, as its first result says it."""
    names = ("task", "split", "limit", "metric", "demonstration", "trained_on")
    result = record.results[0]
    place = {"place": result["place"]} if result.get("place") else {}
    return {**{name: result[name] for name in names}, **place}


def _measured(record: Record) -> Measured:
    scorer, task = scorer_of(record)
    read = record.coded or record.answers
    return measure(scorer, scorer.main, read(), task.aligned)


def scorer_of(record: Record) -> tuple[Scorer, Task]:
    """What a record's answers are scored with, and their task."""
    assert record.evaluation.task is not None
    task = build_task(record.evaluation.task)
    metrics = reopen_metrics(record.evaluation, task)
    needed = tuple(one for one in metrics.extra if one.name == metrics.main)
    problem = problem_under(task, record.evaluation.collapse)
    return Scorer(problem, metrics.main, needed), task


def _judged(claim: Claim, gains: dict[str, TaskGains], quick: bool) -> dict[str, Any]:
    task = gains.get(claim.task)
    verdicts = task.judge(claim.of, claim.than, claim.points, quick) if task else {}
    return {**claim.model_dump(), "verdicts": verdicts}


def _notes_of_baseline(content: Reproduction, baseline: str) -> list[str]:
    """Why there are no verdicts where there are claims."""
    own = content.methods[0]
    if baseline == own or not content.claims:
        return []
    return [f"gains are over '{baseline}', not over '{own}': the claims are not judged"]


def _notes(choice: Choice, tasks: dict[str, dict[str, Any]]) -> list[str]:
    """What must be said beside the figures."""
    paired = {
        len(method["paired_seeds"])
        for task in tasks.values()
        for method in task["methods"].values()
        if method["gains"]
    }
    notes = []
    if 1 in paired:
        notes.append("gains over one seed: their intervals cover the test examples only")
    if paired - {1}:
        notes.append("95% intervals of gains: seeds and test examples are both samples")
    if any(1 < count < FEW_SEEDS for count in paired):
        notes.append(
            f"fewer than {FEW_SEEDS} seeds: what they say of other seeds is little, and the "
            "intervals are wide"
        )
    if paired:
        notes.append(
            "*: p <= 0.05, also after Holm's correction over the languages of a task and method"
        )
    if choice.tasks:
        notes.append(f"asked for {', '.join(choice.tasks)} only")
    if choice.overrides:
        notes.append(f"changed with --set: {', '.join(choice.overrides)}")
    return notes


def _rule(tasks: dict[str, dict[str, Any]]) -> list[str]:
    """How claims are judged; what concerns collapsed runs only where there are some."""
    return [*claims.RULE, *([claims.RULE_OF_COLLAPSE] if _notes_of_collapse(tasks) else [])]


def _notes_of_collapse(tasks: dict[str, dict[str, Any]]) -> list[str]:
    """Which runs answer the same to every row, and the means of their method without them."""
    notes = []
    for name, task in tasks.items():
        for method, own in task["methods"].items():
            seeds = own.get("collapsed_seeds", [])
            if not seeds:
                continue
            left = own["without_collapsed"]["figures"]
            means = [
                f"{label} {point(measured(task['metric'], left[f'average:{group}']))}"
                for group, label in MEANS.items()
                if f"average:{group}" in left
            ]
            notes.append(
                f"{MARK} {name} {method}: {len(seeds)} of {len(own['seeds'])} runs collapsed "
                f"(seed {', '.join(map(str, seeds))}: one answer to every row)"
                + (f"; means without: {', '.join(means)}" if means else "")
            )
    return notes


def _notes_of_runs(finished: Sequence[Record]) -> list[str]:
    """What the evaluations themselves say, each once; runs are named where it is about answers."""
    notes: dict[str, None] = {}
    for record in finished:
        result = record.results[0]
        for note in result["notes"]:
            if not note.startswith(MARK):
                notes[f"{record.task}: {note}"] = None
            elif not result.get("collapsed"):  # those are named above
                notes[f"{record.task} {record.method} seed {record.seed}: {note}"] = None
    return list(notes)
