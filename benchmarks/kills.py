"""Kills and stops the processes of sweeps at random moments, and checks that nothing is lost.

    python benchmarks/kills.py [--strikes 50] [--seed 1] [--jobs 2] [--folder DIR]

Two drivers (`xlt sweep --jobs N`) share a sweep of tiny runs. Again and again, at a random moment,
one of their processes is struck:

    kill worker     SIGKILL of a process that works on a run
    stop worker     SIGSTOP of one, which is never continued: as if its machine were gone
    pause worker    SIGSTOP of one that is continued about when others may have taken its run over
    kill driver     SIGKILL of a driver
    pause driver    SIGSTOP of a driver that is continued later
    kill all        SIGKILL of a driver and of all its workers

A driver that has ended is started again, until a sweep is done; then the next sweep begins. Of each
sweep is checked:

- Losses, dev scores, selected models (hashes of weights) and results of each run are those of a
  sweep that nobody disturbed, to the byte, and each cell is stored once.
- No run had two writers: the updates of each run, noted by every process with its number, never
  return from one process to an earlier one.
- Each run was finished once, and the same command afterwards does nothing.

Processes are forked from one that has imported torch (tests/acceptance/preloaded.py), so that most
of their time is work and most strikes hit it. Otherwise they are processes like any other.

Prints a line for each strike and each check; exit code 1 if a check fails.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import yaml

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "acceptance"))
from preloaded import Preloaded

STALE = 4.0
"""Seconds after which a process that does not report is stopped or gone."""
EARLIEST, LATEST = 0.1, 3.0
"""Seconds between two strikes while runs are at work."""
STRIKES = ("kill worker", "stop worker", "pause worker", "kill driver", "pause driver", "kill all")
WEIGHTS = (4, 3, 3, 2, 1, 1)
NAMES = ("stages/0/metrics.jsonl", "stages/0/result.json", "evaluations/*/results.json")

TRACED = """
import json, os, time
from pathlib import Path
from xlt_cli.api import EmbeddingPerturbation

class Traced(EmbeddingPerturbation):
    api_version = 1
    name = "traced"
    summary = "plain training that notes each update"
    run = ""

    def loss(self, seam):
        for path in Path(os.environ["KILLS_ROOT"]).glob("*/holder.json"):
            try:
                if json.loads(path.read_text())["pid"] == os.getpid():
                    Traced.run = path.parent.name
            except (OSError, ValueError):
                continue
        with (Path(os.environ["KILLS_TRACES"]) / f"{os.getpid()}.txt").open("a") as file:
            file.write(f"{time.monotonic_ns()} {Traced.run}\\n")
        time.sleep(0.03)
        return seam.loss(seam.logits(seam.embeddings))
"""
"""A perturbation that notes the run, which its process holds, and the time of each update."""


def make_place(folder: Path) -> Path:
    """A tiny encoder, tiny data, the plugin and a spec; gives the spec."""
    words = [
        "the",
        "a",
        "cat",
        "dog",
        "bird",
        "horse",
        "sees",
        "likes",
        "finds",
        "follows",
        "?",
        "!",
    ]
    vocabulary = {word: number for number, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]"])}
    for word in words:
        vocabulary[word] = len(vocabulary)
    make_encoder(folder / "encoder", vocabulary)
    (folder / "data" / "pawsx").mkdir(parents=True)
    rng = random.Random(0)
    for split, count in (("train", 60), ("dev", 20), ("test", 30)):
        for language in ("en", "de", "fr"):
            rows = []
            for number in range(count):
                one, other = (" ".join(rng.choices(words[:-2], k=5)) for _ in range(2))
                rows.append(f"{one}\t{other} {'?!'[number % 2]}\t{number % 2}\n")
            path = folder / "data" / "pawsx" / f"{split}-{language}.tsv"
            path.write_text("".join(rows), "utf-8")
    info = folder / "packages" / "traced-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "packages" / "traced.py").write_text(TRACED, "utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: traced\nVersion: 1.0\n", "utf-8")
    (info / "entry_points.txt").write_text("[xlt.perturbations]\ntraced = traced:Traced\n", "utf-8")
    stage = {
        "task": {"name": "pawsx", "path": str(folder / "data")},
        "perturbation": "traced",
        "max_steps": 60,
        "batch_size": 4,
        "checkpoint_every": 7,
        "evaluate_every": 20,
    }
    spec = {
        "name": "kills",
        "encoder": {"name": "hf", "model": str(folder / "encoder")},
        "stages": [stage],
        "evaluations": [{"settings": ["standard", "generalized"]}],
        "max_length": 32,
        "device": "cpu",
        "seeds": [1, 2],
        "sweep": {"grid": {"stages.0.learning_rate": [1e-3, 2e-3]}},
    }
    path = folder / "kills.yaml"
    path.write_text(yaml.safe_dump(spec), "utf-8")
    return path


def make_encoder(folder: Path, vocabulary: dict[str, int]) -> None:
    """A small BERT with random weights, whose tokens are words."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertForMaskedLM, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])],
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=64,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
        **{f"{role}_token": f"[{role.upper()}]" for role in ("pad", "unk", "cls", "sep")},
    ).save_pretrained(str(folder))
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    BertForMaskedLM(config).save_pretrained(str(folder))


