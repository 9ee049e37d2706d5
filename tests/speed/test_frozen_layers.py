"""The outputs of frozen layers are kept between epochs, and training is the same."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner, Result

from xlt_cli.api import EncoderModel
from xlt_cli.compute.runtime import Runtime
from xlt_cli.data.batches import training_batches
from xlt_cli.launch.computing import start
from xlt_cli.problems import Feature, SequenceClassification
from xlt_cli.spec import PluginUse, Stage
from xlt_cli.speed import frozen_layers as module
from xlt_cli.speed.frozen_layers import frozen_layers
from xlt_cli.training.loop import StageTrainer
from xlt_cli.training.ways import updates_of
from xlt_perturbations.random_perturbation import RandomPerturbation

EPOCHS = 3


@pytest.fixture(scope="module")
def fast() -> Runtime:
    return start("cpu", "fp32")


@pytest.fixture(scope="module")
def plainly() -> Runtime:
    return start("cpu", "fp32", plain=True)


def updates(
    model: Any,
    problem: SequenceClassification,
    features: list[Feature],
    runtime: Runtime,
    reused: int | None = None,
    methods: Any = (),
    **stage: Any,
) -> Any:
    values = {"task": "t", "batch_size": 8, "learning_rate": 1e-2, "weight_decay": 0.1, **stage}
    made = updates_of(
        model,
        problem,
        methods,
        Stage(**values),
        0,
        "seed",
        runtime,
        features[0],
        EPOCHS * (-(-len(features) // 8)),
        None if reused is None else [],
        (),
        reused,
    )
    made.enter(features)
    return made


def call(*arguments: object) -> Result:
    from xlt_cli.cli import app

    return CliRunner().invoke(app, [str(a) for a in arguments], prog_name="xlt")


def freeze(model: Any, layers: int = 1, embeddings: bool = True) -> Any:
    model.freeze_parts(embeddings=embeddings, layers=layers, encoder=False)
    return model


def trained(made: Any, model: Any, features: list[Feature]) -> list[float]:
    """The losses of some epochs."""
    losses, step = [], 0
    made.loss.train()
    lengths = [len(feature.input_ids) for feature in features]
    for epoch in range(EPOCHS):
        made.enter(features)
        for batch in training_batches(lengths, 8, f"epoch/{epoch}"):
            _, _, loss = made.make([features[i] for i in batch], step, made.length)
            losses.append(float(loss))
            step += 1
    made.settle()
    return losses


@pytest.mark.parametrize("layers", [1, 2])
def test_training_is_plain_trainings(
    model: EncoderModel,
    problem: SequenceClassification,
    features: list[Feature],
    fast: Runtime,
    plainly: Runtime,
    layers: int,
) -> None:
    one, other = freeze(model, layers), freeze(copy.deepcopy(model), layers)
    quick = updates(one, problem, features, fast)
    assert quick.reused_layers == layers
    assert quick.path == f"{layers} frozen layer{'s' * (layers > 1)} reused"
    slow = updates(other, problem, features, plainly)
    assert slow.reused_layers == 0
    assert trained(quick, one, features) == pytest.approx(trained(slow, other, features), rel=1e-4)
    for (name, mine), (_, plain) in zip(
        one.named_parameters(), other.named_parameters(), strict=True
    ):
        torch.testing.assert_close(mine, plain, rtol=1e-3, atol=1e-4, msg=name)


def test_states_are_computed_once_for_each_text(
    model: EncoderModel,
    problem: SequenceClassification,
    features: list[Feature],
    fast: Runtime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = updates(freeze(model), problem, features, fast)
    computed = []
    original = made.frozen._computed
    monkeypatch.setattr(
        made.frozen, "_computed", lambda batch: computed.append(len(batch)) or original(batch)
    )
    trained(made, model, features)
    contents = {(tuple(f.input_ids), tuple(f.token_type_ids), f.languages) for f in features}
    assert computed == [1] * len(contents)


def test_states_do_not_depend_on_the_batch_or_on_what_was_kept(
    model: EncoderModel, problem: SequenceClassification, features: list[Feature], fast: Runtime
) -> None:
    made = updates(freeze(model), problem, features, fast)
    before = [made.frozen._states(feature, 0).clone() for feature in features]
    again = updates(model, problem, list(reversed(features)), fast, reused=1)
    for feature, states in zip(features, before, strict=True):
        assert torch.equal(again.frozen._states(feature, 0), states)
        assert torch.equal(made.frozen._states(feature, 0), states)


def test_evaluation_in_between_runs_all_layers(
    model: EncoderModel, problem: SequenceClassification, features: list[Feature], fast: Runtime
) -> None:
    made = updates(freeze(model), problem, features, fast)
    made.make(features[:8], 0, made.length)
    assert not any("forward" in vars(part) for part in model.modules())  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "how",
    ["embeddings", "nothing", "one epoch", "adversarial", "text", "too large", "begun plainly"],
)
def test_where_it_steps_aside(
    model: EncoderModel,
    problem: SequenceClassification,
    features: list[Feature],
    fast: Runtime,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
) -> None:
    given: dict[str, Any] = {}
    if how == "embeddings":  # they are trained, and all layers change with them
        freeze(model, 1, embeddings=False)
    elif how != "nothing":
        freeze(model)
    if how == "one epoch":
        monkeypatch.setattr("xlt_cli.speed.updates.WORTH", EPOCHS + 1)
    if how == "adversarial":
        given["methods"] = [(RandomPerturbation(RandomPerturbation.Params()), 1.0)]
    if how == "text":
        given["perturbation"] = [PluginUse(name="typos").model_dump()]
    if how == "too large":
        monkeypatch.setattr(module, "LARGEST", 1000)
    if how == "begun plainly":
        given["reused"] = 0
    made = updates(model, problem, features, fast, **given)
    assert made.reused_layers == 0
    assert "frozen" not in made.path


def test_dropout_below_is_noticed(
    model: Any, problem: SequenceClassification, features: list[Feature], fast: Runtime
) -> None:
    made = updates(freeze(model, 2), problem, features, fast)
    batch = made._training.batch()
    found = frozen_layers(model, problem, batch)
    assert found is not None
    assert found.count == 2
    model.frozen.clear()  # nothing has a gradient, but dropout is on again
    assert frozen_layers(model, problem, batch) is None


SPEC = """
encoder: {{name: hf, model: {encoder}, freeze_embeddings: true, freeze_layers: 1}}
stages:
  - task: {{name: pawsx, path: {data}}}
    epochs: 3
    limit: 40
    batch_size: 8
    checkpoint_every: 4
    evaluate_every: 4
