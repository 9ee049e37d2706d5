"""Learning curves: the loss of each run, and its score on dev."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from xlt_cli.api.reports import Column, Figure, Row, Series, Table, Unit, Value
from xlt_cli.page import charts
from xlt_cli.page.blocks import Block, Chart, Heading, Section
from xlt_cli.page.charts import Measure
from xlt_cli.page.content import Content, Ran
from xlt_cli.page.sections.setup import spec_of
from xlt_cli.reports.values import higher_is_better, metric_name, metric_unit

TITLE = "Learning curves"

Line = Mapping[str, Any]
Of = tuple[str, int]
"""The task of a stage, and its number."""

_NO_FIGURES = ("kind", "stage", "step", "epoch", "language", "task", "split")


def section(content: Content) -> Section:
    """Curves of each stage, over its steps."""
    stages = list(dict.fromkeys(of for run in content.runs for of in _stages(run)))
    blocks: list[Block] = []
    for of in stages:
        own = list(_blocks(content, of))
        if own and len(stages) > 1:
            task, number = of
            blocks.append(Heading(f"Stage {number + 1}: {task}"))
        blocks += own
    why = "" if blocks else "no run has a record of its training"
    return Section("learning", TITLE, blocks, why)


def _stages(run: Ran) -> Iterator[Of]:
    spec = spec_of(run.about).get("stages") or []
    for number in sorted({line["stage"] for line in run.about.get("metrics") or []}):
        name = spec[number]["task"]["name"] if number < len(spec) else ""
        yield name, number


def _lines(run: Ran, of: Of, kind: str) -> list[Line]:
    if of not in _stages(run):
        return []
    every = run.about.get("metrics") or []
    return [line for line in every if line["stage"] == of[1] and line["kind"] == kind]


def _blocks(content: Content, of: Of) -> Iterator[Block]:
    losses = {run.run: _lines(run, of, "train") for run in content.runs}
    if any(losses.values()):
        yield _chart(content, losses, "loss", "number", f"Training loss, {of[0]}", False)
    dev = {run.run: _lines(run, of, "dev") for run in content.runs}
    first = next((lines[0] for lines in dev.values() if lines), None)
    if first is not None:
        metric = next(name for name in first if name not in _NO_FIGURES)
        averaged = {name: _averaged(lines, metric) for name, lines in dev.items()}
        title = f"Score on dev ({metric_name(metric)}), {of[0]}"
        better = higher_is_better(metric)
        yield _chart(content, averaged, metric, metric_unit(metric), title, better)


def _averaged(lines: Sequence[Line], metric: str) -> list[Line]:
    """The mean over languages at each step."""
    steps: dict[int, list[float]] = {}
    for line in lines:
        if line.get(metric) is not None:
            steps.setdefault(line["step"], []).append(line[metric])
    return [{"step": step, metric: sum(own) / len(own)} for step, own in steps.items()]


def _chart(
    content: Content,
    lines: Mapping[str, Sequence[Line]],
    name: str,
    unit: Unit,
    title: str,
    higher: bool,
) -> Chart:
    curves, rows = [], []
    for run in content.runs:
        points = [
            (float(line["step"]), Figure(line[name], unit=unit))
            for line in lines[run.run]
            if isinstance(line.get(name), int | float)
        ]
        if not points:
            continue
        seed = "" if run.seed is None else f"\tseed {run.seed}"
        curves.append(Series(f"{run.system}{seed}", points))
        choose = max if higher else min
        best = choose(points, key=lambda point: point[1].value)
        cells: list[Value] = [run.system, run.seed, len(points), points[0][1], points[-1][1]]
        rows.append(Row([*cells, best[1], int(best[0])]))
    columns = [Column("system"), Column("seed", "right"), Column("points", "right")]
    columns += [Column("first", "right"), Column("last", "right"), Column("best", "right")]
    columns += [Column("at step", "right")]
    measure = Measure(metric_name(name), 100 if unit == "share" else 1)
    spec = charts.curves(
        curves, content.systems, "step", measure, points=name != "loss", faint=True
    )
    about = f"One line for each of {len(curves)} runs, in the colour of its system."
    return Chart(title, about, spec, Table(title, columns, rows))
