"""Simulated coverage of the interval of a gain: the table of docs/explanation/statistics.md.

    python benchmarks/coverage.py

The simulation is the one that the tests bound: a true gain of 0, 400 items, and seeds whose gains
have a standard deviation of so many points.
"""

from __future__ import annotations

import runpy
from pathlib import Path

TESTS = Path(__file__).parents[1] / "tests/reports/test_comparison.py"


def main() -> None:
    covered = runpy.run_path(str(TESTS))["covered"]
    for points in (0, 3, 20):
        shares = (covered(seeds, points / 100, trials=1000) for seeds in (1, 2, 3, 5, 10))
        print(points, *(f"{share:.3f}" for share in shares), flush=True)


if __name__ == "__main__":
    main()
