"""A line of JSON for each run of a search: its settings and its score at each evaluation on dev.

python scripts/searched.py RUNS_DIR... > search.jsonl
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from xlt_cli.runs import metrics
from xlt_cli.runs.atomic import read_json, read_lines

SETTINGS = ("learning_rate", "epochs", "select", "evaluate_every", "layer_decay", "limit")


def searched(run: Path) -> dict[str, Any]:
    """What was searched, and what came of it; `score` is None where a run did not finish."""
    stage = read_json(run / "run.json")["spec"]["stages"][0]
    result = read_json(run / "stages" / "0" / "result.json")
    dev = [line for line in metrics.read(run) if line["kind"] == "dev"]
    averaged = [line["accuracy"] for line in dev if "averaged" in line]
    return {
        "search": run.parent.name,
        "run": run.name,
        "stage": {name: stage[name] for name in SETTINGS},
        "perturbation": stage["perturbation"],
        "dev": [[d["step"], round(d["accuracy"], 4)] for d in dev if "averaged" not in d],
        **({"averaged": round(averaged[0], 4)} if averaged else {}),
        "score": round(result["dev_score"], 4) if result else None,
        "path": list(read_lines(run / "timing.jsonl"))[-1]["path"],
    }


def runs(directories: list[str]) -> Iterator[Path]:
    for directory in directories:
        yield from sorted(path.parent for path in Path(directory).glob("*/run.json"))


if __name__ == "__main__":
    for run in runs(sys.argv[1:]):
        print(json.dumps(searched(run)))
