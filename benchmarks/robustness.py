"""Robust accuracy of three methods on XNLI: two figures, and the gains over plain training.

    python benchmarks/robustness.py docs/results/robustness

Reads `raw.tar.xz` of that directory (the stored figures of nine runs, and which answers of the runs
of seed 1 are right), writes `noise.png` and `pgd.png`, and prints the gains. An average over
languages is taken for each item first, because the languages have the same items; its interval is
that of a mean over items. A gain is the difference between two methods on the same items, or
between two methods with the same seed.
"""

from __future__ import annotations

import argparse
import csv
import io
import itertools
import math
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from xlt_cli.analyses.drawing import STYLE
from xlt_cli.stats.estimates import Estimate
from xlt_cli.stats.intervals import Interval, wilson

BASELINE = "ERM"
MARKS = {"ERM": ("o", "#000000"), "RS-DA": ("s", "#E69F00"), "adversarial": ("^", "#0072B2")}
"""Marks and colours of methods; the colours are Okabe and Ito's (2008)."""

NOISE = {
    "typos": (0.1, 0.3),
    "homoglyphs": (0.1,),
    "casing": (0.3,),
    "punctuation": (0.3,),
    "diacritics": (1,),
    "ocr": (0.1,),
    "word-order": (2,),
    "word-dropout": (0.1,),
    "transliterate": (0.5,),
}
UNCHANGED = {
    "homoglyphs": 4,
    "typos": 3,
    "casing": 5,
    "diacritics": 6,
    "word-order": 2,
    "word-dropout": 1,
    "transliterate": 6,
}
"""In how many of the 14 languages the noise changes fewer than a quarter of the rows."""

RADII = (0, 0.02, 0.05, 0.1)
SOURCE = "en"

Right = Mapping[str, np.ndarray]
"""By method and condition, whether each item is answered rightly, in each language (rows)."""


def read(archive: Path) -> tuple[list[str], Right, list[dict[str, str]]]:
    """Languages, the answers of seed 1, and the stored figures of all seeds."""
    with tarfile.open(archive) as files:
        content = {name: files.extractfile(name) for name in ("right.npz", "seeds.csv")}
        packed = np.load(io.BytesIO(_bytes(content["right.npz"])))
        seeds = list(csv.DictReader(io.StringIO(_bytes(content["seeds.csv"]).decode())))
    full, first = packed["items"]
    right = {
        name: np.unpackbits(packed[name], axis=1, count=first if _is_first(name) else full)
        for name in packed.files
        if "/" in name
    }
    return list(packed["languages"]), right, seeds


def _bytes(file: Any) -> bytes:
    assert file is not None
    content: bytes = file.read()
    return content


def _is_first(name: str) -> bool:
    """Whether only the first rows of each language were evaluated."""
    return "pgd" in name or name.endswith("clean 500")


def over_items(values: np.ndarray) -> Interval:
    """The mean over items and its 95% interval."""
    error = values.std(ddof=1) / math.sqrt(len(values))
    return Estimate(float(values.mean()), float(error), len(values) - 1).interval()


def over_seeds(values: Sequence[float]) -> Interval:
    """The mean over seeds and its 95% interval by Student's t, for these items."""
    error = np.std(values, ddof=1) / math.sqrt(len(values))
    return Estimate(float(np.mean(values)), float(error), len(values) - 1).interval()


def draw_noise(languages: Sequence[str], right: Right) -> Figure:
    """Zero-shot accuracy against the strength of each noise."""
    others = [index for index, language in enumerate(languages) if language != SOURCE]
    figure = Figure(figsize=(7.2, 6.2), layout="constrained")
    grid = figure.subplots(3, 3, sharey=True)
    for axes, (noise, strengths) in zip(grid.flat, NOISE.items(), strict=True):
        conditions = {0.0: "clean", **{float(at): f"{noise} {at:g}" for at in strengths}}
        for method in MARKS:
            curve = {
                at: over_items(right[f"{method}/{name}"][others].mean(axis=0))
                for at, name in conditions.items()
            }
            _curve(axes, method, curve, max(strengths))
        spoken = len(others) - UNCHANGED.get(noise, 0)
        axes.set_title(f"{noise} ({spoken} of {len(others)} languages)", fontsize=8)
        axes.set_xticks([0, *strengths])
        axes.grid(axis="y", lw=0.3)
    figure.supxlabel("strength of the noise", fontsize=8)
    figure.supylabel("accuracy, zero-shot average of 14 languages (%)", fontsize=8)
    _legend(figure, grid.flat[0])
    return figure


