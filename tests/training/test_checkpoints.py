"""Checkpoints: what is kept, what is found again, what is published."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from xlt_cli.api import EncoderModel
from xlt_cli.data.batches import collate
from xlt_cli.problems import Feature, SequenceClassification
from xlt_cli.runs import atomic
from xlt_cli.spec import Stage
from xlt_cli.training import checkpoints, optimizer
from xlt_cli.training.checkpoints import Position
from xlt_encoders.huggingface import HuggingFaceEncoder

STAGE = Stage.model_validate({"task": "xnli"})


@pytest.fixture
def adam(model: EncoderModel) -> torch.optim.Optimizer:
    assert isinstance(model, torch.nn.Module)
    made = optimizer.build(model, STAGE, torch.device("cpu"))
    torch.stack([p.square().sum() for p in model.parameters()]).sum().backward()
    made.step()
    return made


def steps(stage: Path) -> list[int]:
    return sorted(int(name.removeprefix("step-")) for name in os.listdir(stage / "checkpoints"))


def save_all(
    stage: Path, model: EncoderModel, adam: torch.optim.Optimizer, *marks: tuple[int, int]
) -> None:
    """Checkpoints of (step, best step so far)."""
    for step, best in marks:
        position = Position(step=step, best_step=best, best_score=0.5 if best >= 0 else -1.0)
        checkpoints.save(stage, model, adam.state_dict(), position)


def test_position_and_optimizer_come_back_as_they_were(
    tmp_path: Path, model: EncoderModel, adam: torch.optim.Optimizer
) -> None:
    before = Position(17, 2, 5, 10, 0.1 + 0.2, 3, 1 / 3, 29, 1234)
    save_all(tmp_path, model, adam, (10, 10))
    checkpoints.save(tmp_path, model, adam.state_dict(), before)
    found = checkpoints.latest(tmp_path)
    assert found is not None
    path, position = found
    assert position == before
    other = optimizer.build(model, STAGE, torch.device("cpu"))
    checkpoints.restore_optimizer(path, other)
    for group in other.param_groups:
        for p in group["params"]:
            for name, value in adam.state[p].items():
                assert torch.equal(other.state[p][name], value)


def test_no_score_yet_comes_back_as_the_lowest(
    tmp_path: Path, model: EncoderModel, adam: torch.optim.Optimizer
) -> None:
    checkpoints.save(tmp_path, model, adam.state_dict(), Position(step=3))
    found = checkpoints.latest(tmp_path)
    assert found is not None
    assert found[1] == Position(step=3)
    assert "Infinity" not in (found[0] / "position.json").read_text()


def test_the_last_and_the_best_are_kept(
    tmp_path: Path, model: EncoderModel, adam: torch.optim.Optimizer
) -> None:
    save_all(tmp_path, model, adam, (5, -1), (10, 10), (15, 10), (20, 10))
    assert steps(tmp_path) == [10, 20]
    save_all(tmp_path, model, adam, (25, 25))
    assert steps(tmp_path) == [25]


def test_a_damaged_last_checkpoint_falls_back_on_the_one_before(
    tmp_path: Path, model: EncoderModel, adam: torch.optim.Optimizer
) -> None:
    save_all(tmp_path, model, adam, (10, 10), (20, 10))
    weights = checkpoints.path_of(tmp_path, 20) / "model" / "model.safetensors"
    os.truncate(weights, 100)
    found = checkpoints.latest(tmp_path)
    assert found is not None
    assert found[1].step == 10
    save_all(tmp_path, model, adam, (20, 20))  # it is made again in its place
    found = checkpoints.latest(tmp_path)
    assert found is not None
    assert (found[1].step, steps(tmp_path)) == (20, [20])


def test_a_checkpoint_without_its_best_is_not_gone_on_from(
    tmp_path: Path, model: EncoderModel, adam: torch.optim.Optimizer
) -> None:
    save_all(tmp_path, model, adam, (10, 10), (20, 10))
    (checkpoints.path_of(tmp_path, 10) / atomic.MANIFEST).unlink()
    assert checkpoints.latest(tmp_path) is None


def test_without_checkpoints_there_is_none(tmp_path: Path) -> None:
    assert checkpoints.latest(tmp_path) is None
    checkpoints.discard(tmp_path)


def test_a_full_disk_leaves_the_checkpoints_there_are(
    tmp_path: Path,
    model: EncoderModel,
    adam: torch.optim.Optimizer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    save_all(tmp_path, model, adam, (10, 10))

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OSError, match="No space"):
        save_all(tmp_path, model, adam, (20, 20))
    assert steps(tmp_path) == [10]
    assert checkpoints.latest(tmp_path) is not None


def test_a_published_model_opens_in_transformers_and_outlives_its_checkpoint(
    tmp_path: Path,
    model: EncoderModel,
    adam: torch.optim.Optimizer,
    tokenizer: Any,
    features: list[Feature],
    problem: SequenceClassification,
    encoder: HuggingFaceEncoder,
) -> None:
    save_all(tmp_path, model, adam, (10, 10))
    checkpoints.publish(tmp_path, checkpoints.path_of(tmp_path, 10), tokenizer, {})
    checkpoints.discard(tmp_path)
    folder = tmp_path / "model"
    assert atomic.is_complete(folder)
    assert not (tmp_path / "checkpoints").exists()
    batch = collate(features[:5], problem, 0)
    inputs = {
        "input_ids": batch.input_ids,
        "attention_mask": batch.attention_mask,
        "token_type_ids": batch.token_type_ids,
    }
    with torch.no_grad():
        expected = model.logits(model.embed(batch), batch)
        theirs = AutoModelForSequenceClassification.from_pretrained(folder).eval()
        torch.testing.assert_close(theirs(**inputs).logits, expected)
        ours = encoder.load_model(problem.head, folder)
        assert isinstance(ours, torch.nn.Module)
        ours.eval()
        torch.testing.assert_close(ours.logits(ours.embed(batch), batch), expected)
    text = "the cat sees"
    assert AutoTokenizer.from_pretrained(folder)(text) == tokenizer(text)


def test_publishing_again_replaces_what_is_there(
    tmp_path: Path, model: EncoderModel, adam: torch.optim.Optimizer, tokenizer: Any
) -> None:
    save_all(tmp_path, model, adam, (10, 10))
    for _ in range(2):
        checkpoints.publish(tmp_path, checkpoints.path_of(tmp_path, 10), tokenizer, {})
        assert atomic.is_complete(tmp_path / "model")
    assert checkpoints.latest(tmp_path) is not None, "links do not harm the checkpoint"
