"""Three methods on XNLI and on other data sets: tables of gains over plain training, two figures.

    python benchmarks/robustness.py docs/results/robustness > docs/results/robustness/gains.txt

Reads `archive.tar.xz` of that directory (see `robustness_archive`), prints the tables of its page,
and writes `noise.png` and `pgd.png`.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure
from robustness_archive import (
    BASELINE,
    CLEAN,
    NOISE,
    NOISY,
    RADII,
    SOURCE,
    Contents,
    Estimated,
    Tested,
    read,
)

from xlt_cli.analyses.drawing import STYLE
from xlt_cli.stats.intervals import LEVEL, Interval
from xlt_cli.stats.significance import holm

MARKS = {"ERM": ("o", "#000000"), "RS-DA": ("s", "#E69F00"), "adversarial": ("^", "#0072B2")}
"""Marks and colours of methods; the colours are Okabe and Ito's (2008)."""
OTHERS = tuple(method for method in MARKS if method != BASELINE)
LOW_RESOURCE = ("americasnli", "xnli-african-mt")
OUT_OF_DISTRIBUTION = ("indonli", "jnli", "jsick", "ocnli", "wrete")


@dataclass(frozen=True)
class Row:
    """A line of a table.

    Attributes:
        about: its first cells.
        figures: the accuracy of each method, a mean over seeds.
        gains: of each other method over the baseline.
    """

    about: tuple[str, ...]
    figures: Mapping[str, float]
    gains: Mapping[str, Estimated]


def draw_noise(tested: Tested) -> Figure:
    """Zero-shot accuracy against the strength of each noise."""
    figure = Figure(figsize=(7.2, 6.2), layout="constrained")
    grid = figure.subplots(3, 3, sharey=True)
    count = len(tested.zero_shot)
    for axes, (noise, strengths) in zip(grid.flat, NOISE.items(), strict=True):
        names = {0.0: CLEAN, **{float(at): f"{noise} {at:g}" for at in strengths}}
        for method in MARKS:
            curve = {at: tested.figure(method, tested.zero_shot, x) for at, x in names.items()}
            _curve(axes, method, curve, max(strengths))
        spoken = count - len(tested.hardly(f"{noise} {strengths[-1]:g}"))
        axes.set_title(f"{noise} ({spoken} of {count} languages)", fontsize=8)
        axes.set_xticks([0, *strengths], [f"{at:g}" for at in (0, *strengths)])
        axes.grid(axis="y", lw=0.3)
    figure.supxlabel("strength of the noise", fontsize=8)
    figure.supylabel(f"accuracy, zero-shot average of {count} languages (%)", fontsize=8)
    _legend(figure, grid.flat[0])
    return figure


def draw_pgd(tested: Tested) -> Figure:
    """Accuracy against the radius of the attack, on average and in each language."""
    figure = Figure(figsize=(7.2, 6.8), layout="constrained")
    grid = figure.subplots(4, 4, sharex=True, sharey=True)
    panels = {f"average of {len(tested.zero_shot)}": tested.zero_shot, SOURCE: [SOURCE]}
    panels |= {language: [language] for language in tested.zero_shot}
    for axes, (name, languages) in zip(grid.flat, panels.items(), strict=True):
        for method in MARKS:
            curve = {at: tested.figure(method, languages, f"{at:g}") for at in RADII}
            _curve(axes, method, curve, max(RADII))
        axes.set_title(f"{name} (trained on)" if name == SOURCE else name, fontsize=8)
        axes.set_xticks(RADII, ["0", ".02", ".05", ".1"])
        axes.set_ylim(-3, 103)
        axes.grid(axis="y", lw=0.3)
    figure.supxlabel("radius (l2 per token, relative to the norm of a word embedding)", fontsize=8)
    figure.supylabel("accuracy under PGD, an upper bound (%)", fontsize=8)
    _legend(figure, grid.flat[0])
    return figure


