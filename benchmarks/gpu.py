"""Training and evaluation on a GPU against the Hugging Face Trainer, in one process.

    XLT_DATA_DIR=... python benchmarks/gpu.py [--shapes e5-small,xlm-r-base] [--batches 32,256]

The model has the named shape and random weights, so nothing has to be fetched; inputs are real XNLI
training rows in XLM-R's vocabulary, dropout is on, AdamW. Every figure is examples per second after
a warm-up, everything counted that a training loop does (batching, copying, the update). The peer is
the Trainer with bf16, fused AdamW and batches of similar length, at the best of 0 and 4 data
workers; `trainer-compiled` is the same with torch.compile and few static shapes.
"""

from __future__ import annotations

import argparse
import itertools
import json
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import torch
import transformers
from shapes import config_of, flops, matrix_rate, model_of

from xlt_cli.compute.importing import own_process
from xlt_cli.compute.runtime import Runtime
from xlt_cli.console.progress import Reporter
from xlt_cli.data.batches import training_batches
from xlt_cli.data.features import Featuriser
from xlt_cli.data.rows import RowStore
from xlt_cli.evaluation.filling import fill
from xlt_cli.evaluation.plan import Plan, make_plan
from xlt_cli.evaluation.subject import Subject
from xlt_cli.launch.computing import start
from xlt_cli.problems import Feature
from xlt_cli.runs.cells import Cell
from xlt_cli.runs.predictions import Store
from xlt_cli.spec import Evaluation, PerturbationUse, PluginUse, Stage
from xlt_cli.spec.building import build_encoder, build_perturbation, build_task
from xlt_cli.spec.resolution import reopen_evaluation
from xlt_cli.spec.yaml_lines import parse_value
from xlt_cli.speed.graphs import EAGER
from xlt_cli.training.updates import Updates
from xlt_cli.training.ways import updates_of
from xlt_encoders.halves import NativeModel


