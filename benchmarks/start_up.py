"""How long `xlt` takes to start, and what it spends the time on.

    python benchmarks/start_up.py [--repeats 9]

Each command is run in turns with `python -c pass`, so that the machine's moods are shared; times
are processor seconds (user and system), which other work on the machine stretches less than the
clock's: the median, and the best. Then the time up to the first update of `xlt train` with the
offline encoder, by the clock and of the processor, and the parts that it consists of, of the best
run. Then a whole run in a process that has made one before, as those of `xlt sweep` do: one update,
8 rows of dev, 8 rows of a test set, and the weights packed, in part by a thread, whose processor
time counts with the parts that go on meanwhile. The bars of these two are by the clock, on a
machine with two idle cores. The caches are warm: the first turn is not counted. Below, the modules
that take longest to import by themselves (`python -X importtime`, which itself makes imports
slower).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

BARE = (sys.executable, "-c", "pass")
XLT = (sys.executable, "-m", "xlt_cli")
QUICKSTART = str(Path(__file__).parents[1] / "experiments" / "quickstart.yaml")
COMMANDS: dict[tuple[str, ...], float | None] = {
    ("--help",): 0.30,
    ("list-plugins",): 0.40,
    ("eval", "nosuch"): 0.50,
    ("validate", QUICKSTART): None,
}
"""The commands, with the seconds that they should take at most; `nosuch` is no run."""
FIRST_UPDATE = 4.0
"""The seconds by the clock that a run should take to its first update at most."""
TRAIN = (
    *("train", QUICKSTART, "--set", "seeds=[1]", "--set", "stages.0.limit=64"),
    *("--set", "stages.0.dev.limit=8", "--set", "evaluations=[]", "--runs-dir"),
)
"""A tiny run of the offline encoder; the folder of the run follows."""
SWEEP = (
    *("sweep", QUICKSTART, "--set", "seeds=[{seeds}]", "--set", "stages.0.limit=8"),
    *("--set", "stages.0.epochs=1", "--set", "stages.0.dev.limit=8"),
    *("--set", "evaluations=[{{limit: 8, languages: [en]}}]", "--runs-dir"),
)
"""Runs of one update by the same encoder, one after another in one process."""
A_FURTHER_RUN = 2.0
"""The seconds by the clock that each of them but the first should take at most."""
TURNS = 3
"""Fewest and usual runs to the first update; one takes as long as many commands."""
COUNTING = """
import functools, json, os, sys, time

parts = {}
began = float(os.environ.pop("BEGAN"))


def spent():
    return [time.monotonic() - began, time.process_time()]


def less(later, earlier):
    return [one - other for one, other in zip(later, earlier)]


def known():
    return [sum(times) for times in zip([0.0, 0.0], *parts.values())]


def add(part, times):
    parts[part] = [sum(two) for two in zip(times, parts.get(part, [0.0, 0.0]))]


def counted(owner, name, part):
    function = getattr(owner, name)

    @functools.wraps(function)
    def call(*arguments, **named):
        before = spent()
        try:
            return function(*arguments, **named)
        finally:
            add(part, less(spent(), before))

    setattr(owner, name, call)


os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
from xlt_cli import cli
from xlt_cli.compute.importing import importing, own_process
own_process()
"""
"""What both probes begin with: seconds by the clock and of the processor, by part."""
PROBE = """
def ends(part):
    parts[part] = less(spent(), known())


ends("python, xlt's commands")
with importing():
    import torch
    ends("import torch")
    import transformers
    ends("import transformers")
    import xlt_cli.launch.pipeline
    from xlt_encoders import base, loading
    ends("import xlt's own modules, accelerate")
from xlt_cli.training import loop, stage
counted(loading, "_open", "model: import its class, open it")
counted(base.TransformersEncoder, "load_model", "model: whole")
counted(base.TransformersEncoder, "load_tokenizer", "tokenizer")
counted(stage, "check_training", "checks of model and tokenizer on two rows")
update = loop.StageTrainer._update


def first(self, features):
    before = spent()
    update(self, features)
    parts["first update"] = less(spent(), before)
    opened = parts["model: import its class, open it"]
    parts["model: weights, head"] = less(parts.pop("model: whole"), opened)
    parts["rows, the run's directory, the optimizer"] = less(spent(), known())
    print("PARTS", json.dumps(parts), file=sys.stderr, flush=True)
    os._exit(0)


loop.StageTrainer._update = first
sys.argv = ["xlt", *sys.argv[1:]]
cli.run()
"""
"""Runs `xlt` up to the first update, and prints the seconds that its parts took."""
FURTHER = """
from xlt_cli.evaluation import filling
from xlt_cli.launch import local, pipeline
from xlt_cli.runs import packing
from xlt_cli.training import checkpoints, loop, stage
from xlt_encoders import base
counted(base.TransformersEncoder, "load_model", "pretrained model")
counted(base.TransformersEncoder, "load_tokenizer", "tokenizers")
counted(stage, "check_training", "checks before training")
counted(loop.StageTrainer, "_update", "the update")
counted(loop.StageTrainer, "_evaluate", "dev")
counted(checkpoints, "publish", "writing the model")
counted(pipeline, "trained_subject", "hashing the published model")
counted(base.TransformersEncoder, "reopened", "making the trained model one to test")
counted(filling, "check_evaluation", "checks before the test")
counted(filling, "launch", "predictions of the test")
counted(packing, "pack", "packing")
make = local._Maker.look_or_make


