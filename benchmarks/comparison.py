"""How long a comparison of systems takes.

    python benchmarks/comparison.py                 # once predictions are read, at full size
    python benchmarks/comparison.py --rows 501 --profile
    python benchmarks/comparison.py --whole         # the whole command, from stored runs

Makes up the answers of three-way classifiers in pairs of languages (all pairs of up to 15), then
prints the seconds of processor time for measuring all runs, and for the figures, gains and ranks of
all systems. With `--whole` it writes the directories of the runs (0.8 GB at full size) with all
that the command reads, and prints the time of `xlt compare`, several times over. `--keep DIR`
writes them there, and takes them from there if they exist.
"""

from __future__ import annotations

import argparse
import cProfile
import hashlib
import os
import platform
import pstats
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from math import isqrt
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow

from xlt_cli.problems import Prediction
from xlt_cli.problems.sequence import SequenceClassification
from xlt_cli.reports.measured import Measured, measure
from xlt_cli.reports.scorer import Scorer
from xlt_cli.reports.systems import Settings, Systems
from xlt_cli.runs import atomic, prediction_table
from xlt_cli.runs.cells import Cell, Pair
from xlt_cli.runs.coded import Coded, CodedAnswers
from xlt_cli.runs.directory import Run
from xlt_cli.runs.predictions import Store
from xlt_cli.spec import Evaluation, ExperimentSpec
from xlt_cli.spec.identity import FORMAT

LABELS = ("entailment", "neutral", "contradiction")
LANGUAGES = (
    *("en", "vi", "de", "fr", "es", "ru", "zh"),
    *("ar", "bg", "el", "hi", "sw", "th", "tr", "ur"),
)
"""Known ones; the first is trained on."""


SPEC = {
    "name": "s",
    "encoder": "xlm-r-base",
    "stages": [{"task": "xnli"}],
    "evaluations": [{"task": "xnli", "settings": ["standard", "generalized"]}],
}

TIMES = 5
"""How often the whole command is run."""


def drawn(system: int, seed: int) -> tuple[float, int]:
    """How easy rows are for a system, and the seed of what it answers."""
    return 0.5 + 0.02 * system, 100 * system + seed


def codes(
    pairs: list[Pair], rows: int, ease: float, seed: int
) -> Iterator[tuple[Pair, np.ndarray, np.ndarray]]:
    """Which labels the rows of each cell have, and which are answered, [rows] each."""
    golds = golds_of(rows)
    rng = np.random.default_rng(seed)
    hard = np.random.default_rng(1).normal(0, 0.5, rows)
    for pair in pairs:
        right = rng.normal(ease, 1, rows) > hard
        yield pair, golds, np.where(right, golds, (golds + rng.integers(1, 3, rows)) % 3)


def golds_of(rows: int) -> np.ndarray:
    return np.random.default_rng(0).integers(3, size=rows)


def ids(rows: int) -> list[str]:
    return [f"row-{number}" for number in range(rows)]


def answered(
    pairs: list[Pair], rows: int, ease: float, seed: int
) -> Iterator[tuple[Pair, CodedAnswers]]:
    """What a run answers, as it is read from files."""
    labels, names = list(LABELS), ids(rows)
    asked = Coded(labels, golds_of(rows).astype(np.int32))
    for pair, _, told in codes(pairs, rows, ease, seed):
        yield pair, CodedAnswers(names, asked, Coded(labels, told.astype(np.int32)))


def content(pair: Pair, golds: np.ndarray, told: np.ndarray, shares: np.ndarray) -> bytes:
    """The file of a cell, without an object for each row (`prediction_table.encode`)."""
    rows, labels = len(golds), np.array(LABELS, dtype=object)
    ends = np.arange(0, shares.size + 1, len(LABELS), dtype=np.int32)
    columns = {
        "id": pyarrow.array(ids(rows)),
        "first": pyarrow.array([pair[0]] * rows),
        "second": pyarrow.array([pair[1]] * rows),
        "gold": pyarrow.array(labels[golds]),
        "predicted": pyarrow.array(labels[told]),
        "probabilities": pyarrow.ListArray.from_arrays(
            ends, pyarrow.array(shares.ravel().astype(np.float32))
        ),
    }
    return prediction_table._written(columns, "text", prediction_table.LEVEL)


