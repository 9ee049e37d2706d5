"""The features of a stage as an endless stream of batches, the same for the same seed."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from xlt_cli.data.batches import batches_by_head, grouped_batches, training_batches
from xlt_cli.problems import Feature
from xlt_cli.spec import Stage
from xlt_cli.training.checkpoints import Position


@dataclass
class Stream:
    """Batches of features, epoch after epoch.

    How many features an epoch has may vary with its noise; the first epoch's number of batches is
    what `epochs` and "each epoch" are counted in.

    Attributes:
        features: of an epoch, by its number.
        seed: names the order of the batches.
        grouped: whether the inputs of one example stay together; a batch then has so many examples.
        on_epoch: is told the features of an epoch before its first batch.
    """

    features: Callable[[int], list[Feature]]
    batch_size: int
    seed: str
    grouped: bool = False
    on_epoch: Callable[[list[Feature]], None] = lambda features: None
    _epoch: int = -1
    _features: list[Feature] = field(default_factory=list)
    _batches: list[list[int]] = field(default_factory=list)

    def batches_per_epoch(self) -> int:
        """The number of batches in the first epoch."""
        self._enter(0)
        return len(self._batches)

    @property
    def current(self) -> list[Feature]:
        """The features of the epoch that was entered last."""
        return self._features

    def next(self, position: Position) -> list[Feature]:
        """The batch at a position, which moves on."""
        self._enter(position.epoch)
        if position.batch >= len(self._batches):
            position.epoch, position.batch = position.epoch + 1, 0
            self._enter(position.epoch)
        indices = self._batches[position.batch]
        position.batch += 1
        return [self._features[i] for i in indices]

    def _enter(self, epoch: int) -> None:
        if epoch == self._epoch:
            return
        self._features = self.features(epoch)
        self.on_epoch(self._features)
        seed = f"{self.seed}/epoch/{epoch}"
        lengths = [len(feature.input_ids) for feature in self._features]
        if self.grouped:
            self._batches = grouped_batches(self._features, self.batch_size, seed)
        elif any(feature.head for feature in self._features):
            self._batches = batches_by_head(self._features, self.batch_size, seed)
        else:
            self._batches = training_batches(lengths, self.batch_size, seed)
        self._epoch = epoch


def updates(stage: Stage, per_epoch: int) -> int:
    """How many updates a stage makes at most."""
    # Rounded first: 0.07 * 100 is a hair above 7 in floating point.
    total = max(1, math.ceil(round(stage.epochs * per_epoch, 6)))
    return min(total, stage.max_steps) if stage.max_steps else total