def one(self, job, count):
    parts.clear()
    before = spent()
    made = make(self, job, count)
    parts["rows, records, the optimizer and the rest"] = less(less(spent(), before), known())
    print("PARTS", json.dumps(parts), file=sys.stderr, flush=True)
    return made


local._Maker.look_or_make = one
sys.argv = ["xlt", *sys.argv[1:]]
cli.run()
"""
"""Runs `xlt`, and prints for each run the seconds that its parts took."""
Parts = dict[str, tuple[float, float]]
"""Seconds by the clock and of the processor, by part."""
WRONG = 2
"""The exit code of a command that names a run that there is none of."""
TOP = 15
_IMPORT = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \|\s+(\S+)")


def seconds(command: tuple[str, ...]) -> float:
    """Processor time of a command, once it has done what it should."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != (WRONG if "nosuch" in command else 0):
        raise SystemExit(done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def measure(repeats: int) -> dict[tuple[str, ...], list[float]]:
    """Processor seconds of each command, sorted; `()` is `python -c pass`."""
    commands = {(): BARE} | {arguments: (*XLT, *arguments) for arguments in COMMANDS}
    times: dict[tuple[str, ...], list[float]] = {arguments: [] for arguments in commands}
    for turn in range(-1, repeats):  # the first turn warms up: files, bytecode
        for arguments, command in commands.items():
            took = seconds(command)
            if turn >= 0:
                times[arguments].append(took)
    return {arguments: sorted(found) for arguments, found in times.items()}


def first_updates(repeats: int) -> list[Parts]:
    """Those of each run to its first update, the fastest by the clock first."""
    found = [parts for turn in range(-1, repeats) for parts in probed(PROBE, TRAIN) if turn >= 0]
    return sorted(found, key=lambda parts: whole(parts)[0])


def further_runs(repeats: int) -> list[Parts]:
    """Those of each run after the first in one process, the fastest by the clock first."""
    seeds = ",".join(map(str, range(1, repeats + 2)))
    found = probed(FURTHER, tuple(word.format(seeds=seeds) for word in SWEEP))[1:]
    return sorted(found, key=lambda parts: whole(parts)[0])


def whole(parts: Parts) -> tuple[float, float]:
    """Seconds of all parts, by the clock and of the processor."""
    clock, processor = map(sum, zip(*parts.values(), strict=True))
    return clock, processor


def probed(probe: str, arguments: tuple[str, ...]) -> list[Parts]:
    """What a probe prints of a command, with a folder of runs of its own."""
    with tempfile.TemporaryDirectory() as folder:
        command = (sys.executable, "-c", COUNTING + probe, *arguments, folder)
        began = {**os.environ, "BEGAN": str(time.monotonic())}
        done = subprocess.run(command, capture_output=True, text=True, env=began)
    lines = [line for line in done.stderr.splitlines() if line.startswith("PARTS ")]
    if not lines:
        raise SystemExit(done.stderr)
    return [json.loads(line.removeprefix("PARTS ")) for line in lines]


def import_times(arguments: tuple[str, ...]) -> list[tuple[int, str]]:
    """Microseconds by which each module's own import made the command slower, longest first."""
    command = (sys.executable, "-X", "importtime", "-m", "xlt_cli", *arguments)
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = [(int(own), name) for own, _, name in _IMPORT.findall(done.stderr)]
    return sorted(found, reverse=True)


def line(name: str, found: Sequence[float], bare: float | None, bar: float | None) -> str:
    """A line of the table.

    Args:
        bare: the seconds to compare with.
    """
    median, best = statistics.median(found), min(found)
    times = "" if bare is None else f"   {best / bare:6.1f} x"
    verdict = "" if bar is None else f"   bar {bar:.2f} s: {'met' if best <= bar else 'missed'}"
    return f"{name:25} {median:6.3f} s   best {best:6.3f} s{times}{verdict}"


def show(repeats: int) -> None:
    """Prints the times, the parts of the first update, and the profiles of two commands."""
    from importlib.metadata import version

    libraries = ", ".join(f"{name} {version(name)}" for name in ("torch", "transformers"))
    print(f"{date.today()}, {os.cpu_count()} cores ({platform.machine()}), {libraries}")
    print(f"Python {platform.python_version()}, {repeats} turns, load {os.getloadavg()[0]:.1f}\n")
    times = measure(repeats)
    bare = min(times[()])
    for arguments, found in times.items():
        name = f"xlt {arguments[0]}" if arguments else "python -c pass"
        print(line(name, found, bare, COMMANDS.get(arguments)))
    turns = max(TURNS, repeats // 3)
    for name, bar, found_parts in (
        ("xlt train, first update", FIRST_UPDATE, first_updates(turns)),
        ("xlt sweep, a further run", A_FURTHER_RUN, further_runs(turns)),
    ):
        clock, processor = zip(*map(whole, found_parts), strict=True)
        print(f"\n{line(name, clock, None, bar)}, by the clock")
        print(line("", processor, bare, None) + "   of the processor")
        for part, (took, of_it) in sorted(found_parts[0].items(), key=lambda item: -item[1][0]):
            print(f"  {took:6.3f} s by the clock, {of_it:6.3f} s of the processor  {part}")
    for arguments in (("--help",), ("list-plugins",)):
        imports = import_times(arguments)
        total = sum(own for own, _ in imports) / 1000
        print(f"\nxlt {arguments[0]}: {len(imports)} modules, {total:.0f} ms; the longest alone:")
        for own, module in imports[:TOP]:
            print(f"  {own / 1000:6.1f} ms  {module}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    show(parser.parse_args().repeats)


if __name__ == "__main__":
    main()
