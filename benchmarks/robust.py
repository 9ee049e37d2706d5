"""What an update under each perturbation of embeddings costs, against a plain update.

    python benchmarks/robust.py [--encoder e5-small-q4] [--task mini-pawsx] [--batch 32]

One process; whole updates as `xlt train` makes them (forward, backward, clipping, AdamW) of equal
models on the same batches, the methods taking turns, so that the machine's moods are shared. A
ratio is the median over turns of a method's time by the plain update's of the same turn. The bar
for K steps of ascent is 1.1 x (K + 1), for random noise 1.05.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from pathlib import Path
from typing import Any

import torch
import transformers

from xlt_cli.data.batches import training_batches
from xlt_cli.data.features import Featuriser
from xlt_cli.launch.computing import start
from xlt_cli.models.placing import on_device
from xlt_cli.spec import PerturbationUse, PluginUse, Stage
from xlt_cli.spec.building import build_encoder, build_perturbation, build_task
from xlt_cli.spec.yaml_lines import parse_value
from xlt_cli.speed.graphs import EAGER
from xlt_cli.training.updates import Updates
from xlt_cli.training.ways import updates_of

BARS: dict[str, float | None] = {
    "{name: adversarial, steps: 1, clean_weight: 0}": 2.2,
    "{name: adversarial, steps: 1, clean_weight: 0.5}": 2.2,
    "{name: adversarial, steps: 1, clean_weight: 0.5, random_start: true}": None,
    "{name: adversarial, steps: 3, clean_weight: 0}": 4.4,
    "{name: adversarial, steps: 3, clean_weight: 0.5}": 4.4,
    "{name: random-perturbation}": 1.05,
    "{name: freelb}": None,
    "{name: smart}": None,
    "{name: vat}": None,
    "{name: r-drop}": None,
    "{name: token-cutoff}": None,
}


SHAPES = 4
"""Batches, each of a shape of its own, which a GPU records once."""

WARMING = EAGER + 2 * SHAPES
"""Updates before time is taken."""

TOTAL = 1000
"""Updates of the stage that these would be in; as for short stages, layers are not compiled."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", default="e5-small-q4", help="a name, or {name: ...}")
    parser.add_argument("--task", default="mini-pawsx", help="a name, or {name: ...}")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    given = parser.parse_args()

    runtime = start("auto", "auto")
    encoder = build_encoder(_use(given.encoder))
    task = build_task(_use(given.task))
    problem, tokenizer = task.problem(task.labels), encoder.load_tokenizer()
    featuriser = Featuriser(problem, tokenizer, 128)
    examples = task.load("train", task.source_language).examples[: 50 * given.batch]
    features = featuriser.features(examples)
    lengths = [len(f.input_ids) for f in features]
    order = training_batches(lengths, given.batch, "benchmark")
    whole = [[features[i] for i in rows] for rows in order if len(rows) == given.batch]
    batches = whole[:SHAPES]
    stage = Stage(task=PluginUse(name=task.name), batch_size=given.batch, learning_rate=1e-6)

    def made(text: str) -> Updates:
        """Updates of a model of their own, which is the same for all methods."""
        torch.manual_seed(0)
        model = on_device(encoder.load_model(problem.head), runtime)
        assert isinstance(model, torch.nn.Module)
        model.train()
        methods: list[Any] = []
        if text != "plain":
            use = PerturbationUse.model_validate(parse_value(text, text))
            methods = [(build_perturbation(use), 1.0)]
        pad = featuriser.template.pad_id
        found = updates_of(model, problem, methods, stage, pad, "s", runtime, features[0], TOTAL)
        found.enter(feature for batch in batches for feature in batch)
        return found

    updates = {name: made(name) for name in ("plain", *BARS)}

    def seconds(name: str, turn: int) -> float:
        _wait()
        began = time.perf_counter()
        updates[name].make(batches[turn % len(batches)], updates[name].made, TOTAL)
        _wait()
        return time.perf_counter() - began

    times: dict[str, list[float]] = {name: [] for name in updates}
    for turn in range(-WARMING, given.turns):
        for name in updates:
            took = seconds(name, turn)
            if turn >= 0:
                times[name].append(took)
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else ""
    where = (
        f"{gpu or platform.machine()}, {torch.get_num_threads()} threads, {runtime.precision}; "
        f"Python {platform.python_version()}, torch {torch.__version__}, "
        f"transformers {transformers.__version__}"
    )
    what = (
        f"{encoder.name}, {task.name}, batch {given.batch}, "
        f"mean length {statistics.mean(lengths):.0f}, median of {given.turns} turns"
    )
    print(f"{where}\n{what}")
    print(f"updates: {updates['plain'].path}")
    print(f"{'plain':72} {1000 * statistics.median(times['plain']):8.1f} ms")
    figures = []
    for name, bar in BARS.items():
        ratio = statistics.median(
            own / plain for own, plain in zip(times[name], times["plain"], strict=True)
        )
        verdict = "" if bar is None else f"  bar {bar:.2f}: {'met' if ratio <= bar else 'missed'}"
        eager = f"  {updates[name].path}" * (updates[name].path != updates["plain"].path)
        print(f"{name:72} {ratio:8.2f} x{verdict}{eager}")
        figures.append({"method": name, "ratio": round(ratio, 3), "bar": bar})
    if given.json:
        record = {"where": where, "what": what, "path": updates["plain"].path, "figures": figures}
        given.json.write_text(json.dumps(record, indent=2) + "\n")


def _use(text: str) -> PluginUse:
    value = parse_value(text, text)
    return PluginUse.model_validate({"name": value} if isinstance(value, str) else value)


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


if __name__ == "__main__":
    main()
