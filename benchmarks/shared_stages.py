"""Kills the processes of sweeps whose runs share stages, and counts the updates of each stage.

    python benchmarks/shared_stages.py [--kills 30] [--seed 1] [--jobs 4] [--folder DIR]

A spec has two intermediate stages (prefixes) and six targets, two tasks in three languages, so
that twelve runs begin with two stages. `xlt sweep --jobs 4` trains them, and again and again, at a
random moment, a process is killed (SIGKILL): one that trains a prefix, any worker, the driver, or
the driver with all workers. A driver that has ended is started again, until the sweep is done; then
the next sweep begins. Of each sweep is checked:

- All that the twelve runs hold of training and evaluation (losses, results, weights, predictions)
  is to the byte what twelve runs have that each trained its prefix itself, in a runs directory of
  its own that nobody disturbed.
- The updates of each stage, noted by every process with the key of the stage and the number of the
  update, go from first to last: there are fourteen stages, one process at a time trains each,
  whoever takes a stage over goes on from its last checkpoint, and none is begun anew that was
  trained. What a kill costs are the updates since that checkpoint.
- The runs of a prefix have the same file of weights, not copies.
- The same command afterwards trains nothing.

Prints a line for each kill and each stage; exit code 1 if a check fails. Processes are forked as in
`benchmarks/kills.py`.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import yaml
from kills import EARLIEST, LATEST, Sweep, make_encoder, read, say

PREFIX, TARGET = 80, 24
"""Updates of a prefix and of a target."""
CHECKPOINT_EVERY = 7
LANGUAGES = ("en", "de", "fr")
PREFIXES = ("en", "de")
TASKS = ("pawsx", "panx")
RUNS = len(PREFIXES) * len(TASKS) * len(LANGUAGES)
KINDS = ("trainer of a prefix", "worker", "driver", "all")
WEIGHTS = (5, 3, 2, 1)
SAME = (
    "stages/*/metrics.jsonl",
    "stages/*/result.json",
    "stages/*/model/model.safetensors",
    "evaluations/*/results.json",
    "evaluations/*/predictions/*",
)

COUNTED = """
import json, os, time
from pathlib import Path
from xlt_cli.api import EmbeddingPerturbation

class Counted(EmbeddingPerturbation):
    api_version = 1
    name = "counted"
    summary = "plain training that notes each update"

    def loss(self, seam):
        for path in Path(os.environ["KILLS_ROOT"]).glob(".stages/*.holder.json"):
            try:
                held = json.loads(path.read_text())["pid"] == os.getpid()
            except (OSError, ValueError):
                continue
            if held:
                line = f"{time.monotonic_ns()} {path.name.partition('.')[0]} {seam.progress!r}"
                with (Path(os.environ["KILLS_TRACES"]) / f"{os.getpid()}.txt").open("a") as file:
                    file.write(line + "\\n")
        time.sleep(0.03)
        return seam.loss(seam.logits(seam.embeddings))
