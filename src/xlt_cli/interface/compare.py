"""Comparing systems over their seeds: runs are found, checked to be comparable, and measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlt_cli.errors import SpecError, did_you_mean
from xlt_cli.interface.comparable import (
    Evaluated,
    Given,
    Stored,
    check_same_data,
    check_same_rows,
    check_seeds,
    defined,
    directories,
    evaluations,
    notes_of,
    shared_by,
    title,
)
from xlt_cli.interface.runs import root_of
from xlt_cli.interface.tables import records_of
from xlt_cli.runs.cells import Cell, Pair

if TYPE_CHECKING:
    import pandas

    from xlt_cli.api import Metric
    from xlt_cli.api.reports import Report
    from xlt_cli.reports.measured import Measured
    from xlt_cli.reports.scorer import Scorer
    from xlt_cli.reports.systems import Settings

CORRECTIONS = ("holm", "bh")


class Compared:
    """What a comparison shows, as `xlt compare` prints it.

    Attributes:
        values: all figures, gains, tests and ranks, as `xlt compare --json` prints them.
    """

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values

    def __repr__(self) -> str:
        return f"<Compared: {'; '.join(self.statements)}>"

    @property
    def statements(self) -> list[str]:
        """What is shown of each system, in words."""
        every = [one["gains"] for one in self.values["evaluations"]]
        return [gain["statement"] for gains in every for gain in gains.values()]

    @property
    def report(self) -> Report:
        """The report, as pieces that the formats render."""
        from xlt_cli.reports.versus import report

        return report(self.values)

    def frame(self) -> pandas.DataFrame:
        """Figures and gains as a pandas data frame, one in a row.

        Returns:
            The columns of `xlt compare --format csv`.
        """
        return records_of(self.report).frame()


def compare(
    systems: Mapping[str, Given | Sequence[Given]],
    *,
    runs_dir: str | Path | None = None,
    baseline: str | None = None,
    metric: str | None = None,
    equivalence: float | None = None,
    correction: str = "holm",
    level: float = 0.05,
) -> Compared:
    """Compares systems in all evaluations that all of their runs have.

    The runs of a system are its seeds. A gain over the baseline is over the seeds that both have,
    paired by seed and by row.

    Args:
        systems: by name, their runs: a name or path, perhaps with `*`; a `Run`; or several.
        runs_dir: where runs are looked for by name; default: `$XLT_RUNS_DIR`, or `runs`.
        baseline: the system that gains are over; default: the first.
        metric: of all evaluations; default: each task's own.
        equivalence: differences up to this count as none: in points for metrics that are shares,
            else in the metric's unit.
        correction: of the p-values of all languages: holm or bh (Benjamini and Hochberg).
        level: how often an interval may miss the truth.

    Returns:
        Figures, gains, tests and ranks, with and without collapsed runs.

    Raises:
        SpecError: an option is wrong.
        RunError: there is no such run, or two runs cannot be told apart.
        DataError: the runs were not tested on the same rows.
    """
    from xlt_cli.reports.systems import Settings

    if len(systems) < 2:
        raise SpecError("a comparison needs two systems", "compare", "name them: A=RUNS B=RUNS")
    if not 0 < level < 1:
        raise SpecError(f"a level lies between 0 and 1, not {level}", "level", "e.g. 0.05")
    if equivalence is not None and not equivalence > 0:
        raise SpecError(f"a band is above 0, not {equivalence}", "equivalence", "e.g. 1")
    if correction not in CORRECTIONS:
        hint = f"known: {', '.join(CORRECTIONS)}"
        raise SpecError(f"unknown correction '{correction}'", "correction", hint)
    if baseline is not None and baseline not in systems:
        raise SpecError(
            f"unknown system '{baseline}'", "baseline", did_you_mean(baseline, list(systems))
        )
    first = baseline or next(iter(systems))
    by_name = directories(systems, root_of(runs_dir))
    check_seeds(by_name, first)
    settings = Settings(first, level, correction, equivalence)
    stored = {
        name: {seed: evaluations(run) for seed, run in own.items()} for name, own in by_name.items()
    }
    shared = shared_by(stored)
    notes = notes_of(stored, shared)
    tested = [compared_in(stored, name, metric, settings, notes) for name in shared]
    return Compared(
        {
            "baseline": first,
            "level": level,
            "correction": correction,
            "equivalence": equivalence,
            "runs": {
                name: [{"run": run.name, "seed": seed} for seed, run in own.items()]
                for name, own in by_name.items()
            },
            "evaluations": tested,
            "notes": notes,
        }
    )


def compared_in(
    stored: Evaluated, name: str, metric: str | None, settings: Settings, notes: list[str]
) -> dict[str, Any]:
    """The comparison in one evaluation, which all runs have: gains, tests and ranks as JSON values.

    Args:
        name: of the evaluation's directory.
        metric: None for the task's own.
        notes: gets what a reader must know.

    Raises:
        SpecError: the task has no such metric.
        DataError: the runs were not tested on the same rows.
    """
    return measured_in(stored, name, metric, notes).over(settings)


@dataclass(frozen=True)
class MeasuredIn:
    """What systems answered in one evaluation, ready to be compared over any baseline.

    Attributes:
        about: task, split, limit, metric, unit, better, trained_on.
        labels: of the task; there may be none.
    """

    about: dict[str, Any]
    runs: Mapping[str, Mapping[int, Measured]]
    metric: Metric
    labels: Sequence[str]

    def over(self, settings: Settings) -> dict[str, Any]:
        """Gains, tests and ranks as JSON values."""
        from xlt_cli.reports.systems import Systems

        if settings.band is not None and self.metric.unit == "share":
            settings = replace(settings, band=settings.band / 100)
        found = Systems(self.runs, self.metric, self.about["trained_on"], settings)
        return {**self.about, **found.values()}


def measured_in(stored: Evaluated, name: str, metric: str | None, notes: list[str]) -> MeasuredIn:
    """Measures the stored answers of one evaluation, which all runs have.

    Args:
        name: of the evaluation's directory.
        metric: None for the task's own.
        notes: gets what a reader must know.

    Raises:
        SpecError: the task has no such metric.
        DataError: the runs were not tested on the same rows.
    """
    from xlt_cli.problems.collapse import problem_under
    from xlt_cli.reports.scorer import Scorer
    from xlt_cli.spec import Evaluation
    from xlt_cli.spec.building import build_task
    from xlt_cli.spec.metrics import reopen_metrics

    every = [found[name] for own in stored.values() for found in own.values()]
    first = every[0]
    evaluation = Evaluation.model_validate(dict(first.store.about))
    assert evaluation.task is not None
    task = build_task(evaluation.task)
    metrics = reopen_metrics(evaluation, task)
    wanted = metric or metrics.main
    needed = tuple(one for one in metrics.extra if one.name == wanted)
    problem = Scorer(problem_under(task, evaluation.collapse), wanted, needed)
    chosen = _metric(problem, wanted)
    shared = set(first.cells).intersection(*(one.cells for one in every))
    cells = [pair for pair in first.cells if pair in shared]
    check_same_data(every, cells)
    if any(len(one.cells) > len(cells) for one in every):
        notes.append(f"{title(first)}: only the {len(cells)} cells that all runs were tested in")
    trained = {tuple(one.results["trained_on"]) for one in every}
    if len(trained) > 1:
        notes.append(
            f"{title(first)}: the runs were trained on different languages; zero-shot are those "
            "that none of them was trained on"
        )

    def measured(cells: Sequence[Pair]) -> dict[str, dict[int, Measured]]:
        return {
            system: {
                seed: _measured(found[name], problem, chosen, cells, task.aligned)
                for seed, found in own.items()
            }
            for system, own in stored.items()
        }

    runs = measured(cells)
    left = defined(cells, runs, title(first), chosen.name, notes)
    if len(left) < len(cells):
        runs = measured(left)
    check_same_rows(stored, name, runs)
    about = {
        "task": first.results["task"],
        "split": first.results["split"],
        "limit": first.results.get("limit"),
        "metric": chosen.name,
        "unit": chosen.unit,
        "better": "higher" if chosen.higher_is_better else "lower",
        "trained_on": sorted({language for languages in trained for language in languages}),
    }
    return MeasuredIn(about, runs, chosen, problem.labels)


def _metric(problem: Scorer, wanted: str) -> Metric:
    known = {metric.name: metric for metric in problem.metrics}
    if wanted not in known:
        hint = did_you_mean(wanted, list(known)) or f"known: {', '.join(known)}"
        raise SpecError(f"unknown metric '{wanted}'", "metric", hint)
    return known[wanted]


def _measured(
    stored: Stored, problem: Scorer, metric: Metric, cells: Sequence[Pair], aligned: bool
) -> Measured:
    from xlt_cli.reports.measured import measure

    answers = {pair: stored.store.coded(Cell(pair)) for pair in cells}
    return measure(problem, metric.name, answers, aligned)
