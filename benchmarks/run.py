"""Speeds on this machine, each as a ratio against a named peer measured in the same run.

    python benchmarks/run.py [--task mini-pawsx] [--turns 3] [--json FILE]

start-up   `xlt --help`, `xlt list-plugins` against `python -c pass`
training   xlt's updates against the Hugging Face Trainer: same model, rows, batch size, settings
evaluation xlt's predictions against the Trainer's `predict`, on rows of several languages

xlt and the Trainer take turns in one process, so that the machine's moods are shared; a ratio is
the median over turns. The Trainer has fused AdamW, batches of similar length in training and in
evaluation, and for evaluation the best of several batch sizes; evaluation is also measured against
its `predict` with its defaults (8 rows, in their order, fp32). Both are given token ids. Each turn
of its training begins with a new optimizer: with few rows (--rows) that counts against it.
`of_matrix_rate` is the arithmetic of the real tokens that xlt gets through, as a part of what large
products reach on this machine: where it is near 1, nothing that computes the same is faster.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import json
import platform
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import start_up
import torch
import transformers
from accelerate.state import AcceleratorState, PartialState
from shapes import flops, matrix_rate
from transformers import DataCollatorWithPadding, Trainer, TrainingArguments

from xlt_cli.api import EncoderModel
from xlt_cli.compute.runtime import Runtime
from xlt_cli.data.batches import training_batches
from xlt_cli.data.features import Featuriser
from xlt_cli.evaluation.predict import predict
from xlt_cli.launch.computing import start
from xlt_cli.models.placing import on_device
from xlt_cli.problems import Feature, Problem
from xlt_cli.spec import PluginUse, Stage
from xlt_cli.spec.building import build_encoder, build_task
from xlt_cli.spec.yaml_lines import parse_value
from xlt_cli.training.ways import updates_of

LANGUAGES = ("en", "de", "zh")
SIZES = {"cpu": (8, 16, 32, 64), "cuda": (64, 256, 512, 1024)}
"""Batch sizes of which the Trainer's best is the peer in evaluation."""

DEFAULT = 8
"""The Trainer's own batch size in evaluation; its own order is that of the rows."""


