"""The GPU hours of the specs for large encoders, from updates and answers that are measured.

    XLT_DATA_DIR=... python benchmarks/hours.py [--shapes mbert,xlm-r-base] [--points XNLI]

For each source task of XTREME-R (`experiments/xtreme-r/`), a model of the encoder's shape with
random weights makes updates on rows of that task that are there offline (lengths, batches and
epochs as in the spec), and answers rows of its tests. A run of the spec has the updates of all
published training rows, and answers all rows of the published test sets, as far as their numbers
are known (`experiments/benchmarks/xtreme-r.yaml`). The point XNLI gives the hours of the research
question as well (`experiments/research-question/`), whose runs have the updates of all English rows
of XNLI and of their intermediate stages, and answer all rows of their tests, noise included.

Not counted: start-up, evaluation on dev, writing, and the search in the pools of retrieval, all of
which take seconds a run; for the research question, `BESIDE` seconds a run are. Runs are counted
one after another. Stages that runs share are counted once for each run.
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
from shapes import config_of

from xlt_cli.api import Example, Task
from xlt_cli.compute.runtime import Runtime
from xlt_cli.data.features import Featuriser
from xlt_cli.data.rows import RowStore
from xlt_cli.evaluation.plan import make_plan
from xlt_cli.evaluation.predict import predict
from xlt_cli.launch.computing import start
from xlt_cli.models.placing import on_device
from xlt_cli.problems import Problem
from xlt_cli.registry.guard import problem_of
from xlt_cli.spec import Evaluation, PluginUse, Stage, benchmark
from xlt_cli.spec.building import build_encoder, build_task
from xlt_cli.spec.resolution import reopen_evaluation
from xlt_cli.training.checkpoints import Position
from xlt_cli.training.stream import Stream
from xlt_cli.training.ways import updates_of

EXPERIMENTS = Path(__file__).parents[1] / "experiments"
STAGES = {"none": 0, "same task": 4000, "another task": 5 * 701}
"""By how an arm of the research question is called: the examples of its intermediate stage."""

BESIDE = 20
"""Seconds of a run beside its updates and answers; a process that makes several needs fewer."""

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


def checkpoint(shape: str, tokenizer: Any, folder: Path) -> Path:
    """A checkpoint of the shape with random weights."""
    torch.manual_seed(0)
    transformers.AutoModel.from_config(config_of(shape)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def spec_of(name: str, family: str = "xtreme-r") -> dict[str, Any]:
    path = EXPERIMENTS / family / f"{name}.yaml"
    found: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return found


def question(shape: str, trained: float, answered: float) -> str:
    """The hours of the research question.

    Args:
        trained: seconds of an example's share of an update.
        answered: seconds of an answer.
    """
    spec = spec_of(shape, "research-question")
    rows, tested = RowStore(), 0
    for one in spec["evaluations"]:
        evaluation = Evaluation.model_validate({"task": "xnli", "split": "test", **one})
        plan = make_plan(reopen_evaluation(evaluation), rows)
        tested += sum(len(plan.counted(cell.languages[0])) for cell in plan.cells)
    epochs = spec["stages"][0]["epochs"]
    runs = []
    for arm in spec["sweep"]["arms"]:
        (own,) = (own for kind, own in STAGES.items() if arm["name"].startswith(kind))
        updates = trained * (PUBLISHED["xnli"] * epochs + own)
        runs.append(updates + answered * tested + BESIDE)
    hours = len(spec["seeds"]) * sum(runs) / 3600
    return (
        f"{shape:12} research question: {1 / answered:,.0f} answers/s, {tested:,} in a run; a run "
        f"{max(runs) / 60:.1f} min; {len(spec['seeds'])} seeds of {len(runs)} arms: "
        f"{hours:.1f} GPU hours"
    )


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
    parser.add_argument("--points", help="source tasks, separated by commas; default: all")
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
                if given.points and point.name not in given.points.split(","):
                    continue
                each, task = training(point, encoder, given.rows, given.steps, runtime)
                trained = each * PUBLISHED[task] * point.stage.epochs
                costs = [answering(t, point, encoder, given.test, runtime) for t in point.offline]
                tested, unknown = 0.0, []
                for name, cost in costs:
                    count = published[name].published_rows()
                    tested += cost * (count or 0)
                    unknown += [name] * (count is None)
                if point.name == "XNLI":
                    print(question(shape, each, costs[0][1]), flush=True)
                hours += (trained + tested) / 3600
                print(
                    f"{shape:12} {point.name:16} {1 / each:8,.0f} rows/s in training, "
                    f"{trained / 60:6.1f} min; tests {tested / 60:5.1f} min"
                    + (f" without {', '.join(unknown)} (rows not known)" if unknown else ""),
                    flush=True,
                )
        which = given.points or "all source tasks"
        print(f"{shape:12} {seeds} seeds of {which}: {seeds * hours:.1f} GPU hours", flush=True)


if __name__ == "__main__":
    main()
