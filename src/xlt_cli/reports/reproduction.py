"""The report of a reproduction: figures with gains, gains by language, claims with verdicts.

Figures are percentages, gains are points of them. Everything is read from the values that
`reproduce.report` gives and `report.json` holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from xlt_cli.api.reports import (
    Column,
    Figure,
    Piece,
    Report,
    Row,
    Stack,
    Table,
    Text,
    Tone,
    Value,
)
from xlt_cli.reports.evaluation import origin
from xlt_cli.reports.gains import group_cell, records
from xlt_cli.reports.values import MARK, measured, metric_name, metric_unit
from xlt_cli.stats.significance import stands_out

Values = Mapping[str, Any]

WIDTH = 100
"""Columns of `report.txt`; the tables are made to fit in."""

BESIDE = 3
"""So many methods fit beside each other; more get a table of their own."""

_TONES: dict[str, Tone] = {"confirmed": "good", "not confirmed": "bad", "undecided": "caution"}
_QUICK = (
    "QUICK RUN: a few rows, a few updates. It shows that everything works; "
    "its figures mean nothing, and every claim stays undecided."
)


def report(values: Values) -> Report:
    """The whole report.

    Args:
        values: of `xlt reproduce --json`.
    """
    same = values["encoder"] == values["original"]
    other = "" if same else f" (the paper's: {values['original']})"
    about = f"encoder {values['encoder']}{other}; every gain is over {values['baseline']}"
    tables = Report(list(_tables(values)), notes=values["notes"])
    return Report(
        [Text(values["reference"]), Text(about), tables, *_missing(values)],
        title=values["title"],
        warnings=[_QUICK] if values["quick"] else [],
        values=values,
        records=records(values["tasks"]),
    )


def _tables(values: Values) -> Iterator[Piece]:
    empty = Text("")
    for task in values["tasks"]:
        yield from (empty, _methods(task, values))
        for methods in _threes(values):
            yield from (empty, _languages(task, values, methods))
            for fact in task.get("by", {}):
                yield from (empty, _groups(task, fact, values, methods))
    for methods in _threes(values) if values["claims"] else []:
        yield from (empty, _claims(values, methods))
    yield from map(Text, values["rule"])
    yield empty


def _methods(task: Values, values: Values) -> Table:
    """The means of each method; below, its gains."""
    shown = [name for name in ("source", "zero_shot", "all", "generalized") if _has(task, name)]
    rows = [
        Row(
            [name, _seeds(method), *[_figure_and_gain(task, method, a) for a in shown]],
            rule=True,
        )
        for name, method in task["methods"].items()
    ]
    headings = [Column(_heading(task, name), "right") for name in shown]
    return Table(
        f"{_title(task)}: means over seeds; below, the gain over {values['baseline']}",
        [Column("method"), Column("seeds", "right"), *headings],
        rows,
    )


def _languages(task: Values, values: Values, methods: Sequence[str]) -> Table:
    """The baseline's figures, and the gains of some methods."""
    baseline = values["baseline"]
    own = task["methods"][baseline]
    rows = []
    for label, cell, ends in _cells(task):
        gains = [_gain_of(task, task["methods"][method], cell) for method in methods]
        average = cell.startswith("average:")
        rows.append(Row([label, _figure(task, own, cell), *gains], strong=average, rule=ends))
    return Table(
        f"{_title(task)}: gain over {baseline} by language, with 95% intervals",
        [Column("language"), *[Column(method, "right") for method in (baseline, *methods)]],
        rows,
    )


def _groups(task: Values, fact: str, values: Values, methods: Sequence[str]) -> Table:
    """The baseline's mean over each group of languages, and the gains of some methods."""
    baseline = values["baseline"]
    own = task["methods"][baseline]
    rows = []
    for name, languages in task["by"][fact].items():
        cell = group_cell(fact, name)
        gains = [_gain_of(task, task["methods"][method], cell) for method in methods]
        rows.append(Row([f"{name} ({len(languages)})", _figure(task, own, cell), *gains]))
    return Table(
        f"{_title(task)}: gain over {baseline} by {fact} of the languages not trained on",
        [Column(fact), *[Column(method, "right") for method in (baseline, *methods)]],
        rows,
    )


