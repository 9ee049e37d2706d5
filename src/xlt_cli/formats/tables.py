"""Results as tables for the terminal. Figures are percentages with their 95% intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from xlt_cli.reports.validity import MARK, cell_name
from xlt_cli.reports.validity import marked as marked_cells

_NAMES = {"accuracy": "accuracy", "macro_f1": "macro-F1", "f1": "F1"}


def results(result: dict[str, Any], all_languages: bool = False) -> RenderableType:
    """The tables of one evaluation.

    Args:
        all_languages: also average over all languages, those trained on included.
    """
    parts: list[RenderableType] = []
    if result["languages"]:
        parts.append(_languages(result, all_languages))
    if result["pairs"]:
        metric = _NAMES.get(result["metric"], result["metric"])
        parts += [
            Text(f"{_title(result)}, generalized {metric} (first text down, second across)"),
            _Matrix(result),
        ]
        parts.append(_pair_averages(result))
    if "certified" in result:
        parts.append(_certified(result))
    notes = [Text(f"note: {note}", style="yellow") for note in result["notes"]]
    return Group(*parts, *notes)


def _title(result: dict[str, Any]) -> str:
    mark = " (demonstration, not evidence)" if result["demonstration"] else ""
    collapsed = f" {MARK} collapsed" if result.get("collapsed") else ""
    scoring = f", {result['scoring']}" if result.get("scoring") else ""
    return f"{result['task']} {result['split']}{scoring}{origin(result)}{mark}{collapsed}"


def origin(result: dict[str, Any]) -> str:
    """`, from anli/` where the data are not from the task's usual place."""
    return f", from {result['place']}" if result.get("place") else ""


def _languages(result: dict[str, Any], all_languages: bool) -> Table:
    metrics = [name for name, f in _first(result["languages"]).items() if isinstance(f, dict)]
    metrics.sort(key=lambda name: name != result["metric"])
    table = Table(title=_title(result), title_justify="left")
    table.add_column("language")
    table.add_column("rows", justify="right")
    for metric in metrics:
        table.add_column(_NAMES.get(metric, metric), justify="right")
    rows = sorted(result["languages"].items(), key=lambda row: not row[1]["trained_on"])
    marked = marked_cells(result)
    for index, (language, figures) in enumerate(rows):
        last = index == len(rows) - 1
        ends = last or (figures["trained_on"] and not rows[index + 1][1]["trained_on"])
        mark = " (trained on)" if figures["trained_on"] else ""
        sign = f" {MARK}" if language in marked else ""
        table.add_row(
            f"{language}{mark}{sign}",
            f"{figures['n']:,}",
            *[interval(figures[metric]) for metric in metrics],
            end_section=ends,
        )
    unseen = {language for language, figures in rows if not figures["trained_on"]}
    every = {language for language, _ in rows}
    averages = [("zero_shot", "zero-shot average", unseen)]
    if all_languages:
        averages.append(("all", "average of all languages", every))
    for kind, label, languages in averages:
        average = result["averages"].get(kind)
        if average is None:
            table.add_row(label, "", *["none left"] * len(metrics))
            continue
        sign = f" {MARK}" if languages & marked else ""
        table.add_row(
            f"{label} ({average['cells']}){sign}",
            "",
            *[interval(average[metric]) for metric in metrics],
            style="bold",
        )
    if result["transfer_gap"]:
        gap = result["transfer_gap"]
        sign = f" {MARK}" if every & marked else ""
        table.add_row(f"transfer gap{sign}", "", *[interval(gap[metric]) for metric in metrics])
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
        marked = marked_cells(self.result)
        signs = {pair: MARK if cell_name(pair) in marked else "" for pair in found}
        return {pair: f"{100 * f['value']:.1f}{signs[pair]}" for pair, f in found.items()}


def _pair_averages(result: dict[str, Any]) -> Table:
    metrics = [n for n, f in _first(result["pair_averages"]).items() if isinstance(f, dict)]
    table = Table(title="averages over pairs of different languages", title_justify="left")
    table.add_column("pairs")
    for metric in metrics:
        table.add_column(_NAMES.get(metric, metric), justify="right")
    names = {"zero_shot": "neither language trained on", "all": "all"}
    sign = f" {MARK}" if marked_cells(result) & set(result["pairs"]) else ""
    for kind, name in names.items():
        figures = result["pair_averages"].get(kind)
        if figures:
            table.add_row(
                f"{name} ({figures['cells']}){sign}", *[interval(figures[m]) for m in metrics]
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
