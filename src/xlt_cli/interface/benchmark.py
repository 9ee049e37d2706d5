"""Scores on a benchmark: runs are found and read, and averaged as it says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlt_cli.errors import RunError, SpecError, did_you_mean
from xlt_cli.interface.comparable import Given, matching_runs
from xlt_cli.interface.runs import Run, root_of
from xlt_cli.interface.tables import records_of
from xlt_cli.interface.tabulate import read_run, said_of
from xlt_cli.runs.directory import Run as Directory

if TYPE_CHECKING:
    import pandas

    from xlt_cli.api.reports import Report


class Benchmarked:
    """The scores of systems on a benchmark, as `xlt table --benchmark` prints them.

    Attributes:
        values: all scores with what they are over, as `xlt table --benchmark NAME --json` prints
            them.
    """

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values

    def __repr__(self) -> str:
        return f"<Benchmarked {self.values['benchmark']}: {', '.join(self.values['systems'])}>"

    @property
    def report(self) -> Report:
        """The report, as pieces that the formats render."""
        from xlt_cli.reports.benchmarked import report

        return report(self.values)

    def frame(self) -> pandas.DataFrame:
        """The scores as a pandas data frame, one in a row.

        Returns:
            The columns of `xlt table --benchmark NAME --format csv`.
        """
        return records_of(self.report).frame()


def benchmark(
    runs: Given | Sequence[Given] | Mapping[str, Given | Sequence[Given]],
    name: str,
    *,
    where: Mapping[str, Sequence[str]] | None = None,
    spread: str = "deviation",
    runs_dir: str | Path | None = None,
) -> Benchmarked:
    """Averages the stored figures of runs as a benchmark does.

    Args:
        runs: names or paths, perhaps with `*`, or `Run`s; by name of the system, or without names:
            a system is then an encoder. The runs of a system are trained on one task each.
        name: the benchmark: one that ships, or the path of a YAML file.
        where: the values that are taken, by dimension of `tabulate`.
        spread: what stands beside means over seeds: deviation, or interval (95%, Student's t).
        runs_dir: where runs are looked for by name; default: `$XLT_RUNS_DIR`, or `runs`.

    Returns:
        The scores of tasks and groups, and what each is over.

    Raises:
        SpecError: the benchmark, a dimension, a value or the spread is unknown or wrong.
        RunError: there is no such run, or it has no results.
        DataError: a system has several figures of a task.
    """
    from xlt_cli.reports.benchmark import ALL, scores
    from xlt_cli.reports.entries import entries
    from xlt_cli.reports.pivot import SPREADS, filtered
    from xlt_cli.spec.benchmark import load

    if spread not in SPREADS:
        hint = did_you_mean(spread, SPREADS)
        raise SpecError(f"unknown spread '{spread}'", "spread", hint)
    defined = load(name)
    found = list(_found(runs, root_of(runs_dir)))
    every = [(system, entry) for system, run in found for entry in entries(*read_run("", run))]
    kept = set(map(id, filtered([entry for _, entry in every], where or {})))
    systems: dict[str, list[Any]] = {}
    for system, entry in every:
        if id(entry) in kept:
            systems.setdefault(system or entry.place["encoder"], []).append(entry)
    values = scores(systems, defined, spread)
    tested = {evaluation for one in values["tasks"] for evaluation in one["evaluations"]}
    return Benchmarked(
        {
            "benchmark": defined.title,
            "reference": defined.reference,
            "spread": spread,
            "all": ALL,
            "systems": list(systems),
            "defined": [[group, task.name, task.metrics] for group, task in defined.tasks],
            **values,
            "notes": said_of(found, tested),
        }
    )


def _found(
    runs: Given | Sequence[Given] | Mapping[str, Given | Sequence[Given]], root: Path
) -> Iterator[tuple[str, Directory]]:
    """The runs with the names of their systems, which may be empty; each once.

    Raises:
        RunError: there is no such run, or two systems have it.
    """
    taken: dict[Path, str] = {}
    for system, given in (runs if isinstance(runs, Mapping) else {"": runs}).items():
        several = [given] if isinstance(given, str | Path | Run) else given
        for run in (run for one in several for run in matching_runs(one, root)):
            other = taken.setdefault(run.path.resolve(), system)
            if other != system:
                raise RunError(
                    f"the run '{run.name}' belongs to '{other}' and to '{system}'",
                    str(run.path),
                    "narrow the patterns",
                )
        yield from ((system, Directory(path)) for path, own in taken.items() if own == system)
