"""What is to be run, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from xlt_cli.errors import UserError
from xlt_cli.reports.selection import Selected, selected
from xlt_cli.runs.directory import Run
from xlt_cli.spec import ExperimentSpec


@dataclass(frozen=True)
class PlannedRun:
    """A spec and a seed, with the file and the overrides they come from."""

    spec: ExperimentSpec
    seed: int
    text: str
    overrides: list[str]
    label: str = ""

    @property
    def title(self) -> str:
        """As lines of progress name it."""
        return f"{self.label or 'run'} seed {self.seed}"


@dataclass(frozen=True)
class Outcome:
    """What became of a planned run: the results of its evaluations, or its error.

    Attributes:
        taken: it was not run, because another process works on it.
        stopped: a search has stopped it early, which is no error.
    """

    job: PlannedRun
    run: Run
    results: list[dict[str, Any]]
    error: str = ""
    taken: bool = False
    stopped: bool = False

    @cached_property
    def dev(self) -> Selected | None:
        """What its training was selected by; None where it failed or there is no dev."""
        return None if self.error or self.stopped else selected(self.run, self.job.spec)


class Further(Protocol):
    """What decides on runs while others are at work: a search.

    Attributes:
        total: the runs that there will be, for the screen.
    """

    total: int

    def next(self, free: int) -> Sequence[PlannedRun]:
        """Runs to be started now, at most so many; none if there are none now."""
        ...

    def ended(self, outcome: Outcome) -> None:
        """Is told what became of a run that it has given."""
        ...

    def to_stop(self) -> Sequence[PlannedRun]:
        """Runs at work that are to end now, each once; asked again and again, in a thread."""
        ...


def what_failed(error: Exception) -> str:
    """An error in a line of a table."""
    what = error.what if isinstance(error, UserError) else str(error)
    return what or type(error).__name__
