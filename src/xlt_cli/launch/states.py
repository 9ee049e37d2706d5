"""How the runs of a sweep stand: pending, running, done, failed, interrupted or stopped early."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from xlt_cli.launch.jobs import PlannedRun
from xlt_cli.launch.ledger import Ledger, Ledgers
from xlt_cli.runs.directory import Run
from xlt_cli.runs.holding import stale_after
from xlt_cli.runs.making import planned
from xlt_cli.runs.predictions import Store
from xlt_cli.spec import ExperimentSpec


@dataclass(frozen=True)
class Standing:
    """How a run stands.

    Attributes:
        state: `pending`, `running`, `done`, `failed`, `interrupted` or `stopped early`.
        attempts: how often it was started by sweeps.
        error: of the last attempt, if the run has failed.
    """

    run: Run
    state: str
    attempts: int = 0
    error: str = ""


def standings(
    root: Path,
    jobs: Iterable[PlannedRun],
    run_of: Callable[[Path, ExperimentSpec, int], Run] = planned,
) -> list[Standing]:
    """How the runs of jobs stand, in their order.

    Args:
        run_of: which run a spec and a seed have.
    """
    ledgers = Ledgers(root)
    return [
        standing(run_of(root, job.spec, job.seed), job.spec, ledgers[str(job.spec.name)])
        for job in jobs
    ]


def standing(run: Run, spec: ExperimentSpec, ledger: Ledger) -> Standing:
    """How a run stands, by its directory and the ledger.

    A run is done when its directory says so, and each evaluation of the spec has its results. It is
    running while a process holds it and reports. Whether it has failed, or was only interrupted,
    says the one of the two that was written last: a run that was refused has no directory, and a
    process that was killed has left no line.
    """
    last, attempts = ledger.last(run.name), ledger.attempts(run.name)
    made = (run.path / "run.json").is_file()
    state = run.state if made else "pending"
    if state == "done":
        return Standing(run, "done" if _evaluated(run, spec) else "pending", attempts)
    if state == "running":
        return Standing(run, state, attempts)
    status: dict[str, Any] = run.status if made else {}
    if state == "pending" or last.get("time", "") > status.get("time", ""):
        state = _by_ledger(last, state)
    error = str(last.get("error") or status.get("message") or "") if state == "failed" else ""
    return Standing(run, state, attempts, error)


def _by_ledger(last: Mapping[str, Any], state: str) -> str:
    """The state of a run that nobody holds, by the last line on it."""
    match last.get("event"):
        case "failed":
            return "failed"
        case "interrupted" | "stopped early" as state_then:
            return str(state_then)
        case "started":  # its process may not hold the run yet
            return "running" if _age(last["time"]) < stale_after() else "interrupted"
        case _:
            return state


def _age(moment: str) -> float:
    """Seconds since then."""
    return time.time() - datetime.fromisoformat(moment).timestamp()


def _evaluated(run: Run, spec: ExperimentSpec) -> bool:
    """Whether each evaluation of a spec has its results in a run's directory."""
    return all(
        (Store.open(run.evaluations, evaluation).path / "results.json").is_file()
        for evaluation in spec.evaluations
    )
