"""A trial that is at work, with its runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from xlt_cli.errors import SpecError
from xlt_cli.launch.jobs import PlannedRun
from xlt_cli.runs.making import planned
from xlt_cli.search.curve import dev_curve
from xlt_cli.search.planning import Plan
from xlt_cli.search.study import Study, Trial


@dataclass
class Active:
    """A trial that is at work.

    Attributes:
        jobs: its runs, one for each seed.
        waiting: those that are still to be given to the launcher.
        ended: those that are done.
        told: whether its study knows its end.
    """

    plan: Plan
    study: Study
    number: int
    jobs: list[PlannedRun]
    told: bool = False
    waiting: list[PlannedRun] = field(default_factory=list)
    given: list[PlannedRun] = field(default_factory=list)
    asked_to_stop: bool = False
    tries: Counter[int] = field(default_factory=Counter)
    done: set[int] = field(default_factory=set)

    def place(self, job: PlannedRun) -> int:
        """The place of a run among those of the trial."""
        return next(number for number, one in enumerate(self.jobs) if one is job)

    def curve(self, root: Path) -> list[float]:
        """The dev curve of the first seed, in the direction of what is optimised."""
        first, sign = self.jobs[0], self.plan.objective.dev_sign
        scores = dev_curve(planned(root, first.spec, first.seed), first.spec)
        return [sign * score for score in scores]


def check_same(trial: Trial, names: Mapping[int, str]) -> None:
    """Refuses to go on with a trial whose runs would be others now.

    Raises:
        SpecError: they would.
    """
    for seed, now in names.items():
        former = trial.runs.get(str(seed), now)
        if former != now:
            raise SpecError(
                f"a run of trial {trial.number} was {former}, and would be {now} now",
                "sweep.search",
                "a plugin has changed, or the precision that 'auto' is on this device; give the "
                "search another name (`name:`), or another --runs-dir",
            )
