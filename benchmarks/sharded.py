"""A large encoder in shards (FSDP 2): memory, speed and losses beside whole models.

    python benchmarks/sharded.py --processes 2 --json sharded.json

starts this script three times, on the same batches of XNLI's training rows: one process, several
processes with a whole model each, and the same processes with the model in shards. What does not
fit into the memory of a GPU is reported as such. One of them alone:

    accelerate launch --use_fsdp --fsdp_version 2 --num_processes 2 benchmarks/sharded.py --one

The model has random weights, no dropout, and the shape `--shape`; `tiny` is for a rehearsal on a
processor. Layers are computed again in the backward pass unless `--no-checkpointing` is given.
Memory is the peak that torch has allocated in one update, per process.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from shapes import SHAPES, model_of

from xlt_cli.compute.runtime import Runtime
from xlt_cli.data.batches import training_batches
from xlt_cli.data.features import Featuriser
from xlt_cli.errors import UserError
from xlt_cli.launch.computing import start
from xlt_cli.models.trained_parts import prepare
from xlt_cli.problems import Feature
from xlt_cli.spec import PluginUse, Stage
from xlt_cli.spec.building import build_encoder, build_task
from xlt_cli.training.ways import updates_of
from xlt_encoders.halves import NativeModel

NO_ROOM = 3
"""The exit code of a process whose GPU is full."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", default="xlm-r-xl", choices=SHAPES)
    parser.add_argument("--batch", type=int, default=64, help="examples in an update")
    parser.add_argument("--steps", type=int, default=20, help="updates that are timed")
    parser.add_argument("--warm", type=int, default=5, help="updates before these")
    parser.add_argument("--accumulate", type=int, default=1)
    parser.add_argument("--no-checkpointing", action="store_true")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--length", type=int, default=128, help="longest input, in tokens")
    parser.add_argument("--random-rows", action="store_true", help="random ids: needs no data")
    parser.add_argument("--plain", action="store_true", help="the other ways without accelerations")
    parser.add_argument("--ways", nargs="+", default=["one", "whole", "sharded"])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--one", action="store_true", help="what `accelerate launch` starts")
    given = parser.parse_args()
    if given.one:
        alone(given)
    else:
        compare(given)


def compare(given: argparse.Namespace) -> None:
    """Every way in processes of its own, one after another, and a table."""
    launch = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node"]
    sharded = [sys.executable, "-m", "accelerate.commands.accelerate_cli", "launch"]
    sharded += ["--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no"]
    sharded += ["--main_process_port", "0", "--num_processes", str(given.processes)]
    starts = {
        "one": [sys.executable],
        "whole": [*launch, str(given.processes), "--standalone"],
        "sharded": [*sharded, "--use_fsdp", "--fsdp_version", "2"],
    }
    found: dict[str, Any] = {}
    for way in given.ways:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "found.json"
            command = [*starts[way], __file__, "--one", *sys.argv[1:], "--json", str(path)]
            began = time.monotonic()
            done = subprocess.run(command, env=os.environ | {"XLT_BENCH_WAY": way})
            if path.exists():
                found[way] = json.loads(path.read_text())
            else:
                found[way] = {"failed": done.returncode}
            found[way]["seconds_in_all"] = round(time.monotonic() - began, 1)
    table(found)
    if given.json:
        given.json.write_text(json.dumps(found, indent=2) + "\n")


def table(found: dict[str, Any]) -> None:
    """Figures of each way, and its ratios to the first that fits."""
    base = next((one for one in found.values() if "losses" in one), None)
    for way, one in found.items():
        if base is None or "losses" not in one:
            print(f"{way:8} does not fit, or failed: {one}")
            continue
        apart = max(abs(a - b) for a, b in zip(base["losses"], one["losses"], strict=True))
        peak, first = max(one["peak_gib"]), max(base["peak_gib"])
        rate = one["examples_per_second"]
        print(
            f"{way:8} {one['processes']} processes, {one['path']}: peak {peak:.2f} GiB "
            f"({peak / first:.2f} x), {rate:.1f} examples/s "
            f"({rate / base['examples_per_second']:.2f} x), losses differ by {apart:.1e} at most"
        )
        print(
            f"         peaks {one['peak_gib']}; losses {[round(x, 4) for x in one['losses'][:8]]}"
        )


def alone(given: argparse.Namespace) -> None:
    """Trains in the processes that this one is of; the main one writes what it found."""
    runtime = start(given.device, given.precision, plain=given.plain)
    try:
        found = trained(given, runtime)
    except torch.cuda.OutOfMemoryError as error:
        print(f"process {runtime.rank}: {str(error).splitlines()[0]}", flush=True)
        os._exit(NO_ROOM)  # the others wait for this one
    if runtime.is_main:
        print({name: value for name, value in found.items() if name != "losses"}, flush=True)
        if given.json:
            given.json.write_text(json.dumps(found, indent=2) + "\n")
    runtime.wait()


