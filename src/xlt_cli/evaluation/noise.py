"""The noise that an evaluation needs, named by what it is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xlt_cli.api import Example
from xlt_cli.evaluation.conditions import Tested
from xlt_cli.evaluation.plan import Plan
from xlt_cli.noise.jobs import Job
from xlt_cli.noise.naming import name_of
from xlt_cli.runs.cells import Cell


class NoiseOf:
    """The noise on texts of an evaluation's conditions."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._names: dict[tuple[str, str], str] = {}

    def name(self, tested: Tested, language: str) -> str:
        """What a language's rows under a condition are kept under."""
        key = tested.key, language
        if key not in self._names:
            plan, evaluation = self._plan, self._plan.evaluation
            rows = {
                "sha256": plan.rows.about(plan.task, evaluation.split, language)["sha256"],
                "language": language,
                "limit": evaluation.limit,
                "collapse": evaluation.collapse,
            }
            self._names[key] = name_of(tested.use, tested.condition, plan.problem, rows)
        return self._names[key]

    def jobs(self, cells: Sequence[Cell], rows: Mapping[str, Sequence[Example]]) -> list[Job]:
        """All noise on texts that cells need, in their order."""
        conditions = {tested.key: tested for tested in self._plan.conditions}
        evaluation = self._plan.evaluation
        assert evaluation.task is not None
        jobs: dict[str, Job] = {}
        for cell in cells:
            tested = conditions[cell.condition]
            if "text" not in tested.condition.acts:
                continue
            for language in cell.languages:
                name = self.name(tested, language)
                job = Job(name, tested.use, evaluation.task, evaluation.collapse, rows[language])
                jobs.setdefault(name, job)
        return list(jobs.values())
