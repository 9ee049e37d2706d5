"""What conditions cost: columns beside the figures, a table of all of them, curves by strength.

Everything is read from the results of an evaluation and of its conditions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from xlt_cli.api.reports import (
    Column,
    Figure,
    Line,
    Matrix,
    Piece,
    Row,
    Series,
    Stack,
    Table,
    Value,
)
from xlt_cli.reports.validity import marked
from xlt_cli.reports.values import MARK, measured, metric_name

Result = Mapping[str, Any]

AVERAGES = {"zero_shot": "zero-shot average", "all": "average of all languages"}
"""The averages that stand for a condition, the first that there is."""

CLEAN = "clean"


def columns(result: Result) -> list[Column]:
    """The columns of what a condition costs and of what it changed, where there are any."""
    made = []
    if "drop" in result:
        made.append(Column(f"drop of {metric_name(result['metric'])}", "right"))
    if "relative_drop" in result:
        made.append(Column("relative drop", "right"))
    if "changed" in result:
        made.append(Column("rows changed", "right"))
        made.append(Column(f"{_counted(result)} changed", "right"))
    return made


def values(result: Result, group: str, name: str) -> list[Value]:
    """Their values for a cell or an average.

    Args:
        group: where the figures are: `languages`, `averages`, `pair_averages`.
    """
    metric, row = result["metric"], []
    for kind in ("drop", "relative_drop"):
        if kind in result:
            row.append(_figure(metric, result[kind][group].get(name, {}).get(metric)))
    if "changed" in result:
        shares = result["changed"][group].get(name)
        row += [Figure(shares[what]) if shares else None for what in ("rows", "words")]
    return row


def extremes(result: Result) -> list[tuple[str, str]]:
    """What the rows of the lowest language and of the largest drop are called, and which these are;
    none of a single language."""
    if len(result["languages"]) < 2 or "drop" not in result:
        return []
    largest = result["largest"]["drop"].get(result["metric"])
    chosen = [("lowest", lowest(result))]
    return chosen + ([("largest drop", largest["language"])] if largest else [])


def first_rows(result: Result) -> str:
    """What a title adds where not all rows of a language were evaluated."""
    limit = result.get("limit")
    return f", first {limit:,} rows" if limit else ""


def lowest(result: Result) -> str:
    """The language with the worst figure."""
    metric = result["metric"]
    sign = -1 if _lower_is_better(result) else 1
    languages: Mapping[str, Any] = result["languages"]
    return min(languages, key=lambda language: sign * languages[language][metric]["value"])


def pieces(result: Result) -> list[Piece]:
    """A table of all conditions, where there are several, and the curves that they make."""
    several = len(_under(result)) > 1
    return [*([overview(result)] if several else []), *curves(result)]


def curves(result: Result) -> list[Piece]:
    """A metric against the strength of each noise that was tested at several."""
    under = _under(result)
    return [
        piece
        for name in dict.fromkeys(entry["curve"] for entry in under if "curve" in entry)
        for piece in _curve(result, name, [e for e in under if e.get("curve") == name])
    ]


def _under(result: Result) -> list[Result]:
    """The conditions that some language was tested under."""
    return [entry for entry in result.get("conditions", ()) if entry["languages"]]


def lines(result: Result) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Setting, cell and figures beyond the metrics: what is lost, and what was changed."""
    for setting, group, average in (
        ("standard", "languages", "averages"),
        ("generalized", "pairs", "pair_averages"),
    ):
        named = [(group, name, name) for name in _cells(result, group)]
        named += [(average, name, f"average:{name}") for name in _cells(result, average)]
        for part, name, cell in named:
            of_cell: dict[str, Any] = {}
            for kind in ("drop", "relative_drop"):
                lost = result.get(kind, {}).get(part, {}).get(name, {})
                of_cell |= {f"{kind}:{m}": f for m, f in lost.items() if isinstance(f, dict)}
            changed = result.get("changed", {}).get(part, {}).get(name)
            if changed:
                of_cell["changed:rows"] = {"value": changed["rows"]}
                of_cell[f"changed:{changed['counted']}"] = {"value": changed["words"]}
            yield setting, cell, of_cell


def _cells(result: Result, group: str) -> list[str]:
    """The cells of a group of which there is anything to say here."""
    parts = [result.get(kind, {}).get(group, {}) for kind in ("drop", "changed")]
    return list(dict.fromkeys(name for part in parts for name in part))