class Bench:
    """xlt and the Trainer with a model each, on the same features."""

    def __init__(self, encoder: str, task: str, given: argparse.Namespace) -> None:
        self.runtime: Runtime = start("auto", given.precision)
        # Not to be asked while the Trainer has accelerate's settings.
        self.on_gpu = self.runtime.device.type == "cuda"
        built, chosen = build_encoder(_use(encoder)), build_task(_use(task))
        self.problem: Problem = chosen.problem(chosen.labels)
        self.tokenizer = built.load_tokenizer()
        featuriser = Featuriser(self.problem, self.tokenizer, 128)
        self.pad_id = featuriser.template.pad_id
        self.stage = Stage(task=_use(task), batch_size=given.batch)
        self.train = featuriser.features(chosen.load("train", "en").examples[: given.rows])
        spoken = [name for name in LANGUAGES if name in chosen.languages("test")]
        self.test = [
            feature
            for name in spoken
            for feature in featuriser.features(chosen.load("test", name).examples[: given.test])
        ]
        self.models: list[EncoderModel] = []
        for _ in range(2):
            torch.manual_seed(0)
            self.models.append(on_device(built.load_model(self.problem.head), self.runtime))
        steps = -(-given.rows // given.batch) * (given.turns + 1)
        self.updates = updates_of(
            self.models[0], self.problem, (), self.stage, self.pad_id, "b", self.runtime,
            self.train[0], steps,
        )  # fmt: skip
        self.updates.enter(self.train)
        self.total, self.step = steps, 0

    def our_training(self) -> float:
        """Seconds of one epoch."""
        self.updates.loss.train()
        lengths = [len(f.input_ids) for f in self.train]
        began = time.perf_counter()
        for rows in training_batches(lengths, self.stage.batch_size, str(self.step)):
            self.updates.make([self.train[i] for i in rows], self.step, self.total)
            self.step += 1
        self._wait()
        took = time.perf_counter() - began
        self.updates.settle()
        return took

    def their_training(self) -> float:
        """Seconds of one epoch."""
        with tempfile.TemporaryDirectory() as directory, settings_of_its_own():
            metrics = self._trainer(directory, 8, _inputs(self.train)).train().metrics
        return float(metrics["train_runtime"])

    def our_evaluation(self) -> float:
        began = time.perf_counter()
        predict(self.models[0], self.test, self.problem, self.pad_id, self.runtime)
        self._wait()
        return time.perf_counter() - began

    def their_evaluation(
        self, size: int, rows: list[Feature] | None = None, grouped: bool = True
    ) -> float:
        with tempfile.TemporaryDirectory() as directory, settings_of_its_own():
            trainer = self._trainer(directory, size, None, grouped)
            inputs: Any = _inputs(self.test if rows is None else rows)
            began = time.perf_counter()
            trainer.predict(inputs)
            self._wait()
            return time.perf_counter() - began

    def their_best_size(self) -> int:
        """The Trainer's fastest batch size, on a third of the rows."""
        some, sizes = self.test[::3], SIZES["cuda" if self.on_gpu else "cpu"]
        times = {size: min(self.their_evaluation(size, some) for _ in range(2)) for size in sizes}
        return min(times, key=times.__getitem__)

    def _trainer(self, directory: str, size: int, rows: Any, grouped: bool = True) -> Trainer:
        model: Any = self.models[1]
        return Trainer(
            model=copy.deepcopy(model.model),  # accelerate leaves its autocast on it
            args=TrainingArguments(
                output_dir=directory,
                num_train_epochs=1,
                per_device_train_batch_size=self.stage.batch_size,
                per_device_eval_batch_size=size,
                learning_rate=self.stage.learning_rate,
                weight_decay=self.stage.weight_decay,
                optim="adamw_torch_fused",
                bf16=grouped and self.runtime.precision == "bf16",
                use_cpu=not self.on_gpu,
                train_sampling_strategy="group_by_length" if grouped else "random",
                save_strategy="no",
                report_to=[],
                disable_tqdm=True,
            ),
            data_collator=DataCollatorWithPadding(self.tokenizer),
            train_dataset=rows,
        )

    def _wait(self) -> None:
        if self.on_gpu:
            torch.cuda.synchronize()


@contextlib.contextmanager
def settings_of_its_own() -> Iterator[None]:
    """Lets accelerate, which keeps the first precision it was given, be given another meanwhile."""
    states = [state._shared_state for state in (AcceleratorState, PartialState)]
    kept = [dict(state) for state in states]
    AcceleratorState._reset_state()
    try:
        yield
    finally:
        for state, values in zip(states, kept, strict=True):
            state.clear()
            state.update(values)


def compare(
    ours: Any, theirs: Any, turns: int, rows: list[Feature], each: float, runtime: Runtime
) -> dict[str, Any]:
    """Examples per second of both, and xlt's as a multiple of the peer's: medians over turns.

    Args:
        each: the floating-point operations of an example.
    """
    ours(), theirs()  # warm up
    dtype = torch.bfloat16 if runtime.precision == "bf16" else torch.float32
    triples = [(ours(), theirs(), matrix_rate(runtime.device, dtype)) for _ in range(turns)]
    ratios = sorted(peer / own for own, peer, _ in triples)
    parts = [each * len(rows) / own / 1e12 / limit for own, _, limit in triples]
    pairs = [(own, peer) for own, peer, _ in triples]
    return {
        "of_matrix_rate": round(statistics.median(parts), 2),
        "xlt": round(len(rows) / statistics.median(own for own, _ in pairs), 1),
        "trainer": round(len(rows) / statistics.median(peer for _, peer in pairs), 1),
        "ratio": round(statistics.median(ratios), 2),
        "ratios": [round(ratio, 2) for ratio in ratios],
        "rows": len(rows),
        "mean_length": round(statistics.mean(len(f.input_ids) for f in rows), 1),
    }


def _inputs(features: list[Feature]) -> list[dict[str, Any]]:
    return [{"input_ids": list(f.input_ids), "labels": f.target} for f in features]


def _use(text: str) -> PluginUse:
    value = parse_value(text, text)
    return PluginUse.model_validate({"name": value} if isinstance(value, str) else value)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", default="e5-small-q4", help="a name, or {name: ...}")
    parser.add_argument("--task", default="mini-pawsx", help="a name, or {name: ...}")
    parser.add_argument("--batch", type=int, default=32, help="examples in an update")
    parser.add_argument("--rows", type=int, default=512, help="training rows")
    parser.add_argument("--test", type=int, default=100, help="test rows of each language")
    parser.add_argument("--precision", default="auto", choices=("auto", "fp32", "bf16"))
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    parser.add_argument("--only", choices=("training", "evaluation"), help="and no start-up")
    given = parser.parse_args()
    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ""
    where = (
        f"{platform.machine()}, {torch.get_num_threads()} threads{gpu}; "
        f"Python {platform.python_version()}, torch {torch.__version__}, "
        f"transformers {transformers.__version__}; {given.encoder}, {given.task}"
    )
    bench = Bench(given.encoder, given.task, given)
    where += f", {bench.runtime.precision}"
    print(where, flush=True)
    if given.only is None:
        start_up.show(repeats=7)
    figures: dict[str, Any] = {}
    native: Any = bench.models[0]
    pass_, runtime = flops(native.model.config, bench.test), bench.runtime
    if given.only != "training":
        size = bench.their_best_size()
        figures["evaluation"] = compare(
            bench.our_evaluation,
            lambda: bench.their_evaluation(size),
            given.turns,
            bench.test,
            pass_,
            runtime,
        ) | {"trainer_batch_size": size}
        print(f"evaluation: {figures['evaluation']}", flush=True)
        figures["evaluation_defaults"] = compare(
            bench.our_evaluation,
            lambda: bench.their_evaluation(DEFAULT, grouped=False),
            given.turns,
            bench.test,
            pass_,
            runtime,
        )
        print(f"evaluation, its defaults: {figures['evaluation_defaults']}", flush=True)
    if given.only != "evaluation":
        figures["training"] = compare(
            bench.our_training,
            bench.their_training,
            given.turns,
            bench.train,
            3 * flops(native.model.config, bench.train),
            runtime,
        )
        print(f"training: {figures['training']}", flush=True)
    if given.json:
        given.json.write_text(json.dumps({"where": where, **figures}, indent=2) + "\n")


if __name__ == "__main__":
    main()
