"""The figure of an answer: the metric out of distribution over that in distribution, and the
primary contrasts as a forest; needs matplotlib.

One row for each comparison with a primary contrast. The colours are Okabe and Ito's (2008); shapes
differ as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from xlt_cli.questions.outcomes import ROBUSTNESS
from xlt_cli.reports.question import titles
from xlt_cli.spec.question import IN_DISTRIBUTION
from xlt_cli.stats import trend

MARKS = (
    ("o", "#000000"),
    ("s", "#0072B2"),
    ("D", "#D55E00"),
    ("^", "#009E73"),
    ("v", "#CC79A7"),
    ("P", "#56B4E9"),
    ("X", "#E69F00"),
)
GREY = "#888888"
STEPS = 60
LEVEL = 0.05


def drawn(values: Mapping[str, Any]) -> dict[str, Any]:
    """The figure by its name; none without a primary contrast that has figures."""
    shown = [
        (one, contrasts)
        for one in values["comparisons"]
        if (contrasts := [c for c in one["contrasts"] if c["primary"] and c["families"]])
    ]
    if not shown:
        return {}
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 3.1 * len(shown)), layout="constrained")
    grid = figure.subplots(len(shown), 2, squeeze=False)
    for (left, right), (one, contrasts) in zip(grid, shown, strict=True):
        _points(left, one)
        _forest(right, one, contrasts[0], values["equivalence"])
    return {"question": figure}


def _points(axes: Any, one: Mapping[str, Any]) -> None:
    """Runs, with the region that each arm's mean lies in, and the line with its band."""
    points = one["points"]
    references = np.array(points["references"]).reshape(-1, 2)
    every = [np.array(own).reshape(-1, 2) for own in points["arms"].values()]
    together = np.concatenate([references, *every])
    if len(references):
        axes.plot(*references.T, ".", color=GREY, ms=3, label="references", zorder=1)
    if len(references) >= trend.FEWEST and np.ptp(references[:, 0]) > 0:
        line = trend.fitted(references[:, 0].tolist(), references[:, 1].tolist())
        assert line is not None
        low, high = trend.logit(together[:, 0].min()), trend.logit(together[:, 0].max())
        at = trend.expit(np.linspace(low, high, STEPS))
        expected = [line.expected(float(x)) for x in at]
        axes.plot(at, [e.value for e in expected], color=GREY, lw=1, zorder=1)
        bounds = [e.low for e in expected], [e.high for e in expected]
        axes.fill_between(at, *bounds, color=GREY, alpha=0.15, lw=0, zorder=0)
    for number, (name, own) in enumerate(zip(points["arms"], every, strict=True)):
        if not len(own):
            continue
        mark, colour = MARKS[number % len(MARKS)]
        axes.plot(*own.T, mark, color=colour, ms=2, alpha=0.35, mew=0, zorder=2)
        centre = trend.expit(trend.logit(own).mean(axis=0))
        axes.plot(*centre, mark, color=colour, ms=5, mew=0, label=name, zorder=4)
        if (region := _region(trend.logit(own))) is not None:
            axes.plot(*trend.expit(region), color=colour, lw=0.8, zorder=3)
    axes.set_xscale("logit")
    axes.set_yscale("logit")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(_percent)
        axis.set_minor_formatter(_percent)
    axes.tick_params(which="both", labelsize=6)
    axes.set_xlabel(f"{titles(one)[one['metric']]} in distribution (logit axis)", fontsize=7)
    axes.set_ylabel(f"mean over {points['families']} families (logit axis)", fontsize=7)
    axes.set_title(one["name"], fontsize=8, loc="left")
    axes.legend(fontsize=6, loc="best", handletextpad=0.3)


def _region(logits: np.ndarray) -> np.ndarray | None:
    """The ellipse of 95% that the mean over seeds lies in (Hotelling), [2, STEPS]."""
    from scipy.stats import f

    count = len(logits)
    if count < 4:
        return None
    covariance = np.cov(logits.T) / count
    values, vectors = np.linalg.eigh(covariance)
    scale = 2 * (count - 1) / (count - 2) * float(f.ppf(1 - LEVEL, 2, count - 2))
    turn = np.linspace(0, 2 * np.pi, STEPS)
    circle = np.stack([np.cos(turn), np.sin(turn)])
    spread = np.sqrt(np.maximum(values, 0) * scale)[:, None]
    region: np.ndarray = logits.mean(axis=0)[:, None] + vectors @ (spread * circle)
    return region


def _forest(axes: Any, one: Mapping[str, Any], contrast: Mapping[str, Any], band: float) -> None:
    """The primary contrast in each family, in points, with the band of equivalence."""
    names = list(contrast["families"])
    axes.axvspan(-band, band, color=GREY, alpha=0.15, lw=0)
    axes.axvline(0, color=GREY, lw=0.8)
    for number, (outcome, title) in enumerate(titles(one).items()):
        mark, colour = MARKS[1 + number]
        bars = _bars(contrast, names, outcome)
        if not bars:
            continue
        rows, means, below, beyond = np.array(bars).T
        style = {"fmt": mark, "color": colour, "ms": 4, "lw": 1, "label": title}
        shift = 0.14 * (1 - 2 * number)
        axes.errorbar(means, rows - shift, xerr=[below, beyond], **style)
    axes.set_yticks(range(len(names)), [_wrapped(name) for name in names], fontsize=6)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="x", labelsize=6)
    axes.set_xlabel(f"{contrast['of']} − {contrast['over']}, points", fontsize=7)
    said = f" ({contrast['no_claim']})" if contrast["no_claim"] else ""
    axes.set_title(f"{len(contrast['seeds'])} seeds{said}", fontsize=7, loc="left")
    axes.legend(fontsize=6, loc="best", handletextpad=0.3)


def _bars(
    contrast: Mapping[str, Any], names: Sequence[str], outcome: str
) -> list[tuple[float, float, float, float]]:
    """Of each family its row, the difference, and how far the interval goes below and above it."""
    bars = []
    for row, name in enumerate(names):
        own = contrast["families"][name].get(outcome)
        if own is not None and not (outcome == ROBUSTNESS and name == IN_DISTRIBUTION):
            value, low, high = (100 * own[key] for key in ("value", "low", "high"))
            bars.append((float(row), value, value - low, high - value))
    return bars


def _wrapped(name: str) -> str:
    import textwrap

    return textwrap.fill(name, 24)


def _percent(value: float, place: int | None) -> str:
    return f"{100 * value:.3g}"
