"""Searches whose runs take no time: their directories say that they are done, and a figure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from xlt_cli.console.progress import Reporter
from xlt_cli.launch.driving import Policy
from xlt_cli.launch.jobs import Outcome, PlannedRun
from xlt_cli.runs.directory import Run
from xlt_cli.runs.making import create
from xlt_cli.search import journal
from xlt_cli.search.driving import Driver
from xlt_cli.search.objective import Objective
from xlt_cli.search.planning import Plan, plans
from xlt_cli.search.study import Study
from xlt_cli.spec import ExperimentSpec
from xlt_cli.spec.source import Source
from xlt_cli.spec.yaml_lines import parse
from xlt_cli.sweep.plan import points

RATE, SIZE = "stages.0.learning_rate", "stages.0.batch_size"
SPACE: dict[str, Any] = {RATE: {"low": 1e-5, "high": 1e-3, "log": True}, SIZE: [8, 16, 32]}


def source_of(search: dict[str, Any], sweep: dict[str, Any] | None = None, **top: Any) -> Source:
    """A spec with a search."""
    spec = {
        "name": "quick",
        "encoder": "mbert",
        "device": "cpu",
        "stages": [{"task": "pawsx"}],
        "evaluations": [],
        **top,
        "sweep": {**(sweep or {}), "search": search},
    }
    text = yaml.safe_dump(spec, sort_keys=False)
    return Source(parse(text, Path("spec.yaml")), text)


def planned(search: dict[str, Any], sweep: dict[str, Any] | None = None, **top: Any) -> list[Plan]:
    source = source_of(search, sweep, **top)
    return plans(points(source), source)


@dataclass(frozen=True)
class Written(Objective):
    """The figure that a run's directory says."""

    def value(self, run: Run, spec: ExperimentSpec) -> float | None:
        return float((run.path / "figure").read_text("utf-8"))


def with_figures(plan: Plan) -> Plan:
    """A plan whose runs need not be trained."""
    return replace(plan, objective=Written(**plan.objective.__dict__))


def figure(job: PlannedRun) -> float:
    """A figure that depends on the values of a run, and on its seed."""
    stage = job.spec.stages[0]
    return -abs(stage.learning_rate - 2e-4) * 1000 + stage.batch_size / 100 + job.seed / 1000


def make(job: PlannedRun, root: Path, value: float | None = None) -> Run:
    """A run that is done."""
    run = create(root, job.spec, job.seed, job.text, job.overrides)
    (run.path / "figure").write_text(str(figure(job) if value is None else value), "utf-8")
    run.set_state("success")
    return run


def done(job: PlannedRun, root: Path) -> Outcome:
    return Outcome(job, make(job, root), [])


def studies_of(root: Path, made: Sequence[Plan]) -> list[tuple[Plan, Study]]:
    """The studies in the journal of a folder, as a new process finds them."""
    storage = journal.storage(root / "journal", writes=True)
    return [
        (plan, Study(storage, plan.name, plan.fields, plan.search, plan.objective.lower_is_better))
        for plan in made
    ]


def driver(root: Path, made: Sequence[Plan], **policy: Any) -> Driver:
    pairs = studies_of(root, list(map(with_figures, made)))
    return Driver(pairs, root, Reporter(quiet=True), Policy(**policy))


def to_the_end(driving: Driver, root: Path, end: Callable[[PlannedRun], Outcome]) -> int:
    """Makes the runs of a driver one after another; how many."""
    count = 0
    while runs := driving.next(1):
        for job in runs:
            driving.ended(end(job))
            count += 1
    return count