evaluations: []
max_length: 32
device: cpu
"""


def test_a_stage_that_was_interrupted_ends_with_the_same_bytes(
    tiny_encoder: Path, tiny_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "spec.yaml").write_text(SPEC.format(encoder=tiny_encoder, data=tiny_data), "utf-8")
    monkeypatch.chdir(tmp_path)
    assert call("train", "spec.yaml", "--runs-dir", "whole").exit_code == 0
    update = StageTrainer._update

    def interrupted(trainer: StageTrainer, features: Any) -> Any:
        if trainer.position.step == 9:  # in the second epoch, after a checkpoint
            raise KeyboardInterrupt
        return update(trainer, features)

    with monkeypatch.context() as patch:
        patch.setattr(StageTrainer, "_update", interrupted)
        assert call("train", "spec.yaml", "--runs-dir", "cut").exit_code == 130
    assert call("train", "spec.yaml", "--runs-dir", "cut", "--plain").exit_code == 0
    for name in ("metrics.jsonl", "model/model.safetensors"):
        one, other = (next(tmp_path.glob(f"{runs}/*/stages/0/{name}")) for runs in ("whole", "cut"))
        assert one.read_bytes() == other.read_bytes(), name
    for line in next(tmp_path.glob("cut/*/timing.jsonl")).read_text("utf-8").splitlines():
        assert json.loads(line)["path"] == "1 frozen layer reused"
