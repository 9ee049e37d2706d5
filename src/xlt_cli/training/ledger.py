"""Training records: the mean loss since the last one, the learning rate, the gradient's norm.

What is on a GPU is copied while it goes on and read when the next record is due, so that training
never waits for a figure.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from xlt_cli.training.checkpoints import Position


class TrainingFailed(Exception):
    """Training cannot go on: the loss is no longer a number."""


@dataclass
class _Closed:
    """A record that waits for its figures.

    Attributes:
        carried: the sum of losses from before an interruption.
        size: how many predictions the losses are of.
        figures: the losses, and last the gradient's norm.
    """

    step: int
    epoch: float
    rate: float
    carried: float
    size: int
    figures: torch.Tensor
    arrived: torch.cuda.Event | None


class Ledger:
    """The losses of a stage on their way to `write`.

    Attributes:
        last: the loss of the last record that was written.
    """

    def __init__(
        self, position: Position, stage: int, write: Callable[[dict[str, Any]], None]
    ) -> None:
        self.position, self.stage, self.write = position, stage, write
        self.last: float | None = None
        self._open: list[torch.Tensor] = []
        self._closed: list[_Closed] = []

    def add(self, loss: torch.Tensor, size: int) -> None:
        """Notes an update's mean loss over so many predictions."""
        self._open.append(loss * size)
        self.position.loss_size += size

    def record(self, epoch: float, rate: float, norm: torch.Tensor) -> None:
        """Closes a record; on a GPU the one before is written, elsewhere this one.

        Raises:
            TrainingFailed: the loss is not a number.
        """
        position = self.position
        figures = torch.stack([*self._open, norm.to(self._open[-1].dtype)])
        arrived = None
        if figures.is_cuda:
            there = torch.empty(figures.shape, dtype=figures.dtype, pin_memory=True)
            figures = there.copy_(figures, non_blocking=True)
            arrived = torch.cuda.Event()  # type: ignore[no-untyped-call]
            arrived.record()
        self._closed.append(
            _Closed(
                position.step, epoch, rate, position.loss_sum, position.loss_size, figures, arrived
            )
        )
        self._open.clear()
        position.loss_sum, position.loss_size = 0.0, 0
        self._write(late=1 if arrived else 0)

    def settle(self) -> None:
        """Writes all records, and brings the position up to date for a checkpoint.

        Raises:
            TrainingFailed: the loss is not a number.
        """
        self._write(late=0)
        self.position.loss_sum += sum(float(loss) for loss in self._open)
        self._open.clear()
        self._check(self.position.loss_sum, self.position.step)

    def _write(self, late: int) -> None:
        """Writes closed records but for the last so many."""
        while len(self._closed) > late:
            closed = self._closed.pop(0)
            if closed.arrived is not None:
                closed.arrived.synchronize()
            *losses, norm = closed.figures.tolist()
            total = closed.carried + sum(losses)
            self._check(total, closed.step)
            self.last = total / closed.size
            self.write(
                {
                    "kind": "train",
                    "stage": self.stage,
                    "step": closed.step,
                    "epoch": closed.epoch,
                    "loss": self.last,
                    "learning_rate": closed.rate,
                    "gradient_norm": norm,
                }
            )

    def _check(self, total: float, step: int) -> None:
        if not math.isfinite(total):
            raise TrainingFailed(
                f"the loss is {total} at step {step} of stage {self.stage + 1}; a lower "
                "learning_rate or more warmup may help"
            )
