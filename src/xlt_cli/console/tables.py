"""Results as tables for the terminal. Figures are percentages with their 95% intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

_NAMES = {"accuracy": "accuracy", "macro_f1": "macro-F1", "f1": "F1"}


def results(result: dict[str, Any], zero_shot: bool) -> RenderableType:
    """The tables of one evaluation.

    Args:
        zero_shot: show the languages trained on apart, and average over the others only.
    """
    parts: list[RenderableType] = []
    if result["languages"]:
        parts.append(_languages(result, zero_shot))
    if result["pairs"]:
        metric = _NAMES.get(result["metric"], result["metric"])
        parts += [
            Text(f"{_title(result)}, generalized {metric} (first text down, second across)"),
            _Matrix(result),
        ]
        parts.append(_pair_averages(result, zero_shot))
    if "certified" in result:
        parts.append(_certified(result))
    notes = [Text(f"note: {note}", style="yellow") for note in result["notes"]]
    return Group(*parts, *notes)


def _title(result: dict[str, Any]) -> str:
    mark = " (demonstration, not evidence)" if result["demonstration"] else ""
    return f"{result['task']} {result['split']}{mark}"


def _languages(result: dict[str, Any], zero_shot: bool) -> Table:
    metrics = [name for name, f in _first(result["languages"]).items() if isinstance(f, dict)]
    metrics.sort(key=lambda name: name != result["metric"])
    table = Table(title=_title(result), title_justify="left")
    table.add_column("language")
    table.add_column("rows", justify="right")
    for metric in metrics:
        table.add_column(_NAMES.get(metric, metric), justify="right")
    rows = list(result["languages"].items())
    if zero_shot:
        rows.sort(key=lambda row: not row[1]["trained_on"])
    last = len(rows) - 1
    for index, (language, figures) in enumerate(rows):
        ends = index == last or (
            zero_shot and figures["trained_on"] and not rows[index + 1][1]["trained_on"]
        )
        mark = " (trained on)" if figures["trained_on"] else ""
        table.add_row(
            language + mark,
            f"{figures['n']:,}",
            *[interval(figures[metric]) for metric in metrics],
            end_section=ends,
        )
    kind = "zero_shot" if zero_shot else "all"
    average = result["averages"].get(kind)
    if average:
        label = "zero-shot average" if zero_shot else "average"
        table.add_row(
            f"{label} ({average['cells']})",
            "",
            *[interval(average[metric]) for metric in metrics],
            style="bold",
        )
    elif zero_shot:
        table.add_row("zero-shot average", "", *["none left"] * len(metrics))
    if result["transfer_gap"]:
        gap = result["transfer_gap"]
        table.add_row("transfer gap", "", *[interval(gap[metric]) for metric in metrics])
    return table


@dataclass(frozen=True)
class _Matrix:
    """First text down, second text across; the diagonal is the standard setting.

    Where the terminal is too narrow for all columns, they come in several blocks, uncut.
    """

    result: dict[str, Any]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        cells = self._cells()
        languages = list(dict.fromkeys(language for pair in cells for language in pair))
        name, figure = max(map(len, languages)), max(map(len, cells.values()))
        fits = max(1, (options.max_width - name) // (1 + max(name, figure)))
        for start in range(0, len(languages), fits):
            table = Table("", box=box.SIMPLE_HEAD, padding=0, show_edge=False)
            across = languages[start : start + fits]
            for second in across:
                table.add_column(second, justify="right", no_wrap=True)
            for first in languages:
                table.add_row(first, *[cells.get((first, second), "") for second in across])
            yield table

    def _cells(self) -> dict[tuple[str, str], str]:
        metric = self.result["metric"]
        found = {(f["first"], f["second"]): f[metric] for f in self.result["pairs"].values()}
        found |= {(name, name): f[metric] for name, f in self.result["languages"].items()}
        return {pair: f"{100 * figure['value']:.1f}" for pair, figure in found.items()}


def _pair_averages(result: dict[str, Any], zero_shot: bool) -> Table:
    metrics = [n for n, f in _first(result["pair_averages"]).items() if isinstance(f, dict)]
    table = Table(title="averages over pairs of different languages", title_justify="left")
    table.add_column("pairs")
    for metric in metrics:
        table.add_column(_NAMES.get(metric, metric), justify="right")
    names = {"zero_shot": "neither language trained on", "all": "all"}
    order = ["zero_shot", "all"] if zero_shot else ["all", "zero_shot"]
    for kind in order:
        figures = result["pair_averages"].get(kind)
        if figures:
            table.add_row(
                f"{names[kind]} ({figures['cells']})", *[interval(figures[m]) for m in metrics]
            )
    return table


def _certified(result: dict[str, Any]) -> Table:
    """What randomized smoothing certifies; radii are relative to the mean embedding norm."""
    table = Table(title=f"{_title(result)}, smoothed classifier", title_justify="left")
    for column in ("cell", "abstained", "median radius", "certified accuracy at radius"):
        table.add_column(column, justify="left" if column == "cell" else "right")
    for cell, figures in result["certified"].items():
        at = "  ".join(f"{100 * s:.1f} at {r:.3f}" for r, s in figures["certified_accuracy"])
        abstained, radius = 100 * figures["abstained"], figures["median_radius"]
        table.add_row(cell, f"{abstained:.1f}", f"{radius:.3f}", at)
    return table


def interval(figure: dict[str, float]) -> str:
    """`71.3 [70.1, 72.4]`."""
    value, low, high = (100 * figure[key] for key in ("value", "low", "high"))
    return f"{value:.1f} [{low:.1f}, {high:.1f}]"


def _first(figures: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return next(iter(figures.values()))
