"""The GPU hours of XTREME-R's specs for large encoders, from updates and answers that are measured.

    XLT_DATA_DIR=... python benchmarks/hours_xtreme_r.py [--shapes mbert,xlm-r-base]

For each source task, a model of the encoder's shape with random weights makes updates on rows of
that task that are there offline (lengths, batches and epochs as in the spec), and answers rows of
its tests. A run of the spec has the updates of all published training rows, and answers all rows of
the published test sets, as far as their numbers are known (`experiments/benchmarks/xtreme-r.yaml`).
Not counted: start-up, evaluation on dev, writing, and the search in the pools of retrieval, all of
which take seconds a run. Runs are counted one after another.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
import yaml
from hours import checkpoint

from xlt_cli.api import Example, Task
from xlt_cli.compute.runtime import Runtime
from xlt_cli.data.features import Featuriser
from xlt_cli.evaluation.predict import predict
from xlt_cli.launch.computing import start
from xlt_cli.models.placing import on_device
from xlt_cli.problems import Problem
from xlt_cli.registry.guard import problem_of
from xlt_cli.spec import PluginUse, Stage, benchmark
from xlt_cli.spec.building import build_encoder, build_task
from xlt_cli.training.checkpoints import Position
from xlt_cli.training.stream import Stream
from xlt_cli.training.updates import updates_of

SPECS = Path(__file__).parents[1] / "experiments" / "xtreme-r"
OFFLINE = "e5-small-q4"
"""The spec whose evaluations say which test rows are there offline."""

PUBLISHED = {
    "xnli": 392_702,
    "xcopa": 400,
    "udpos": 21_253,
    "panx": 20_000,
    "squad": 87_599,
    "squad-retrieval": 87_599,
    "tydiqa": 3_696,
}
"""English training rows: Hu et al. 2020, table 1; of XCOPA the 400 of COPA, which xlt trains on."""


@dataclass(frozen=True)
class Point:
    """A source task of a spec: its stage, its tests, and those that are there offline."""

    name: str
    max_length: int
    stage: Stage
    tests: list[dict[str, Any]]
    offline: list[dict[str, Any]]


def spec_of(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((SPECS / f"{name}.yaml").read_text("utf-8"))
    return found


def points(shape: str) -> Iterator[Point]:
    spec, offline = spec_of(shape), spec_of(OFFLINE)
    there = {p["name"]: {**offline, **p} for p in offline["sweep"]["points"]}
    for point in spec["sweep"]["points"]:
        whole = {"max_length": 128, **spec, **point}
        (stage,) = whole["stages"]
        stage = {**stage, "learning_rate": float(stage["learning_rate"])}
        tests = there[point["name"]]["evaluations"]
        length = whole["max_length"]
        yield Point(point["name"], length, Stage.model_validate(stage), whole["evaluations"], tests)


def task_of(use: Any) -> Task:
    return build_task(PluginUse.model_validate({"name": use} if isinstance(use, str) else use))


def training(
    point: Point, encoder: Any, rows: int, steps: int, runtime: Runtime
) -> tuple[float, str]:
    """Seconds of the updates that a training row costs, and how they were made."""
    task = task_of(point.stage.task)
    problem = problem_of(task)
    featuriser = Featuriser(problem, encoder.load_tokenizer(), point.max_length)
    examples = task.load("train", task.source_language).examples[:rows]
    features = featuriser.features(examples)
    size, pad = point.stage.batch_size, featuriser.template.pad_id
    stream = Stream(lambda epoch: features, size, "benchmark", problem.grouped)
    whole = round(stream.batches_per_epoch() * PUBLISHED[task.name] / len(examples))
    total = max(1, round(whole * point.stage.epochs))
    model = on_device(encoder.load_model(problem.head), runtime)
    updates = updates_of(model, problem, [], point.stage, pad, "s", runtime, features[0], total)
    updates.loss.train()
    updates.enter(features)
    position = Position()
    batches = [stream.next(position) for _ in range(steps)]
    for _ in range(2):  # each shape is recorded in the first turn
        for batch in batches:
            updates.make(batch, updates.made, 4 * steps)
    wait(runtime)
    began = time.perf_counter()
    for batch in batches:
        updates.make(batch, updates.made, 4 * steps)
    wait(runtime)
    seconds = time.perf_counter() - began
    del updates, model
    return seconds / steps * whole / PUBLISHED[task.name], task.name


def answering(
    test: dict[str, Any], point: Point, encoder: Any, rows: int, runtime: Runtime
) -> tuple[str, float]:
    """A test's task, and the seconds that a row of it costs, tokens included."""
    task = task_of(test["task"])
    problem = problem_of(task)
    tokenizer = encoder.load_tokenizer()
    featuriser = Featuriser(problem, tokenizer, point.max_length)
    split = test.get("split", "test")
    examples: list[Example] = []
    for language in test.get("languages") or task.languages(split):
        examples += task.load(split, language).examples[:rows]
        if len(examples) >= rows:
            break
    model = on_device(encoder.load_model(problem.head), runtime)
    answer(featuriser, problem, examples[:50], model, runtime)  # a warm-up
    wait(runtime)
    began = time.perf_counter()
    answer(featuriser, problem, examples, model, runtime)
    wait(runtime)
    return task.name, (time.perf_counter() - began) / len(examples)


