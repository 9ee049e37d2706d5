"""How long a comparison of systems takes once its predictions are read, without reading files.

    python benchmarks/comparison.py                 # the full size
    python benchmarks/comparison.py --rows 501 --profile

Makes up the answers of three-way classifiers in pairs of languages (all pairs of up to 15), then
prints the seconds of processor time for measuring all runs, and for the figures, gains and ranks of
all systems.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import time
from collections.abc import Iterator
from math import isqrt

import numpy as np

from xlt_cli.problems.sequence import SequenceClassification
from xlt_cli.reports.measured import Measured, measure
from xlt_cli.reports.scorer import Scorer
from xlt_cli.reports.systems import Settings, Systems
from xlt_cli.runs.cells import Pair
from xlt_cli.runs.predictions import Answers

LABELS = ("entailment", "neutral", "contradiction")
LANGUAGES = (
    *("en", "vi", "de", "fr", "es", "ru", "zh"),
    *("ar", "bg", "el", "hi", "sw", "th", "tr", "ur"),
)
"""Known ones; the first is trained on."""


def answered(
    pairs: list[Pair], rows: int, ease: float, seed: int
) -> Iterator[tuple[Pair, Answers]]:
    """What a run answers, as it is read from files: each cell has lists of its own."""
    golds = np.random.default_rng(0).integers(3, size=rows)
    rng = np.random.default_rng(seed)
    hard = np.random.default_rng(1).normal(0, 0.5, rows)
    for pair in pairs:
        right = rng.normal(ease, 1, rows) > hard
        told = np.where(right, golds, (golds + rng.integers(1, 3, rows)) % 3)
        ids = [f"row-{number}" for number in range(rows)]
        yield pair, Answers(ids, [LABELS[x] for x in golds], [LABELS[x] for x in told])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    for name, default in (("systems", 6), ("seeds", 10), ("pairs", 225), ("rows", 5010)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--metric", default="accuracy")
    parser.add_argument("--profile", action="store_true", help="print what takes how long")
    given = parser.parse_args()
    languages = LANGUAGES[: isqrt(given.pairs)]
    pairs = [(first, second) for first in languages for second in languages]
    problem = Scorer(SequenceClassification(LABELS), given.metric)
    metric = next(one for one in problem.metrics if one.name == given.metric)
    profile = cProfile.Profile()
    measuring = 0.0
    runs: dict[str, dict[int, Measured]] = {}
    for system in range(given.systems):
        for seed in range(1, given.seeds + 1):
            answers = dict(answered(pairs, given.rows, 0.5 + 0.02 * system, 100 * system + seed))
            begun = time.process_time()
            if given.profile:
                profile.enable()
            run = measure(problem, given.metric, answers, aligned=True)
            profile.disable()
            measuring += time.process_time() - begun
            runs.setdefault(f"S{system}", {})[seed] = run
    begun = time.process_time()
    if given.profile:
        profile.enable()
    Systems(runs, metric, [languages[0]], Settings("S0", 0.05, "holm", 0.01)).values()
    profile.disable()
    comparing = time.process_time() - begun
    print(
        f"{given.systems} systems x {given.seeds} seeds x {len(pairs)} pairs x {given.rows} rows: "
        f"measuring {measuring:.2f} s, comparing {comparing:.2f} s (processor time)"
    )
    if given.profile:
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    main()
