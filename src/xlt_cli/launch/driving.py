"""Bringing a sweep to its end: what is missing is run, failures are tried again or left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from xlt_cli.api import Launcher
from xlt_cli.console.progress import Reporter
from xlt_cli.launch.jobs import Outcome, PlannedRun
from xlt_cli.launch.launching import run_jobs
from xlt_cli.launch.ledger import Writer
from xlt_cli.launch.limits import OutOfTime, time_limit
from xlt_cli.launch.states import standings

AGAIN = "--retry-failed"


@dataclass(frozen=True)
class Policy:
    """What a sweep does with failures, and how long it works.

    Attributes:
        keep_going: go on with other runs after one has failed for good.
        retry_failed: try runs again that failed in an earlier command.
        retries: how often a run that fails is tried again in this command, after the others.
        max_hours: after which the runs at work are interrupted; None for no limit.
    """

    keep_going: bool = True
    retry_failed: bool = False
    retries: int = 0
    max_hours: float | None = None


@dataclass(frozen=True)
class Driven:
    """What a command has brought about.

    Attributes:
        outcomes: of all runs but those that were not started, in the order of the sweep.
        out_of_time: whether it ended because its time was over.
    """

    outcomes: Sequence[Outcome]
    out_of_time: bool


def drive(
    jobs: Sequence[PlannedRun],
    root: Path,
    reporter: Reporter,
    policy: Policy,
    plain: bool = False,
    launcher: Launcher | None = None,
    offline: bool = False,
) -> Driven:
    """Runs what is missing of a sweep.

    A run at which another process works is left to it, and looked at again after the others. A run
    that failed in an earlier command is left alone, unless the policy says otherwise.

    Raises:
        UserError: as `run_jobs` does.
        KeyboardInterrupt: after all jobs have ended.
    """
    outcomes: dict[int, Outcome] = {}
    todo = list(range(len(jobs)))
    if not policy.retry_failed:
        for index, before in enumerate(standings(root, jobs)):
            if before.state == "failed":
                error = f"failed before, and was not tried again ({AGAIN}): {before.error}"
                outcomes[index] = Outcome(jobs[index], before.run, [], error)
                reporter.warn(f"{before.run.name} {error}")
                todo.remove(index)
    if outcomes and not policy.keep_going:
        todo = []
    writer, tries, looks = Writer(root), Counter[int](), Counter[int]()
    go_on, over = policy.keep_going, False
    try:
        with time_limit(policy.max_hours) as limit:
            while todo and not limit.is_over:
                chosen = [jobs[index] for index in todo]
                made = run_jobs(chosen, root, reporter, go_on, plain, launcher, offline, writer)
                # Two points may be one run: jobs are told apart as objects.
                started = {id(outcome.job): outcome for outcome in made}
                left = [index for index in todo if id(jobs[index]) not in started]
                again, stop = [], len(left) == len(todo)
                for index in todo:
                    outcome = started.get(id(jobs[index]))
                    if outcome is None:
                        continue
                    outcomes[index] = outcome
                    if outcome.taken:
                        looks[index] += 1
                        again += [index] if looks[index] == 1 else []
                    elif outcome.error:
                        tries[index] += 1
                        if tries[index] <= policy.retries:
                            reporter.say(f"{outcome.run.name} is tried again after the others")
                            again.append(index)
                        else:
                            stop = stop or not go_on
                todo = [] if stop else left + again
            over = limit.is_over and bool(todo)
    except OutOfTime:
        over = True
    ordered = [outcomes[index] for index in sorted(outcomes)]
    return Driven(ordered, over)