def write_run(path: Path, pairs: list[Pair], rows: int, system: int, seed: int) -> None:
    """The directory of a run, as far as it is read by comparisons."""
    run = Run(path)
    spec = ExperimentSpec.model_validate(SPEC).model_dump(mode="json")
    atomic.write_json(
        path / "run.json", {"identity": "0", "format": FORMAT, "seed": seed, "spec": spec}
    )
    store = Store.open(run.evaluations, Evaluation.model_validate({"task": "xnli"}), path.name)
    lines: list[dict[str, Any]] = []
    figures: dict[Pair, dict[str, Any]] = {}
    for pair, golds, told in codes(pairs, rows, *drawn(system, seed)):
        shares = np.random.default_rng([system, seed, len(lines)]).dirichlet(
            [1.0] * len(LABELS), rows
        )
        written = content(pair, golds, told, shares.round(prediction_table.DECIMALS))
        place = store.file(Cell(pair))
        if not lines:  # this is what xlt writes
            predictions = [
                Prediction(i, LABELS[gold], LABELS[one], tuple(share))
                for i, gold, one, share in zip(
                    ids(rows), golds, told, shares.round(prediction_table.DECIMALS), strict=True
                )
            ]
            store.write(Cell(pair), predictions)
            assert place.read_bytes() == written
        place.write_bytes(written)
        line = {"first": pair[0], "second": pair[1], "rows": rows}
        sha256 = hashlib.sha256(written).hexdigest()
        lines.append({**line, "sha256": sha256, "weights": store.weights})
        share = float((golds == told).mean())
        figure = {"value": share, "low": share - 0.01, "high": share + 0.01}
        figures[pair] = {"n": rows, "accuracy": figure, "macro_f1": figure}
    text = b"".join(atomic.json_bytes(line) + b"\n" for line in lines)
    (store.path / "cells.jsonl").write_bytes(text)
    languages = [first for first, second in pairs if first == second]
    mixed = [pair for pair in pairs if pair[0] != pair[1]]
    results: dict[str, Any] = {
        "task": "xnli",
        "split": "test",
        "limit": None,
        "metric": "accuracy",
        "trained_on": [languages[0]],
        "collapsed": False,
        "languages": {x: {"trained_on": x == languages[0], **figures[x, x]} for x in languages},
        "pairs": {"+".join(p): {"first": p[0], "second": p[1], **figures[p]} for p in mixed},
        "data": {x: {"source": f"{x}.tsv", "sha256": x, "rows": rows} for x in languages},
    }
    store.write_summary(results, "")


def time_whole(root: Path, systems: int) -> None:
    """Prints what `xlt compare` of all runs takes: by the clock, and of all processors."""
    given = [f"S{system}={root}/s{system}-*" for system in range(systems)]
    command = [sys.executable, "-m", "xlt_cli", "compare", *given]
    spent = []
    for _ in range(TIMES):
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        shown = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
        took, after = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
        user, system = after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime
        spent.append(user + system)
        print(
            f"xlt compare: {spent[-1]:.2f} s of processor time ({user:.2f} user, {system:.2f} "
            f"system), {took:.2f} s by the clock, load {os.getloadavg()[0]:.1f}",
            flush=True,
        )
    print(f"least processor time {min(spent):.2f} s, memory {after.ru_maxrss / 2**20:.2f} GiB")
    print(f"SHA-256 of what it printed: {hashlib.sha256(shown).hexdigest()}")


def whole(root: Path, given: argparse.Namespace, pairs: list[Pair]) -> None:
    """Makes the runs that are not there, and times the command."""
    for system in range(given.systems):
        for seed in range(1, given.seeds + 1):
            path = root / f"s{system}-{seed}"
            if not path.exists():
                write_run(path, pairs, given.rows, system, seed)
    files = list(root.rglob("*.parquet"))
    size = sum(file.stat().st_size for file in files)
    print(f"{len(files):,} files of predictions, {size / 1e6:,.0f} MB, in the system's cache")
    time_whole(root, given.systems)


def machine() -> str:
    """The date, and what the figures are measured on."""
    about = Path("/proc/cpuinfo").read_text("utf-8") if sys.platform == "linux" else ""
    model = [line.partition(":")[2].strip() for line in about.splitlines() if "model name" in line]
    return f"{date.today()}, {os.cpu_count()} x {(model or [platform.machine()])[0]}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    for name, default in (("systems", 6), ("seeds", 10), ("pairs", 225), ("rows", 5010)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--metric", default="accuracy")
    parser.add_argument("--profile", action="store_true", help="print what takes how long")
    parser.add_argument("--whole", action="store_true", help="time the command on stored runs")
    parser.add_argument("--keep", type=Path, help="where stored runs are kept")
    given = parser.parse_args()
    languages = LANGUAGES[: isqrt(given.pairs)]
    pairs = [(first, second) for first in languages for second in languages]
    size = f"{given.systems} systems x {given.seeds} seeds x {len(pairs)} pairs x {given.rows} rows"
    print(f"{machine()}: {size}")
    if not given.whole:
        in_memory(given, pairs)
        return
    with tempfile.TemporaryDirectory() as name:
        whole(given.keep or Path(name), given, pairs)


def in_memory(given: argparse.Namespace, pairs: list[Pair]) -> None:
    """Measures and compares what was not written anywhere."""
    problem = Scorer(SequenceClassification(LABELS), given.metric)
    metric = next(one for one in problem.metrics if one.name == given.metric)
    profile = cProfile.Profile()
    measuring = 0.0
    runs: dict[str, dict[int, Measured]] = {}
    for system in range(given.systems):
        for seed in range(1, given.seeds + 1):
            answers = dict(answered(pairs, given.rows, *drawn(system, seed)))
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
    Systems(runs, metric, [pairs[0][0]], Settings("S0", 0.05, "holm", 0.01)).values()
    profile.disable()
    comparing = time.process_time() - begun
    print(f"measuring {measuring:.2f} s, comparing {comparing:.2f} s (processor time)")
    if given.profile:
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    main()
