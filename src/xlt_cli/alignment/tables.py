"""Alignment as tables for a terminal of 100 columns; shares in per cent with 95% intervals.

Whole per cent: with some hundred rows, an interval is several of them wide.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

SHARES = {
    "accuracy": "accuracy",
    "carried": "carried over",
    "shift_held": "holds under shift",
    "inside_words": "inside (words)",
    "inside_hidden": "inside (hidden)",
    "inside_certified": "certified",
}
SPACES = ("words", "hidden")
GAINS = ("accuracy", "carried", "shift_held", "inside_words", "inside_hidden")


def alignment(results: dict[str, Any]) -> RenderableType:
    """All tables of an analysis: two per run, one per comparison, and the notes."""
    parts: list[RenderableType] = []
    for name, run in results["runs"].items():
        said = [f"{len(run['of'])} seeds"] if len(run["of"]) > 1 else []
        said += ["baseline"] if name == results["baseline"] and results["comparisons"] else []
        mark = f" ({', '.join(said)})" if said else ""
        parts += [_shares(results, f"{name}{mark}", run), _distances(results, name, run)]
    for name, comparison in results["comparisons"].items():
        parts.append(_gains(results, name, comparison))
        grown = [f"{_fraction(comparison['radius'][space])} ({space})" for space in SPACES]
        parts.append(Text(f"radii of the same rows, geometric mean of factors: {', '.join(grown)}"))
        parts += [Text(line) for line in _correlations(comparison)]
        parts.append(Text())
    said = [*results["radii"]["explained"], *results["notes"]]
    return Group(*parts, *[Text(f"note: {note}", style="yellow") for note in said])


def _shares(results: dict[str, Any], name: str, run: dict[str, Any]) -> Table:
    columns = [share for share in SHARES if share in run["average"]]
    table = _table(f"{_title(results)}\n{name}: % of rows", "language", "rows")
    for column in columns:
        table.add_column(_two_lines(SHARES[column]), justify="right", no_wrap=True)
    source = run["source"]
    own = [percent(source["accuracy"]), *[""] * (len(columns) - 1)]
    table.add_row(f"{results['source']} (source)", f"{source['n']}", *own, end_section=True)
    languages = list(run["languages"].items())
    for index, (language, figures) in enumerate(languages):
        table.add_row(
            language,
            f"{figures['n']}",
            *[percent(figures[column]) for column in columns],
            end_section=index == len(languages) - 1,
        )
    average = [percent(run["average"][column]) for column in columns]
    table.add_row(f"average ({len(languages)})", "", *average, style="bold")
    return table


def _distances(results: dict[str, Any], name: str, run: dict[str, Any]) -> Table:
    """Medians, and how well lying inside tells whether the decision is carried over."""
    table = _table(f"{name}: median distance, and what it foretells", "language")
    for column in (
        "distance\n(words)",
        "distance\n(hidden)",
        "carried over (hidden)\ninside / outside",
        "AUC\n(words)",
        "AUC\n(hidden)",
    ):
        table.add_column(column, justify="right", no_wrap=True)
    source = run["source"]
    radii = [f"{source[f'median_radius_{space}']:.3f}" for space in SPACES]
    table.add_row("radius", *radii, "", "", "", end_section=True)
    for language, figures in run["languages"].items():
        words, hidden = figures["predicts"]["words"], figures["predicts"]["hidden"]
        table.add_row(
            language,
            f"{figures['median_distance_words']:.3f}",
            f"{figures['median_distance_hidden']:.3f}",
            f"{_among(hidden['carried_inside'])} / {_among(hidden['carried_outside'])}",
            _fraction(words["auc"]),
            _fraction(hidden["auc"]),
        )
    if source["censored"] > 0:
        table.caption = (
            f"{100 * source['censored']:.0f}% of the radii are censored: none flipped it"
        )
    return table


def _gains(results: dict[str, Any], name: str, comparison: dict[str, Any]) -> Table:
    table = _table(f"{name} minus {results['baseline']}: points", "language")
    columns = [gain for gain in GAINS if gain in comparison["average"]]
    for column in columns:
        table.add_column(_two_lines(SHARES[column]), justify="right", no_wrap=True)
    gains = list(comparison["gains"].items())
    for index, (language, figures) in enumerate(gains):
        table.add_row(
            language,
            *[percent(figures[column], sign="+") for column in columns],
            end_section=index == len(gains) - 1,
        )
    average = [percent(comparison["average"][column], sign="+") for column in columns]
    table.add_row(f"average ({len(gains)})", *average, style="bold")
    return table


def _correlations(comparison: dict[str, Any]) -> Iterator[str]:
    for name, found in comparison["correlations"].items():
        if found["pearson"] is None:
            continue
        yield (
            f"gain in '{SHARES[name]}' and gain in accuracy, n = {found['n']} languages: "
            f"Pearson {_fraction(found['pearson'])}, Spearman {_fraction(found['spearman'])}"
        )


def percent(figure: dict[str, float], sign: str = "") -> str:
    """`71 [64, 77]`."""
    value, low, high = (100 * figure[key] for key in ("value", "low", "high"))
    return f"{value:{sign}.0f} [{low:{sign}.0f}, {high:{sign}.0f}]"


def _two_lines(name: str) -> str:
    """The last word of a heading below the others: columns are narrow."""
    return "\n".join(name.rsplit(" ", 1))


def _fraction(figure: dict[str, float] | None) -> str:
    if figure is None:
        return "-"
    return f"{figure['value']:.2f} [{figure['low']:.2f}, {figure['high']:.2f}]"


def _among(figure: dict[str, Any] | None) -> str:
    """`87 of 54`: a share in per cent and of how many rows."""
    return "-" if figure is None else f"{100 * figure['value']:.0f}% of {figure['n']}"


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", caption_justify="left", padding=(0, 0, 0, 1))
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index else "left", no_wrap=True)
    return table


def _title(results: dict[str, Any]) -> str:
    mark = " (demonstration, not evidence)" if results["demonstration"] else ""
    return f"{results['task']} {results['split']}{mark}"
