"""The processor's part of an evaluation, from rows to stored predictions: the model costs nothing.

    python benchmarks/evaluation_host.py [--rows 500] [--turns 3] [--languages 15] [--json FILE]

XNLI's tests in all languages, then in all pairs of languages, as `xlt eval` evaluates them, on a
CPU. The model has no layers: its logits are a few sums of its inputs, so that what is left is what
the processor does while a GPU computes: pairs are put together, laid out and batched, and what
comes back is decoded, counted and stored. Batches are as large as on a GPU. Times are of the
processor (user and system), the best of the turns.

The peer is the Trainer's `predict` with the same model on the same token ids, batched by
`DataCollatorWithPadding` in batches as large; it neither makes pairs nor stores anything.
"""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import torch
import transformers
from run import settings_of_its_own
from transformers import DataCollatorWithPadding, Trainer, TrainingArguments

from xlt_cli.api import Batch
from xlt_cli.compute.importing import own_process
from xlt_cli.compute.runtime import Runtime
from xlt_cli.console.progress import Reporter
from xlt_cli.data.features import Featuriser
from xlt_cli.data.rows import RowStore
from xlt_cli.evaluation import filling, predict
from xlt_cli.evaluation.filling import fill
from xlt_cli.evaluation.plan import Plan, make_plan
from xlt_cli.evaluation.subject import Subject
from xlt_cli.launch.computing import start
from xlt_cli.runs.predictions import Store
from xlt_cli.spec import Evaluation, PluginUse
from xlt_cli.spec.building import build_encoder
from xlt_cli.spec.resolution import reopen_evaluation

LENGTH = 128

PARTS: dict[str, list[tuple[Any, str]]] = {
    "pairs": [(filling, "of_cell")],
    "laying out": [(Featuriser, "laid_out")],
    "batching": [(predict, "filled_batches"), (predict, "collate")],
    "device copies": [(Batch, "to")],
    "decoding": [(predict.Underway, "answers")],
    "counting": [(filling, "counted")],
    "storing": [(Store, "write")],
}
"""The functions whose time makes a part; what is in none of them is `other`."""


