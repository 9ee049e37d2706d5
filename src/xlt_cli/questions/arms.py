"""Which stored runs the arms of a question are."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xlt_cli.errors import RunError
from xlt_cli.questions.stored import TestedRun
from xlt_cli.runs.directory import Run
from xlt_cli.spec.question import Compared, Question, RunsOf
from xlt_cli.sweep.listing import row


@dataclass(frozen=True)
class Listed:
    """A finished run with the name of its spec and of its sweep's point."""

    answered: TestedRun
    sweep: str
    point: str


@dataclass(frozen=True)
class Numbered:
    """The runs of an arm that are compared, by their numbers.

    Attributes:
        name: of the arm.
        planned: how many seeds were planned; None if that is not said.
        points: the runs of each of its points, by seed. An arm of one point has one.
    """

    name: str
    planned: int | None
    points: Mapping[str, Mapping[int, int]]

    @property
    def runs(self) -> list[int]:
        """All of them."""
        return [number for own in self.points.values() for number in own.values()]

    @property
    def seeds(self) -> list[int]:
        """Those that all points have."""
        seeds = [set(own) for own in self._there().values()]
        return sorted(set.intersection(*seeds)) if seeds else []

    def at(self, seeds: Sequence[int]) -> list[list[int]]:
        """The runs of each point that has some, with these seeds."""
        return [[own[seed] for seed in seeds] for own in self._there().values()]

    def named_points(self) -> list[str]:
        """The points that have runs."""
        return list(self._there())

    def without(self, numbers: Collection[int]) -> Numbered:
        """The arm without some runs; of several points, without those that have one of them."""
        if len(self.points) > 1:
            whole = {point: own for point, own in self.points.items()
                     if not set(own.values()) & set(numbers)}  # fmt: skip
            return Numbered(self.name, self.planned, whole)
        kept = {
            point: {seed: number for seed, number in own.items() if number not in numbers}
            for point, own in self.points.items()
        }
        return Numbered(self.name, self.planned, kept)

    def lacks(self) -> str:
        """Which runs it lacks, where no claim may rest on it; empty if it may."""
        if not self.runs:
            return f"there are no runs of '{self.name}'"
        for point, own in self.points.items():
            where = f" at '{point}'" if len(self.points) > 1 else ""
            if self.planned is not None and len(own) < self.planned:
                return f"'{self.name}' has {len(own)} of {self.planned} planned seeds{where}"
            if not own:
                return f"there are no runs of '{self.name}'{where}"
        return ""

    def _there(self) -> dict[str, Mapping[int, int]]:
        return {point: own for point, own in self.points.items() if own}


class Runs:
    """The runs that a question may be about, each once.

    Args:
        runs: those that are there.
        notes: gets the runs that have not finished.
    """

    def __init__(self, runs: Sequence[Run], notes: list[str]) -> None:
        rows: dict[str, list[str]] = {}
        self.listed = []
        for run in runs:
            about = row(run)
            if not _is_finished(about):
                notes.append(f"{run.name} is left out: it is {about['state']}")
            elif about["seed"] is not None:
                self.listed.append(Listed(TestedRun(run, rows), about["name"], about["point"]))

    def of(self, wanted: RunsOf) -> list[TestedRun]:
        """The runs of a sweep's point, by seed.

        Raises:
            RunError: two have the same seed.
        """
        found: dict[int, TestedRun] = {}
        for one in self._fitting(wanted):
            other = found.setdefault(one.answered.seed, one.answered)
            if other is not one.answered:
                raise RunError(
                    f"'{wanted.sweep}', point '{wanted.point}', has two runs with seed "
                    f"{one.answered.seed}: '{other.run.name}' and '{one.answered.run.name}'",
                    hint="name the point, or leave one of the runs out",
                )
        return [found[seed] for seed in sorted(found)]

    def references(self, question: Question) -> list[TestedRun]:
        """The runs that lines go through, each once."""
        wanted = question.reference.runs if question.reference else []
        every = [one.answered for each in wanted for one in self._fitting(each)]
        return list({id(one): one for one in every}.values())

    def lacking(self, question: Question) -> str:
        """Why there are no lines: the first references of which there is no run; empty if none."""
        for each in question.reference.runs if question.reference else []:
            if not any(self._fitting(each)):
                point = f", point '{each.point}'" if each.point else ""
                return f"there are no runs of the references '{each.sweep}'{point}"
        return ""

    def arms(self, compared: Compared) -> dict[str, dict[str, list[TestedRun]]]:
        """The runs of each arm by its points; a point may have none."""
        return {
            name: {point: self.of(RunsOf(sweep=arm.sweep, point=point or None))
                   for point in arm.named_points()}
            for name, arm in compared.arms.items()
        }  # fmt: skip

    def _fitting(self, wanted: RunsOf) -> Iterator[Listed]:
        for one in self.listed:
            if one.sweep == wanted.sweep and wanted.point in (None, one.point):
                yield one


def _is_finished(about: dict[str, Any]) -> bool:
    return about["state"] == "done" and bool(about["evaluations"])