def trained(given: argparse.Namespace, runtime: Runtime) -> dict[str, Any]:
    problem, features = rows(given)
    lengths = [len(f.input_ids) for f in features]
    order = [b for b in training_batches(lengths, given.batch, "s") if len(b) == given.batch]
    with quick_numbers():
        model = NativeModel(model_of(given.shape))
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    stage = Stage(
        task=PluginUse(name="xnli"),
        batch_size=given.batch,
        learning_rate=1e-5,
        accumulate=given.accumulate,
        gradient_checkpointing=not given.no_checkpointing,
    )
    prepare(model, stage, given.shape)
    parameters = sum(p.numel() for p in model.parameters())
    if not runtime.sharded:
        model.to(runtime.device)
    updates = updates_of(model, problem, [], stage, 1, "s", runtime, features[0], 1000)
    updates.loss.train()
    updates.enter(features)
    gc.collect()
    losses, peaks = [], dict.fromkeys(("weights", "update", "evaluation"), 0.0)
    peaks["weights"] = peak(runtime)
    for step in range(given.warm + given.steps):
        if step == given.warm:
            wait(runtime)
            began = time.perf_counter()
        batch = [features[i] for i in order[step % len(order)]]
        losses.append(updates.make(batch, step, 1000)[2])
    wait(runtime)
    seconds = time.perf_counter() - began
    peaks["update"] = peak(runtime)
    with updates.answering():
        peaks["evaluation"] = peak(runtime)
    began = time.perf_counter()
    updates.whole_model()
    gathered = time.perf_counter() - began
    every = runtime.gather([peaks])
    return {
        "way": os.environ.get("XLT_BENCH_WAY", ""),
        "device": torch.cuda.get_device_name() if runtime.device.type == "cuda" else "cpu",
        "precision": runtime.precision,
        "processes": runtime.world,
        "shape": given.shape,
        "parameters": parameters,
        "batch": given.batch,
        "path": updates.path,
        "gradient_checkpointing": not given.no_checkpointing,
        "peak_gib": [round(one["update"], 3) for one in every],
        "peaks_gib": every,
        "examples_per_second": round(given.batch * given.steps / seconds, 2),
        "seconds_to_gather_weights": round(gathered, 2),
        "losses": [float(loss) for loss in losses],
    }


def rows(given: argparse.Namespace) -> tuple[Any, list[Feature]]:
    """XNLI's training rows in XLM-R's vocabulary, or rows of random ids with such lengths."""
    task = build_task(PluginUse(name="xnli"))
    problem = task.problem(task.labels)
    count = given.batch * 64
    if not given.random_rows:
        try:
            tokenizer = build_encoder(PluginUse(name="e5-small-q4")).load_tokenizer()
            featuriser = Featuriser(problem, tokenizer, given.length)
            examples = task.load("train", "en").examples[:count]
            return problem, featuriser.features(examples)
        except UserError as error:
            print(f"random rows: {error}", flush=True)
    draw = random.Random(0)
    features = []
    for number in range(count):
        length = min(given.length, max(8, round(draw.gauss(42, 18))))
        ids = [0, *(draw.randrange(5, 250_000) for _ in range(length - 2)), 2]
        special = [True, *[False] * (length - 2), True]
        texts = [int(place > length // 2) for place in range(length)]
        label = number % len(problem.labels)
        features.append(
            Feature(
                str(number), ids, [0] * length, special, texts, ("en", "en"), label,
                problem.labels[label],
            )
        )  # fmt: skip
    return problem, features


@contextlib.contextmanager
def quick_numbers() -> Iterator[None]:
    """Has random weights repeat after four million numbers: billions would take minutes."""
    block = torch.randn(2**22 + 3, generator=torch.Generator().manual_seed(0))

    def repeat(tensor: torch.Tensor, *_: float, generator: object = None) -> torch.Tensor:
        flat = tensor.detach().view(-1)
        for first in range(0, len(flat), len(block)):
            part = flat[first : first + len(block)]
            torch.mul(block[: len(part)], 0.02, out=part)
        return tensor

    kept = {name: getattr(torch.Tensor, name) for name in ("normal_", "uniform_")}
    for name in kept:
        setattr(torch.Tensor, name, repeat)
    try:
        yield
    finally:
        for name, method in kept.items():
            setattr(torch.Tensor, name, method)


def peak(runtime: Runtime) -> float:
    """GiB at most since the last call: of the GPU, or of a process on a processor ever."""
    if runtime.device.type != "cuda":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    most = torch.cuda.max_memory_allocated() / 2**30
    torch.cuda.reset_peak_memory_stats()
    return most


def wait(runtime: Runtime) -> None:
    if runtime.device.type == "cuda":
        torch.cuda.synchronize()


if __name__ == "__main__":
    main()
