"""One update of a stage, in plain torch: forward, backward, clipping, AdamW."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from xlt_cli.api import Batch, EncoderModel
from xlt_cli.compute.runtime import Runtime
from xlt_cli.compute.seeding import derive, seed_generators
from xlt_cli.data.batches import by_example, collate, seeds
from xlt_cli.models.placing import place
from xlt_cli.models.word_table import word_table
from xlt_cli.problems import Feature, Problem
from xlt_cli.spec import Stage
from xlt_cli.training import checkpoints, optimizer
from xlt_cli.training.exchange import add_up
from xlt_cli.training.heads import OtherHead
from xlt_cli.training.loss import StageLoss
from xlt_cli.training.noise import Method, own_modules


@dataclass(frozen=True)
class Training:
    """What updates are made of.

    Attributes:
        seed: names the stage's randomness.
        probe: any input of the stage.
        length: how many updates it has at most.
        others: further heads.
    """

    model: EncoderModel
    problem: Problem
    methods: Sequence[Method]
    stage: Stage
    pad_id: int
    seed: str
    runtime: Runtime
    probe: Feature
    length: int
    others: Sequence[OtherHead] = ()

    def word_table(self) -> torch.nn.Embedding | None:
        """The table of word embeddings, where one module looks all tokens up."""
        return word_table(self.model, self.batch())

    def batch(self) -> Batch:
        """The probe as a batch on the device."""
        return collate([self.probe], self.problem, self.pad_id).to(self.runtime.device)


class Updates:
    """The model in training with its optimizer.

    `xlt_cli.speed` derives from it: `enter`, `_update`, `_losses`, `_used` and `settle` are what
    may be done in another way, to the same result. So does `sharding`, where each process has a
    part of the model.

    Args:
        apart: matrices that are trained in place of some of the model's own.

    Attributes:
        own: the parameters of perturbations and of further heads that are trained.
        made: how many updates were made by this object.
    """

    def __init__(self, training: Training, apart: Sequence[torch.nn.Parameter] = ()) -> None:
        model, methods, stage = training.model, training.methods, training.stage
        problem, runtime, seed = training.problem, training.runtime, training.seed
        self.model = model
        self.problem, self.stage, self.pad_id = problem, stage, training.pad_id
        self.problems = (problem, *(one.problem for one in training.others))
        self.seed, self.runtime, self.length = seed, runtime, training.length
        self.noisy = bool(methods)
        self.limit = stage.max_grad_norm or math.inf
        table = training.word_table()
        self.table = table.weight if table else None
        with torch.no_grad():
            width = model.embed(training.batch()).shape[-1] if methods else 0
        modules = own_modules(methods, width, seed)
        self.loss = StageLoss(
            model, problem, methods, modules, training.others, in_step=runtime.sharded
        )
        place(self.loss.own, runtime)
        self.own = [p for p in self.loss.own.parameters() if p.requires_grad]
        self._of_noise = [
            p for m in modules if m is not None for p in m.parameters() if p.requires_grad
        ]
        self.optimizer = self._built(apart)
        self.parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
        self.made = 0

    def _built(self, apart: Sequence[torch.nn.Parameter]) -> torch.optim.AdamW:
        return optimizer.build(self.model, self.stage, self.runtime.device, apart, self.own)

    @property
    def path(self) -> str:
        """How updates are made, for the record."""
        return "plain"

    @property
    def trained_rows(self) -> list[int]:
        """The rows of the word table that are trained apart from it, for checkpoints."""
        return []

    @property
    def reused_layers(self) -> int:
        """The number of frozen layers whose outputs are kept between epochs, for checkpoints."""
        return 0

    def enter(self, features: Iterable[Feature]) -> None:
        """Prepares for the features of an epoch."""

    def make(
        self, features: Sequence[Feature], step: int, total: int
    ) -> tuple[float, torch.Tensor, torch.Tensor]:
        """Makes update `step` of `total` from a batch, cut over processes and forward passes.

        Returns the learning rate, the norm of the gradient before clipping, and the mean loss of a
        prediction (in all processes).
        """
        rate = optimizer.set_rates(self.optimizer, self.stage, step, total)
        size = self.size(features)
        loss, norm = self._update(features, step, total, size)
        self.made += 1
        return rate, norm, loss

    def size(self, features: Sequence[Feature]) -> int:
        """The number of predictions of a batch, 1 or more."""
        problem = self.problems[features[0].head]
        return max(1, sum(problem.size(feature) for feature in features))

    def settle(self) -> None:
        """Brings the model up to date with the updates made, for evaluation or a checkpoint."""

    def whole_model(self) -> EncoderModel:
        """The model to be saved by the main process; all processes have to ask for it."""
        return self.model

    def optimizer_state(self) -> dict[str, Any]:
        """The optimizer's state to be saved by the main process; all have to ask for it."""
        return self.optimizer.state_dict()

    def restore(self, checkpoint: Path) -> None:
        """Loads the optimizer's state from a checkpoint."""
        checkpoints.restore_optimizer(checkpoint, self.optimizer)

    @contextlib.contextmanager
    def answering(self) -> Iterator[Runtime]:
        """Has the model predict meanwhile in each process alone, with the runtime that this gives.

        All processes have to enter and leave.
        """
        yield self.runtime

    def release(self) -> None:
        """Ends training: frees gradients and the optimizer's state, and leaves an ordinary model.

        Nothing else may be asked of this object afterwards.
        """
        self.optimizer.zero_grad(set_to_none=True)
        self.optimizer.state.clear()
        self.optimizer.param_groups.clear()

    def _update(
        self, features: Sequence[Feature], step: int, total: int, size: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The loss, and the norm of the gradient before clipping.

        Args:
            size: predictions in the batch, over all processes.
        """
        runtime = self.runtime
        problem = self.problems[features[0].head]  # a batch is of one head
        cuts = self.stage.accumulate * runtime.world
        summed = torch.zeros((), device=runtime.device)
        for cut in range(runtime.rank, cuts, runtime.world):
            seed = derive(self.seed, "update", step, cut)
            seed_generators(seed, runtime.device)
            # A part without examples still runs, with zero weight, so that all ranks stay in sync.
            chosen, weight = cut_of(features, cut, cuts, problem)
            batch = collate(chosen, problem, self.pad_id).to(runtime.device)
            with runtime.accelerator.autocast():
                losses = self._losses(chosen, batch, step, total)
            loss = losses.float().sum() * (weight / size)
            runtime.accelerator.backward(loss)
            summed += loss.detach()
        for parameter in self._of_noise:  # perhaps none of these examples was its perturbation's
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        summed = self._add_up(summed)
        norm = self._clip(features)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return summed, norm

    def _add_up(self, loss: torch.Tensor) -> torch.Tensor:
        """Adds gradients up over the processes; returns the sum of their losses."""
        return add_up(self.parameters, loss, self.runtime)

    def _clip(self, features: Sequence[Feature]) -> torch.Tensor:
        """Clips the gradient of a batch; returns its norm before."""
        return optimizer.clip(self.parameters, self.limit, self.table, self._used(features))

    def _losses(
        self, features: Sequence[Feature], batch: Batch, step: int, total: int
    ) -> torch.Tensor:
        """The losses of features, which are a batch, [B]."""
        return self.loss(batch, self._seeds(features, step), step / total, features[0].head)  # type: ignore[no-any-return]

    def _seeds(self, features: Sequence[Feature], step: int) -> torch.Tensor:
        """The seeds of the examples' noise in an update; they know no batch, row or process."""
        if not self.noisy:
            return torch.zeros(len(features), dtype=torch.int64, device=self.runtime.device)
        own = seeds(features, self.seed, "update", step)
        return own.to(self.runtime.device, non_blocking=True)

    def _used(self, features: Sequence[Feature]) -> torch.Tensor | None:
        """Rows of `table` that the batch can have given a gradient, by the tokens' ids."""
        if self.table is None:
            return None
        ids = np.unique(np.concatenate([f.input_ids for f in with_companions(features)]))
        return torch.from_numpy(ids).to(self.runtime.device)


def cut_of(
    features: Sequence[Feature], cut: int, cuts: int, problem: Problem
) -> tuple[Sequence[Feature], float]:
    """A cut of a batch and the weight of its loss: none where the cut has no examples of its own.

    Inputs that belong together stay together.
    """
    if not problem.grouped:
        return features[cut::cuts] or features[:1], float(cut < len(features))
    examples = by_example(features)
    own = examples[cut::cuts] or examples[:1]
    return [feature for inputs in own for feature in inputs], float(cut < len(examples))


def with_companions(features: Iterable[Feature]) -> Iterable[Feature]:
    """Each feature, followed by those that travel with it."""
    for feature in features:
        yield feature
        yield from feature.companions