class Sweep:
    """A sweep in a runs directory of its own, with two drivers.

    Args:
        count: how many runs it has.
    """

    def __init__(self, spec: Path, runs: str, jobs: int, count: int = 4) -> None:
        self.count = count
        self.folder = spec.parent
        self.root, self.traces = spec.parent / runs, spec.parent / f"{runs}-traces"
        self.traces.mkdir()
        self.arguments = ["sweep", str(spec), "--jobs", str(jobs), "--runs-dir", str(self.root)]
        self.arguments += ["--retry-failed"]
        self.drivers: list[Preloaded] = []
        self.paused: list[tuple[float, int]] = []
        self.stopped: list[int] = []

    def start(self) -> Preloaded:
        """Starts a driver."""
        environment = {
            **os.environ,
            "KILLS_ROOT": str(self.root),
            "KILLS_TRACES": str(self.traces),
            "XLT_STALE_AFTER": str(STALE),
            "XLT_CACHE_DIR": str(self.folder / "cache"),
        }
        log = self.folder / f"{self.root.name}-log"
        driver = Preloaded(self.arguments, self.folder, environment, log)
        self.drivers.append(driver)
        return driver

    def workers(self) -> list[psutil.Process]:
        """The processes that were started for runs and are at work."""
        pids = {holder["pid"] for holder in map(read, self.root.glob("*/holder.json")) if holder}
        for driver in self.drivers:
            with contextlib.suppress(psutil.Error):
                pids |= {child.pid for child in psutil.Process(driver.pid).children()}
        found = []
        for pid in pids:
            with contextlib.suppress(psutil.Error):
                process = psutil.Process(pid)
                if process.status() not in ("stopped", "zombie"):
                    found.append(process)
        return sorted(found, key=lambda process: process.pid)

    def work_of(self, pid: int) -> str:
        """The run that a worker holds, and how far it is, for the log."""
        for path in self.root.glob("*/holder.json"):
            if (read(path) or {}).get("pid") == pid:
                trace = self.traces / f"{pid}.txt"
                updates = trace.read_text().count("\n") if trace.exists() else 0
                cells = len(list(path.parent.glob("evaluations/*/predictions/*.parquet")))
                return f" of {path.parent.name}, after {updates} updates and {cells} cells"
        return ", which holds no run"

    def go_on(self) -> None:
        """Continues what was paused for long enough."""
        for due, pid in list(self.paused):
            if time.monotonic() > due:
                self.paused.remove((due, pid))
                alive = psutil.pid_exists(pid)
                if alive:
                    os.kill(pid, signal.SIGCONT)
                say(f"    continued pid {pid}: {'it goes on' if alive else 'it was ended'}")

    def strike(self, rng: random.Random) -> bool:
        """Strikes once; False where there is nothing to strike."""
        what = rng.choices(STRIKES, WEIGHTS)[0]
        workers, drivers = self.workers(), [one for one in self.drivers if one.poll() is None]
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            if what == "kill all" and drivers:
                driver = rng.choice(drivers)
                children = psutil.Process(driver.pid).children()
                for process in (psutil.Process(driver.pid), *children):
                    process.kill()
                say(f"    {what}: driver {driver.pid} and {len(children)} workers")
                return True
            if "driver" in what and drivers:
                return self._one(what, rng.choice(drivers).pid, "", rng)
            if "worker" in what and workers:
                worker = rng.choice(workers)
                return self._one(what, worker.pid, self.work_of(worker.pid), rng)
        return False

    def _one(self, what: str, pid: int, whose: str, rng: random.Random) -> bool:
        os.kill(pid, signal.SIGKILL if what.startswith("kill") else signal.SIGSTOP)
        if what.startswith("stop"):
            self.stopped.append(pid)
        if what.startswith("pause"):
            self.paused.append((time.monotonic() + rng.uniform(0.5, 2.5) * STALE, pid))
        say(f"    {what}: pid {pid}{whose}")
        return True

    def done(self) -> bool:
        return all_done(self.root, self.count)


def read(path: Path) -> dict[str, Any] | None:
    with contextlib.suppress(OSError, ValueError):
        record: dict[str, Any] = json.loads(path.read_text())
        return record
    return None


def all_done(root: Path, count: int) -> bool:
    states = [json.loads(path.read_text())["state"] for path in root.glob("*/status.json")]
    return states.count("success") == count