def draw_pgd(languages: Sequence[str], right: Right) -> Figure:
    """Accuracy against the radius of the attack, on average and in each language."""
    others = [language for language in languages if language != SOURCE]
    figure = Figure(figsize=(7.2, 6.8), layout="constrained")
    grid = figure.subplots(4, 4, sharex=True, sharey=True)
    for axes, cell in zip(grid.flat, ["average of 14", SOURCE, *others], strict=True):
        for method in MARKS:
            curve = {}
            for radius in RADII:
                answers = right[f"{method}/pgd {radius:g}"]
                if cell in languages:
                    own = answers[languages.index(cell)]
                    curve[radius] = wilson(float(own.mean()), len(own))
                else:
                    chosen = [languages.index(language) for language in others]
                    curve[radius] = over_items(answers[chosen].mean(axis=0))
            _curve(axes, method, curve, max(RADII))
        title = f"{cell} (trained on)" if cell == SOURCE else cell
        axes.set_title(title, fontsize=8)
        axes.set_xticks(RADII, ["0", ".02", ".05", ".1"])
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


def gains(languages: Sequence[str], right: Right) -> Iterator[str]:
    """Lines on the gains of seed 1, of all conditions."""
    others = [index for index, language in enumerate(languages) if language != SOURCE]
    source = [languages.index(SOURCE)]
    yield "gains over ERM, seed 1, paired by item; intervals over items"
    yield "(`more than clean`: by how much the gain is larger than on the same clean rows)"
    for name in (key.partition("/")[2] for key in right if key.startswith(f"{BASELINE}/")):
        for method in MARKS:
            if method == BASELINE:
                continue
            gained = _gained(right, method, name)
            told = [_points(over_items(gained[chosen].mean(axis=0))) for chosen in (others, source)]
            line = f"{name:18} {method:12} zero-shot {told[0]:20} en {told[1]:20}"
            clean = "pgd 0" if _is_first(name) else "clean"
            if name not in ("clean", "clean 500", "pgd 0"):
                more = (gained - _gained(right, method, clean))[others].mean(axis=0)
                line += f" more than clean, zero-shot {_points(over_items(more))}"
            yield line.rstrip()


def _gained(right: Right, method: str, name: str) -> np.ndarray:
    """By language and item: 1 where only the method is right, -1 where only plain training is."""
    gained: np.ndarray = right[f"{method}/{name}"].astype(float) - right[f"{BASELINE}/{name}"]
    return gained


def seed_gains(seeds: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """Lines on the means over seeds and the gains, of the conditions that all seeds have."""
    yield "means over three seeds, and gains over ERM, paired by seed; intervals over seeds"
    values = {
        (x["condition"], x["languages"], x["method"], x["seed"]): float(x["accuracy"])
        for x in seeds
    }
    numbers = sorted({x["seed"] for x in seeds})
    conditions = dict.fromkeys(condition for condition, _, _, _ in values)
    for condition, group in itertools.product(conditions, ("zero-shot", SOURCE)):
        for method in MARKS:
            own = [values[condition, group, method, seed] for seed in numbers]
            base = [values[condition, group, BASELINE, seed] for seed in numbers]
            mean = _points(over_seeds(own), signed=False)
            gain = [a - b for a, b in zip(own, base, strict=True)]
            told = "" if method == BASELINE else _points(over_seeds(gain))
            yield f"{condition:12} {group:10} {method:12} {mean:20} {told}".rstrip()


def _points(interval: Interval, signed: bool = True) -> str:
    value, low, high = (100 * x for x in (interval.value, interval.low, interval.high))
    return f"{value:{'+' if signed else ''}.1f} [{low:.1f}, {high:.1f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    directory = parser.parse_args().directory
    languages, right, seeds = read(directory / "raw.tar.xz")
    with matplotlib.rc_context(STYLE):
        for name, made in (("noise", draw_noise), ("pgd", draw_pgd)):
            made(languages, right).savefig(directory / f"{name}.png", dpi=160)
    print("\n".join([*seed_gains(seeds), "", *gains(languages, right)]))


if __name__ == "__main__":
    main()