def _curve(axes: Any, method: str, curve: Mapping[float, Interval], width: float) -> None:
    """A line with the interval of each point, moved aside so that intervals do not overlap."""
    mark, colour = MARKS[method]
    aside = (list(MARKS).index(method) - 1) * width * 0.025
    points = list(curve.values())
    axes.errorbar(
        [at + aside for at in curve],
        [100 * point.value for point in points],
        [
            [100 * (point.value - point.low) for point in points],
            [100 * (point.high - point.value) for point in points],
        ],
        marker=mark,
        color=colour,
        label=method,
        ms=3.5,
        lw=0.9,
        elinewidth=0.9,
        capsize=1.5,
    )


def _legend(figure: Figure, axes: Any) -> None:
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), fontsize=8)


def tables(found: Contents) -> Iterator[str]:
    """The lines of all tables, in Markdown."""
    noise, attack = found.noise, found.attack
    yield from _table(
        "Zero-shot average of 14 languages, clean and under noise",
        ("noise, strength", "changed (rows, words)", "hardly changed"),
        [_row(noise, _about(noise, x), noise.zero_shot, x) for x in (CLEAN, *NOISY)],
    )
    yield from _more(noise)
    yield from _table(
        "English, clean and under noise that changes it",
        ("noise, strength",),
        [_row(noise, [x], [SOURCE], x) for x in (CLEAN, *NOISY) if _changes(noise, x)],
    )
    yield from _table(
        "PGD, first 500 rows of each language",
        ("languages", "radius"),
        [
            _row(attack, [name, f"{radius:g}"], languages, f"{radius:g}")
            for name, languages in (("zero-shot", attack.zero_shot), (SOURCE, [SOURCE]))
            for radius in RADII
        ],
    )
    apart = ("xnli", *LOW_RESOURCE, *OUT_OF_DISTRIBUTION)
    every = {one["task"]: one for one in found.sets}
    for title, tasks in (
        ("Adversarial and challenge sets", [task for task in every if task not in apart]),
        ("Low-resource languages", LOW_RESOURCE),
        ("Out of distribution", OUT_OF_DISTRIBUTION),
    ):
        rows = [row for task in tasks for row in _rows_of(every[task])]
        yield from _table(title, ("data set", "languages", "rows"), rows)
    yield from _by_language(found)


def _row(tested: Tested, about: Iterable[str], languages: Sequence[str], condition: str) -> Row:
    return Row(
        tuple(about),
        {one: tested.figure(one, languages, condition).value for one in MARKS},
        {one: tested.gain(one, languages, condition) for one in OTHERS},
    )


def _about(tested: Tested, condition: str) -> tuple[str, str, str]:
    """The noise, the shares that it changes, and the languages that it hardly changes."""
    if condition == CLEAN:
        return (CLEAN, "", "")
    shares = zip(*(tested.changed[x, condition] for x in tested.zero_shot), strict=True)
    changed = ", ".join(f"{100 * statistics.mean(share):.0f}" for share in shares)
    return (condition, changed, ", ".join(tested.hardly(condition)))


def _changes(tested: Tested, condition: str) -> bool:
    return condition == CLEAN or tested.changed[SOURCE, condition][0] > 0


def _rows_of(one: Mapping[str, Any]) -> Iterator[Row]:
    """A data set's averages over the zero-shot languages and over those trained on."""
    for group in ("zero_shot", "source"):
        if group not in one["averages"]:
            continue
        languages = [x for x in one["languages"] if (x in one["trained_on"]) == (group == "source")]
        name = one["task"] + (f" ({one['split']})" if one["split"] != "test" else "")
        spoken = languages[0] if len(languages) == 1 else str(len(languages))
        about = (name, spoken, f"{sum(one['rows'][x] for x in languages):,}")
        cell = f"average:{group}"
        gains = {method: one["gains"][method]["cells"][cell] for method in OTHERS}
        yield Row(
            about,
            {x: one["systems"][x]["figures"][cell]["value"] for x in MARKS},
            {
                x: Estimated(
                    Interval(gain["value"], gain["low"], gain["high"]),
                    gain["p"],
                    gain["smallest_effect"] or 0.0,
                )
                for x, gain in gains.items()
            },
        )


