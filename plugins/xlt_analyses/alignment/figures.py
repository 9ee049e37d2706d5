"""Alignment as pictures; needs matplotlib, the extra `plots`.

The colours are Okabe and Ito's (2008), told apart by the colour blind; where it matters, lightness
or shape differs as well, so that a grey print can be read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from xlt_analyses.alignment.records import Probed

DARK, LIGHT = "#0072B2", "#E69F00"
MARKS = (("o", "#0072B2"), ("s", "#E69F00"), ("^", "#009E73"), ("D", "#CC79A7"), ("v", "#000000"))
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


Seeds = Mapping[str, Sequence[Probed]]
"""The records of each model, one seed after the other."""


def drawn(results: dict[str, Any], probed: Seeds) -> dict[str, Any]:
    """What there is to draw, by name."""
    figures = {"distances": distances(probed)}
    if results["comparisons"]:
        figures |= {"gains": gains(results), "overview": overview(results, probed)}
    return figures


def distances(probed: Seeds) -> Any:
    """Per run and language, how far translations lie, against how much noise flips decisions."""
    from matplotlib.figure import Figure

    rows = max(len(seeds[0].languages) for seeds in probed.values()) + 1
    figure = Figure(figsize=(7.2, len(probed) * (0.19 * rows + 0.45) + 0.75), layout="constrained")
    grid = figure.subplots(len(probed), len(SPACES), sharex="col", squeeze=False)
    for line, (name, seeds) in zip(grid, probed.items(), strict=True):
        for axes, (space, radius, title) in zip(line, SPACES, strict=True):
            radii = _radii(seeds, radius)
            places = {x: _distances(seeds, space, [x]) for x in seeds[0].languages}
            _bars(axes, ["radius", *places], [radii, *places.values()], 1)
            axes.axvline(np.median(radii), color=LIGHT, lw=1, ls=(0, (4, 2)), zorder=0)
            axes.set_xlabel(f"distance {title}")
            axes.label_outer()
        line[0].set_title(name, loc="left", fontsize=8, fontweight="bold")
    for axes in grid[-1]:
        axes.set_xlim(left=0)
    _legend_of_bars(figure)
    return figure


def overview(results: dict[str, Any], probed: Seeds) -> Any:
    """Radii of all models against the distance of all translations; what the shares foretell."""
    from matplotlib.figure import Figure

    rows = len(probed)
    figure = Figure(figsize=(9, 0.19 * rows + 1.8), layout="constrained")
    *bars, points = figure.subplots(1, len(SPACES) + 1, width_ratios=(1, 1, 1.3))
    base = probed[results["baseline"]]
    for place, (axes, (space, radius, _)) in enumerate(zip(bars, SPACES, strict=True)):
        far = _distances(base, space, list(base[0].languages))
        radii = [_radii(seeds, radius) for seeds in probed.values()]
        labels = [*probed, f"translations,\n{results['baseline']}"]
        _bars(axes, labels, [*radii, far], rows)
        axes.set_xlim(left=0)
        axes.set_xlabel(("of word embeddings", "of representations")[place])
        if place:
            axes.set_yticks(range(len(labels)), [""] * len(labels))
    _cloud(points, results, "inside_hidden")
    points.set_xlabel("gain in translations inside\n(representations; points)")
    points.set_ylabel("gain in accuracy (points)")
    points.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize=7, handletextpad=0.2)
    _legend_of_bars(figure)
    return figure


def _cloud(axes: Any, results: dict[str, Any], name: str) -> None:
    """Gain in a share against gain in accuracy, a point a language, and Pearson's r."""
    axes.axhline(0, color="0.8", lw=0.8, zorder=0)
    axes.axvline(0, color="0.8", lw=0.8, zorder=0)
    for number, (run, comparison) in enumerate(results["comparisons"].items()):
        mark, colour = MARKS[number % len(MARKS)]
        correlation = comparison["correlations"][name]["pearson"]
        r = ""
        if correlation:
            value, low, high = (correlation[key] for key in ("value", "low", "high"))
            r = f"\nr = {value:.2f} [{low:.2f}, {high:.2f}]"
        places = list(_points(comparison["gains"], name))
        axes.plot(*zip(*places, strict=True), mark, color=colour, ms=3, label=f"{run}{r}")


def _radii(seeds: Sequence[Probed], radius: str) -> list[float]:
    return [getattr(row, radius) for one in seeds for row in one.source]


def _distances(seeds: Sequence[Probed], space: str, languages: Sequence[str]) -> list[float]:
    return [getattr(row, space) for one in seeds for x in languages for row in one.languages[x]]


def _legend_of_bars(figure: Any) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=LIGHT, lw=5, label="noise that flips the decision on the source row"),
        Line2D([], [], color=DARK, lw=3, label="translation to source row"),
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=2)


def _bars(axes: Any, labels: Sequence[str], values: Sequence[Sequence[float]], radii: int) -> None:
    """Quantile bars: thin from 5 to 95%, thick from 25 to 75%, a tick at the median.

    The first so many are `radii`, the others distances.
    """
    for place, values_of_one in enumerate(values):
        colour, width = (LIGHT, 7) if place < radii else (DARK, 4)
        low, lower, median, upper, high = np.quantile(values_of_one, QUANTILES)
        axes.plot([low, high], [place, place], color=colour, lw=1, solid_capstyle="butt")
        axes.plot([lower, upper], [place, place], color=colour, lw=width, solid_capstyle="butt")
        axes.plot([median], [place], marker="|", color="black", ms=7, mew=1.2)
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
    languages_at: dict[tuple[float, float], list[str]] = {}
    for language, gain in gains.items():
        place = [round(100 * gain[part]["value"], 3) for part in (name, "accuracy")]
        languages_at.setdefault((place[0], place[1]), []).append(language)
    return languages_at