def answer(
    featuriser: Featuriser, problem: Problem, examples: list[Example], model: Any, runtime: Runtime
) -> None:
    features = featuriser.laid_out(featuriser.fresh(examples), windows=True)
    pad = featuriser.template.pad_id
    predict(model, features, problem, pad, runtime, featuriser.tokenizer)


def wait(runtime: Runtime) -> None:
    if runtime.device.type == "cuda":
        torch.cuda.synchronize()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shapes", default="mbert,xlm-r-base,xlm-r-large,mmbert-base")
    parser.add_argument(
        "--rows", type=int, default=6000, help="of training, from which batches are"
    )
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--test", type=int, default=2000, help="rows that are answered")
    parser.add_argument("--tokenizer", default="e5-small-q4", help="encoder whose pieces are used")
    given = parser.parse_args()
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    print(
        f"{gpu}, {os.cpu_count()} cores, torch {torch.__version__}, "
        f"transformers {transformers.__version__}",
        flush=True,
    )
    runtime = start("auto", "auto")
    tokenizer = build_encoder(PluginUse(name=given.tokenizer)).load_tokenizer()
    published = {task.task: task for _, task in benchmark.load("xtreme-r").tasks}
    for shape in given.shapes.split(","):
        seeds = len(spec_of(shape)["seeds"])
        with tempfile.TemporaryDirectory() as folder:
            model = checkpoint(shape, tokenizer, Path(folder) / "model")
            encoder = build_encoder(PluginUse.model_validate({"name": "hf", "model": str(model)}))
            hours = 0.0
            for point in points(shape):
                each, task = training(point, encoder, given.rows, given.steps, runtime)
                trained = each * PUBLISHED[task] * point.stage.epochs
                costs = [answering(t, point, encoder, given.test, runtime) for t in point.offline]
                tested, unknown = 0.0, []
                for name, cost in costs:
                    count = published[name].published_rows()
                    tested += cost * (count or 0)
                    unknown += [name] * (count is None)
                hours += (trained + tested) / 3600
                print(
                    f"{shape:12} {point.name:16} {1 / each:8,.0f} rows/s in training, "
                    f"{trained / 60:6.1f} min; tests {tested / 60:5.1f} min"
                    + (f" without {', '.join(unknown)} (rows not known)" if unknown else ""),
                    flush=True,
                )
        print(f"{shape:12} {seeds} seeds: {seeds * hours:.1f} GPU hours", flush=True)


if __name__ == "__main__":
    main()
