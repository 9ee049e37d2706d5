"""Whole sweeps against scripts with the Hugging Face Trainer, and what a run costs beside its work.

    XLT_DATA_DIR=... python benchmarks/sweeps.py [--rows 16000] [--runs 8] [--parts ...]

Everything is a whole command, timed by the clock from its start to its end, on XNLI with the
offline encoder (one epoch in batches of 32, English dev set, tested in English, German and
Chinese):

- `at-once`: `xlt sweep --jobs N` of N seeds;
- `trainer`: N scripts `hf_trainer.py` of the same settings, at the same time;
- `again`: the finished sweep once more, which has nothing to do;
- `slot`: seeds one after another in one process: each run after the first, by the ledger;
- `tiny`: the same with 8 rows to train on and to test: what a run costs beside its work;
- `many`: 32 seeds at once, half the rows; how many ended well.

A GPU shared by processes needs NVIDIA's multi-process service to work for several at a time; the
first line says whether it is on.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import torch
import transformers

from xlt_cli import Experiment
from xlt_cli.launch.ledger import Ledger
from xlt_launchers.room import multi_process_service

SPEC = Path(__file__).parents[1] / "experiments" / "xnli-e5-small-q4.yaml"
PEER = Path(__file__).with_name("hf_trainer.py")
LANGUAGES = "[en, de, zh]"
PARTS = ("at-once", "again", "trainer", "slot", "tiny", "many")


KEEP = "all"


def settings(rows: int, seeds: int, test: int | None = None) -> list[str]:
    """The options of a sweep over so many seeds."""
    values: dict[str, object] = {
        "keep": KEEP,
        "stages.0.limit": rows,
        "stages.0.epochs": 1,
        "stages.0.batch_size": 32,
        "evaluations.0.settings": "[standard]",
        "evaluations.0.languages": LANGUAGES,
        "seeds": json.dumps(list(range(1, seeds + 1))),
    }
    if test is not None:
        values |= {"evaluations.0.limit": test, "stages.0.dev.limit": test}
    return [word for name, value in values.items() for word in ("--set", f"{name}={value}")]


def sweep(folder: Path, options: Sequence[str], jobs: int) -> float:
    """The seconds that a sweep takes.

    Raises:
        SystemExit: it failed; its output is printed.
    """
    command = [sys.executable, "-m", "xlt_cli", "sweep", str(SPEC), *options]
    command += ["--jobs", str(jobs), "--runs-dir", str(folder), "--offline", "--quiet"]
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    seconds = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return seconds


def trainers(folder: Path, options: Sequence[str], seeds: int) -> float:
    """The seconds that as many scripts take that begin at the same time."""
    began = time.perf_counter()
    scripts = []
    for seed in range(1, seeds + 1):
        command = [sys.executable, str(PEER), str(SPEC), *options, "--set", f"seeds=[{seed}]"]
        with (folder / f"trainer-{seed}.log").open("w") as log:
            output = ["--output", str(folder / f"trainer-{seed}.json")]
            scripts.append(subprocess.Popen([*command, *output], stdout=log, stderr=log))
    codes = [script.wait() for script in scripts]
    seconds = time.perf_counter() - began
    if any(codes):
        raise SystemExit(
            (folder / f"trainer-{codes.index(max(codes)) + 1}.log").read_text()[-4000:]
        )
    return seconds


def each(folder: Path) -> list[float]:
    """The seconds of the runs of a folder that are done, in the order of their ends."""
    ledger = Ledger.read(folder, SPEC.stem)
    ends = [line for lines in ledger.events.values() for line in lines if line["event"] == "done"]
    return [line["seconds"] for line in sorted(ends, key=lambda line: line["time"])]


def scores(folder: Path) -> str:
    """The zero-shot averages of a folder's runs: xlt's, or the scripts'."""
    found = [
        json.loads(path.read_text("utf-8"))["zero_shot_average"]
        for path in sorted(folder.glob("trainer-*.json"))
    ]
    if not found:
        for path in sorted(folder.glob("*/evaluations/*/results.json")):
            averages = json.loads(path.read_text("utf-8"))["averages"]
            found.append(averages["zero_shot"]["accuracy"]["value"])
    return f"zero-shot {100 * statistics.mean(found):.1f} on average of {len(found)}"