def _cells(task: Values) -> Iterator[tuple[str, str, bool]]:
    """Label, cell, and whether a section ends: trained on; near; distant; pairs of languages."""
    source = task["languages"]["source"]
    for language in source:
        yield f"{language} (trained on)", language, language == source[-1]
    for kind in ("near", "distant"):
        for language in task["languages"][kind]:
            yield language, language, False
        if _has(task, kind):
            yield f"mean of {kind} ({task['averages'][kind]})", f"average:{kind}", True
    names = {
        "generalized": "all pairs",
        "generalized_zero_shot": "unseen pairs",
        "generalized_near": "near pairs",
        "generalized_distant": "distant pairs",
    }
    for kind, label in names.items():
        if _has(task, kind):
            yield f"{label} ({task['averages'][kind]})", f"average:{kind}", False


def verdicts(values: Values) -> Report:
    """The paper's claims with their verdicts and the rule behind them; empty without claims."""
    if not values["claims"]:
        return Report([])
    others = [method for method in values["methods"] if method != values["baseline"]]
    return Report([_claims(values, others), *map(Text, values["rule"])])


def _claims(values: Values, methods: Sequence[str]) -> Table:
    rows = []
    for claim in values["claims"]:
        what = f"{claim['task']}: {claim['text']}"
        if claim["points"] is not None:
            what += f"\n(the paper: {claim['points']:+.1f})"
        verdicts = [_verdict(claim["verdicts"].get(method)) for method in methods]
        rows.append(Row([what, *verdicts], rule=True))
    return Table(
        "the paper's claims: gains in points, with 95% intervals",
        [Column("claim", width=30), *map(Column, methods)],
        rows,
    )


def _verdict(verdict: Values | None) -> Value:
    if verdict is None:
        return Text("undecided\nnot measured", _TONES["undecided"])
    word = verdict["verdict"]
    gain = Figure(**verdict["gain"], sign="value") if verdict["gain"] else None
    return Stack([gain, Text(word, _TONES[word]), Text(verdict["remark"], "muted")])


def _missing(values: Values) -> list[Piece]:
    if not values["missing"]:
        return []
    lines = [f"{len(values['missing'])} of {values['planned']} runs are missing:"]
    for run in values["missing"]:
        lines.append(f"  {run['task']} {run['method']} seed {run['seed']}: {run['error']}")
    return [Text("\n".join(lines), "bad")]


def _title(task: Values) -> str:
    mark = " (demonstration, not evidence)" if task["demonstration"] else ""
    return f"{task['task']} {task['split']}{origin(task)} {metric_name(task['metric'])}{mark}"


def _heading(task: Values, name: str) -> str:
    if name == "source":
        return f"{', '.join(task['languages']['source'])} (trained on)"
    label = {"zero_shot": "zero-shot", "all": "all languages", "generalized": "generalized"}[name]
    return f"{label} ({task['averages'][name]})"


def _has(task: Values, name: str) -> bool:
    return name in task["averages"]


def _seeds(method: Values) -> Value:
    """How many seeds; where the gain is over fewer, below: how many."""
    own, paired = len(method["seeds"]), len(method["paired_seeds"])
    return own if not method["gains"] or own == paired else Stack([own, paired])


def _figure_and_gain(task: Values, method: Values, name: str) -> Value:
    cell = f"average:{name}"
    figure, gain = _figure(task, method, cell), _gain_of(task, method, cell)
    return Stack([figure or "-", gain])


def _figure(task: Values, method: Values, cell: str) -> Figure | None:
    """A method's own figure, without its interval; marked where one of its runs collapsed."""
    figure = method["figures"].get(cell)
    if figure is None:
        return None
    mark = MARK if "collapsed_seeds" in method else ""
    return Figure(figure["value"], unit=metric_unit(task["metric"]), mark=mark)


def _gain_of(task: Values, method: Values, cell: str) -> Figure | None:
    """`+1.1 [0.2, 2.0]`, with a star where it stands out among the languages.

    It is marked where a run of the method or of the baseline has collapsed.
    """
    gain = method["gains"].get(cell)
    if gain is None:
        return None
    star = "*" if "p_holm" in gain and stands_out(gain["p_holm"]) else ""
    mark = MARK if "without_collapsed" in method else ""
    return measured(task["metric"], gain, star + mark, sign="value")


def _threes(values: Values) -> Iterator[list[str]]:
    """The methods but the baseline, as many at a time as fit."""
    methods = [method for method in values["methods"] if method != values["baseline"]]
    for start in range(0, len(methods), BESIDE):
        yield methods[start : start + BESIDE]
