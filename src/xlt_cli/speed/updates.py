"""Updates by the fastest way: the used rows of the word table, kept outputs of frozen layers, and
recorded updates on a GPU."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterable, Sequence

import numpy as np
import torch

from xlt_cli.api import Batch, EncoderModel
from xlt_cli.compute.seeding import derive
from xlt_cli.data.batches import collate
from xlt_cli.problems import Feature, Problem
from xlt_cli.speed.first_token import first_token_only, forget
from xlt_cli.speed.frozen_layers import FrozenLayers, draws_nothing, frozen_layers
from xlt_cli.speed.graphs import EAGER
from xlt_cli.speed.recorder import Recorder
from xlt_cli.speed.used_rows import UsedRows
from xlt_cli.training import optimizer
from xlt_cli.training.updates import Training, Updates, with_companions

WORTH = 1.5
"""Epochs from which on the outputs of frozen layers are kept."""


class FastUpdates(Updates):
    """As `Updates`, and the same training.

    Attributes:
        rows: the trained rows of the word-embedding table, where they are apart from it.
        recorder: of whole updates, where they are recorded.
        frozen: the frozen layers whose outputs are kept between epochs; None if there are none.
        refusal: why updates that were to be recorded could not be.
    """

    def __init__(
        self, training: Training, rows: Sequence[int] = (), reused_layers: int | None = None
    ) -> None:
        """Prepares a stage's updates.

        Args:
            rows: of a stage that goes on, the rows of the word table that it trains apart.
            reused_layers: of such a stage, the frozen layers that it is trained above.
        """
        table = training.word_table()
        self.rows = UsedRows(table, rows) if table is not None else None
        super().__init__(training, [self.rows.weight] if self.rows else ())
        self.rows_peak = 0.0
        if self.rows:
            self.table = self.rows.weight
            self.rows_peak = optimizer.peak_of(self.optimizer, self.rows.weight)
        self.refusal = ""
        self.recorder = self._recorder(training.model)
        self.frozen: FrozenLayers | None = None
        self._reused, self._training = reused_layers, training
        self._entered = self._spares = False

    @property
    def path(self) -> str:
        parts = ["used rows"] * (self.rows is not None)
        if self.frozen:
            plural = "s" * (self.reused_layers > 1)
            parts.append(f"{self.reused_layers} frozen layer{plural} reused")
        parts += self.recorder.path if self.recorder else []
        path = " + ".join(parts) or "plain"
        return f"{path} (not recorded: {self.refusal})" if self.refusal else path

    @property
    def trained_rows(self) -> list[int]:
        return self.rows.ids if self.rows else []

    @property
    def reused_layers(self) -> int:
        return self.frozen.count if self.frozen else 0

    def enter(self, features: Iterable[Feature]) -> None:
        features = list(features)
        if not self._entered:
            self._entered, self.frozen = True, self._frozen(features)
        if self.rows is None:
            return
        ids: set[int] = {self.pad_id}
        for feature in with_companions(features):
            ids.update(feature.input_ids)
        if self.rows.admit(ids):
            self.rows.grow(self.optimizer)
            if self.recorder is not None:
                self.recorder.clear()

    def _losses(
        self, features: Sequence[Feature], batch: Batch, step: int, total: int
    ) -> torch.Tensor:
        if self.frozen is None:
            return super()._losses(features, batch, step, total)
        # Where few layers are trained, the last one is a large part of what is computed.
        spared: contextlib.AbstractContextManager[None] = contextlib.nullcontext()
        if self._spares:
            spared = first_token_only(self._training.model, batch)
        with self.frozen.given(features, batch, self.pad_id), spared:
            return super()._losses(features, batch, step, total)

    def _frozen(self, features: Sequence[Feature]) -> FrozenLayers | None:
        """The frozen layers, where their outputs are the same in all epochs and worth keeping."""
        training, stage = self._training, self.stage
        # Above embeddings that are trained, all states change.
        if self._reused == 0 or self.rows is not None or not _may_reuse(training):
            return None
        examples = sum(not feature.goes_on for feature in features)
        if self._reused is None and self.length * stage.batch_size < WORTH * examples:
            return None
        frozen = frozen_layers(training.model, self.problem, training.batch(), self._reused)
        if frozen is None or not (frozen.make_room(features) or self._reused):
            return None
        model, probe = training.model, training.batch()
        if not self.problem.head.per_token and draws_nothing(model, probe):
            with torch.no_grad(), first_token_only(model, probe):  # tries whether it can be done
                self._spares = True
        return frozen

    def settle(self) -> None:
        if self.rows is not None:
            self.rows.write_back()

    def release(self) -> None:
        super().release()
        if self.recorder is not None:
            self.recorder.give_up()
            self.recorder.clear()
        if self.rows is not None:
            self.rows.release()
        self.recorder = self.rows = self.frozen = None
        forget(self._training.model)

    def _update(
        self, features: Sequence[Feature], step: int, total: int, size: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        made = self._recorded(features, step, total, size)
        if made is None:
            made = super()._update(features, step, total, size)
            if self.recorder is not None:
                self.recorder.changed()
        if self.rows is not None:
            factor = optimizer.rate_factor(self.stage, step, total)
            self.rows.stepped(self.rows_peak * factor, self.stage.weight_decay)
        return made

    def _used(self, features: Sequence[Feature]) -> torch.Tensor | None:
        if self.rows is None:
            return super()._used(features)
        ids = np.unique(np.concatenate([f.input_ids for f in with_companions(features)]))
        return self.rows.place[torch.from_numpy(ids).to(self.runtime.device)]

    def _recorder(self, model: EncoderModel) -> Recorder | None:
        if self.stage.accumulate > 1 or self.runtime.device.type != "cuda":
            return None
        if self.loss.phase(0.0) is None:
            self.refusal = "several heads" if self.loss.others else ""
            return None
        if self.stage.adapter is not None:  # their dropout would be computed in half precision
            self.refusal = "an adapter"
            return None
        if self.stage.gradient_checkpointing:  # it looks at the generator's state
            self.refusal = "gradient checkpointing"
            return None
        return Recorder(model, self.loss, self.optimizer, self.limit, self.runtime, self.length)

    def _recorded(
        self, features: Sequence[Feature], step: int, total: int, size: int
    ) -> tuple[torch.Tensor, torch.Tensor] | None:
        """An update by replay; None where this one has to be made eagerly."""
        # Inputs that belong together come in numbers that vary.
        whole = len(features) == self.stage.batch_size >= self.runtime.world
        whole = whole and not self.problem.grouped
        if self.recorder is None or self.made < EAGER or not whole:
            return None
        runtime, multiple = self.runtime, self.recorder.multiple
        own = features[runtime.rank :: runtime.world]
        batch = collate(own, self.problem, self.pad_id, multiple).to(runtime.device)
        seed = derive(self.seed, "update", step, runtime.rank)
        try:
            return self.recorder.run(batch, self._seeds(own, step), 1 / size, seed, step / total)
        except Exception as error:
            # Some encoders and plugins look at values on the device, some machines have no
            # compiler: their updates are made eagerly.
            self.refusal = f"{type(error).__name__}: {error}".splitlines()[0]
            self.recorder.give_up()
            self.recorder = None
            return None


def _may_reuse(training: Training) -> bool:
    """Whether the encoder is given the same inputs in every epoch, and computes as plainly.

    Noise on texts, segmentation or embeddings makes other inputs each time, and so does a problem
    that draws masks.
    """
    stage, runtime = training.stage, training.runtime
    return (
        runtime.device.type == "cpu"
        and runtime.precision == "fp32"
        and not stage.perturbation
        and not training.methods
        and not training.others
        and not stage.gradient_checkpointing
        and stage.adapter is None
        and inspect.unwrap(type(training.problem).drawn) is Problem.drawn
    )
