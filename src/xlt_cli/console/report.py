"""What a finished command prints on stdout: tables for people, JSON for scripts."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from xlt_cli.console import tables

if TYPE_CHECKING:
    from xlt_cli.sweep.local import Outcome


def stdout() -> Console:
    """A console that does not fold tables when it writes to a file or a pipe."""
    # Names and paths are shown as they are: [x] is no style in them, and :x: no picture.
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = 200
    return console


def print_json(value: Any) -> None:
    """JSON on stdout, nothing else."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def outcomes(found: Sequence[Outcome], as_json: bool) -> None:
    """The results of runs: one table per run and evaluation, and one over all if several."""
    if as_json:
        print_json([_as_json(outcome) for outcome in found])
        return
    console = stdout()
    for outcome in found:
        for result in outcome.results:
            console.print(tables.results(result, zero_shot=True))
        if outcome.results:
            console.print(f"run: {outcome.run.path}", soft_wrap=True, style="dim")
    if len(found) > 1:
        console.print(comparison(found))


def evaluation(results: Sequence[dict[str, Any]], zero_shot: bool, as_json: bool) -> None:
    """The results of one model."""
    if as_json:
        print_json(list(results))
        return
    console = stdout()
    for result in results:
        console.print(tables.results(result, zero_shot))


def comparison(found: Sequence[Outcome]) -> Table:
    """One row per point of a sweep: means over seeds of what its runs ended with."""
    points: dict[str, list[Outcome]] = {}
    for outcome in found:
        points.setdefault(outcome.job.label, []).append(outcome)
    table = Table(title="over seeds: mean (standard deviation)", title_justify="left")
    for column in ("point", "task", "seeds", "trained on", "zero-shot", "generalized"):
        table.add_column(column, justify="left" if column in ("point", "task") else "right")
    for label, group in points.items():
        good = [outcome for outcome in group if outcome.results]
        failed = len(group) - len(good)
        note = f"{len(good)}" + (f" ({failed} failed)" if failed else "")
        if not good:
            table.add_row(label, "", note, "", "", "")
            continue
        for index, first in enumerate(good[0].results):
            per_run = [outcome.results[index] for outcome in good]
            table.add_row(
                label,
                f"{first['task']} {first['split']} {first['metric']}",
                note,
                *[_spread(headline(r, name) for r in per_run) for name in HEADLINES],
            )
    return table


HEADLINES = ("trained_on", "zero_shot", "generalized")


def headline(result: dict[str, Any], name: str) -> float | None:
    """One figure of an evaluation: the mean of the languages trained on, of the zero-shot ones,
    or of all pairs of different languages; None where it has none."""
    metric = result["metric"]
    if name == "trained_on":
        own = [f[metric]["value"] for f in result["languages"].values() if f["trained_on"]]
        return statistics.mean(own) if own else None
    averages = result["averages"] if name == "zero_shot" else result["pair_averages"]
    figures = averages.get("zero_shot" if name == "zero_shot" else "all")
    return figures[metric]["value"] if figures else None


def _spread(values: Any) -> str:
    known = [100 * value for value in values if value is not None]
    if not known:
        return ""
    if len(known) == 1:
        return f"{known[0]:.1f}"
    return f"{statistics.mean(known):.1f} ({statistics.stdev(known):.1f})"


def _as_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "run": str(outcome.run.path),
        "seed": outcome.job.seed,
        "point": outcome.job.label,
        "error": outcome.error,
        "evaluations": outcome.results,
    }
