"""Runs made ready to be analysed: their rows, what their records depend on, how they are measured.

There are two ways: with the runs' models (`trained`), or from stored predictions (`stored`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from xlt_cli.api import AnalysedRun, Analysis, Pass, Record, Split
from xlt_cli.console.progress import Reporter
from xlt_cli.errors import RunError
from xlt_cli.runs.directory import Run

Measure = Callable[[Pass, Sequence[str]], Sequence[Record]]
"""The records of some rows of a pass, in their order."""


@dataclass(frozen=True)
class Request:
    """What is to be analysed.

    Attributes:
        languages: None for all that there are.
        limit: the first so many rows of each language; None for all.
        task: of several that were evaluated, the name of one, or a mapping with its parameters.
    """

    split: Split
    languages: Sequence[str] | None
    limit: int | None
    task: str | None = None


@dataclass(frozen=True)
class Subject(ABC):
    """A run made ready to be analysed; nothing heavy has been loaded yet.

    Attributes:
        about: what its records depend on, but for the parameters of the analysis.
        data: hash of the rows of each language.
        seed: None for a model that xlt did not train.
        weights: hash of its weights.
        notes: what must be said beside the figures.
    """

    run: Run
    view: AnalysedRun
    about: Mapping[str, Any]
    data: Mapping[str, str]
    seed: int | None
    weights: str
    notes: Sequence[str]

    @property
    def name(self) -> str:
        """The name of its directory."""
        return self.run.path.resolve().name

    @abstractmethod
    def batches(self, wanted: Pass) -> Iterator[list[str]]:
        """The rows of a pass by batches, which are the same however often it was stopped."""

    @abstractmethod
    def measuring(self, analysis: Analysis, reporter: Reporter) -> AbstractContextManager[Measure]:
        """Holds the run, and loads what measuring needs."""


def check_same(subjects: Sequence[Subject]) -> None:
    """Figures of runs are compared on the same rows only.

    Raises:
        RunError: a run is of another task or other rows than the first.
    """
    first = subjects[0]
    for other in subjects[1:]:
        names = f"'{first.run.name}' and '{other.run.name}'"
        where = f"{first.run.path}\n{other.run.path}"
        mine, theirs = (_task(subject) for subject in (first, other))
        if mine != theirs:
            raise RunError(
                f"{names} have different tasks: {mine} and {theirs}",
                where,
                "compare runs with the same task, labels and source language",
            )
        if first.data != other.data:
            raise RunError(
                f"{names} have different rows",
                where,
                "their tasks must read the same data; --limit N takes the first N rows of each",
            )


def _task(subject: Subject) -> str:
    task, source = subject.view.task, subject.view.source
    return f"{task.name} ({', '.join(task.labels)}; from {source})"