def disturbed(spec: Path, runs: str, jobs: int, rng: random.Random, most: int) -> tuple[Sweep, int]:
    """A sweep that is struck until it is done; gives the number of strikes."""
    sweep, strikes = Sweep(spec, runs, jobs), 0
    following = time.monotonic() + rng.uniform(EARLIEST, LATEST)
    while not sweep.done():
        sweep.drivers = [one for one in sweep.drivers if one.poll() is None]
        while len(sweep.drivers) < 2:
            sweep.start()
        sweep.go_on()
        if time.monotonic() > following and strikes < most:
            following = time.monotonic() + rng.uniform(EARLIEST, LATEST)
            strikes += sweep.strike(rng)
        time.sleep(0.02)
    for driver in sweep.drivers:
        with contextlib.suppress(ProcessLookupError):
            os.kill(driver.pid, signal.SIGCONT)
    for driver in sweep.drivers:
        driver.communicate(timeout=300)
    for pid in sweep.stopped:  # those that held no run, so that nobody had to end them
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return sweep, strikes


def faults(sweep: Sweep, whole: Path) -> Iterator[str]:
    """What is wrong with a sweep that was disturbed."""
    before = sorted((path.name, path.stat().st_size) for path in sweep.traces.iterdir())
    driver = sweep.start()
    driver.communicate(timeout=600)
    if driver.returncode != 0:
        yield "the same command afterwards did not end well"
    if before != sorted((path.name, path.stat().st_size) for path in sweep.traces.iterdir()):
        yield "the same command afterwards trained again"
    expected, found = contents(whole), contents(sweep.root)
    if expected.keys() != found.keys():
        yield f"other files: {sorted(expected.keys() ^ found.keys())}"
    yield from (f"{name} differs" for name in expected if found.get(name) != expected[name])
    for path in sweep.root.glob("*/evaluations/*/cells.jsonl"):
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        if len({(line["first"], line["second"]) for line in lines}) != len(lines):
            yield f"{path}: a cell is stored twice"
    updates: dict[str, list[tuple[int, str]]] = {}
    for path in sweep.traces.iterdir():
        for line in path.read_text().splitlines():
            moment, _, run = line.partition(" ")
            updates.setdefault(run, []).append((int(moment), path.stem))
    for run, noted in updates.items():
        order = [pid for _, pid in sorted(noted)]
        phases = [pid for before, pid in zip(["", *order], order, strict=False) if pid != before]
        if len(set(phases)) != len(phases):
            yield f"{run} had two writers: {phases}"
    for path in sweep.root.glob("*/output.log"):
        finished = len(re.findall("^stage 1 done:", path.read_text("utf-8"), re.MULTILINE))
        if finished > 1:
            yield f"{path.parent.name} was finished {finished} times"
    left = [str(path) for path in sweep.root.glob("*/holder.json")]
    if left:
        yield f"still held: {left}"


def contents(root: Path) -> dict[str, bytes]:
    files = [path for name in NAMES for path in root.glob(f"*/{name}")]
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def say(text: str) -> None:
    print(f"{time.monotonic() - BEGAN:8.1f}  {text}", flush=True)


BEGAN = time.monotonic()


def main(options: Any) -> int:
    folder = Path(options.folder or tempfile.mkdtemp(prefix="kills-"))
    # The process that all others are forked from is started with these.
    sys.path.insert(0, str(folder / "packages"))
    paths = [str(folder / "packages"), *filter(None, [os.environ.get("PYTHONPATH")])]
    os.environ.update(PYTHONPATH=os.pathsep.join(paths), OMP_NUM_THREADS="1", HF_HUB_OFFLINE="1")
    spec, rng = make_place(folder), random.Random(options.seed)
    say(f"seed {options.seed}, {options.jobs} jobs a driver, 2 drivers, stale after {STALE:g} s")
    whole = Sweep(spec, "whole", options.jobs)
    driver = whole.start()
    _, err = driver.communicate(timeout=600)
    if driver.returncode != 0:
        say(f"the undisturbed sweep failed: {err}")
        return 1
    say(f"undisturbed: {len(contents(whole.root))} files of 4 runs to compare")
    total = number = wrong = 0
    while total < options.strikes:
        number += 1
        most = min(options.strikes - total, rng.randint(8, 16))
        say(f"sweep {number}: up to {most} strikes")
        sweep, strikes = disturbed(spec, f"sweep-{number}", options.jobs, rng, most)
        total += strikes
        found = list(faults(sweep, whole.root))
        wrong += len(found)
        runs = f"4 runs done, {strikes} strikes"
        say(f"sweep {number}: {runs}, {'all as undisturbed' if not found else ''}")
        for fault in found:
            say(f"  WRONG: {fault}")
        if not found and not options.folder:
            shutil.rmtree(sweep.root)
    say(f"{total} strikes on {number} sweeps ({4 * number} runs): {wrong} faults")
    if not wrong and not options.folder:
        shutil.rmtree(folder)
    return int(wrong > 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--strikes", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--folder", help="where everything is kept; default: a temporary folder")
    sys.exit(main(parser.parse_args()))
