"""One stage of fine-tuning, from batches to its selected model.

The loop is linear: take a batch, make an update, and now and then record the loss, evaluate on
dev, keep a checkpoint. What happens depends only on the stage's spec, the seed and the position,
so a stage that goes on from a checkpoint ends exactly as one that was never interrupted.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase

from xlt_cli.api import EncoderModel, Task
from xlt_cli.compute.runtime import Runtime
from xlt_cli.console.progress import Bar, Reporter
from xlt_cli.evaluation.deciding import decided
from xlt_cli.evaluation.predict import predict
from xlt_cli.languages import among
from xlt_cli.problems import Feature, Problem
from xlt_cli.reports.scorer import Scorer
from xlt_cli.reports.validity import Look, look_at
from xlt_cli.runs import atomic, metrics, provenance
from xlt_cli.runs.directory import Run
from xlt_cli.spec import Stage
from xlt_cli.spec.advice import FEWEST, few_updates
from xlt_cli.spec.seen_languages import trained_languages
from xlt_cli.training import checkpoints
from xlt_cli.training.averaging import Average
from xlt_cli.training.checkpoints import Position
from xlt_cli.training.heads import OtherHead
from xlt_cli.training.ledger import Ledger
from xlt_cli.training.left import Left
from xlt_cli.training.noise import Noise
from xlt_cli.training.stream import Stream, updates
from xlt_cli.training.ways import updates_of
from xlt_cli.training.writer import Writer

RECORD_EVERY = 10
"""Updates between two records of the training loss."""

LONGEST = 600.0
"""Seconds after which there is another checkpoint, whatever the stage says."""


@dataclass(frozen=True)
class Parts:
    """What a stage is trained from.

    Attributes:
        scorer: what dev is scored with.
        model: on its device; pretrained, or as in the checkpoint `restored`.
        dev: features of the dev rows per language; empty for no evaluation.
        restored: the checkpoint to go on from, if any.
        about: what the published model says of itself.
        words: what the stage's result says of words, in token labelling.
        parent: hash of the weights that the stage before ended with, if there is one.
        adapter: what is trained in place of the encoder's weights, for the record.
        others: further heads, which are trained on tasks with other labels.
        merged: opens a checkpoint and merges its adapter, or merges that of a model; None where
            the stage's model is as the checkpoints are.
    """

    about: dict[str, Any]
    task: Task
    problem: Problem
    scorer: Scorer
    tokenizer: PreTrainedTokenizerBase
    pad_id: int
    model: EncoderModel
    noise: Noise
    stream: Stream
    dev: Mapping[str, Sequence[Feature]]
    restored: tuple[Path, Position] | None
    words: Mapping[str, Any] = field(default_factory=dict)
    parent: str = ""
    adapter: Mapping[str, Any] | None = None
    others: Sequence[OtherHead] = ()
    merged: Callable[[Path | EncoderModel], EncoderModel] | None = None


class StageTrainer:
    """A stage at work."""

    def __init__(
        self, run: Run, index: int, stage: Stage, parts: Parts, runtime: Runtime, reporter: Reporter
    ) -> None:
        self.run, self.index, self.stage, self.parts = run, index, stage, parts
        self.runtime, self.reporter = runtime, reporter
        self.directory = run.stage(index)
        per_epoch = parts.stream.batches_per_epoch()
        self.per_epoch = per_epoch
        self.total = updates(stage, per_epoch)
        self.evaluate_every = stage.evaluate_every or per_epoch
        self.updates = updates_of(
            parts.model,
            parts.problem,
            parts.noise.methods,
            stage,
            parts.pad_id,
            parts.stream.seed,
            runtime,
            parts.stream.current[0],
            self.total,
            checkpoints.rows_of(parts.restored[0]) if parts.restored else None,
            parts.others,
            parts.restored[1].reused_layers if parts.restored else None,
        )
        self.updates.enter(parts.stream.current)
        parts.stream.on_epoch = self.updates.enter
        if parts.restored:
            checkpoints.restore_own(parts.restored[0], self.updates.loss.own)
            self.updates.restore(parts.restored[0])
            self.position = parts.restored[1]
        else:
            reused = self.updates.reused_layers
            self.position = Position(parent=parts.parent, reused_layers=reused)
        self.average = self._average() if stage.select == "average" else None
        if runtime.is_main:
            metrics.prepare(self.directory, self.position.stage_metrics_size)
        self.ledger = Ledger(self.position, index, self._write)
        self.saved = time.monotonic()
        self.writer = Writer(self.directory, self.updates.whole_model(), reporter.warn)

    def train(self) -> Left | None:
        """Trains to the end, and leaves the stage's model and result.

        Returns:
            The published model, if it is the one in memory; training holds nothing of it then.
        """
        with self.writer:
            self._train()
            weights = self._finish()
        self.updates.release()
        del self.ledger  # it knows this object, which would stay, and the model with it
        return None if weights is None else Left(self.parts.model, self.parts.problem.head, weights)

    def _train(self) -> None:
        """Makes the updates that are left."""
        position = self.position
        if self.total < FEWEST and position.step == 0:
            self.reporter.warn(f"stage {self.index + 1}: {few_updates(self.total, self.stage)}")
        title = f"stage {self.index + 1} ({self.parts.task.name})"
        self.updates.loss.train()
        began, seen = time.monotonic(), 0
        with self.reporter.bar(title, self.total, "examples", done=position.step) as bar:
            while not self._is_over():
                features = self.parts.stream.next(position)
                rate, norm = self._update(features)
                seen += len(features)
                if self._due(RECORD_EVERY):
                    epoch = round(position.step / self.per_epoch, 4)
                    self.ledger.record(epoch, rate, norm)
                bar.advance(1, len(features), self._note())
                due = self._due(self.evaluate_every)
                if due and self.average is not None:
                    self.updates.settle()
                    self.average.add(self.parts.model)
                evaluated = bool(self.parts.dev) and due
                if evaluated:
                    self._evaluate(bar)
                    self._record_speed(began, seen)
                due = evaluated or self._due(self.stage.checkpoint_every or self.evaluate_every)
                due = due or self._is_long_ago()
                if due and not self._is_over():  # what the last update made is published at once
                    self._checkpoint()

    def _due(self, every: int) -> bool:
        """Whether something that happens every so many updates, and at the end, happens now."""
        return self.position.step % every == 0 or self.position.step == self.total

    def _is_over(self) -> bool:
        """Whether there are no more updates, or dev has not become better for too long."""
        patience = self.stage.patience
        out = patience is not None and self.position.stale >= patience
        return out or self.position.step >= self.total

    def _is_long_ago(self) -> bool:
        """Whether the last checkpoint is, by the main process's clock."""
        if not self._due(RECORD_EVERY):  # the processes need not talk after every update
            return False
        waited = time.monotonic() - self.saved
        return bool(self.runtime.gather([waited])[0] > LONGEST)

    def _update(self, features: Sequence[Feature]) -> tuple[float, torch.Tensor]:
        """One update; returns the learning rate and the gradient's norm before clipping."""
        rate, norm, loss = self.updates.make(features, self.position.step, self.total)
        self.ledger.add(loss, self.updates.size(features))
        self.position.step += 1
        return rate, norm

    def _note(self) -> str:
        epoch = f"epoch {min(self.position.epoch + 1, math.ceil(self.stage.epochs))}"
        return epoch if self.ledger.last is None else f"{epoch} loss {self.ledger.last:.4f}"

    def _evaluate(self, bar: Bar) -> None:
        """Scores the model on dev, and notes whether it is the best so far."""
        position, parts = self.position, self.parts
        self.ledger.settle()
        self.updates.settle()
        score, constant = self._score()
        metric = parts.scorer.main_metric
        first = position.best_step < 0 and not math.isnan(score)
        if first or metric.better(score, position.best_score):
            position.best_step, position.best_score, position.stale = position.step, score, 0
        elif position.best_step >= 0:  # before there was a number, none could be better
            position.stale += 1
        self.reporter.say(
            f"  step {position.step}: dev {'+'.join(parts.dev)} {metric.name} {score:.4f}"
            + (" (best so far)" if position.best_step == position.step else "")
            + (": the same prediction for every row" if constant else "")
        )

    def _score(self, **about: Any) -> tuple[float, bool]:
        """Records the model's scores on dev.

        Returns their mean over languages, and whether all answers are one: a collapse, most often.

        Args:
            about: what else the records say.
        """
        position, parts = self.position, self.parts
        scores: list[float] = []
        looks: list[Look] = []
        for language, features in parts.dev.items():
            with self.updates.answering() as runtime:
                answers = predict(
                    parts.model, features, parts.problem, parts.pad_id, runtime, parts.tokenizer
                )
            predictions = decided(parts.problem, answers)
            looks.append(look_at(predictions, parts.problem.labels))
            values = parts.scorer.score_all(predictions)
            scores.append(values[parts.scorer.main])
            self._write(
                {
                    "kind": "dev",
                    "stage": self.index,
                    "step": position.step,
                    "language": language,
                    **about,
                    **values,
                    "constant": looks[-1].constant,
                }
            )
        return sum(scores) / len(scores), all(one.constant for one in looks)

    def _checkpoint(self) -> None:
        """Has a checkpoint written, while training goes on."""
        self.saved = time.monotonic()
        self.ledger.settle()
        self.position.stage_metrics_size = _size(self.directory / metrics.FILE)
        self.updates.settle()
        model, state = self.updates.whole_model(), self.updates.optimizer_state()
        if self.runtime.is_main:
            self.writer.save(
                model,
                state,
                self.position,
                self.updates.trained_rows,
                self.average,
                self.updates.loss.own,
            )

    def _finish(self) -> str | None:
        """Selects a checkpoint, or takes the mean of all, and makes it the stage's model.

        Returns:
            The hash of its weights, if they are those in memory in every process.
        """
        self.ledger.settle()
        self.updates.settle()
        position, stage = self.position, self.stage
        score = position.best_score if position.best_step >= 0 else None
        best = stage.select == "best" and position.best_step >= 0
        selected = position.best_step if best else position.step
        dev = list(self.parts.dev)
        seen = trained_languages(stage)
        oracle = sorted(x for x in dev if not among(x, seen))
        source: Path | EncoderModel
        if selected == position.step:
            source = self.updates.whole_model()
        else:
            source = checkpoints.path_of(self.directory, selected)
        rule = f"best {self.parts.scorer.main} on dev {'+'.join(dev)}" if best else "last step"
        if best and oracle:
            rule += f" (oracle: selected on {', '.join(oracle)}, not trained on)"
        elif best:
            rule += " (strict zero-shot: source languages only)"
        elif stage.select == "best" and dev:
            rule += f", as {self.parts.scorer.main} on dev {'+'.join(dev)} was never a number"
            self.reporter.warn(
                f"stage {self.index + 1}: no step is the best, as {self.parts.scorer.main} on dev "
                f"{'+'.join(dev)} was never a number; select by another metric (`dev: {{metric: "
                "...}`) or on other rows"
            )
        if self.average is not None:
            self.average.adopt(self.parts.model)
            rule = f"mean of the weights at {self.average.count} steps"
            score = self._score(averaged=self.average.count)[0] if dev else None
        weights = ""
        if self.runtime.is_main:
            self.writer.wait()
            parts = self.parts
            own = self.updates.loss.own.state_dict() if parts.others else {}
            checkpoints.publish(
                self.directory, source, parts.tokenizer, parts.about, parts.merged,
                parts.others, own,
            )  # fmt: skip
            weights = provenance.weights_hash(self.directory / "model")
            atomic.write_json(
                self.directory / "result.json",
                {
                    "task": self.parts.task.name,
                    "steps": position.step,
                    "selected_step": selected,
                    "rule": rule,
                    "oracle": bool(best and oracle),
                    "dev_languages": dev,
                    "dev_score": score,
                    "stopped_early": position.step < self.total,
                    "weights": weights,
                    "parent": position.parent,
                    "metrics": metrics.digest(self.directory),
                    **parts.words,
                    **({"adapter": self._adapter()} if parts.adapter is not None else {}),
                },
            )
            checkpoints.discard(self.directory)
        self.runtime.wait()
        self.reporter.say(
            f"stage {self.index + 1} done: selected step {selected} of {position.step}, {rule}"
        )
        in_memory = source is self.parts.model and self.parts.merged is None
        return weights if in_memory and self.runtime.world == 1 else None

    def _adapter(self) -> dict[str, Any]:
        """What the result says of the stage's adapter."""
        return {**(self.parts.adapter or {}), "merged": self.parts.merged is not None}

    def _average(self) -> Average:
        if self.parts.restored is None:
            return Average()
        return Average.restored(self.parts.restored[0], self.runtime.device)

    def _record_speed(self, began: float, seen: int) -> None:
        if self.runtime.is_main:
            seconds = time.monotonic() - began
            atomic.append_line(
                self.run.timing,
                {
                    "stage": self.index,
                    "step": self.position.step,
                    "path": self.updates.path,
                    "seconds_this_session": round(seconds, 3),
                    "examples_this_session": seen,
                },
            )

    def _write(self, record: dict[str, Any]) -> None:
        if self.runtime.is_main:
            atomic.append_line(self.directory / metrics.FILE, record)
            if self.runtime.follow is not None:
                self.runtime.follow(record)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
