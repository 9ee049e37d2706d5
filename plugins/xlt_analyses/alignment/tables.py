"""Alignment as a report; shares in per cent with 95% intervals.

Whole per cent: with some hundred rows, an interval is several of them wide.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from xlt_analyses.alignment.lines import lines
from xlt_cli.api.reports import Column, Figure, Piece, Report, Row, Sign, Table, Text

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


def report(results: dict[str, Any]) -> Report:
    """All tables of an analysis: two per run, one per comparison, and the notes."""
    pieces: list[Piece] = []
    for name, run in results["runs"].items():
        said = [f"{len(run['of'])} seeds"] if len(run["of"]) > 1 else []
        said += ["baseline"] if name == results["baseline"] and results["comparisons"] else []
        mark = f" ({', '.join(said)})" if said else ""
        pieces += [_shares(results, f"{name}{mark}", run), _distances(results, name, run)]
    for name, comparison in results["comparisons"].items():
        pieces.append(_gains(results, name, comparison))
        grown = [f"{_fraction(comparison['radius'][space])} ({space})" for space in SPACES]
        pieces.append(
            Text(f"radii of the same rows, geometric mean of factors: {', '.join(grown)}")
        )
        pieces += [Text(line) for line in _correlations(comparison)]
        pieces.append(Text(""))
    return Report(
        pieces,
        notes=[*results["radii"]["explained"], *results["notes"]],
        values=results,
        records=lines(results),
    )


def _shares(results: dict[str, Any], name: str, run: dict[str, Any]) -> Table:
    columns = [share for share in SHARES if share in run["average"]]
    source, languages = run["source"], list(run["languages"].items())
    own = [_percent(source["accuracy"]), *[None] * (len(columns) - 1)]
    rows = [Row([f"{results['source']} (source)", f"{source['n']}", *own], rule=True)]
    for index, (language, figures) in enumerate(languages):
        cells = [_percent(figures[column]) for column in columns]
        last = index == len(languages) - 1
        rows.append(Row([language, f"{figures['n']}", *cells], rule=last))
    average = [_percent(run["average"][column]) for column in columns]
    rows.append(Row([f"average ({len(languages)})", None, *average], strong=True))
    headings = ["rows", *(_two_lines(SHARES[column]) for column in columns)]
    return _table(f"{_title(results)}\n{name}: % of rows", headings, rows)


def _distances(results: dict[str, Any], name: str, run: dict[str, Any]) -> Table:
    """Medians, and how well lying inside tells whether the decision is carried over."""
    headings = [
        "distance\n(words)",
        "distance\n(hidden)",
        "carried over (hidden)\ninside / outside",
        "AUC\n(words)",
        "AUC\n(hidden)",
    ]
    source = run["source"]
    radii = [Figure(source[f"median_radius_{space}"], unit="number") for space in SPACES]
    rows = [Row(["radius", *radii, None, None, None], rule=True)]
    for language, figures in run["languages"].items():
        words, hidden = figures["predicts"]["words"], figures["predicts"]["hidden"]
        rows.append(
            Row(
                [
                    language,
                    *(Figure(figures[f"median_distance_{s}"], unit="number") for s in SPACES),
                    f"{_among(hidden['carried_inside'])} / {_among(hidden['carried_outside'])}",
                    _fraction(words["auc"]),
                    _fraction(hidden["auc"]),
                ]
            )
        )
    censored = f"{100 * source['censored']:.0f}% of the radii are censored: none flipped it"
    footer = censored if source["censored"] > 0 else ""
    return _table(f"{name}: median distance and its predictive value", headings, rows, footer)


def _gains(results: dict[str, Any], name: str, comparison: dict[str, Any]) -> Table:
    columns = [gain for gain in GAINS if gain in comparison["average"]]
    gains = list(comparison["gains"].items())
    rows = [
        Row(
            [language, *(_percent(figures[column], "all") for column in columns)],
            rule=index == len(gains) - 1,
        )
        for index, (language, figures) in enumerate(gains)
    ]
    average = [_percent(comparison["average"][column], "all") for column in columns]
    rows.append(Row([f"average ({len(gains)})", *average], strong=True))
    headings = [_two_lines(SHARES[column]) for column in columns]
    return _table(f"{name} minus {results['baseline']}: points", headings, rows)


def _correlations(comparison: dict[str, Any]) -> Iterator[str]:
    for name, figures in comparison["correlations"].items():
        if figures["pearson"] is None:
            continue
        yield (
            f"gain in '{SHARES[name]}' and gain in accuracy, n = {figures['n']} languages: "
            f"Pearson {_fraction(figures['pearson'])}, Spearman {_fraction(figures['spearman'])}"
        )


def _percent(figure: dict[str, float], sign: Sign = "none") -> Figure:
    """`71 [64, 77]`."""
    return Figure(figure["value"], figure["low"], figure["high"], digits=0, sign=sign)


def _two_lines(name: str) -> str:
    """The last word of a heading below the others: columns are narrow."""
    return "\n".join(name.rsplit(" ", 1))


def _fraction(figure: dict[str, float] | None) -> str:
    if figure is None:
        return "-"
    return f"{figure['value']:.2f} [{figure['low']:.2f}, {figure['high']:.2f}]"


def _among(figure: dict[str, Any] | None) -> str:
    """`87% of 54`: a share in per cent and of how many rows."""
    return "-" if figure is None else f"{100 * figure['value']:.0f}% of {figure['n']}"


def _table(title: str, headings: list[str], rows: list[Row], footer: str = "") -> Table:
    columns = [
        Column("language", fold=False),
        *(Column(name, "right", fold=False) for name in headings),
    ]
    return Table(title, columns, rows, footer, narrow=True)


def _title(results: dict[str, Any]) -> str:
    mark = " (demonstration, not evidence)" if results["demonstration"] else ""
    return f"{results['task']} {results['split']}{mark}"
