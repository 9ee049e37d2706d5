"""Which runs are compared: found by name, one for each seed, tested on the same rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlt_cli.errors import DataError, RunError
from xlt_cli.interface.runs import Run
from xlt_cli.reports.validity import cell_name
from xlt_cli.runs import predictions
from xlt_cli.runs.cells import Pair
from xlt_cli.runs.directory import Run as Directory
from xlt_cli.runs.finding import matching
from xlt_cli.runs.predictions import Store

if TYPE_CHECKING:
    from xlt_cli.reports.measured import Measured

Given = str | Path | Run


@dataclass(frozen=True)
class Stored:
    """An evaluation in a run's directory, without conditions.

    Attributes:
        results: its figures, as results.json has them.
        cells: those that the model under test answered.
    """

    run: Directory
    store: Store
    results: Mapping[str, Any]
    cells: list[Pair]


Evaluated = Mapping[str, Mapping[int, Mapping[str, Stored]]]
"""By system, seed, and the name of the evaluation's directory."""


def directories(
    systems: Mapping[str, Given | Sequence[Given]], root: Path
) -> dict[str, dict[int, Directory]]:
    """The runs of each system by seed."""
    taken: dict[Path, str] = {}
    by_name: dict[str, dict[int, Directory]] = {}
    for name, given in systems.items():
        several = [given] if isinstance(given, str | Path | Run) else list(given)
        runs = [run for one in several for run in matching_runs(one, root)]
        own = by_name.setdefault(name, {})
        for run in {run.path.resolve(): run for run in runs}.values():
            place = run.path.resolve()
            if place in taken:
                raise RunError(
                    f"the run '{run.name}' belongs to '{taken[place]}' and to '{name}'",
                    str(run.path),
                    "narrow the patterns",
                )
            taken[place] = name
            run.spec  # noqa: B018  (raises if these are evaluations of a checkpoint, without seed)
            seed = run.seed
            if seed in own:
                raise RunError(
                    f"'{name}' has two runs with seed {seed}: '{own[seed].name}' and '{run.name}'",
                    str(root),
                    "the runs of a name are its seeds: give other runs another name",
                )
            own[seed] = run
        by_name[name] = dict(sorted(own.items()))
    return by_name


def check_seeds(by_name: Mapping[str, Mapping[int, Directory]], baseline: str) -> None:
    """Raises RunError if a system has no seed that the baseline has."""
    for name, own in by_name.items():
        if not set(own) & set(by_name[baseline]):
            seeds = [", ".join(map(str, by_name[each])) for each in (name, baseline)]
            raise RunError(
                f"'{name}' and '{baseline}' have no seed in common: {seeds[0]}; {seeds[1]}",
                hint="gains are paired by seed: train both with the same seeds",
            )


def matching_runs(given: Given, root: Path) -> list[Directory]:
    return [Directory(given.path)] if isinstance(given, Run) else matching(root, str(given))


def evaluations(run: Directory) -> dict[str, Stored]:
    """What is stored of a run's last model."""
    found = {}
    for name, about, results in predictions.summaries(run.evaluations):
        if results is None:
            continue
        known = predictions.cells_of(run.evaluations / name)
        newest = [weights for _, weights in known.values()][-1:]
        store = Store(run.evaluations / name, about, *newest)
        pairs = [cell.languages for cell in store.whole() if not cell.condition]
        if pairs:
            found[name] = Stored(run, store, results, pairs)
    if not found:
        raise RunError(
            f"'{run.name}' has no results", str(run.path), f"evaluate it: `xlt eval {run.name}`"
        )
    return found


def shared_by(stored: Evaluated) -> list[str]:
    """The evaluations that all runs have."""
    every = [list(found) for own in stored.values() for found in own.values()]
    names = [name for name in every[0] if all(name in found for found in every)]
    if not names:
        tested = {
            name: ", ".join(dict.fromkeys(title(one) for f in own.values() for one in f.values()))
            for name, own in stored.items()
        }
        raise DataError(
            "the runs have no evaluation in common: "
            + "; ".join(f"'{name}' has {tests}" for name, tests in tested.items()),
            hint="evaluate all of them on the same task, split and labels with `xlt eval`",
        )
    return names


def title(stored: Stored) -> str:
    results = stored.results
    limit = f", {results['limit']} rows" if results.get("limit") else ""
    return f"{results['task']} {results['split']}{limit}"


def notes_of(stored: Evaluated, shared: Sequence[str]) -> list[str]:
    """Which evaluations are not compared, and other things to know of the runs."""
    left = {
        title(one): None
        for own in stored.values()
        for found in own.values()
        for name, one in found.items()
        if name not in shared
    }
    return [f"not compared, because some run lacks it: {title}" for title in left]


def check_same_data(every: Sequence[Stored], cells: Sequence[Pair]) -> None:
    """Raises DataError if the runs have no language in common, or read other files."""
    first = every[0]
    if not cells:
        raise DataError(
            f"the runs were not tested in the same languages on {title(first)}",
            hint="evaluate them in the same languages with `xlt eval --languages`",
        )
    languages = dict.fromkeys(language for pair in cells for language in pair)
    for other in every[1:]:
        for language in languages:
            hashes = [
                one.results.get("data", {}).get(language, {}).get("sha256")
                for one in (first, other)
            ]
            if None not in hashes and hashes[0] != hashes[1]:
                raise _other_rows(first, other, language, "the data files differ")


def check_same_rows(
    stored: Evaluated, name: str, runs: Mapping[str, Mapping[int, Measured]]
) -> None:
    """Raises DataError if two runs have other ids or gold labels in a cell."""
    every = [
        (found[name], runs[system][seed])
        for system, own in stored.items()
        for seed, found in own.items()
    ]
    first, expected = every[0]
    for other, measured in every[1:]:
        for pair, rows in expected.rows.items():
            if measured.rows[pair] != rows:
                cell = "+".join(dict.fromkeys(pair))
                raise _other_rows(first, other, cell, "ids or gold labels differ")


def defined(
    cells: Sequence[Pair],
    runs: Mapping[str, Mapping[int, Measured]],
    where: str,
    metric: str,
    notes: list[str],
) -> list[Pair]:
    """The cells in which the metric of all runs is defined, and a note of the others.

    Raises:
        DataError: there are none.
    """
    every = [one for own in runs.values() for one in own.values()]
    left = [pair for pair in cells if not any(math.isnan(m.scores[pair].value) for m in every)]
    names = ", ".join(cell_name(pair) for pair in cells if pair not in left)
    if not left:
        raise DataError(
            f"the metric '{metric}' is not defined for the rows of {names}",
            where,
            "compare by another one: `--metric`",
        )
    if names:
        notes.append(f"{where}: without {names}, for whose rows '{metric}' is not defined")
    return left


def _other_rows(first: Stored, other: Stored, cell: str, why: str) -> DataError:
    return DataError(
        f"'{first.run.name}' and '{other.run.name}' were tested on different rows of "
        f"{title(first)} in '{cell}': {why}",
        hint="evaluate the runs again on the same data with `xlt eval`",
    )
