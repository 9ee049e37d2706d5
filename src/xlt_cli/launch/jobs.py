"""What is to be run, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

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
    """

    job: PlannedRun
    run: Run
    results: list[dict[str, Any]]
    error: str = ""
    taken: bool = False

    @cached_property
    def dev(self) -> Selected | None:
        """What its training was selected by; None where it failed or there is no dev."""
        return None if self.error else selected(self.run, self.job.spec)


def what_failed(error: Exception) -> str:
    """An error in a line of a table."""
    what = error.what if isinstance(error, UserError) else str(error)
    return what or type(error).__name__
