"""The sweep of an experiment: its points, its runs, and how far they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from xlt_cli.compute.processes import is_first_process
from xlt_cli.errors import RunError, SpecError
from xlt_cli.interface.tables import Table
from xlt_cli.spec import ResolvedExperiment
from xlt_cli.spec.source import Source

if TYPE_CHECKING:
    from xlt_cli.launch.jobs import PlannedRun
    from xlt_cli.reports.search import Searched
    from xlt_cli.search.planning import Plan
    from xlt_cli.sweep.plan import Point


class Swept:
    """The runs that a spec's sweep plans; each point is resolved once.

    Args:
        overrides: of the command line, which are part of the record of each run.
        resolved: the spec without its sweep.
    """

    def __init__(
        self, source: Source, overrides: Sequence[str], resolved: ResolvedExperiment
    ) -> None:
        self._source, self._overrides, self._resolved = source, overrides, resolved

    @property
    def is_search(self) -> bool:
        """Whether values are drawn by the results of earlier runs."""
        sweep = self._resolved.spec.sweep
        return sweep is not None and sweep.search is not None

    @cached_property
    def points(self) -> list[Point]:
        """The combinations of values, each resolved.

        Raises:
            SpecError: a point is wrong.
        """
        from xlt_cli.sweep.plan import points

        return points(self._source)

    @cached_property
    def searches(self) -> list[Plan]:
        """The search in each point; none where the sweep is no search."""
        from xlt_cli.search.planning import plans

        if not self.is_search:
            return []
        return plans(self.points, self._source, self._overrides)

    @property
    def size(self) -> int:
        """The number of runs: points, or trials, times seeds."""
        seeds = len(self._resolved.spec.seeds)
        if self.is_search:
            return sum(plan.trials for plan in self.searches) * seeds
        return len(self.points) * seeds

    def check(self) -> None:
        """Refuses points and choices of a search whose inputs are not on this machine.

        Raises:
            UserError: all that is missing.
        """
        from xlt_cli.sweep.plan import check_points

        check_points(self.points, self._source)
        if self.searches:
            from xlt_cli.search.planning import ends
            from xlt_cli.spec.checks import check_inputs
            from xlt_cli.spec.faults import Faults

            faults = Faults()
            for source, experiment in ends(self.points, self._source):
                with faults.gather():
                    check_inputs(experiment, source)
            faults.complain()

    def check_in(self, root: Path) -> None:
        """As `check`; says which plugins earlier runs under `root` had that are gone."""
        from xlt_cli.runs.plugins import explained

        explained(root, lambda: self.points)
        self.check()

    def refuse_search(self, what: str, hint: str) -> None:
        """Refuses what needs all runs beforehand, where they depend on results.

        Raises:
            SpecError: the sweep is a search.
        """
        if self.is_search:
            raise SpecError(
                f"a search has {what}: its runs depend on results",
                self._source.where(("sweep", "search")),
                hint,
            )

    def planned(self, root: Path) -> list[PlannedRun]:
        """The runs; their inputs are checked."""
        self.check_in(root)
        from xlt_cli.launch.jobs import PlannedRun

        return [
            PlannedRun(
                point.spec,
                seed,
                self._source.text,
                [*self._overrides, *point.overrides],
                point.label,
            )
            for point in self.points
            for seed in point.spec.seeds
        ]

    def planned_ahead(self, root: Path) -> list[PlannedRun]:
        """The runs of a search whose trials do not depend on results; their inputs are checked.

        Raises:
            SpecError: they do.
        """
        from xlt_cli.search.planning import runs_ahead

        self.check_in(root)
        return runs_ahead(self.searches)

    def planned_again(self, root: Path, accept_changes: bool) -> list[PlannedRun]:
        """The runs, which are noted down as planned.

        Raises:
            SpecError: runs that were planned before are planned no more.
        """
        from xlt_cli.sweep import changes

        jobs, base = self.planned(root), self._resolved.spec
        changed = "" if accept_changes else changes.changes(root, base, jobs)
        if changed:
            raise SpecError(
                f"the spec has changed since the sweep '{base.name}' was begun in {root}",
                str(self._source.document.path),
                f"{changed}\ngive the new sweep another name (`name:`) or --runs-dir; or "
                f"{changes.ACCEPT}: the former runs stay as they are",
            )
        if is_first_process():
            changes.record(root, base, jobs)
        return jobs

    def changes(self, root: Path) -> str:
        """The changed fields and the runs that are planned no more, in lines."""
        from xlt_cli.sweep.changes import changes

        if self.is_search:
            return ""  # its study says what has changed
        return changes(root, self._resolved.spec, self.planned(root))

    def table(self, root: Path, any_precision: bool = False) -> Table:
        """The runs with their states and estimates (`Experiment.plan`)."""
        from xlt_cli.launch.costs import Costs
        from xlt_cli.launch.states import standings
        from xlt_cli.runs import making

        self.refuse_search("no list of runs before it is made", "`trials` has its trials so far")
        planned = self.planned(root)
        run_of = making.recorded if any_precision else making.planned
        points = [point for point in self.points for _ in point.spec.seeds]
        costs = Costs(root).of([point.spec for point in points])
        return Table(
            {
                "run": standing.run.name,
                "path": str(standing.run.path),
                "name": point.name,
                "label": point.label,
                "point": point.values,
                "seed": job.seed,
                "state": standing.state,
                "attempts": standing.attempts,
                "error": standing.error,
                "estimate": cost.values() if cost else None,
            }
            for point, job, standing, cost in zip(
                points, planned, standings(root, planned, run_of), costs, strict=True
            )
        )

    def trials(self, root: Path) -> list[Searched]:
        """The trials of a search so far; none where the sweep is no search."""
        from xlt_cli.search.running import known

        self.check_in(root)
        return known(self.searches, root) if self.is_search else []

    def systems(self, root: Path) -> dict[str, list[str]]:
        """The paths of finished runs by the name of their point.

        Raises:
            RunError: a point has no finished run.
        """
        if self.is_search:
            return _best(self.trials(root), root)
        systems: dict[str, list[str]] = {}
        name = str(self._resolved.spec.name)
        for row in self.table(root, any_precision=True):
            done = systems.setdefault(row["name"] or row["label"] or name, [])
            if row["state"] == "done":
                done.append(row["path"])
        for system, done in systems.items():
            if not done:
                raise RunError(
                    f"no run of '{system}' is done",
                    str(root),
                    "`xlt sweep` trains it; `xlt sweep SPEC --dry-run` shows how all runs stand",
                )
        return systems


def _best(searched: Iterable[Searched], root: Path) -> dict[str, list[str]]:
    """The runs of the best trial in each point of a search's sweep."""
    systems = {}
    for one in searched:
        if one.best is None:
            raise RunError(f"no trial of '{one.point}' is done", str(root))
        name = f"{one.point} (oracle)" if one.oracle else one.point
        systems[name] = [run.path for run in one.best.runs]
    return systems
