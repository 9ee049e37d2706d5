"""Heat maps in Vega-Lite, each cell with its figure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from xlt_cli.api.reports import Figure, Matrix
from xlt_cli.page.charts import LABELS, Measure, Spec
from xlt_cli.reports.values import figure
from xlt_cli.terminal import printable

CHANGES = ["#b8482a", "#dd8c66", "#f0cdb8", "#f4f3f0", "#b9d3ea", "#6fa6d6", "#2565a8"]
"""From losses to gains."""

LEVELS = ["#f2f5f0", "#cfe3d8", "#9fcabf", "#66a9a8", "#3a8491", "#245d78", "#173a5c"]
"""From low to high."""


def heat(
    matrix: Matrix,
    measure: Measure,
    domain: tuple[float, float],
    axes: tuple[str, str],
    changes: bool = False,
) -> Spec:
    """A heat map.

    Args:
        domain: the lowest and the highest figure, of all heat maps that are compared.
        axes: what rows and columns are.
        changes: whether the figures are differences; their colours then part at 0.
    """
    low, high = (measure.scale * end for end in domain)
    if changes:
        high = max(abs(low), abs(high)) or 1.0
        low = -high
    cells = [
        {
            "r": row,
            "c": column,
            "v": measure.at(own.value),
            "n": _in_cell(own),
            "t": printable(figure(own)),
        }
        for (row, column), own in matrix.cells.items()
    ]
    size = max(34 if len(matrix.columns) > 8 else 46, min(7 * max(map(len, matrix.columns)), 120))
    across: Spec = {"type": "nominal", "sort": list(matrix.columns), "title": axes[1]}
    down: Spec = {"type": "nominal", "sort": list(matrix.rows), "title": axes[0]}
    span = high - low
    dark = f"abs(datum.v) > {0.86 * high:.4g}" if changes else f"datum.v > {low + 0.64 * span:.4g}"
    colours: Spec = {"domain": [low, high], "range": CHANGES if changes else LEVELS, "clamp": True}
    return {
        "data": {"values": cells},
        "width": {"step": size},
        "height": {"step": 24},
        "encoding": {
            "x": {"field": "c", **across, "axis": {**LABELS, "orient": "top", "labelAngle": 0}},
            "y": {"field": "r", **down, "axis": LABELS},
            "tooltip": [
                {"field": "r", "title": axes[0]},
                {"field": "c", "title": axes[1]},
                {"field": "t", "title": measure.name},
            ],
        },
        "layer": [
            {
                "mark": {"type": "rect", "stroke": "var(--paper)", "strokeWidth": 1},
                "encoding": {
                    "color": {
                        "field": "v",
                        "type": "quantitative",
                        "scale": colours,
                        "legend": {
                            "title": measure.name,
                            "orient": "bottom",
                            "gradientLength": 180,
                            "gradientThickness": 8,
                        },
                    }
                },
            },
            {
                "mark": {"type": "text", "fontSize": 10.5},
                "encoding": {
                    "text": {"field": "n", "type": "nominal"},
                    "color": {
                        "condition": {"test": dark, "value": "#ffffff"},
                        "value": "#17202a",
                    },
                },
            },
        ],
    }


def _in_cell(own: Figure) -> str:
    """The figure without its interval; a mark of significance stays in the text on hovering."""
    return figure(Figure(own.value, unit=own.unit, digits=own.digits, sign=own.sign))


def extent(matrices: Sequence[Matrix]) -> tuple[float, float]:
    """The lowest and the highest figure of several matrices."""
    every = [own.value for matrix in matrices for own in matrix.cells.values()]
    finite = [value for value in every if math.isfinite(value)]
    return min(finite, default=0.0), max(finite, default=1.0)
