"""Figures of an analysis as PNG and SVG; needs matplotlib, the extra `plots`.

The colours are Okabe and Ito's (2008), told apart by the colour blind; where it matters, lightness
or shape differs as well, so that a grey print can be read. The same results are the same SVG, byte
by byte, and its text is text.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from xlt_cli.analysis.alignment import Probed
from xlt_cli.runs import atomic

DARK, LIGHT = "#0072B2", "#E69F00"
MARKS = (("o", "#0072B2"), ("s", "#E69F00"), ("^", "#009E73"), ("D", "#CC79A7"), ("v", "#000000"))
STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "xlt",
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "legend.frameon": False,
}
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
SPACES = (
    (
        "words",
        "radius",
        "in the space of word embeddings\n(per token, relative to their mean norm)",
    ),
    (
        "hidden",
        "radius_hidden",
        "in the space of representations\n(relative to the row's own norm)",
    ),
)


def write(directory: Path, results: dict[str, Any], probed: Mapping[str, Probed]) -> list[Path]:
    """Draws what there is to draw; returns the files."""
    import matplotlib

    # A figure of its own canvas, never pyplot: no window, and no state that outlives it.
    with matplotlib.rc_context(STYLE):
        figures = {"distances": distances(probed)}
        if results["comparisons"]:
            figures["gains"] = gains(results)
        return [
            path for name, figure in figures.items() for path in _save(directory / name, figure)
        ]


def distances(probed: Mapping[str, Probed]) -> Any:
    """Per run and language, how far translations lie, against how much noise flips decisions."""
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    rows = max(len(p.languages) for p in probed.values()) + 1
    figure = Figure(figsize=(7.2, len(probed) * (0.19 * rows + 0.45) + 0.75), layout="constrained")
    grid = figure.subplots(len(probed), len(SPACES), sharex="col", squeeze=False)
    for line, (name, run) in zip(grid, probed.items(), strict=True):
        for axes, (space, radius, title) in zip(line, SPACES, strict=True):
            radii = [getattr(row, radius) for row in run.source]
            places = {x: [getattr(r, space) for r in found] for x, found in run.languages.items()}
            _bars(axes, radii, places)
            axes.set_xlabel(f"distance {title}")
            axes.label_outer()
        line[0].set_title(name, loc="left", fontsize=8, fontweight="bold")
    for axes in grid[-1]:
        axes.set_xlim(left=0)
    handles = [
        Line2D([], [], color=LIGHT, lw=5, label="noise that flips the decision on the source row"),
        Line2D([], [], color=DARK, lw=3, label="translation to source row"),
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=2)
    return figure


def _bars(axes: Any, radii: Sequence[float], places: Mapping[str, Sequence[float]]) -> None:
    """Quantile bars: thin from 5 to 95%, thick from 25 to 75%, a tick at the median."""
    labels = ["radius", *places]
    for place, values in enumerate([radii, *places.values()]):
        colour, width = (LIGHT, 7) if place == 0 else (DARK, 4)
        low, lower, median, upper, high = np.quantile(values, QUANTILES)
        axes.plot([low, high], [place, place], color=colour, lw=1, solid_capstyle="butt")
        axes.plot([lower, upper], [place, place], color=colour, lw=width, solid_capstyle="butt")
        axes.plot([median], [place], marker="|", color="black", ms=7, mew=1.2)
    axes.axvline(np.median(radii), color=LIGHT, lw=1, ls=(0, (4, 2)), zorder=0)
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)


def gains(results: dict[str, Any]) -> Any:
    """Over the baseline: gain in the share inside against gain in accuracy, a point a language."""
    from matplotlib.figure import Figure

    panels = (
        ("inside_words", "translations inside\n(word embeddings)"),
        ("inside_hidden", "translations inside\n(representations)"),
        ("shift_held", "decisions that\nhold under the shift"),
    )
    figure = Figure(figsize=(7.2, 3.2), layout="constrained")
    for place, (axes, (name, label)) in enumerate(
        zip(figure.subplots(1, len(panels), sharey=True), panels, strict=True)
    ):
        axes.axhline(0, color="0.8", lw=0.8, zorder=0)
        axes.axvline(0, color="0.8", lw=0.8, zorder=0)
        for number, (run, comparison) in enumerate(results["comparisons"].items()):
            mark, colour = MARKS[number % len(MARKS)]
            for (x, y), languages in _points(comparison["gains"], name).items():
                axes.plot(x, y, mark, color=colour, ms=4, label=run)
                text = ", ".join(languages)
                axes.annotate(text, (x, y), (3, 3), textcoords="offset points", fontsize=7)
        axes.margins(0.12)
        low, high = axes.get_xlim()
        axes.set_xlim(min(low, -1), max(high, 1))  # no gain at all is no cloud of points
        axes.set_xlabel(f"gain in {label} (points)")
        if place == 0:
            axes.set_ylabel("gain in accuracy (points)")
    handles, labels = axes.get_legend_handles_labels()
    first = dict(reversed(list(zip(labels, handles, strict=True))))
    runs = list(results["comparisons"])
    figure.legend(
        [first[run] for run in runs],
        [f"{run} minus {results['baseline']}" for run in runs],
        loc="outside upper center",
    )
    return figure


def _points(gains: Mapping[str, Any], name: str) -> dict[tuple[float, float], list[str]]:
    """Gain in a share and in accuracy, in points, with the languages that lie there."""
    found: dict[tuple[float, float], list[str]] = {}
    for language, gain in gains.items():
        place = [round(100 * gain[part]["value"], 3) for part in (name, "accuracy")]
        found.setdefault((place[0], place[1]), []).append(language)
    return found


def _save(path: Path, figure: Any) -> list[Path]:
    """Writes a figure as PNG and SVG, each atomically."""
    found = []
    for kind, metadata in (("png", {}), ("svg", {"Date": None})):
        buffer = io.BytesIO()
        figure.savefig(buffer, format=kind, dpi=200, metadata=metadata)
        target = path.with_suffix(f".{kind}")
        atomic.write_bytes(target, buffer.getvalue())
        found.append(target)
    return found
