"""A reproduction on the screen: figures with gains, gains by language, claims with verdicts.

Tables fit into 100 columns. Figures are percentages, gains are points of them.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from xlt_cli.console.screen import in_memory
from xlt_cli.reports.evaluation import origin
from xlt_cli.reports.values import MARK
from xlt_cli.stats.significance import stands_out

WIDTH = 100
BESIDE = 3
"""So many methods fit beside each other; more get a table of their own."""

_METRICS = {"accuracy": "accuracy", "macro_f1": "macro-F1", "f1": "F1"}
_STYLES = {"confirmed": "green", "not confirmed": "red", "undecided": "yellow"}
_QUICK = (
    "QUICK RUN: a few rows, a few updates. It shows that everything works; "
    "its figures mean nothing, and every claim stays undecided."
)


def render(report: dict[str, Any]) -> RenderableType:
    """The whole report."""
    quick = [Panel(Text(_QUICK, style="bold red"), style="red")] if report["quick"] else []
    parts: list[RenderableType] = [*quick, _heading(report)]
    for task in report["tasks"]:
        parts += ["", _methods(task, report)]
        for methods in _threes(report):
            parts += ["", _languages(task, report, methods)]
    for methods in _threes(report) if report["claims"] else []:
        parts += ["", _claims(report, methods)]
    parts += [*[Text(line) for line in report["rule"]], ""]
    parts += [Text(f"note: {note}", style="yellow") for note in report["notes"]]
    parts += [*_missing(report), *quick]
    return Group(*parts)


def plain(report: dict[str, Any]) -> str:
    """The same as text of 100 columns, for a file."""
    file = io.StringIO()
    in_memory(file, WIDTH).print(render(report))
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"


def _heading(report: dict[str, Any]) -> Text:
    same = report["encoder"] == report["original"]
    other = "" if same else f" (the paper's: {report['original']})"
    return Text.assemble(
        (f"{report['title']}\n", "bold"),
        f"{report['reference']}\n",
        f"encoder {report['encoder']}{other}; every gain is over {report['baseline']}",
    )


def _methods(task: dict[str, Any], report: dict[str, Any]) -> Table:
    table = Table(
        title=f"{_title(task)}: means over seeds; below, the gain over {report['baseline']}",
        title_justify="left",
    )
    table.add_column("method")
    table.add_column("seeds", justify="right")
    shown = [name for name in ("source", "zero_shot", "all", "generalized") if _has(task, name)]
    for name in shown:
        table.add_column(_heading_of(task, name), justify="right")
    for method, found in task["methods"].items():
        cells = [_figure_and_gain(found, f"average:{name}") for name in shown]
        table.add_row(method, _seeds(found), *cells, end_section=True)
    return table


def _languages(task: dict[str, Any], report: dict[str, Any], methods: Sequence[str]) -> Table:
    baseline = report["baseline"]
    table = Table(
        title=f"{_title(task)}: gain over {report['baseline']} by language, with 95% intervals",
        title_justify="left",
    )
    table.add_column("language")
    for method in (baseline, *methods):
        table.add_column(method, justify="right")
    for label, cell, ends in _language_rows(task):
        figure = task["methods"][baseline]["figures"].get(cell)
        own = task["methods"][baseline]
        table.add_row(
            label,
            f"{100 * figure['value']:.1f}{_mark_of_figure(own)}" if figure else "",
            *[_gain_of(task["methods"][method], cell) for method in methods],
            end_section=ends,
            style="bold" if cell.startswith("average:") else "",
        )
    return table


def _language_rows(task: dict[str, Any]) -> Iterator[tuple[str, str, bool]]:
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


def _claims(report: dict[str, Any], methods: Sequence[str]) -> Table:
    table = Table(
        title="the paper's claims: gains in points, with 95% intervals", title_justify="left"
    )
    table.add_column("claim", max_width=30)
    for method in methods:
        table.add_column(method)
    for claim in report["claims"]:
        what = f"{claim['task']}: {claim['text']}"
        if claim["points"] is not None:
            what += f"\n(the paper: {claim['points']:+.1f})"
        found = [_verdict(claim["verdicts"].get(method)) for method in methods]
        table.add_row(Text(what), *found, end_section=True)
    return table


def _verdict(found: dict[str, Any] | None) -> Text:
    if found is None:
        return Text("undecided\nnot measured", style=_STYLES["undecided"])
    gain = _gain(found["gain"])
    lines = [(f"{gain}\n" if gain else "", ""), (found["verdict"], _STYLES[found["verdict"]])]
    if found["remark"]:
        lines.append((f"\n{found['remark']}", "dim"))
    return Text.assemble(*lines)


def _missing(report: dict[str, Any]) -> list[RenderableType]:
    if not report["missing"]:
        return []
    lines = [f"{len(report['missing'])} of {report['planned']} runs are missing:"]
    for run in report["missing"]:
        lines.append(f"  {run['task']} {run['method']} seed {run['seed']}: {run['error']}")
    return [Text("\n".join(lines), style="red")]


def _title(task: dict[str, Any]) -> str:
    mark = " (demonstration, not evidence)" if task["demonstration"] else ""
    metric = _METRICS.get(task["metric"], task["metric"])
    return f"{task['task']} {task['split']}{origin(task)} {metric}{mark}"


def _heading_of(task: dict[str, Any], name: str) -> str:
    if name == "source":
        return f"{', '.join(task['languages']['source'])} (trained on)"
    label = {"zero_shot": "zero-shot", "all": "all languages", "generalized": "generalized"}[name]
    return f"{label} ({task['averages'][name]})"


def _has(task: dict[str, Any], name: str) -> bool:
    return name in task["averages"]


def _seeds(found: dict[str, Any]) -> str:
    """How many seeds; where the gain is over fewer, below: how many."""
    own, paired = len(found["seeds"]), len(found["paired_seeds"])
    return f"{own}" if not found["gains"] or own == paired else f"{own}\n{paired}"


def _figure_and_gain(found: dict[str, Any], cell: str) -> str:
    figure, gain = found["figures"].get(cell), _gain_of(found, cell)
    value = f"{100 * figure['value']:.1f}{_mark_of_figure(found)}" if figure else "-"
    return f"{value}\n{gain}" if gain else value


def _mark_of_figure(found: dict[str, Any]) -> str:
    return MARK if "collapsed_seeds" in found else ""


def _gain_of(found: dict[str, Any], cell: str) -> str:
    """A gain, marked where a run of the method or of the baseline has collapsed."""
    gain = _gain(found["gains"].get(cell))
    return f"{gain}{MARK}" if gain and "without_collapsed" in found else gain


def _gain(figure: dict[str, float] | None) -> str:
    """`+1.1 [0.2, 2.0]`, with a star where it stands out among the languages."""
    if figure is None:
        return ""
    value, low, high = (100 * figure[key] for key in ("value", "low", "high"))
    star = "*" if "p_holm" in figure and stands_out(figure["p_holm"]) else ""
    return f"{value:+.1f} [{low:.1f}, {high:.1f}]{star}"


def _threes(report: dict[str, Any]) -> Iterator[list[str]]:
    """The methods but the baseline, as many at a time as fit."""
    methods = [method for method in report["methods"] if method != report["baseline"]]
    for start in range(0, len(methods), BESIDE):
        yield methods[start : start + BESIDE]
