"""A metric out of distribution against the same in distribution, on logit axes; needs matplotlib.

A panel for each average of a test set: the references with their line, over the range that it was
fitted on, and the runs. The colours are Okabe and Ito's (2008); shapes differ as well.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from xlt_cli.reports.effective import AVERAGES
from xlt_cli.stats import trend

MARKS = (("D", "#D55E00"), ("s", "#0072B2"), ("^", "#009E73"), ("v", "#CC79A7"), ("P", "#000000"))
ACROSS = 3
STEPS = 50
WIDTH = 40
"""Characters of a line of a panel's title."""


def drawn(values: Mapping[str, Any]) -> dict[str, Any]:
    """The figure by its name; none where no line was fitted."""
    panels = [
        (of, cell)
        for of in values["sets"]
        for cell in of["cells"]
        if cell["cell"] in AVERAGES and cell["line"]
    ]
    return {"effective-robustness": _figure(values, panels)} if panels else {}


def _figure(values: Mapping[str, Any], panels: Sequence[tuple[Any, Any]]) -> Any:
    from matplotlib.figure import Figure

    across = min(ACROSS, len(panels))
    down = -(-len(panels) // across)
    figure = Figure(figsize=(2.6 * across, 2.6 * down + 0.4), layout="constrained")
    grid = figure.subplots(down, across, squeeze=False).ravel()
    for axes, (of, cell) in zip(grid, panels, strict=False):
        _panel(axes, cell, values["figure"])
        title = textwrap.fill(f"{of['set']}; languages {AVERAGES[cell['cell']]}", WIDTH)
        axes.set_title(title, fontsize=7, loc="left")
    for axes in grid[len(panels) :]:
        axes.set_axis_off()
    figure.supxlabel(f"{values['metric']} in distribution (logit axis)", fontsize=8)
    figure.supylabel(f"{values['metric']} out of distribution (logit axis)", fontsize=8)
    handles, labels = grid[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=4, fontsize=7)
    return figure


def _panel(axes: Any, cell: Mapping[str, Any], figure: str) -> None:
    line = cell["line"]
    points = np.array(list(cell["points"].values()))
    axes.plot(points[:, 0], points[:, 1], "o", color="#888888", ms=4, label="references")
    runs = [own for own in cell["runs"].values() if "expected" in own]
    ends = [line["low"], line["high"], *(own["in_distribution"]["value"] for own in runs)]
    inner = [x for x in ends if 0 < x < 1]
    for low, high, style in (
        (min(inner), max(inner), {"ls": ":", "lw": 0.8}),
        (line["low"], line["high"], {"ls": "-", "lw": 1, "label": "their line"}),
    ):
        at = trend.expit(np.linspace(trend.logit(low), trend.logit(high), STEPS))
        up = trend.expit(line["intercept"] + line["slope"] * trend.logit(at))
        axes.plot(at, up, color="#888888", **style)
    for number, (name, own) in enumerate(cell["runs"].items()):
        mark, colour = MARKS[number % len(MARKS)]
        x, y = own["in_distribution"], own[figure]
        bars = [[y["value"] - y["low"]], [y["high"] - y["value"]]]
        style = {"fmt": mark, "color": colour, "ms": 5, "lw": 0.8, "label": name}
        axes.errorbar([x["value"]], [y["value"]], yerr=bars, **style)
    axes.set_xscale("logit", nonpositive="clip")
    axes.set_yscale("logit", nonpositive="clip")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(_percent)
        axis.set_minor_formatter(lambda value, place: "")


def _percent(value: float, place: int | None) -> str:
    return f"{100 * value:.3g}"