class Empty(torch.nn.Module):
    """A model without layers or weights: logits [B, 3] that depend on the tokens of a row."""

    def embed(self, batch: Batch) -> torch.Tensor:
        return batch.input_ids[..., None].float()

    def encode(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        return embeddings

    def logits(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        return _logits(embeddings[..., 0], batch.attention_mask)

    def head_parameters(self) -> list[torch.nn.Parameter]:
        return []

    def save(self, directory: Path) -> None:
        raise NotImplementedError


class Theirs(torch.nn.Module):
    """The same as the Trainer calls it."""

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, **_: Any
    ) -> dict[str, torch.Tensor]:
        return {"logits": _logits(input_ids.float(), attention_mask)}


def _logits(ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    sums = (ids * mask).sum(dim=1)
    return torch.stack([sums.mul(k).sin() for k in (1.0, 2.0, 3.0)], dim=-1)


def plan_of(rows: RowStore, **values: Any) -> Plan:
    evaluation = Evaluation.model_validate({"task": "xnli", "split": "test", **values})
    return make_plan(reopen_evaluation(evaluation), rows)


def evaluated(plan: Plan, subject: Subject, runtime: Runtime) -> tuple[float, int]:
    """Seconds of the processor that filling a store with a plan's cells takes, and its examples."""
    with tempfile.TemporaryDirectory() as directory:
        store = Store.open(Path(directory), plan.evaluation)
        began = time.process_time()
        fill(plan, plan.cells, store, subject, runtime, Reporter(quiet=True))
        seconds = time.process_time() - began
        lines = (store.path / "cells.jsonl").read_text("utf-8").splitlines()
    return seconds, sum(json.loads(line)["rows"] for line in lines)


@contextmanager
def timed_parts() -> Iterator[dict[str, float]]:
    """Adds up the seconds that each part takes meanwhile."""
    seconds = dict.fromkeys(PARTS, 0.0)

    def timed(part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            began = time.process_time()
            try:
                return function(*given, **named)
            finally:
                seconds[part] += time.process_time() - began

        return call

    with ExitStack() as stack:
        for part, functions in PARTS.items():
            for owner, name in functions:
                wrapped = timed(part, getattr(owner, name))
                stack.enter_context(mock.patch.object(owner, name, wrapped))
        yield seconds


def peer(rows: list[dict[str, Any]], tokenizer: Any, size: int) -> float:
    """Seconds of the processor that the Trainer takes to predict rows."""
    with tempfile.TemporaryDirectory() as directory, settings_of_its_own():
        trainer = Trainer(
            model=Theirs(),
            args=TrainingArguments(
                output_dir=directory,
                per_device_eval_batch_size=size,
                report_to=[],
                disable_tqdm=True,
                use_cpu=True,
            ),
            data_collator=DataCollatorWithPadding(tokenizer),
        )
        began = time.process_time()
        trainer.predict(rows)  # type: ignore[arg-type]
        return time.process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=500, help="rows of each language")
    parser.add_argument("--languages", type=int, default=15)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--encoder", default="e5-small-q4", help="whose tokenizer is used")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    own_process()
    torch.set_num_threads(1)
    predict.TOKENS["cpu"] = predict.TOKENS["cuda"]
    runtime = start("cpu", "fp32")
    encoder = build_encoder(PluginUse(name=given.encoder))
    tokenizer = encoder.load_tokenizer()
    subject = Subject(
        load=lambda _: (tokenizer, Empty()),
        tokenizer=lambda: tokenizer,
        used=[],
        trained_on=("en",),
        caveats=(),
        max_length=LENGTH,
        weights="none",
        encoder=encoder,
    )
    rows = RowStore()
    few: dict[str, Any]
    languages = plan_of(rows).languages[: given.languages]
    few = {"languages": languages, "limit": given.rows}
    plans = {
        f"{given.languages} languages": plan_of(rows, **few),
        f"{given.languages**2} pairs": plan_of(rows, **few, settings=["standard", "generalized"]),
    }
    featuriser = Featuriser(plans[f"{given.languages} languages"].problem, tokenizer, LENGTH)
    features = [
        feature
        for language in languages
        for feature in featuriser.clean_features(next(iter(plans.values())).counted(language))
    ]
    theirs = [{"input_ids": f.input_ids, "labels": f.target} for f in features]
    mean = sum(len(f.input_ids) for f in features) / len(features)
    size = max(1, predict.TOKENS["cuda"] // LENGTH)
    about = (
        f"Python {platform.python_version()}, torch {torch.__version__}, transformers "
        f"{transformers.__version__}, {platform.machine()}, one thread; XNLI's tests, {given.rows} "
        f"rows of each language, mean {mean:.0f} tokens, pieces of {given.encoder}; microseconds "
        f"of processor time an example, the best of {given.turns} turns"
    )
    print(about, flush=True)
    evaluated(plans[f"{given.languages} languages"], subject, runtime)  # fills the token cache
    figures: dict[str, dict[str, float]] = {}
    for _ in range(given.turns):
        took = {"Trainer.predict": {"all": 1e6 * peer(theirs, tokenizer, size) / len(theirs)}}
        for name, plan in plans.items():
            with timed_parts() as parts:
                seconds, count = evaluated(plan, subject, runtime)
            parts["other"] = seconds - sum(parts.values())
            took[name] = {"all": seconds, **parts}
            took[name] = {part: 1e6 * own / count for part, own in took[name].items()}
        for name, own in took.items():
            if name not in figures or own["all"] < figures[name]["all"]:
                figures[name] = own
    for name, own in figures.items():
        ratio = own["all"] / figures["Trainer.predict"]["all"]
        parts_shown = ", ".join(f"{part} {us:.1f}" for part, us in own.items() if part != "all")
        print(f"{name:16} {own['all']:6.1f} us  {ratio:5.2f} x  {parts_shown}")
    if given.json:
        given.json.write_text(json.dumps({"about": about, "figures": figures}, indent=2) + "\n")


if __name__ == "__main__":
    main()