def overview(result: Result) -> Table:
    """A row for each condition; there is one at least."""
    metric, under = result["metric"], _under(result)
    kind = next(name for name in AVERAGES if all(name in entry["averages"] for entry in under))
    rows = []
    if kind in result["averages"]:
        clean = {**result, "metric": metric}
        count = result["averages"][kind]["cells"]
        shown = [count, *_average(clean, kind), None, None, *_low(clean), None, None, None]
        rows.append(Row([f"{CLEAN}{_sign(result)}", *shown]))
    for entry in under:
        own = {**entry, "metric": metric}
        lost = [_lost(own, name, kind) for name in ("drop", "relative_drop")]
        shares = own.get("changed", {}).get("averages", {}).get(kind)
        changed = [Figure(shares[what]) if shares else None for what in ("rows", "words")]
        count = own["averages"][kind]["cells"]  # not all conditions serve the same languages
        shown = [count, *_average(own, kind), *lost, *_low(own), _most(own), *changed]
        rows.append(Row([f"{own['condition']}{_sign(own)}", *shown]))
    headings = ["languages", AVERAGES[kind], "drop", "relative drop", "lowest language"]
    headings += ["largest drop", "rows changed", "words changed"]
    made = [Column("condition"), *[Column(heading, "right") for heading in headings]]
    of = f"{result['task']} {result['split']}{first_rows(result)}"
    title = f"{of}, {metric_name(metric)} under each condition"
    return Table(title, made, rows)


def _average(result: Result, kind: str) -> list[Value]:
    return [measured(result["metric"], result["averages"][kind][result["metric"]])]


def _low(result: Result) -> list[Value]:
    language = lowest(result)
    return [Stack([language, measured(result["metric"], _of(result, language))])]


def _most(result: Result) -> Value:
    largest = result.get("largest", {}).get("drop", {}).get(result["metric"])
    if not largest:
        return None
    return Stack([largest["language"], measured(result["metric"], largest)])


def _lost(result: Result, name: str, kind: str) -> Value:
    figures = result.get(name, {}).get("averages", {}).get(kind, {})
    return _figure(result["metric"], figures.get(result["metric"]))


def _curve(result: Result, name: str, entries: Sequence[Result]) -> list[Piece]:
    """A metric against the strength of one noise; without noise, it is the clean figure.

    The line has the average, the languages trained on and the one that ends lowest, with their
    intervals; the matrix has every language.
    """
    metric = result["metric"]
    # Of one strength, what was drawn most often.
    points = {e["strength"]: e for e in sorted(entries, key=lambda e: e.get("draws", 1))}
    if len(points) < 2:
        return []
    if result["languages"]:
        points.setdefault(0.0, result)
    ordered = sorted(points.items())
    last = {**ordered[-1][1], "metric": metric}
    shown = [x for x, own in last["languages"].items() if own["trained_on"]]
    shown = list(dict.fromkeys([*shown, lowest(last)]))
    kind = next((k for k in AVERAGES if all(k in own["averages"] for _, own in ordered)), None)
    series = []
    if kind:
        of_average = [(at, own["averages"][kind][metric]) for at, own in ordered]
        series.append(_series(AVERAGES[kind], metric, of_average))
    for language in shown:
        known = [(at, own["languages"].get(language)) for at, own in ordered]
        series.append(_series(language, metric, [(at, f[metric]) for at, f in known if f]))
    fallen = max((_sign(own) for _, own in ordered), key=len)
    title = f"{result['task']} {result['split']}, {name}{fallen}"
    languages = list(last["languages"])
    cells = {
        (language, f"{at:g}"): measured(metric, own["languages"][language][metric])
        for at, own in ordered
        for language in languages
        if language in own["languages"]
    }
    about = f"{title}: {metric_name(metric)} by strength"
    strengths = [f"{at:g}" for at, _ in ordered]
    return [
        Line(title, "strength", metric_name(metric), series),
        *([Matrix(about, languages, strengths, cells)] if len(languages) > len(shown) else []),
    ]


def _series(name: str, metric: str, points: Sequence[tuple[float, Result]]) -> Series:
    return Series(name, [(at, measured(metric, figure)) for at, figure in points])


def _sign(result: Result) -> str:
    """The mark of figures that a collapsed model has a part in."""
    return f" {MARK}" if marked(result) else ""


def _of(result: Result, language: str) -> Result:
    figure: Result = result["languages"][language][result["metric"]]
    return figure


def _figure(metric: str, stored: Result | None) -> Value:
    return measured(metric, stored) if stored else None


def _lower_is_better(result: Result) -> bool:
    figures = [own.get(result["metric"], {}) for own in result["languages"].values()]
    return any(figure.get("better") == "lower" for figure in figures)


def _counted(result: Result) -> str:
    every = [own for group in ("languages", "pairs") for own in result["changed"][group].values()]
    return str(every[0]["counted"]) if every else "words"
