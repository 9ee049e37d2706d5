"""Which finished runs lose their weights, and which keep them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from xlt_cli.errors import RunError
from xlt_cli.reports.runs import collapsed
from xlt_cli.runs import pruned
from xlt_cli.runs.directory import Run
from xlt_cli.runs.finding import all_runs
from xlt_cli.runs.removal import needed_by, starts
from xlt_cli.sweep import listing

Keep = Literal["best", "none"]


def choose(
    runs: Sequence[Run], every: Sequence[Run], keep: Keep
) -> tuple[list[Run], dict[str, str]]:
    """The runs to prune, and the name of each other that has weights, with why it keeps them.

    `best` keeps the run with the highest score on dev among those that bear a spec's name and were
    selected on the same rows; one that collapsed is the best only where all did.

    Args:
        runs: those that may be pruned.
        every: all that there are: the best is the best of all, and others may start from a run.
    """
    rows = {run.path.resolve(): listing.row(run) for run in every}
    best = _best(list(rows.values())) if keep == "best" else set()
    started, chosen, left = starts(every), [], {}
    for run in runs:
        row = rows[run.path.resolve()]
        if not pruned.freeable(run):
            continue
        users = needed_by(run, started)
        if row["state"] != "done":
            left[run.name] = f"is not finished ({row['state']})"
        elif users:
            left[run.name] = f"{', '.join(users)} started from it"
        elif row["path"] in best:
            left[run.name] = "the best of its spec on dev"
        elif keep == "best" and row["dev"] is None:
            left[run.name] = "has no score on dev to be compared by"
        else:
            chosen.append(run)
    return chosen, left


def prune(run: Run) -> int:
    """Prunes a run, unless something has changed since it was chosen; bytes freed.

    Raises:
        RunError: a process works on it.
    """
    with run.locked():
        if run.status.get("state") != "success":
            raise RunError(f"'{run.name}' is not finished any more", str(run.path))
        return pruned.prune(run)


def others(root_runs: Sequence[Run], given: Sequence[Run]) -> list[Run]:
    """All runs that matter for a choice: those of the root, and of the roots of those given."""
    by_path = {run.path.resolve(): run for run in root_runs}
    for folder in {run.path.absolute().parent for run in given}:
        for run in all_runs(folder):
            by_path.setdefault(run.path.resolve(), run)
    return list(by_path.values())


def _best(rows: Sequence[dict[str, Any]]) -> set[str]:
    """The paths of the best runs, one for each spec."""
    best: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        dev = row["dev"]
        if row["state"] != "done" or dev is None:
            continue
        key = (row["name"], dev["task"], dev["split"], dev["metric"], *dev["languages"])
        before = best.get(key)
        if before is None or _rank(row) > _rank(before):
            best[key] = row
    return {row["path"] for row in best.values()}


def _rank(row: dict[str, Any]) -> tuple[bool, float]:
    sign = -1 if row["dev"].get("better") == "lower" else 1
    return not collapsed(row), sign * row["dev"]["score"]
