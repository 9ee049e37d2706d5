"""Data-parallel training: updates per second and losses of the same batches, over processes.

    python benchmarks/processes.py --json one.json
    torchrun --nproc_per_node=2 benchmarks/processes.py --json two.json --peer one.json

The model has the named shape and random weights; inputs are XNLI training rows in XLM-R's
vocabulary; no dropout, so that losses can be compared. Layers are not compiled.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import torch
from shapes import model_of

from xlt_cli.data.batches import training_batches
from xlt_cli.data.features import Featuriser
from xlt_cli.launch.computing import start
from xlt_cli.spec import PluginUse, Stage
from xlt_cli.spec.building import build_encoder, build_task
from xlt_cli.spec.yaml_lines import parse_value
from xlt_cli.training.ways import updates_of
from xlt_encoders.halves import NativeModel

COMPARED = 40
"""Updates whose losses are compared, from the first on."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", default="xlm-r-base")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--steps", type=int, default=100, help="updates that are timed")
    parser.add_argument("--rows", type=int, default=20000)
    parser.add_argument("--tokenizer", default="e5-small-q4")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--peer", type=Path, help="what another number of processes wrote")
    given = parser.parse_args()
    runtime = start("auto", "auto")
    value = parse_value(given.tokenizer, given.tokenizer)
    use = PluginUse.model_validate({"name": value} if isinstance(value, str) else value)
    task = build_task(PluginUse(name="xnli"))
    problem = task.problem(task.labels)
    featuriser = Featuriser(problem, build_encoder(use).load_tokenizer(), 128)
    features = featuriser.features(task.load("train", "en").examples[: given.rows])
    lengths = [len(f.input_ids) for f in features]
    order = [b for b in training_batches(lengths, given.batch, "s") if len(b) == given.batch]
    native = model_of(given.shape)
    for module in native.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    model = NativeModel(native).to(runtime.device)
    stage = Stage(task=PluginUse(name="xnli"), batch_size=given.batch, learning_rate=2e-5)
    updates = updates_of(model, problem, [], stage, 1, "s", runtime, features[0], 1000)
    updates.loss.train()
    updates.enter(features)
    losses = []
    # Every batch once, so that every shape is recorded, then again for the time.
    warm = max(COMPARED, len(order))
    for step in range(warm + given.steps):
        if step == warm:
            _wait()
            began = time.perf_counter()
        rows = order[step % len(order)]
        losses.append(updates.make([features[i] for i in rows], step, 1000)[2])
    _wait()
    rate = given.batch * given.steps / (time.perf_counter() - began)
    found: dict[str, Any] = {
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
        "processes": runtime.world,
        "shape": given.shape,
        "batch": given.batch,
        "path": updates.path,
        "examples_per_second": round(rate),
        "losses": [float(loss) for loss in losses[:COMPARED]],
    }
    if not runtime.is_main:
        return
    print({name: value for name, value in found.items() if name != "losses"}, flush=True)
    if given.peer:
        peer = json.loads(given.peer.read_text())
        pairs = list(zip(peer["losses"], found["losses"], strict=True))
        ratio = rate / peer["examples_per_second"]
        apart = max(abs(a - b) for a, b in pairs)
        print(f"{ratio:.2f} x with {runtime.world} processes; losses differ by {apart:.1e} at most")
        for step in range(0, COMPARED, 8):
            print(f"  update {step:3}: {pairs[step][0]:.5f}  {pairs[step][1]:.5f}")
    if given.json:
        given.json.write_text(json.dumps(found, indent=2) + "\n")


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


if __name__ == "__main__":
    main()