def _table(title: str, heads: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    """Accuracies and gains; * after Holm's correction over all gains of the table."""
    over = [f"{method} over {BASELINE}" for method in OTHERS]
    yield from _begun(title, [*heads, *MARKS, *over])
    marked = iter(_gains([row.gains[x] for row in rows for x in OTHERS]))
    for row in rows:
        figures = [f"{100 * row.figures[x]:.1f}" for x in MARKS]
        yield _line([*row.about, *figures, *(next(marked) for _ in OTHERS)])
    yield from _ended([row.gains[x] for row in rows for x in OTHERS])


def _more(tested: Tested) -> Iterator[str]:
    yield from _begun("Gains under noise less those on clean text, zero-shot", ["noise", *OTHERS])
    every = [[tested.more(x, tested.zero_shot, name) for x in OTHERS] for name in NOISY]
    marked = iter(_gains([one for own in every for one in own]))
    for name in NOISY:
        yield _line([name, *(next(marked) for _ in OTHERS)])
    yield from _ended([one for own in every for one in own])


def _begun(title: str, heads: Sequence[str]) -> Iterator[str]:
    yield from (title, "", _line(heads), _line(["---"] * len(heads)))


def _line(cells: Iterable[str]) -> str:
    return "".join(f"| {cell} " if cell else "| " for cell in cells) + "|"


def _gains(gains: Sequence[Estimated]) -> list[str]:
    adjusted = holm([gain.p for gain in gains])
    return [
        _points(gain.interval) + ("*" if p <= LEVEL else "")
        for gain, p in zip(gains, adjusted, strict=True)
    ]


def _points(interval: Interval) -> str:
    value, low, high = (100 * x for x in (interval.value, interval.low, interval.high))
    return f"{value:+.1f} [{low:.1f}, {high:.1f}]"


def _ended(gains: Sequence[Estimated]) -> Iterator[str]:
    smallest = sorted(100 * gain.smallest for gain in gains)
    apart = [gain for gain in gains if gain.p <= LEVEL]
    yield ""
    after = sum(p <= LEVEL for p in holm([gain.p for gain in gains]))
    yield (
        f"Comparisons: {len(gains)}; intervals that leave out 0: {len(apart)}; after Holm's "
        f"correction: {after}. True differences that would be found in 80% of cases, uncorrected: "
        f"{smallest[0]:.1f} to {smallest[-1]:.1f} points, median {statistics.median(smallest):.1f}."
    )
    yield ""


def _by_language(found: Contents) -> Iterator[str]:
    """Where a method is better or worse, after Holm's correction over the languages."""
    yield "By language, after Holm's correction over the languages of a line"
    yield ""
    for label, tested, names in (
        ("xnli", found.noise, (CLEAN, *NOISY)),
        ("xnli, first 500 rows, PGD", found.attack, [f"{radius:g}" for radius in RADII]),
    ):
        for name in names:
            for method in OTHERS:
                every = {x: tested.gain(method, [x], name) for x in tested.languages}
                gains = {x: (one.interval.value, one.p) for x, one in every.items()}
                yield f"{label} {name}: {method} {_told(gains)}"
    for one in found.sets:
        several = len(one["languages"]) > 1 and one["task"] != "xnli"
        for method in OTHERS if several else ():
            cells = one["gains"][method]["cells"]
            gains = {x: (cells[x]["value"], cells[x]["p"]) for x in one["languages"]}
            yield f"{one['task']}: {method} {_told(gains)}"


def _told(gains: Mapping[str, tuple[float, float]]) -> str:
    adjusted = dict(zip(gains, holm([p for _, p in gains.values()]), strict=True))
    shown = {x: gains[x][0] > 0 for x in gains if adjusted[x] <= LEVEL}
    better, worse = ([x for x in shown if shown[x] is way] for way in (True, False))
    said = (f"{len(x)} ({', '.join(x)})" if x else "0" for x in (better, worse))
    return f"better in {next(said)}, worse in {next(said)} of {len(gains)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    directory = parser.parse_args().directory
    found = read(directory / "archive.tar.xz")
    with matplotlib.rc_context(STYLE):
        draw_noise(found.noise).savefig(directory / "noise.png", dpi=160)
        draw_pgd(found.attack).savefig(directory / "pgd.png", dpi=160)
    print("\n".join(tables(found)))


if __name__ == "__main__":
    main()
