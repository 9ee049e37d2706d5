"""Training records: what they say, when they are written, what a checkpoint takes along."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from xlt_cli.training.checkpoints import Position
from xlt_cli.training.ledger import Ledger, TrainingFailed


def ledger(position: Position) -> tuple[Ledger, list[dict[str, Any]]]:
    written: list[dict[str, Any]] = []
    return Ledger(position, 1, written.append), written


def test_a_record_has_the_mean_loss_of_a_prediction_since_the_last() -> None:
    position = Position()
    book, written = ledger(position)
    for step, (loss, size) in enumerate([(1.0, 2), (4.0, 1), (3.0, 5)], start=1):
        book.add(torch.tensor(loss), size)
        position.step = step
        if step >= 2:
            book.record(step / 10, 0.5, torch.tensor(7.0 + step))
    book.settle()
    assert [record["loss"] for record in written] == [2.0, 3.0]
    assert written[0] == {
        "kind": "train", "stage": 1, "step": 2, "epoch": 0.2,
        "loss": 2.0, "learning_rate": 0.5, "gradient_norm": 9.0,
    }  # fmt: skip
    assert book.last == 3.0
    assert (position.loss_sum, position.loss_size) == (0.0, 0)


def test_a_checkpoint_between_two_records_takes_the_sum_along() -> None:
    position = Position()
    book, written = ledger(position)
    book.add(torch.tensor(1.0), 3)
    book.settle()
    assert (position.loss_sum, position.loss_size) == (3.0, 3)
    again, later = ledger(position)  # after an interruption
    again.add(torch.tensor(5.0), 1)
    again.record(0.1, 0.5, torch.tensor(1.0))
    again.settle()
    assert written == []
    assert [record["loss"] for record in later] == [2.0]


@pytest.mark.parametrize("recorded", [True, False])
def test_a_loss_that_is_no_number_ends_training(recorded: bool) -> None:
    book, _ = ledger(Position(step=12))
    book.add(torch.tensor(float("nan")), 1)
    with pytest.raises(TrainingFailed, match="nan at step 12 of stage 2"):
        book.record(0.1, 0.5, torch.tensor(1.0)) if recorded else book.settle()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_on_a_gpu_a_record_is_written_when_the_next_one_is_due() -> None:
    book, written = ledger(Position())
    for count in (0, 1, 2):
        book.add(torch.tensor(1.0, device="cuda"), 1)
        book.record(0.1, 0.5, torch.tensor(1.0, device="cuda"))
        assert len(written) == count
    book.settle()
    assert len(written) == 3
