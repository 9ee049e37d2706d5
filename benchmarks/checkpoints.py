"""How long training stands still for a checkpoint: written beside it, and while it waits.

    python benchmarks/checkpoints.py [--encoder e5-small-q4] [--updates 24] [--every 4]

A run of mini-pawsx is trained twice, from the same seed: as it is, and with no memory given to the
copy from which a checkpoint is written beside training, so that training waits for each. Seconds
are by the clock, the first checkpoint apart; the weights that both end with are compared.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from xlt_cli import Experiment
from xlt_cli.compute import memory
from xlt_cli.training.loop import StageTrainer


def seconds(spec: Any, folder: Path) -> tuple[list[float], str]:
    """Of each checkpoint of a run, and the hash of the weights that it ends with."""
    taken: list[float] = []
    usual = StageTrainer._checkpoint

    def timed(self: StageTrainer) -> None:
        began = time.perf_counter()
        usual(self)
        taken.append(time.perf_counter() - began)

    StageTrainer._checkpoint = timed  # type: ignore[method-assign]
    try:
        Experiment.from_dict(spec).train(runs_dir=folder)
    finally:
        StageTrainer._checkpoint = usual  # type: ignore[method-assign]
    (result,) = folder.glob("*/stages/0/result.json")
    weights: str = json.loads(result.read_text("utf-8"))["weights"]
    return taken, weights


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", default="e5-small-q4")
    parser.add_argument("--updates", type=int, default=24)
    parser.add_argument("--every", type=int, default=4)
    given = parser.parse_args()
    spec = {
        "encoder": given.encoder,
        "stages": [
            {
                "task": "mini-pawsx",
                "limit": 8 * given.updates,
                "epochs": 1,
                "batch_size": 8,
                "dev": None,
                "checkpoint_every": given.every,
            }
        ],
        "evaluations": [],
        "keep": "none",
    }
    print(f"{platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}")
    ends = []
    usual = memory.available
    for how in ("beside training", "while training waits"):
        memory.available = usual if how == "beside training" else lambda: 0
        with tempfile.TemporaryDirectory() as folder:
            (first, *others), weights = seconds(spec, Path(folder))
        ends.append(weights)
        print(
            f"{how:22} first {first:.2f} s, then {statistics.median(others):.2f} s "
            f"({min(others):.2f} to {max(others):.2f}, {len(others)} checkpoints)"
        )
    memory.available = usual
    print("the same weights" if len(set(ends)) == 1 else f"other weights: {ends}")


if __name__ == "__main__":
    main()
