"""Which stored runs the arms of a question are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from xlt_cli.errors import RunError
from xlt_cli.questions.stored import TestedRun
from xlt_cli.runs.directory import Run
from xlt_cli.spec.question import Compared, PlannedArm, Question, RunsOf
from xlt_cli.sweep.listing import row


@dataclass(frozen=True)
class Listed:
    """A finished run with the name of its spec and of its sweep's point."""

    answered: TestedRun
    sweep: str
    point: str


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
            if other is not one.answered and isinstance(wanted, PlannedArm):
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

    def arms(self, compared: Compared) -> dict[str, list[TestedRun]]:
        """The runs of each arm; an arm may have none."""
        return {name: self.of(arm) for name, arm in compared.arms.items()}

    def _fitting(self, wanted: RunsOf) -> Iterator[Listed]:
        for one in self.listed:
            if one.sweep == wanted.sweep and wanted.point in (None, one.point):
                yield one


def _is_finished(about: dict[str, Any]) -> bool:
    return about["state"] == "done" and bool(about["evaluations"])
