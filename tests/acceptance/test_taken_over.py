"""An evaluation after training tests the model in memory; its results are those of the files."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from acceptance_tools import Desk

from xlt_cli.api import EncoderModel
from xlt_cli.training import optimizer
from xlt_cli.training.left import Left

HALVED = """
from xlt_encoders.huggingface import HuggingFaceEncoder

class Halved(HuggingFaceEncoder):
    name = "halved"
    summary = "opens the models that it saved otherwise than they were"

    def load_model(self, head, checkpoint=None, *, new_head=False):
        model = super().load_model(head, checkpoint, new_head=new_head)
        if checkpoint is not None:
            for parameter in model.parameters():
                parameter.data *= 0.5
        return model
"""
CONDITIONS = ["clean", {"name": "pgd", "radii": 0.1, "steps": 2}]
STAGE = {"epochs": 2, "evaluate_every": 15, "checkpoint_every": None}

Train = Callable[..., tuple[Path, list[bool]]]


@pytest.fixture
def train(desk: Desk, xlt: Any, monkeypatch: pytest.MonkeyPatch) -> Train:
    """Trains a spec in this process: the run, and whether each tested model was in memory."""

    def train(spec: Path, runs: str, *options: str, loads: bool = False) -> tuple[Path, list[bool]]:
        taken: list[bool] = []
        take = Left.take

        def note(self: Left, *arguments: Any) -> EncoderModel | None:
            model = None if loads else take(self, *arguments)
            taken.append(model is not None)
            return model

        with monkeypatch.context() as patch:
            patch.setattr(Left, "take", note)
            result = xlt("train", spec, "--runs-dir", desk.path / runs, *options)
        assert result.exit_code == 0, result.output + result.stderr
        return desk.run(runs), taken

    return train


def results(run: Path) -> dict[str, bytes]:
    files = [path for path in run.glob("evaluations/**/*") if path.is_file()]
    return {str(path.relative_to(run)): path.read_bytes() for path in files}


@pytest.mark.parametrize(
    ("stage", "encoder", "options", "in_memory"),
    [
        ({"select": "last"}, {}, (), True),
        ({"select": "last", "freeze": {"embeddings": True, "layers": 1}}, {}, (), True),
        ({"select": "average"}, {"pooling": "mean", "freeze_layers": 1}, ("--plain",), True),
        ({"select": "last", "perturbation": {"name": "adversarial"}},
         {"layers": 1, "dropout": 0.2}, (), True),
        ({"select": "last", "gradient_checkpointing": True}, {}, (), False),
        ({"select": "last", "adapter": {"kind": "lora", "after": "keep"}}, {}, (), False),
    ],
)  # fmt: skip
def test_results_are_those_of_the_files(
    desk: Desk,
    train: Train,
    stage: dict[str, Any],
    encoder: dict[str, Any],
    options: tuple[str, ...],
    in_memory: bool,
) -> None:
    spec = desk.write(
        stages=[{**desk.spec["stages"][0], **STAGE, **stage}],
        encoder={**desk.spec["encoder"], **encoder},
        evaluations=[{"languages": ["en", "de"], "conditions": CONDITIONS}],
    )
    one, taken = train(spec, "memory", *options)
    assert taken == [in_memory]
    if in_memory:
        other, _ = train(spec, "files", *options, loads=True)
        assert len(results(one)) > 4
        assert results(one) == results(other)


def test_an_encoder_that_opens_models_in_its_own_way_is_asked_to(
    desk: Desk, train: Train, install: Any
) -> None:
    install("dist-halved", {"xlt.encoders": {"halved": "halved:Halved"}}, {"halved": HALVED})
    encoder = {**desk.spec["encoder"], "name": "halved"}
    stages = [{**desk.spec["stages"][0], **STAGE, "select": "last"}]
    _, taken = train(desk.write(encoder=encoder, stages=stages), "runs")
    assert taken == [False]


def test_training_holds_nothing_while_the_model_is_tested(
    desk: Desk, train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the optimizer's state nor gradients, and after the test not the model either."""
    made: list[torch.optim.Optimizer] = []
    build, take = optimizer.build, Left.take

    def note(*arguments: Any) -> torch.optim.AdamW:
        made.append(build(*arguments))
        return made[-1]

    models: list[weakref.ref[Any]] = []

    def look(self: Left, *arguments: Any) -> EncoderModel | None:
        model: Any = take(self, *arguments)
        models.append(weakref.ref(model))
        assert not made[0].state
        assert not made[0].param_groups
        assert all(p.grad is None and p.requires_grad for p in model.parameters())
        assert take(self, *arguments) is None, "it is held no more"
        return model

    monkeypatch.setattr(optimizer, "build", note)
    monkeypatch.setattr(Left, "take", look)
    gc.collect()
    gc.disable()
    try:
        stages = [{**desk.spec["stages"][0], **STAGE, "select": "last"}]
        train(desk.write(stages=stages), "runs")
        assert [model() for model in models] == [None]
    finally:
        gc.enable()
