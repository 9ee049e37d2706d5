"""Whether two ways of making updates end with the same accuracies: runs over seeds, means compared.

    xlt sweep SPEC --set "seeds=[1,2,...]" --runs-dir fast
    xlt sweep SPEC --set "seeds=[1,2,...]" --runs-dir plain --plain
    python benchmarks/same_metrics.py fast plain [--json FILE]

Prints mean and standard deviation of each language's metric, the difference of the means with a 95%
interval, and Welch's t-test.
"""

from __future__ import annotations

import argparse
import json
import statistics
from pathlib import Path
from typing import Any

from scipy import stats  # type: ignore[import-untyped]


def read(folder: Path) -> list[dict[str, Any]]:
    """Seed, how updates were made and the points per language of each run in a folder."""
    found = []
    for path in sorted(folder.glob("*/**/results.json")):
        run = next(p for p in path.parents if (p / "run.json").is_file())
        results = json.loads(path.read_text("utf-8"))
        timing = (run / "timing.jsonl").read_text("utf-8").splitlines()
        points = {
            name: round(100 * cell[results["metric"]]["value"], 2)
            for name, cell in results["languages"].items()
        }
        seed = json.loads((run / "run.json").read_text("utf-8"))["seed"]
        found.append({"seed": seed, "path": json.loads(timing[-1])["path"], "points": points})
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("fast", type=Path)
    parser.add_argument("plain", type=Path)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    runs = {"fast": read(given.fast), "plain": read(given.plain)}
    for name, found in runs.items():
        print(f"{name}: {len(found)} runs, {', '.join(sorted({run['path'] for run in found}))}")
    for language in runs["fast"][0]["points"]:
        fast, plain = ([run["points"][language] for run in found] for found in runs.values())
        test = stats.ttest_ind(fast, plain, equal_var=False)
        interval = test.confidence_interval()
        print(
            f"{language}: {statistics.mean(fast):.2f} ({statistics.stdev(fast):.2f}) and "
            f"{statistics.mean(plain):.2f} ({statistics.stdev(plain):.2f}): difference "
            f"{statistics.mean(fast) - statistics.mean(plain):+.2f} "
            f"[{interval.low:+.2f}, {interval.high:+.2f}], p = {test.pvalue:.2f}"
        )
    if given.json:
        given.json.write_text(json.dumps(runs, indent=1) + "\n")


if __name__ == "__main__":
    main()
