"""Coverage of the intervals of `xlt mixed-model`, by simulation with known truth.

    python benchmarks/coverage_mixed.py > docs/results/statistics/coverage-mixed.txt

Two systems are tested with K seeds in L languages. On the logit scale, a cell has its system's mean
(they differ by 0.2), an effect of its language (deviation 0.5), of its seed (0.1), of its run, of
its system in its language, and a rest (0.05); its accuracy is the share of correct answers to 2,000
rows. The model is fitted as for real runs, and the share of 95% intervals that contain 0.2 is
counted, with their mean width in brackets. A second figure is for intervals of a model without the
effects of runs and of systems in languages, (1 | language) + (1 | seed) alone.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from xlt_cli.reports.mixed import LANGUAGE, SEED, Observed, Question, model
from xlt_cli.stats.estimates import Estimate
from xlt_cli.stats.mixed import fitted
from xlt_cli.stats.trend import expit, logit

SEEDS, LANGUAGES = (3, 5), (5, 14)
RUNS, WITHIN = (0.0, 0.05, 0.2), (0.0, 0.2)
GAIN, TEST_ROWS, DRAWS = 0.2, 2000, 150


def drawn(
    rng: np.random.Generator, seeds: int, languages: int, of_runs: float, within: float
) -> list[Observed]:
    """The cells of both systems."""
    language, seed = rng.normal(0, 0.5, languages), rng.normal(0, 0.1, seeds)
    run, own = rng.normal(0, of_runs, (2, seeds)), rng.normal(0, within, (2, languages))
    rows = []
    for system, k, x in product(range(2), range(seeds), range(languages)):
        mean = 0.8 + GAIN * system + language[x] + seed[k] + run[system, k] + own[system, x]
        share = expit(mean + rng.normal(0, 0.05))
        value = float(rng.binomial(TEST_ROWS, share) / TEST_ROWS)
        rows.append(Observed("AB"[system], f"x{x}", str(k), "clean", value, TEST_ROWS, {}))
    return rows


def plain(rows: list[Observed]) -> Estimate:
    """The gain by a model with random languages and seeds alone."""
    design = np.array([[1.0, float(row.system == "B")] for row in rows])
    factors = {name: [getattr(row, name) for row in rows] for name in (LANGUAGE, SEED)}
    return fitted(logit(np.array([row.value for row in rows])), design, factors).estimate([0, 1])


def main() -> None:
    print(f"gain of {GAIN} on the logit scale; {DRAWS} draws of each design")
    print("deviation of runs, of systems in languages: full model; (1 | language) + (1 | seed)")
    shares, failed = [], 0
    for number, (seeds, languages) in enumerate(product(SEEDS, LANGUAGES)):
        for of_runs, within in product(RUNS, WITHIN):
            rng = np.random.default_rng([number, int(100 * of_runs), int(100 * within)])
            held = short = 0
            width = 0.0
            for _ in range(DRAWS):
                rows = drawn(rng, seeds, languages, of_runs, within)
                values = model(rows, Question("A", True, "accuracy"))
                gain = values["differences"][0]
                failed += not values["converged"]
                held += gain["low"] <= GAIN <= gain["high"]
                width += gain["high"] - gain["low"]
                interval = plain(rows).interval()
                short += interval.low <= GAIN <= interval.high
            share = 100 * held / DRAWS
            shares.append(share)
            print(
                f"K={seeds:<2} L={languages:<2} {of_runs:.2f} {within:.2f}   {share:5.1f} "
                f"({width / DRAWS:.2f})   {100 * short / DRAWS:5.1f}",
                flush=True,
            )
    print(f"\nfull model: {min(shares):.1f} to {max(shares):.1f}, mean {np.mean(shares):.1f}")
    print(f"{failed} of {DRAWS * len(shares)} fits did not converge")


if __name__ == "__main__":
    main()
