"""xlt against the Hugging Face Trainer on the same spec: do they train as well?

    python benchmarks/compare_trainer.py docs/results/trainer.tar.xz xnli
    python benchmarks/compare_trainer.py docs/results/trainer.tar.xz pawsx

Reads `xlt-TASK-sN.json` (results.json of `xlt train`) and `trainer-TASK-sN.json` (output of
`hf_trainer.py`) from a folder, or from a packed one, and prints English and zero-shot accuracy. The
interval of one run is that over its test examples; over several seeds, a t interval of the mean is
added.
"""

from __future__ import annotations

import json
import math
import statistics
import sys
from pathlib import Path

from xlt_cli.runs.archive_file import as_folder

T975 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 8: 2.365, 10: 2.262}
"""Student's t, 97.5th percentile, by number of seeds."""


def figures(path: Path) -> tuple[float, float]:
    """English and zero-shot average accuracy of one run, in percent."""
    found = json.loads(path.read_text("utf-8"))
    if "averages" in found:
        english = found["languages"]["en"]["accuracy"]["value"]
        return 100 * english, 100 * found["averages"]["zero_shot"]["accuracy"]["value"]
    return 100 * found["languages"]["en"]["value"], 100 * found["zero_shot_average"]


def summary(values: list[float]) -> str:
    mean = statistics.mean(values)
    if len(values) not in T975:
        return f"{mean:.2f}"
    half = T975[len(values)] * statistics.stdev(values) / math.sqrt(len(values))
    return f"{mean:.2f} [{mean - half:.2f}, {mean + half:.2f}]"


def main() -> None:
    with as_folder(Path(sys.argv[1])) as directory:
        compare(directory, sys.argv[2])


def compare(directory: Path, task: str) -> None:
    for side in ("xlt", "trainer"):
        runs = [figures(path) for path in sorted(directory.glob(f"{side}-{task}-s*.json"))]
        english, zero_shot = ([run[i] for run in runs] for i in (0, 1))
        print(
            f"{side:8} {len(runs)} seed(s)  en {summary(english)}  zero-shot {summary(zero_shot)}"
        )
        print(f"{'':8} per seed  en {[round(x, 1) for x in english]}")
        print(f"{'':8} per seed  zero-shot {[round(x, 1) for x in zero_shot]}")


if __name__ == "__main__":
    main()
