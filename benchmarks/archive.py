"""How long a reproduction's report and archive take at full size, and how large the archive is.

    python benchmarks/archive.py

The runs are made up: 4 methods x 5 seeds on PAWS-X (7 languages, 49 cells of 2,000 rows) and XNLI
(15 languages, 225 cells of 5,010 rows), 80% right, with errors independent of each other, which is
the hardest to compress. To save time and disk, seeds share four sets of predictions of each task.
"""

from __future__ import annotations

import json
import resource
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from xlt_cli.console.progress import Reporter
from xlt_cli.problems import Prediction
from xlt_cli.reproduce import archive
from xlt_cli.reproduce import definition as reproduction
from xlt_cli.reproduce.records import Record
from xlt_cli.reproduce.report import report
from xlt_cli.reproduce.trials import Choice
from xlt_cli.runs import atomic
from xlt_cli.runs.cells import Cell, Pair
from xlt_cli.runs.directory import Run
from xlt_cli.runs.predictions import Answers, Store
from xlt_cli.spec import Evaluation

SETS, SEEDS = 4, 5
TASKS: dict[str, tuple[str, list[str], int, int]] = {
    "pawsx": ("de en es fr ja ko zh", ["0", "1"], 2000, 4_620),
    "xnli": (
        "ar bg de el en es fr hi ru sw th tr ur vi zh",
        ["contradiction", "entailment", "neutral"],
        5010,
        36_800,
    ),
}
"""Languages, labels, rows, updates of ERM."""

LONGER = {("pawsx", "RS-DA"): 10, ("xnli", "RS-DA"): 3}
"""RS-DA with mBERT trains on so many copies."""


def cells(task: str) -> list[Pair]:
    languages = TASKS[task][0].split()
    return [(first, second) for first in languages for second in languages]


def make_store(folder: Path, task: str, seed: int) -> Store:
    """Made-up predictions of one run."""
    rng, store = np.random.default_rng(seed), Store(folder)
    _, labels, rows, _ = TASKS[task]
    for pair in cells(task):
        wrong = np.where(rng.random(rows) < 0.8, 0, rng.integers(1, len(labels), rows))
        shares = rng.dirichlet([1.0] * len(labels), rows).round(6).tolist()
        store.write(
            Cell(pair),
            [
                Prediction(
                    f"test-{i + 1}",
                    labels[i % len(labels)],
                    labels[(i + error) % len(labels)],
                    tuple(share),
                )
                for i, (error, share) in enumerate(zip(wrong.tolist(), shares, strict=True))
            ],
        )
    return store


def make_run(path: Path, task: str, updates: int, rng: np.random.Generator) -> Run:
    """A run's directory with a training curve."""
    run = Run(path)
    spec = {"encoder": {"name": "mbert"}, "stages": [{"task": {"name": task}}]}
    atomic.write_json(path / "run.json", {"identity": path.name, "seed": 1, "spec": spec})
    atomic.write_text(path / "spec.yaml", "encoder: mbert\n")
    curve = (
        {
            "kind": "train",
            "stage": 0,
            "step": step,
            "epoch": 3 * step / updates,
            "loss": rng.random(),
            "learning_rate": 2e-5 * (1 - step / updates),
            "gradient_norm": 9 * rng.random(),
        }
        for step in range(10, updates + 1, 10)
    )
    atomic.write_text(
        run.stage(0) / "metrics.jsonl", "".join(json.dumps(line) + "\n" for line in curve)
    )
    return run


def results(task: str, rng: np.random.Generator) -> dict[str, Any]:
    def figures() -> dict[str, Any]:
        numbers = {name: rng.random(3).tolist() for name in ("accuracy", "macro_f1")}
        return {k: dict(zip(("value", "low", "high"), v, strict=True)) for k, v in numbers.items()}

    about: dict[str, Any] = {
        "task": task,
        "split": "test",
        "limit": None,
        "metric": "accuracy",
        "notes": [],
    }
    pairs = {"+".join(pair): figures() for pair in cells(task)}
    return {**about, "demonstration": False, "trained_on": ["en"], "pairs": pairs}


def read(store: Store, task: str) -> dict[Pair, Answers]:
    return {pair: store.answers(Cell(pair)) for pair in cells(task)}


def main() -> None:
    rng, quiet = np.random.default_rng(0), Reporter(quiet=True)
    shipped, choice = reproduction.read("robust-xlt"), Choice("mbert")
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        stores = {
            task: [make_store(root / f"{task}-{i}", task, i) for i in range(SETS)] for task in TASKS
        }
        records, runs = [], []
        for seed in range(1, SEEDS + 1):
            for task in TASKS:
                for number, method in enumerate(shipped.content.methods):
                    updates = TASKS[task][3] * LONGER.get((task, method), 1)
                    run = make_run(root / f"{task}-{method}-s{seed}", task, updates, rng)
                    answers = partial(read, stores[task][(seed + number) % SETS], task)
                    asked = Evaluation.model_validate({"task": task})
                    found = [results(task, rng)]
                    records.append(Record(task, method, seed, run.name, "", asked, found, answers))
                    runs.append(run)
        started = time.monotonic()

        def said(what: str) -> None:
            nonlocal started
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
            print(f"{what}: {time.monotonic() - started:.0f} s, {peak:.1f} GiB at most", flush=True)
            started = time.monotonic()

        from_runs = report(shipped, choice, records, quiet)
        said(f"report from {len(runs)} runs")
        report(shipped, choice, records, quiet, at_once=2)
        said("the same, 2 processes")
        kept = archive.write(root / "kept", shipped, choice, records, runs, quiet)
        said("archive")
        archive.write(root / "other", shipped, choice, records, runs, quiet, at_once=2)
        said("the same, 2 processes")
        from_archive = report(*archive.read("robust-xlt", kept), quiet)
        said("report from the archive")
        print("the reports are", "equal" if from_runs == from_archive else "NOT EQUAL")
        for part in ("predictions", "runs", "."):
            size = sum(f.stat().st_size for f in (kept / part).rglob("*") if f.is_file())
            print(f"{part}: {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
