"""Charts in Vega-Lite: intervals in rows, and curves; heat maps are in `heat_maps`.

Colours of text and lines are variables of the page's style, so that a chart follows the theme.
Values are multiplied as people read them; each mark has the text that is shown on hovering.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xlt_cli.api.reports import Figure, Series
from xlt_cli.reports.values import figure
from xlt_cli.terminal import printable

Spec = dict[str, Any]

COLOURS = ["#2f78c4", "#cc5a31", "#1c8f76", "#a55bb5", "#b0851a", "#6a7b8c", "#c2497f", "#4f9a3d"]
"""Of systems, in order: told apart by people who do not see all colours, on light and on dark."""

SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "stroke", "arrow"]

INK, MUTED, GRID = "var(--ink)", "var(--muted)", "var(--grid)"

SAMPLED = 60
"""Points of a curve that are drawn at most."""


@dataclass(frozen=True)
class Measure:
    """What a chart's figures are.

    Attributes:
        name: of the axis.
        scale: what figures are multiplied with.
    """

    name: str
    scale: int

    def at(self, value: float) -> float | None:
        """A value as it is drawn; None where it is undefined."""
        return round(self.scale * value, 4) if math.isfinite(value) else None


@dataclass(frozen=True)
class Bar:
    """A row of a chart of intervals.

    Attributes:
        label, series: which row, and which system.
        seeds: the values of single seeds.
    """

    label: str
    series: str
    figure: Figure
    seeds: Sequence[tuple[int, float]] = ()


def intervals(
    bars: Sequence[Bar], series: Sequence[str], measure: Measure, zero: bool = False
) -> Spec:
    """Points with intervals: a row for each label, and in it one for each series.

    Args:
        series: all systems of the page, so that each has one colour everywhere.
        zero: draw a line where there is neither gain nor loss.
    """
    shown = list(dict.fromkeys(bar.series for bar in bars))
    rows = [_bar(bar, measure) for bar in bars]
    seeds = [
        {"l": bar.label, "s": bar.series, "v": measure.at(value), "t": f"seed {seed}"}
        for bar in bars
        for seed, value in bar.seeds
        if len(bar.seeds) > 1
    ]
    place = {
        "y": {"field": "l", "type": "nominal", "sort": None, "title": None, "axis": _IN_LINES},
        "yOffset": {"field": "s", "type": "nominal", "sort": shown},
    }
    colour = {"field": "s", "type": "nominal", **_colours(series, shown)}
    across = {
        "type": "quantitative",
        "scale": {"zero": False},
        "title": measure.name,
        "axis": {"tickCount": 8},
    }
    told = [
        {"field": "l", "title": "row"},
        {"field": "s", "title": "system"},
        {"field": "t", "title": measure.name},
    ]
    seen = {"condition": {"param": "pick", "value": 1}, "value": 0.12}
    layers: list[Spec] = []
    if zero:
        layers.append(
            {"data": {"values": [{"v": 0}]}, "mark": {"type": "rule", "color": MUTED},
             "encoding": {"x": {"field": "v", "type": "quantitative"}}}
        )  # fmt: skip
    layers.append(
        {
            "params": [
                {"name": "pick", "select": {"type": "point", "fields": ["s"]}, "bind": "legend"}
            ],
            "mark": {"type": "rule", "strokeWidth": 2},
            "encoding": {
                **place,
                "x": {"field": "a", **across},
                "x2": {"field": "b"},
                "color": colour,
                "opacity": seen,
                "tooltip": told,
            },
        }
    )
    if seeds:
        layers.append(
            {
                "data": {"values": seeds},
                "mark": {"type": "tick", "thickness": 1, "size": 7},
                "encoding": {
                    **place,
                    "x": {"field": "v", **across},
                    "color": {"value": INK},
                    "opacity": {"condition": {"param": "pick", "value": 0.5}, "value": 0.05},
                    "tooltip": [
                        {"field": "l", "title": "row"},
                        {"field": "s", "title": "system"},
                        {"field": "t", "title": "run"},
                        {"field": "v", "title": measure.name, "format": ".1f"},
                    ],
                },
            }
        )
    layers.append(
        {
            "mark": {"type": "point", "filled": True, "size": 46, "opacity": 1},
            "encoding": {
                **place,
                "x": {"field": "v", **across},
                "color": colour,
                "shape": {"field": "s", "type": "nominal", **_shapes(series, shown)},
                "opacity": seen,
                "tooltip": told,
            },
        }
    )
    parts = max((bar.label.count(", ") + 1 for bar in bars), default=1)
    step = max(20, 11 * len(shown) + 6, 15 * parts + 6)
    return {
        "data": {"values": rows},
        "width": "container",
        "height": step * len({bar.label for bar in bars}),
        "layer": layers,
    }


def _bar(bar: Bar, measure: Measure) -> Spec:
    value, low, high = bar.figure.value, bar.figure.low, bar.figure.high
    ends = {} if low is None or high is None else {"a": measure.at(low), "b": measure.at(high)}
    at = measure.at(value)
    shown = printable(figure(bar.figure))
    return {"l": bar.label, "s": bar.series, "v": at, "a": at, "b": at, **ends, "t": shown}


def curves(
    lines: Sequence[Series],
    series: Sequence[str],
    across: str,
    measure: Measure,
    *,
    points: bool = False,
    faint: bool = False,
    own_colours: bool = True,
) -> Spec:
    """Figures along an axis, with bands for intervals.

    Args:
        series: all systems of the page; a line whose name is `SYSTEM, ...` has its colour.
        points: mark the points.
        faint: there are many lines of each system, such as those of its seeds.
        own_colours: the lines are systems; otherwise each has the next colour.
    """
    rows: list[Spec] = []
    for line in lines:
        system = line.name.partition("\t")[0]
        for at, own in _sampled(line.points):
            row: Spec = {"x": at, "s": system, "i": line.name.replace("\t", ", "),
                         "v": measure.at(own.value), "t": printable(figure(own))}  # fmt: skip
            if own.low is not None and own.high is not None:
                row |= {"a": measure.at(own.low), "b": measure.at(own.high)}
            rows.append(row)
    shown = list(dict.fromkeys(row["s"] for row in rows))
    known = series if own_colours else shown
    colour = {"field": "s", "type": "nominal", **_colours(known, shown)}
    x: Spec = {"field": "x", "type": "quantitative", "title": across, "scale": {"nice": False}}
    x["axis"] = {"tickCount": 8, "grid": False}
    y: Spec = {"type": "quantitative", "title": measure.name, "scale": {"zero": False}}
    y["axis"] = {"tickCount": 6}
    seen = {"condition": {"param": "pick", "value": 0.55 if faint else 1}, "value": 0.08}
    told = [
        {"field": "i", "title": "line"},
        {"field": "x", "title": across},
        {"field": "t", "title": measure.name},
    ]
    layers: list[Spec] = []
    if any("a" in row for row in rows):
        layers.append(
            {
                "mark": {"type": "area", "opacity": 0.13},
                "encoding": {"x": x, "y": {"field": "a", **y}, "y2": {"field": "b"},
                             "color": colour, "detail": {"field": "i"}},
            }
        )  # fmt: skip
    layers.append(
        {
            "params": [
                {"name": "pick", "select": {"type": "point", "fields": ["s"]}, "bind": "legend"}
            ],
            "mark": {"type": "line", "strokeWidth": 1.2 if faint else 2},
            "encoding": {"x": x, "y": {"field": "v", **y}, "color": colour,
                         "detail": {"field": "i"}, "opacity": seen},
        }
    )  # fmt: skip
    layers.append(
        {
            "mark": {"type": "point", "filled": True, "size": 36 if points else 60},
            "encoding": {
                "x": x,
                "y": {"field": "v", **y},
                "color": colour,
                "opacity": seen if points else {"value": 0},
                "tooltip": told,
                **({"shape": {"field": "s", **_shapes(known, shown)}} if points else {}),
            },
        }
    )
    return {"data": {"values": rows}, "width": "container", "height": 240, "layer": layers}


def _sampled(points: Sequence[tuple[float, Figure]]) -> list[tuple[float, Figure]]:
    """At most so many points, the last of them included."""
    every = max(1, math.ceil(len(points) / SAMPLED))
    kept = list(points[::every])
    return kept if not points or kept[-1] == points[-1] else [*kept, points[-1]]


def _colours(series: Sequence[str], shown: Sequence[str]) -> Spec:
    place = {name: index for index, name in enumerate(series)}
    own = [COLOURS[place.get(name, index) % len(COLOURS)] for index, name in enumerate(shown)]
    return {"scale": {"domain": list(shown), "range": own}, "legend": _LEGEND}


def _shapes(series: Sequence[str], shown: Sequence[str]) -> Spec:
    place = {name: index for index, name in enumerate(series)}
    own = [SHAPES[place.get(name, index) % len(SHAPES)] for index, name in enumerate(shown)]
    return {"scale": {"domain": list(shown), "range": own}, "legend": _LEGEND}


LABELS: Spec = {"labelLimit": 220, "domain": False, "ticks": False, "grid": False}
_IN_LINES: Spec = {**LABELS, "labelExpr": "split(datum.label, ', ')"}
"""Long labels, such as conditions with their parameters, have several lines."""

_LEGEND: Spec = {
    "title": None,
    "orient": "top",
    "symbolOpacity": 1,
    "labelLimit": 260,
}
