"""What a search consists of: the points of its sweep, each with its space, and their trials."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xlt_cli.errors import SpecError
from xlt_cli.launch.jobs import PlannedRun
from xlt_cli.reports.search import short
from xlt_cli.search import space
from xlt_cli.search.journal import in_memory
from xlt_cli.search.objective import Objective, objective
from xlt_cli.search.sampling import check_installed
from xlt_cli.search.space import Field
from xlt_cli.search.study import Study
from xlt_cli.spec import ResolvedExperiment, Sweep
from xlt_cli.spec.faults import Faults
from xlt_cli.spec.identity import identity
from xlt_cli.spec.resolution import resolve
from xlt_cli.spec.search import FIXED, Search
from xlt_cli.spec.source import Source
from xlt_cli.sweep.plan import BASE, Point

_NO_PART = {"name", "device", "keep", "sweep", "evaluations"}
"""Fields of a spec that may change while a search goes on."""


@dataclass(frozen=True)
class Plan:
    """The search in one point of a sweep.

    Attributes:
        trials: how many there will be.
    """

    point: Point
    search: Search
    fields: Sequence[Field]
    objective: Objective
    trials: int
    source: Source
    overrides: Sequence[str] = ()

    @property
    def name(self) -> str:
        """The name of its study."""
        return self.point.label

    @property
    def settings(self) -> dict[str, Any]:
        """What must stay the same for its trials to be comparable, as JSON values."""
        search = self.search.model_dump(mode="json", exclude={"trials"})
        spec = self.point.spec.model_dump(mode="json", exclude=_NO_PART)
        number = self.objective.evaluation
        if number is not None:
            spec["evaluations"] = [self.point.spec.evaluations[number].model_dump(mode="json")]
        return {"search": search, **spec}

    def runs(self, number: int, values: Mapping[str, Any]) -> list[PlannedRun]:
        """The runs of a trial, one for each seed.

        Raises:
            SpecError: the values do not go together.
        """
        where = f"trial {number} of the search"
        chosen = [
            field.override(values[field.path], where, self.source)
            for field in self.fields
            if field.path in values
        ]
        experiment = resolve(space.with_values(self.source, self.point, chosen))
        drawn = Point(
            dict(values),
            experiment,
            {**self.point.chosen, **{".".join(map(str, one.loc)): one for one in chosen}},
        )
        spec = experiment.spec
        overrides = [*self.overrides, *drawn.overrides]
        label = " ".join(
            [
                f"trial {number}",
                *([self.point.label] if self.point.label != BASE else []),
                *(f"{path}={short(value)}" for path, value in values.items()),
            ]
        )
        return [PlannedRun(spec, seed, self.source.text, overrides, label) for seed in spec.seeds]


def ends(points: Sequence[Point], source: Source) -> list[tuple[Source, ResolvedExperiment]]:
    """The experiments at the ends of what is searched, for what they need on this machine.

    None where the sweep is no search.
    """
    sweep = points[0].spec.sweep
    if sweep is None or sweep.search is None:
        return []
    tried = [one for point in points for one in space.ends(sweep, point, source)]
    return [(one, resolve(one)) for one in tried]


def plans(points: Sequence[Point], source: Source, overrides: Sequence[str] = ()) -> list[Plan]:
    """The search in each point of a sweep, checked.

    Raises:
        SpecError: all that cannot be searched or optimised, with the lines.
    """
    sweep = points[0].spec.sweep
    assert isinstance(sweep, Sweep)
    space.check(sweep, points, source)
    made, faults = [], Faults()
    for point in points:
        with faults.gather():
            search = space.search_of(point, sweep, source)
            fields = space.fields_of(point, sweep, source)
            what = objective(point.experiment, search, source)
            trials = space.budget(fields, search)
            made.append(Plan(point, search, fields, what, trials, source, overrides))
    faults.complain()
    return made


def runs_ahead(searches: Sequence[Plan]) -> list[PlannedRun]:
    """The runs of all trials of searches whose values do not depend on results.

    They are those that the driver draws: trial 0 of each point, then trial 1. Runs that several
    trials have are there once.

    Raises:
        SpecError: trials depend on results, or their values do not go together.
        UserError: Optuna is not installed.
    """
    for plan in searches:
        if not plan.search.is_fixed:
            raise SpecError(
                f"a search has no manifest where its runs depend on results: {_why(plan.search)}",
                plan.source.where(space.PLACE),
                "`xlt sweep SPEC --jobs N` makes N runs at once; with `sampler: random` or `grid`, "
                "and without `stop_early`, all runs are known beforehand",
            )
    trials = [list(enumerate(drawn_ahead(plan))) for plan in searches]
    runs: dict[str, PlannedRun] = {}
    for together in itertools.zip_longest(*trials):
        for plan, trial in zip(searches, together, strict=True):
            for run in plan.runs(*trial) if trial is not None else ():
                runs.setdefault(identity(run.spec, run.seed), run)
    return list(runs.values())


def _why(search: Search) -> str:
    """Why the runs of a search are not known beforehand."""
    if search.sampler in FIXED:
        return f"`stop_early: {search.stop_early}` stops them by the scores of others"
    return f"`sampler: {search.sampler}` draws values by the scores of earlier ones"


def drawn_ahead(plan: Plan) -> list[Mapping[str, Any]]:
    """The values of all trials of a search, without running any."""
    check_installed(plan.search)
    study = Study(in_memory(), plan.name, plan.fields, plan.search, lower_is_better=True)
    return [study.ask().values for _ in range(plan.trials)]