def report(what: str, seconds: float, about: str = "") -> float:
    print(f"{what:44} {seconds:8.2f} s   {about}", flush=True)
    return seconds


def after_first(what: str, seconds: float, folder: Path, bar: float | None = None) -> None:
    """A line about runs one after another: the first, and the median of the others."""
    first, *others = each(folder)
    median = statistics.median(others)
    verdict = "" if bar is None else f" (bar {bar:g}: {'met' if median <= bar else 'missed'})"
    about = f"first run {first:.1f} s, each further one {median:.2f} s{verdict}"
    report(what, seconds, f"{about}; at most {max(others):.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=16000)
    parser.add_argument("--runs", type=int, default=8, help="at once, of xlt and of the Trainer")
    parser.add_argument("--in-slot", type=int, default=16, help="one after another")
    parser.add_argument("--many", type=int, default=32, help="at once, of xlt alone")
    parser.add_argument("--test", type=int, help="rows of dev and of each test; default: all")
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--keep", default=KEEP, help="what runs keep of their weights")
    given = parser.parse_args()
    globals()["KEEP"] = given.keep
    parts = given.parts.split(",")
    if unknown := set(parts) - set(PARTS):
        parser.error(f"--parts: {', '.join(sorted(unknown))}; known: {', '.join(PARTS)}")
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    service = "on" if multi_process_service(os.environ) else "off"
    print(
        f"{gpu}, {os.cpu_count()} cores, torch {torch.__version__}, transformers "
        f"{transformers.__version__}, multi-process service {service}; "
        f"{given.rows} rows, {given.runs} runs at once",
        flush=True,
    )
    count, rows, test = given.runs, given.rows, given.test
    Experiment.from_file(SPEC)  # a data set that is missing is said now
    with tempfile.TemporaryDirectory() as name:
        folders = {part: Path(name) / part for part in ("warm", *PARTS)}
        for folder in folders.values():
            folder.mkdir()
        options = settings(rows, count, test)
        report("xlt once, which fills the caches", sweep(folders["warm"], settings(8, 1, 8), 1))
        ours = theirs = 0.0
        if "at-once" in parts:
            ours = sweep(folders["at-once"], options, count)
            report(f"xlt sweep --jobs {count}", ours, scores(folders["at-once"]))
            each_of = ", ".join(f"{seconds:.1f}" for seconds in each(folders["at-once"]))
            print(f"{'':44} each run, its process's start included: {each_of} s")
        if "again" in parts and ours:
            times = [sweep(folders["at-once"], options, count) for _ in range(3)]
            bar = 1 + 0.01 * count
            met = "met" if times[0] <= bar else "missed"
            later = f"then {min(times[1:]):.2f} s; bar {bar:.2f}: {met}"
            report("the finished sweep again", times[0], later)
        if "trainer" in parts:
            theirs = trainers(folders["trainer"], options, count)
            report(f"{count} Trainer scripts at once", theirs, scores(folders["trainer"]))
        if ours and theirs:
            ratio = theirs / ours
            print(f"{'':44} {ratio:8.2f} x   bar 6: {'met' if ratio >= 6 else 'missed'}")
        if "slot" in parts:
            seconds = sweep(folders["slot"], settings(rows, given.in_slot, test), 1)
            after_first(f"{given.in_slot} runs in one slot", seconds, folders["slot"])
        if "tiny" in parts:
            seconds = sweep(folders["tiny"], settings(8, given.in_slot, 8), 1)
            after_first(f"{given.in_slot} tiny runs in one slot", seconds, folders["tiny"], 2.0)
        if "many" in parts:
            folder = folders["many"]
            seconds = sweep(folder, settings(rows // 2, given.many, test), given.many)
            report(f"xlt sweep --jobs {given.many}", seconds, f"{len(each(folder))} runs done")


if __name__ == "__main__":
    main()
