"""Checkpoints that are written by a thread, while training goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import torch

from xlt_cli.api import EncoderModel
from xlt_cli.training import checkpoints
from xlt_cli.training.averaging import Average
from xlt_cli.training.checkpoints import Position
from xlt_cli.training.snapshot import Snapshots


class Writer:
    """Writes the checkpoints of a stage, at most one at a time.

    A context manager: at its end nothing is being written any more, whatever ended it.

    Args:
        stage: the stage's directory.
        model: what will be written, before the first update.
        warn: is told of a checkpoint that was not written, where another error ends the stage.
    """

    def __init__(self, stage: Path, model: EncoderModel, warn: Callable[[str], None]) -> None:
        self._stage, self._warn = stage, warn
        self._snapshots = Snapshots(model)
        self._thread = ThreadPoolExecutor(1, "checkpoint")
        self._written: Future[None] | None = None

    def save(
        self,
        model: EncoderModel,
        optimizer: Mapping[str, Any],
        position: Position,
        rows: Sequence[int],
        average: Average | None,
        own: torch.nn.Module,
    ) -> None:
        """Has the stage written as it is now; see `checkpoints.save`.

        Waits for the checkpoint before. It also waits for this one if the stage cannot be copied,
        or if there is too little memory for a copy.

        Raises:
            Exception: what prevented the checkpoint before.
        """
        self.wait()
        taken = self._snapshots.take(model, optimizer, average, own)
        if taken is None:
            checkpoints.save(self._stage, model, optimizer, position, rows, average, own)
            return
        self._written = self._thread.submit(
            checkpoints.save,
            self._stage,
            taken.model,
            taken.optimizer,
            replace(position),
            list(rows),
            taken.average,
            taken.own,
        )

    def wait(self) -> None:
        """Waits until the last checkpoint is whole.

        Raises:
            Exception: what prevented it.
        """
        if self._written is not None:
            self._written.result()
            self._written = None

    def __enter__(self) -> Self:
        # Interrupted while it starts, a thread would not be known to be waited for.
        self._thread.submit(int).result()
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._thread.shutdown()  # waits for it
        self._snapshots.forget()
        failed = self._written.exception() if self._written is not None else None
        if failed is not None and failed is not error:
            self._warn(f"the last checkpoint was not written: {failed}")
