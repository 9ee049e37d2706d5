"""What a page is about: systems, their runs, and how they did in each evaluation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xlt_cli.api.reports import Report, Unit
from xlt_cli.errors import DataError
from xlt_cli.reports.entries import Entry
from xlt_cli.reports.measured import Measured
from xlt_cli.reports.values import metric_name
from xlt_cli.runs.predictions import Answers

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Ran:
    """A run of a system.

    Attributes:
        seed: None for a model that xlt did not train.
        state: pending, running, done, failed or interrupted.
        about: its record, environment, fingerprints, stages, training curve and timing, as
            `runs.portable` has them.
        results: of its evaluations.
        entries: the figures of these results, with their place in the dimensions of tables.
        disk: bytes of its directory; None if they are not known.
    """

    system: str
    seed: int | None
    run: str
    state: str
    about: Values
    results: Sequence[Values]
    entries: Sequence[Entry] = ()
    disk: int | None = None


def _no_texts(language: str, answers: Answers) -> Mapping[str, str]:
    raise DataError("they are not known")


@dataclass(frozen=True)
class Tested:
    """An evaluation of several systems on the same rows.

    Attributes:
        about: task, split, limit, metric, unit, better, trained_on.
        runs: system -> seed -> what it answered.
        over: baseline -> figures and gains, as `reports.systems` gives them.
        labels: of the task; may be empty.
        answers: reads the answers of a run in a language: system, seed, language.
        texts: the texts of the rows in a language by id, if the data are here and are those that
            were answered; otherwise it raises UserError.
    """

    name: str
    about: Values
    runs: Mapping[str, Mapping[int, Measured]]
    over: Mapping[str, Values]
    labels: Sequence[str] = ()
    answers: Callable[[str, int, str], Answers] | None = None
    texts: Callable[[str, Answers], Mapping[str, str]] = _no_texts

    @property
    def title(self) -> str:
        limit = f", first {self.about['limit']:,} rows" if self.about.get("limit") else ""
        return f"{self.about['task']} {self.about['split']}{limit}"

    @property
    def metric(self) -> str:
        """The metric as people read it."""
        return metric_name(self.about["metric"])

    @property
    def unit(self) -> Unit:
        return "share" if self.about["unit"] == "share" else "number"

    @property
    def systems(self) -> list[str]:
        return list(self.runs)

    @property
    def values(self) -> Values:
        """Over the first baseline."""
        return next(iter(self.over.values()))

    @property
    def scale(self) -> int:
        """What figures are multiplied with where they are shown."""
        return 100 if self.unit == "share" else 1

    def figure(self, system: str, cell: str) -> Values:
        """A system's figure in a language, a pair of languages, or an average."""
        found: Values = self.values["systems"][system]["figures"][cell]
        return found


@dataclass(frozen=True)
class Content:
    """All that a page is made of.

    Attributes:
        subject: what was asked for, as the title says it.
        command: the command that makes the page again.
        baseline: the system that gains are over at the beginning.
        judged: the report of a reproduction with its verdicts; None for other runs.
        notes: what a reader must know of the figures.
        missing: runs without results, and evaluations that could not be compared, in words.
    """

    subject: str
    command: str
    baseline: str
    runs: Sequence[Ran]
    tested: Sequence[Tested]
    judged: Report | None = None
    notes: Sequence[str] = ()
    missing: Sequence[str] = ()
    made: str = ""
    version: str = ""

    @property
    def systems(self) -> list[str]:
        return list(dict.fromkeys(run.system for run in self.runs))

    def of(self, system: str) -> list[Ran]:
        """The runs of a system."""
        return [run for run in self.runs if run.system == system]
