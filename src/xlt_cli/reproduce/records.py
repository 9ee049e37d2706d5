"""What a report needs to know of a run: from its directory here, or from an archive."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from xlt_cli.launch.jobs import Outcome
from xlt_cli.reproduce.trials import Trial
from xlt_cli.runs.cells import Cell, Pair
from xlt_cli.runs.coded import CodedAnswers
from xlt_cli.runs.directory import Run
from xlt_cli.runs.predictions import Answers, Store
from xlt_cli.spec import Evaluation

T = TypeVar("T")


@dataclass(frozen=True)
class Record:
    """A run of a reproduction, finished or failed.

    Attributes:
        run: the name of its directory.
        error: why it failed; empty if it is finished.
        evaluation: its spec's first, which the reproduction is about.
        results: of its spec's evaluations; empty if it failed.
        answers: reads what it answered in `evaluation`.
        coded: reads the same as codes, where it is stored so that this is faster.
    """

    task: str
    method: str
    seed: int
    run: str
    error: str
    evaluation: Evaluation
    results: Sequence[dict[str, Any]]
    answers: Callable[[], dict[Pair, Answers]]
    coded: Callable[[], dict[Pair, CodedAnswers]] | None = None


def of_run(trial: Trial, outcome: Outcome) -> Record:
    """What a run's directory holds."""
    evaluation = trial.job.spec.evaluations[0]
    stored = partial(_stored, outcome.run, evaluation, outcome.results[:1])
    return Record(
        trial.task,
        trial.method,
        trial.job.seed,
        outcome.run.name,
        outcome.error,
        evaluation,
        outcome.results,
        partial(stored, Store.answers),
        partial(stored, Store.coded),
    )


def _stored(
    run: Run,
    evaluation: Evaluation,
    results: Sequence[dict[str, Any]],
    read: Callable[[Store, Cell], T],
) -> dict[Pair, T]:
    """What a run answered in its first evaluation."""
    store = Store.open(run.evaluations, evaluation, run.weights)
    pairs = [(language, language) for result in results for language in result["languages"]]
    pairs += [(pair["first"], pair["second"]) for r in results for pair in r["pairs"].values()]
    return {pair: read(store, Cell(pair)) for pair in pairs}
