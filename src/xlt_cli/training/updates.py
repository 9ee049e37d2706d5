"""One update of a stage: forward, backward, clipping, AdamW; by the fastest way that is exact."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import torch

from xlt_cli.api import EncoderModel
from xlt_cli.compute.runtime import Runtime
from xlt_cli.compute.seeding import derive
from xlt_cli.data.batches import collate, seeds
from xlt_cli.errors import PluginFailure
from xlt_cli.problems import Feature, Problem
from xlt_cli.spec import Stage
from xlt_cli.speed.graphs import EAGER
from xlt_cli.speed.recorder import Recorder
from xlt_cli.speed.used_rows import UsedRows, word_table
from xlt_cli.training import optimizer
from xlt_cli.training.exchange import add_up
from xlt_cli.training.loss import StageLoss
from xlt_cli.training.noise import Method


class Updates:
    """The model in training with its optimizer.

    Attributes:
        rows: the trained rows of the word-embedding table, where they are apart from it.
        recorder: of whole updates, where they are recorded.
        refusal: why updates that were to be recorded could not be.
    """

    def __init__(
        self,
        model: EncoderModel,
        problem: Problem,
        methods: Sequence[Method],
        stage: Stage,
        pad_id: int,
        seed: str,
        runtime: Runtime,
        probe: Feature,
        length: int,
        rows: Sequence[int] | None = None,
    ) -> None:
        """Prepares a stage's updates.

        Args:
            seed: names the stage's randomness.
            probe: any input of the stage.
            length: how many updates it has at most.
            rows: those that a checkpoint was trained with; None for a stage that begins.
        """
        self.problem, self.stage, self.pad_id = problem, stage, pad_id
        self.seed, self.runtime = seed, runtime
        self.noisy = bool(methods)
        self.limit = stage.max_grad_norm or math.inf
        batch = collate([probe], problem, pad_id).to(runtime.device)
        table = word_table(model, batch)
        fast = not runtime.plain if rows is None else bool(rows)
        self.rows = UsedRows(table, rows or ()) if table is not None and fast else None
        self.table = self.rows.weight if self.rows else (table.weight if table else None)
        self.loss = StageLoss(model, problem, methods)
        apart = [self.rows.weight] if self.rows else []
        self.optimizer = optimizer.build(model, stage, runtime.device, apart)
        self.parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
        self.rows_peak = optimizer.peak_of(self.optimizer, apart[0]) if apart else 0.0
        self.recorder = self._recorder(model, fast, length)
        self.made = 0
        self.refusal = ""

    @property
    def path(self) -> str:
        """How updates are made, for the record."""
        parts = ["used rows"] * (self.rows is not None)
        parts += self.recorder.path if self.recorder else []
        path = " + ".join(parts) or "plain"
        return f"{path} (not recorded: {self.refusal})" if self.refusal else path

    def enter(self, features: Iterable[Feature]) -> None:
        """Prepares for the features of an epoch."""
        if self.rows is None:
            return
        found: set[int] = {self.pad_id}
        for feature in _with_companions(features):
            found.update(feature.input_ids)
        if self.rows.admit(found):
            self.rows.grow(self.optimizer)
            if self.recorder is not None:
                self.recorder.clear()

    def make(
        self, features: Sequence[Feature], step: int, total: int
    ) -> tuple[float, torch.Tensor, torch.Tensor]:
        """Makes update `step` of `total` from a batch, cut over processes and forward passes.

        Returns the learning rate, the norm of the gradient before clipping, and the mean loss of a
        prediction (in all processes).
        """
        rate = optimizer.set_rates(self.optimizer, self.stage, step, total)
        size = max(1, sum(self.problem.size(feature) for feature in features))
        loss, norm = self._recorded(features, step, total, size) or self._eager(
            features, step, total, size
        )
        if self.rows is not None:
            factor = optimizer.rate_factor(self.stage, step, total)
            self.rows.stepped(self.rows_peak * factor, self.stage.weight_decay)
        self.made += 1
        return rate, norm, loss

    def settle(self) -> None:
        """Brings the model up to date with the updates made, for evaluation or a checkpoint."""
        if self.rows is not None:
            self.rows.write_back()

    def _eager(
        self, features: Sequence[Feature], step: int, total: int, size: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        runtime = self.runtime
        cuts = self.stage.accumulate * runtime.world
        summed = torch.zeros((), device=runtime.device)
        for cut in range(runtime.rank, cuts, runtime.world):
            seed = derive(self.seed, "update", step, cut)
            torch.manual_seed(seed)
            # A cut without examples still takes its turn, with no weight: processes must meet.
            chosen, weight = (features[cut::cuts] or features[:1]), float(cut < len(features))
            batch = collate(chosen, self.problem, self.pad_id).to(runtime.device)
            with runtime.accelerator.autocast():
                losses = self.loss(batch, self._seeds(chosen, step), step / total)
            loss = losses.float().sum() * (weight / size)
            runtime.accelerator.backward(loss)
            summed += loss.detach()
        summed = add_up(self.parameters, summed, runtime)
        norm = self._clip(self._used(features))
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        if self.recorder is not None:
            self.recorder.changed()
        return summed, norm

    def _seeds(self, features: Sequence[Feature], step: int) -> torch.Tensor:
        """The seeds of the examples' noise in an update; they know no batch, row or process."""
        if not self.noisy:
            return torch.zeros(len(features), dtype=torch.int64, device=self.runtime.device)
        found = seeds(features, self.seed, "update", step)
        return found.to(self.runtime.device, non_blocking=True)

    def _clip(self, used: torch.Tensor | None) -> torch.Tensor:
        return optimizer.clip(self.parameters, self.limit, self.table, used)

    def _used(self, features: Sequence[Feature]) -> torch.Tensor | None:
        """Rows of `table` that the batch can have given a gradient, by the tokens' ids."""
        if self.table is None:
            return None
        ids = np.unique(np.concatenate([f.input_ids for f in _with_companions(features)]))
        if self.rows is not None:
            return self.rows.place[torch.from_numpy(ids).to(self.runtime.device)]
        return torch.from_numpy(ids).to(self.runtime.device)

    def _recorder(self, model: EncoderModel, fast: bool, length: int) -> Recorder | None:
        if not fast or self.stage.accumulate > 1 or self.runtime.device.type != "cuda":
            return None
        if self.loss.phase(0.0) is None:
            return None
        return Recorder(model, self.loss, self.optimizer, self.limit, self.runtime, length)

    def _recorded(
        self, features: Sequence[Feature], step: int, total: int, size: int
    ) -> tuple[torch.Tensor, torch.Tensor] | None:
        """An update by replay; None where this one has to be made eagerly."""
        whole = len(features) == self.stage.batch_size >= self.runtime.world
        if self.recorder is None or self.made < EAGER or not whole:
            return None
        runtime, multiple = self.runtime, self.recorder.multiple
        own = features[runtime.rank :: runtime.world]
        batch = collate(own, self.problem, self.pad_id, multiple).to(runtime.device)
        seed = derive(self.seed, "update", step, runtime.rank)
        try:
            return self.recorder.run(batch, self._seeds(own, step), 1 / size, seed, step / total)
        except (RuntimeError, PluginFailure) as error:
            # Some encoders and plugins look at values on the device, some machines have no
            # compiler: their updates are made eagerly.
            self.refusal = f"{type(error).__name__}: {error}".splitlines()[0]
            self.recorder.give_up()
            self.recorder = None
            return None


def _with_companions(features: Iterable[Feature]) -> Iterable[Feature]:
    for feature in features:
        yield feature
        yield from feature.companions