def ours(
    shape: str,
    features: list[Feature],
    problem: Any,
    size: int,
    steps: int,
    runtime: Runtime,
    method: str = "",
    length: int = 10**6,
) -> dict[str, Any]:
    """Examples per second of whole updates, and how they were made."""
    model = NativeModel(model_of(shape)).to(runtime.device)
    methods: list[Any] = []
    if method:
        use = PerturbationUse.model_validate(parse_value(method, method))
        methods = [(build_perturbation(use), 1.0)]
    stage = Stage(task=PluginUse(name="xnli"), batch_size=size, learning_rate=2e-5)
    updates: Any = updates_of(
        model, problem, methods, stage, 1, "benchmark", runtime, features[0], length
    )
    updates.loss.train()
    updates.enter(features)
    lengths = [len(f.input_ids) for f in features]
    order = [b for b in training_batches(lengths, size, "benchmark") if len(b) == size]
    work = itertools.cycle(order)
    multiple = updates.recorder.multiple if updates.recorder else 8
    widths = {-(-max(lengths[i] for i in b) // multiple): b for b in order}
    warming = [order[0]] * EAGER + list(widths.values()) * 2  # each shape is recorded, and replayed
    warm = len(warming)
    for step, rows in enumerate(warming):
        updates.make([features[i] for i in rows], step, 10 * steps)
    torch.cuda.synchronize()
    began = time.perf_counter()
    for step in range(steps):
        loss = updates.make([features[i] for i in next(work)], warm + step, 10 * steps)[2]
    torch.cuda.synchronize()
    rate = size * steps / (time.perf_counter() - began)
    if updates.recorder and not method and PROFILE:
        profile(updates, [[features[i] for i in next(work)] for _ in range(20)])
    assert torch.isfinite(loss)
    assert all(p.isfinite().all() for p in updates.parameters)
    found = {"path": updates.path, "examples_per_second": round(rate), "loss": float(loss)}
    del model, updates
    torch.cuda.empty_cache()
    return found


PROFILE = False


def profile(updates: Updates, batches: list[list[Feature]]) -> None:
    """Where the GPU's time goes in updates: kernels by their share."""
    from torch.profiler import ProfilerActivity
    from torch.profiler import profile as profiler

    with profiler(activities=[ProfilerActivity.CUDA]) as found:
        for batch in batches:
            updates.make(batch, 50, 1000)
        torch.cuda.synchronize()
    kernels = sorted(found.key_averages(), key=lambda k: -k.self_device_time_total)
    total = sum(k.self_device_time_total for k in kernels)
    print(f"  kernels of an update: {total / len(batches) / 1000:.2f} ms")
    for kernel in kernels[:14]:
        share = 100 * kernel.self_device_time_total / total
        print(f"  {share:5.1f}%  {kernel.count // len(batches):5} x  {kernel.key[:90]}")


def theirs(
    shape: str,
    features: list[Feature],
    size: int,
    steps: int,
    workers: int,
    compiled: bool = False,
) -> float:
    """Examples per second of the Trainer.

    Args:
        compiled: by torch.compile, with widths of 32, 64, 96 and 128 tokens, each of which is
            compiled for itself; steps that compile are not counted.
    """
    from transformers import Trainer, TrainerCallback, TrainingArguments

    warm = 60 if compiled else 15

    class Clock(TrainerCallback):
        began = ended = 0.0
        ends: ClassVar[list[float]] = []

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if compiled:
                torch.cuda.synchronize()
                self.ends.append(time.perf_counter())
            if state.global_step in (warm, warm + steps):
                torch.cuda.synchronize()
                at = time.perf_counter()
                first = state.global_step == warm
                self.began, self.ended = (at, 0.0) if first else (self.began, at)

    def pad(rows: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        width = max(len(row["input_ids"]) for row in rows)
        width = -(-width // 32) * 32 if compiled else width
        ids = [row["input_ids"] + [1] * (width - len(row["input_ids"])) for row in rows]
        mask = [[1] * len(r["input_ids"]) + [0] * (width - len(r["input_ids"])) for r in rows]
        return {
            "input_ids": torch.tensor(ids),
            "attention_mask": torch.tensor(mask),
            "labels": torch.tensor([row["labels"] for row in rows]),
        }

    clock = Clock()
    dynamic = torch._dynamo.config.automatic_dynamic_shapes
    torch._dynamo.config.automatic_dynamic_shapes = not compiled and dynamic
    with tempfile.TemporaryDirectory() as directory:
        trainer = Trainer(
            model=model_of(shape),
            args=TrainingArguments(
                output_dir=directory,
                max_steps=warm + steps,
                per_device_train_batch_size=size,
                learning_rate=2e-5,
                weight_decay=0.01,
                optim="adamw_torch_fused",
                bf16=True,
                train_sampling_strategy="group_by_length",
                torch_compile=compiled,
                dataloader_num_workers=workers,
                save_strategy="no",
                logging_steps=10**6,
                report_to=[],
                disable_tqdm=True,
            ),
            data_collator=pad,
            train_dataset=[{"input_ids": f.input_ids, "labels": f.target} for f in features],
            callbacks=[clock],
        )
        trainer.train()
    torch._dynamo.config.automatic_dynamic_shapes = dynamic
    rate = size * steps / (clock.ended - clock.began)
    if compiled:
        taken = [after - before for before, after in itertools.pairwise(clock.ends)]
        usual = [one for one in taken if one < 5 * statistics.median(taken)]
        rate = size * len(usual) / sum(usual)
    del trainer
    torch.cuda.empty_cache()
    return rate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shapes", default="e5-small,xlm-r-base")
    parser.add_argument("--batches", default="32,256")
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--tokenizer", default="e5-small-q4", help="encoder whose pieces are used")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--matrix", action="store_true", help="evaluate all pairs of languages")
    parser.add_argument("--profile", action="store_true", help="show where the GPU's time goes")
    parser.add_argument(
        "--methods", default="trainer,plain,short,erm,adversarial,noise,evaluation,same"
    )
    given = parser.parse_args()
    global PROFILE, MATRIX
    PROFILE, MATRIX = given.profile, given.matrix
    chosen = given.methods.split(",")
    runtime, plain = start("cuda", "bf16"), start("cuda", "bf16", plain=True)
    value = parse_value(given.tokenizer, given.tokenizer)
    use = PluginUse.model_validate({"name": value} if isinstance(value, str) else value)
    task = build_task(PluginUse(name="xnli"))
    problem = task.problem(task.labels)
    featuriser = Featuriser(problem, build_encoder(use).load_tokenizer(), 128)
    features = featuriser.features(task.load("train", "en").examples[:20000])
    mean = sum(len(f.input_ids) for f in features) / len(features)
    about = (
        f"{torch.cuda.get_device_name()}, Python {platform.python_version()}, torch "
        f"{torch.__version__}, transformers {transformers.__version__}; XNLI training rows, mean "
        f"{mean:.0f} tokens, bf16, dropout on"
    )
    limit = matrix_rate(runtime.device, torch.bfloat16)
    about += f"; bf16 products reach {limit:.0f} TFLOP/s"
    print(about, flush=True)
    figures = []

    def show(shape: str, size: int, what: str, rate: float, peer: float, path: str = "") -> None:
        ratio = f"{rate / peer:6.2f} x" if peer else ""
        print(f"{shape:11} batch {size:4} {what:44} {rate:8.0f}/s {ratio} {path}", flush=True)
        figures.append(
            {"shape": shape, "batch": size, "what": what, "per_second": round(rate), "path": path}
        )

    for shape in given.shapes.split(","):
        for size in map(int, given.batches.split(",")):
            steps = given.steps if size <= 64 else max(20, given.steps // 4)
            peer = 0.0
            if "trainer" in chosen:
                peer = max(theirs(shape, features, size, steps, workers) for workers in (0, 4))
                show(shape, size, "Trainer", peer, 0)
            if "trainer-compiled" in chosen:
                rate = theirs(shape, features, size, steps, 4, compiled=True)
                show(shape, size, "Trainer, torch.compile, static shapes", rate, peer)
            for key, what, method, how in (
                ("plain", "xlt --plain", "", plain),
                ("short", "xlt, not compiled (short runs)", "", runtime),
                ("erm", "xlt", "", runtime),
                (
                    "adversarial",
                    "xlt, adversarial K=1",
                    "{name: adversarial, steps: 1, clean_weight: 0}",
                    runtime,
                ),
                ("noise", "xlt, random-perturbation", "{name: random-perturbation}", runtime),
            ):
                if key not in chosen:
                    continue
                length = 10**3 if key == "short" else 10**6
                found = ours(shape, features, problem, size, steps, how, method, length)
                rate = found["examples_per_second"]
                used = 3 * flops(config_of(shape), features) * rate / 1e12
                share = "" if method else f", {used:.0f} TFLOP/s = {100 * used / limit:.0f}%"
                show(shape, size, what, rate, peer, found["path"] + share)
        if "same" in chosen:
            check_same(shape, features, problem)
        if "evaluation" in chosen:
            for what, seconds, count in evaluated(shape, build_encoder(use), runtime):
                show(shape, 0, what, count / seconds, 0, f"{count:,} examples in {seconds:.1f} s")
    if given.json:
        given.json.write_text(json.dumps({"about": about, "figures": figures}, indent=2) + "\n")


def evaluated(
    shape: str, encoder: Any, runtime: Runtime, **fewer: Any
) -> Iterator[tuple[str, float, int]]:
    """Seconds and examples of XNLI's tests: all languages, all pairs, and the GPU's part of each.

    Everything from rows to stored predictions, as `xlt eval` does it; tokens come from the cache.

    Args:
        fewer: fields of the evaluation that make it smaller, to try this on a processor.
    """
    own_process()
    model = NativeModel(model_of(shape)).to(runtime.device)
    tokenizer = encoder.load_tokenizer()
    rows = RowStore()
    subject = Subject(
        load=lambda _: (tokenizer, model),
        tokenizer=lambda: tokenizer,
        used=[],
        trained_on=("en",),
        caveats=(),
        max_length=128,
        weights="random",
        encoder=encoder,
    )

    def plan_of(**values: Any) -> Plan:
        given = {"task": "xnli", "split": "test", **fewer, **values}
        return make_plan(reopen_evaluation(Evaluation.model_validate(given)), rows)

    def filled(plan: Plan, cells: Sequence[Cell]) -> tuple[float, int]:
        with tempfile.TemporaryDirectory() as directory:
            store = Store.open(Path(directory), plan.evaluation)
            wait(runtime)
            began = time.perf_counter()
            fill(plan, cells, store, subject, runtime, Reporter(quiet=True))
            seconds = time.perf_counter() - began
            lines = (store.path / "cells.jsonl").read_text("utf-8").splitlines()
        return seconds, sum(json.loads(line)["rows"] for line in lines)

    languages = plan_of()
    filled(languages, languages.cells)  # warms up, and fills the token cache
    plans = {f"{len(languages.cells)} languages": languages}
    if MATRIX:
        pairs = plan_of(settings=["standard", "generalized"])
        plans[f"{len(pairs.cells)} pairs"] = pairs
    for name, plan in plans.items():
        seconds, count = filled(plan, plan.cells)
        yield f"evaluation, {name}", seconds, count
        # Some cells of many, each language once on either side: the profiler keeps every kernel.
        some = plan.cells if plan is languages else plan.cells[:: len(languages.cells) + 1]
        share = busy(runtime, partial(filled, plan, some)) * len(plan.cells) / len(some)
        yield f"evaluation, {name}, GPU alone", share, count


def busy(runtime: Runtime, work: Callable[[], object]) -> float:
    """Seconds that the GPU computes in some work (on a processor, that torch's operators do)."""
    from torch.profiler import ProfilerActivity
    from torch.profiler import profile as profiler

    on_gpu = runtime.device.type == "cuda"
    activity = ProfilerActivity.CUDA if on_gpu else ProfilerActivity.CPU
    with profiler(activities=[activity]) as seen:
        work()
        wait(runtime)
    own = "self_device_time_total" if on_gpu else "self_cpu_time_total"
    return float(sum(getattr(kernel, own) for kernel in seen.key_averages())) / 1e6


def wait(runtime: Runtime) -> None:
    """Until a GPU has done what it was given."""
    if runtime.device.type == "cuda":
        torch.cuda.synchronize()


MATRIX = False


def check_same(shape: str, features: list[Feature], problem: Any) -> None:
    """Recorded updates against eager ones, fp32, no dropout: the losses of the same batches."""
    losses = {}
    for name, how in (("fast", False), ("plain", True)):
        runtime = start("cuda", "fp32", plain=how)
        native = model_of(shape)
        for module in native.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
        model = NativeModel(native).to(runtime.device)
        stage = Stage(task=PluginUse(name="xnli"), batch_size=16, learning_rate=2e-5, warmup=0.0)
        updates = updates_of(model, problem, [], stage, 1, "benchmark", runtime, features[0], 10**6)
        updates.loss.train()
        updates.enter(features)
        found = [updates.make(features[16 * n : 16 * n + 16], n, 100)[2] for n in range(30)]
        losses[name] = [float(loss) for loss in found]
        del model, updates, native
        torch.cuda.empty_cache()
    apart = max(abs(a - b) for a, b in zip(losses["fast"], losses["plain"], strict=True))
    print(f"{shape:11} fp32, 30 updates: the losses of both paths differ by {apart:.1e} at most")


if __name__ == "__main__":
    main()