"""
"""A perturbation that notes the stage, which its process holds, and its progress."""


def make_place(folder: Path) -> None:
    """A tiny encoder, data of two tasks in three languages, and the plugin."""
    words = ["the", "cat", "dog", "bird", "horse", "sees", "likes", "finds", "follows"]
    names = {"Anna": "B-PER", "Paris": "B-LOC", "Acme": "B-ORG"}
    every = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *words, *names, "?", "!"]
    make_encoder(folder / "encoder", {word: number for number, word in enumerate(every)})
    for task in TASKS:
        (folder / "data" / task).mkdir(parents=True)
    rng = random.Random(0)
    for split, count in (("train", 60), ("dev", 20), ("test", 30)):
        for language in LANGUAGES:
            pairs, sentences = [], []
            for number in range(count):
                one, other = (" ".join(rng.choices(words, k=5)) for _ in range(2))
                pairs.append(f"{one}\t{other} {'?!'[number % 2]}\t{number % 2}\n")
                tokens = rng.choices([*words, *names], k=6)
                lines = [f"{token}\t{names.get(token, 'O')}\n" for token in tokens]
                sentences.append("".join(lines))
            for task, text in (("pawsx", "".join(pairs)), ("panx", "\n".join(sentences))):
                (folder / "data" / task / f"{split}-{language}.tsv").write_text(text, "utf-8")
    info = folder / "packages" / "counted-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "packages" / "counted.py").write_text(COUNTED, "utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: counted\nVersion: 1.0\n", "utf-8")
    points = "[xlt.perturbations]\ncounted = counted:Counted\n"
    (info / "entry_points.txt").write_text(points, "utf-8")


def stage(folder: Path, task: str, language: str, updates: int) -> dict[str, Any]:
    """A stage of a spec."""
    return {
        "task": {"name": task, "path": str(folder / "data")},
        "languages": [language],
        "perturbation": "counted",
        "epochs": 6,  # max_steps ends the last one
        "max_steps": updates,
        "batch_size": 4,
        "learning_rate": 1e-3,
        "checkpoint_every": CHECKPOINT_EVERY,
        "evaluate_every": 20,
    }


def write_spec(path: Path, stages: list[Any], sweep: Any = None) -> Path:
    """A spec of two stages, perhaps with a sweep."""
    folder = path.parent
    spec = {
        "name": "shared",
        "encoder": {"name": "hf", "model": str(folder / "encoder")},
        "stages": stages,
        "evaluations": [{}],
        "max_length": 32,
        "device": "cpu",
        **({"sweep": sweep} if sweep else {}),
    }
    path.write_text(yaml.safe_dump(spec, sort_keys=False), "utf-8")
    return path


def make_specs(folder: Path) -> tuple[Path, list[Path]]:
    """The spec with the sweep, and one spec for each of its runs."""
    prefixes = [stage(folder, "pawsx", language, PREFIX) for language in PREFIXES]
    targets = [stage(folder, task, one, TARGET) for task in TASKS for one in LANGUAGES]
    points = [
        {"name": f"{target['task']['name']}-{target['languages'][0]}", "stages.1": target}
        for target in targets
    ]
    grid = {"stages.0.languages": [[language] for language in PREFIXES]}
    swept = write_spec(
        folder / "shared.yaml", [prefixes[0], targets[0]], {"grid": grid, "points": points}
    )
    every = [[prefix, target] for prefix in prefixes for target in targets]
    alone = [write_spec(folder / f"alone-{n}.yaml", each) for n, each in enumerate(every)]
    return swept, alone


def unshared(folder: Path, specs: list[Path], jobs: int) -> dict[str, bytes]:
    """What runs hold that share nothing: each is trained in a runs directory of its own."""
    found: dict[str, bytes] = {}
    for number, spec in enumerate(specs):
        sweep = Sweep(spec, f"unshared-{number}", jobs, count=1)
        driver = sweep.start()
        _, err = driver.communicate(timeout=600)
        if driver.returncode != 0:
            raise SystemExit(f"the undisturbed run failed: {err}")
        found |= contents(sweep.root)
        shutil.rmtree(sweep.root)
    return found


def disturbed(sweep: Sweep, rng: random.Random, most: int) -> dict[str, int]:
    """Kills processes of a sweep until it is done; gives the number of kills of each kind."""
    kills = dict.fromkeys(KINDS, 0)
    following = time.monotonic() + rng.uniform(EARLIEST, LATEST)
    while not sweep.done():
        sweep.drivers = [one for one in sweep.drivers if one.poll() is None]
        if not sweep.drivers:
            sweep.start()
        if time.monotonic() > following and sum(kills.values()) < most:
            following = time.monotonic() + rng.uniform(EARLIEST, LATEST)
            kind = rng.choices(KINDS, WEIGHTS)[0]
            kills[kind] += kill(sweep, kind, rng)
        time.sleep(0.02)
    for driver in sweep.drivers:
        driver.communicate(timeout=300)
    return kills


def kill(sweep: Sweep, kind: str, rng: random.Random) -> bool:
    """Kills once; False where there is no such process."""
    driver = sweep.drivers[-1]
    with contextlib.suppress(psutil.Error):
        if kind in ("driver", "all"):
            whole = psutil.Process(driver.pid)
            struck = [whole, *(whole.children() if kind == "all" else ())]
        elif kind == "worker":
            struck = [rng.choice(sweep.workers())] if sweep.workers() else []
        else:
            struck = [rng.choice(found)] if (found := trainers(sweep)) else []
        for process in struck:
            say(f"    kill {kind}: pid {process.pid}{work_of(sweep, process.pid)}")
            process.kill()
        return bool(struck)
    return False


def trainers(sweep: Sweep) -> list[psutil.Process]:
    """The workers that train a prefix."""
    return [one for one in sweep.workers() if held_prefix(sweep, one.pid)]


def held_prefix(sweep: Sweep, pid: int) -> str:
    """The key of the prefix that a process holds; empty if it holds none, or only a target."""
    for path in sweep.root.glob(".stages/*.holder.json"):
        if (read(path) or {}).get("pid") == pid:
            key = path.name.partition(".")[0]
            about = read(path.with_name(key) / "stage.json")
            if about is not None and not about["parent"]:
                return key
    return ""


def work_of(sweep: Sweep, pid: int) -> str:
    """What a worker is at, for the log."""
    key = held_prefix(sweep, pid)
    trace = sweep.traces / f"{pid}.txt"
    updates = trace.read_text().count("\n") if trace.exists() else 0
    return f" of prefix {key[:8]}, after {updates} updates" if key else ""


def faults(sweep: Sweep, expected: dict[str, bytes]) -> Iterator[str]:
    """What is wrong with a sweep that was disturbed; prints what was counted of its stages."""
    before = noted(sweep)
    driver = sweep.start()
    driver.communicate(timeout=600)
    if driver.returncode != 0:
        yield "the same command afterwards did not end well"
    if before != noted(sweep):
        yield "the same command afterwards trained again"
    found = contents(sweep.root)
    if expected.keys() != found.keys():
        yield f"other files: {sorted(expected.keys() ^ found.keys())}"
    yield from (f"{name} differs" for name in expected if found.get(name) != expected[name])
    if len(before) != len(PREFIXES) + RUNS:
        yield f"{len(before)} stages were trained"
    for key, updates in sorted(before.items()):
        yield from _faults_of_stage(sweep, key, updates)
    weights = {path.stat().st_ino for path in sweep.root.glob("*/stages/0/model/model.safetensors")}
    if len(weights) != len(PREFIXES):
        yield f"the weights of {len(PREFIXES)} prefixes are {len(weights)} files"
    left = [str(path) for path in sweep.root.glob(".stages/*.holder.json")]
    if left:
        yield f"still held: {left}"


def _faults_of_stage(sweep: Sweep, key: str, updates: list[tuple[int, float]]) -> Iterator[str]:
    """What is wrong with the updates of a stage.

    Args:
        updates: the process and the progress of each, in the order of time.
    """
    about = read(sweep.root / ".stages" / key / "stage.json") or {}
    count = TARGET if about.get("parent") else PREFIX
    kind = "target" if about.get("parent") else "prefix"
    phases: list[tuple[int, list[int]]] = []
    for pid, progress in updates:
        if not phases or phases[-1][0] != pid:
            phases.append((pid, []))
        phases[-1][1].append(round(progress * count))
    if len({pid for pid, _ in phases}) != len(phases):
        yield f"{kind} {key} was trained by two processes at once"
    again, reached = 0, 0
    for pid, steps in phases:
        if steps != list(range(steps[0], steps[0] + len(steps))):
            yield f"{kind} {key}: pid {pid} made the updates {steps}"
        if not reached - CHECKPOINT_EVERY <= steps[0] <= reached:
            yield f"{kind} {key}: at {reached} updates pid {pid} went on from {steps[0]}"
        again += reached - steps[0]
        reached = steps[-1] + 1
    if reached != count:
        yield f"{kind} {key} ended after {reached} of {count} updates"
    if kind == "prefix" or len(phases) > 1:
        spans = ", ".join(f"{steps[0]}-{steps[-1] + 1}" for _, steps in phases)
        say(f"    {kind} {key[:8]}: {count} updates ({spans}), {again} of them made again")


def noted(sweep: Sweep) -> dict[str, list[tuple[int, float]]]:
    """The updates of each stage in the order of time: process and progress."""
    lines = []
    for path in sweep.traces.iterdir():
        for line in path.read_text().splitlines():
            moment, key, progress = line.split()
            lines.append((int(moment), key, int(path.stem), float(progress)))
    updates: dict[str, list[tuple[int, float]]] = {}
    for _, key, pid, step in sorted(lines):
        updates.setdefault(key, []).append((pid, step))
    return updates


def contents(root: Path) -> dict[str, bytes]:
    """What must be the same, by run and file."""
    files = [path for name in SAME for path in root.glob(f"*/{name}")]
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def main(options: Any) -> int:
    folder = Path(options.folder or tempfile.mkdtemp(prefix="shared-stages-"))
    # The process that all others are forked from is started with these.
    sys.path.insert(0, str(folder / "packages"))
    paths = [str(folder / "packages"), *filter(None, [os.environ.get("PYTHONPATH")])]
    os.environ.update(PYTHONPATH=os.pathsep.join(paths), OMP_NUM_THREADS="1", HF_HUB_OFFLINE="1")
    make_place(folder)
    spec, alone = make_specs(folder)
    rng = random.Random(options.seed)
    say(f"seed {options.seed}, --jobs {options.jobs}, {len(PREFIXES)} prefixes, {RUNS} runs")
    expected = unshared(folder, alone, options.jobs)
    say(f"unshared and undisturbed: {len(expected)} files of {RUNS} runs to compare")
    total = number = wrong = 0
    while total < options.kills:
        number += 1
        say(f"sweep {number}")
        sweep = Sweep(spec, f"sweep-{number}", options.jobs, RUNS)
        kills = disturbed(sweep, rng, min(options.kills - total, rng.randint(10, 20)))
        total += sum(kills.values())
        found = list(faults(sweep, expected))
        wrong += len(found)
        said = ", ".join(f"{kind} {count}" for kind, count in kills.items())
        say(f"sweep {number}: {RUNS} runs done, kills: {said}")
        say(f"sweep {number}: {'all as unshared' if not found else f'{len(found)} faults'}")
        for fault in found:
            say(f"  WRONG: {fault}")
        if not found and not options.folder:
            shutil.rmtree(sweep.root)
    say(f"{total} kills on {number} sweeps ({RUNS * number} runs): {wrong} faults")
    if not wrong and not options.folder:
        shutil.rmtree(folder)
    return int(wrong > 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--folder", help="where everything is kept; default: a temporary folder")
    sys.exit(main(parser.parse_args()))
