"""What one draw of stress costs, against the clean evaluation of the same rows.

    XLT_DATA_DIR=... python benchmarks/stress.py [--rows 100] [--turns 3] [--stress typos]

A run with an untrained head is evaluated on XNLI's languages, in turns: clean, then under one draw
of noise that nothing has drawn before, then under the same noise as a second model finds it in the
cache. Each is a whole evaluation, the loading of the model and the writing of results included,
with a cache of its own. A ratio is the median over turns of a time by the clean evaluation's of the
same turn. The bar for a first model is 1.3.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from xlt_cli import Experiment, Run
from xlt_cli.console.progress import Reporter
from xlt_cli.noise import ahead

BAR = 1.3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", default="e5-small-q4")
    parser.add_argument("--task", default="xnli")
    parser.add_argument("--languages", default=None, help="comma-separated; default: all")
    parser.add_argument("--rows", type=int, default=100, help="of each language")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--stress", nargs="+", default=["typos"])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--always", action="store_true", help="use processes for few rows, too")
    given = parser.parse_args()
    if given.always:
        ahead.WORTH = 1
    languages = given.languages.split(",") if given.languages else None
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XLT_CACHE_DIR"] = str(Path(folder) / "cache")
        run = trained(given.encoder, given.task, given.device, Path(folder))
        for name in given.stress:
            times = [
                turn(run, name, {"languages": languages, "limit": given.rows})
                for _ in range(given.turns)
            ]
            print(json.dumps(summed_up(name, times, given)), flush=True)


def trained(encoder: str, task: str, device: str, folder: Path) -> Run:
    """A run of two updates."""
    stage = {"task": task, "max_steps": 2, "batch_size": 4, "dev": None}
    spec = {"encoder": encoder, "stages": [stage], "evaluations": [], "device": device}
    (run,) = Experiment.from_dict(spec).train(
        runs_dir=folder / "runs", reporter=Reporter(quiet=True)
    )
    return run


def turn(run: Run, name: str, options: Mapping[str, Any]) -> dict[str, float]:
    """The seconds of each evaluation; nothing is left of those before."""
    shutil.rmtree(run.path / "evaluations", ignore_errors=True)
    shutil.rmtree(os.environ["XLT_CACHE_DIR"], ignore_errors=True)
    stress = {"name": "perturbed", "perturbation": name}
    seconds = {"clean": timed(run, ["clean"], options)}
    seconds["first model"] = timed(run, [stress], options)
    for conditions in (run.path / "evaluations").glob("*/conditions"):
        shutil.rmtree(conditions)
    seconds["second model"] = timed(run, [stress], options)
    return seconds


def timed(run: Run, conditions: list[Any], options: Mapping[str, Any]) -> float:
    began = time.perf_counter()
    run.evaluate(conditions=conditions, reporter=Reporter(quiet=True), **options)
    return time.perf_counter() - began


def summed_up(name: str, times: list[dict[str, float]], given: argparse.Namespace) -> Any:
    ratios = {
        kind: round(statistics.median(one[kind] / one["clean"] for one in times), 3)
        for kind in ("first model", "second model")
    }
    return {
        "stress": name,
        "ratios": ratios,
        "bar": BAR,
        "within": ratios["first model"] <= BAR,
        "seconds": [{kind: round(s, 2) for kind, s in one.items()} for one in times],
        "encoder": given.encoder,
        "rows": given.rows,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "device": given.device,
        "torch": torch.__version__,
        "python": platform.python_version(),
    }


if __name__ == "__main__":
    main()
