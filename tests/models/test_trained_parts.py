"""What a stage asks of a model: frozen parts, and layers computed again in the backward pass."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from xlt_cli.api import Batch, EmbeddingPerturbation, EncoderModel
from xlt_cli.compute.runtime import Runtime
from xlt_cli.data.batches import collate
from xlt_cli.errors import UserError
from xlt_cli.models.trained_parts import prepare
from xlt_cli.problems import Feature, SequenceClassification
from xlt_cli.spec import Stage
from xlt_cli.training.ways import updates_of
from xlt_encoders.huggingface import HuggingFaceEncoder
from xlt_perturbations.adversarial import Adversarial
from xlt_perturbations.freelb import FreeLB
from xlt_perturbations.r_drop import RDrop

METHODS: dict[str, list[tuple[EmbeddingPerturbation, float]]] = {
    "plain": [],
    "attack": [(Adversarial(Adversarial.Params()), 1.0)],
    "freelb": [(FreeLB(FreeLB.Params()), 1.0)],
    "r-drop": [(RDrop(RDrop.Params()), 1.0)],
}


def stage(**values: Any) -> Stage:
    return Stage.model_validate({"task": "t", "batch_size": 8, "learning_rate": 1e-3, **values})


@pytest.fixture
def pooled(encoder: HuggingFaceEncoder, problem: SequenceClassification) -> EncoderModel:
    """The tiny encoder under a head of xlt's own."""
    params = HuggingFaceEncoder.Params(model=encoder.params.model, pooling="mean")  # type: ignore[attr-defined]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return HuggingFaceEncoder(params).load_model(problem.head)


def trained(
    model: EncoderModel,
    problem: SequenceClassification,
    features: list[Feature],
    runtime: Runtime,
    methods: Any = (),
    steps: int = 4,
    **values: Any,
) -> tuple[list[float], dict[str, torch.Tensor]]:
    """The losses of some updates under dropout, and the weights after them."""
    own: Any = copy.deepcopy(model)
    chosen = stage(**values)
    prepare(own, chosen, "tiny")
    made = updates_of(own, problem, methods, chosen, 0, "s", runtime, features[0], 20)
    made.loss.train()
    made.enter(features)
    losses = [float(made.make(features[8 * s : 8 * s + 8], s, 20)[2]) for s in range(steps)]
    made.settle()
    return losses, {name: value.clone() for name, value in own.state_dict().items()}


@pytest.mark.parametrize("methods", METHODS.values(), ids=list(METHODS))
@pytest.mark.parametrize("kind", ["model", "pooled"])
def test_gradient_checkpointing_is_the_same_training_dropout_included(
    request: pytest.FixtureRequest,
    kind: str,
    problem: SequenceClassification,
    features: list[Feature],
    runtime: Runtime,
    methods: Any,
) -> None:
    model = request.getfixturevalue(kind)
    usual = trained(model, problem, features, runtime, methods)
    again = trained(model, problem, features, runtime, methods, gradient_checkpointing=True)
    assert again[0] == pytest.approx(usual[0], rel=1e-5)
    for name, value in usual[1].items():
        torch.testing.assert_close(again[1][name], value, rtol=1e-4, atol=1e-6)


def test_layers_are_run_twice_and_only_in_training(model: Any, features: list[Feature]) -> None:
    problem = SequenceClassification(("0", "1"))
    batch = collate(features[:4], problem, 0)
    runs = []
    layer = next(m for m in model.modules() if isinstance(m, nn.ModuleList))[0]
    layer.attention.register_forward_hook(lambda *_: runs.append(1))
    prepare(model, stage(gradient_checkpointing=True), "tiny")
    assert not model.embed(batch).detach().requires_grad
    for training, count in ((True, 2), (False, 1)):
        model.train(training)
        runs.clear()
        problem.losses(model.logits(model.embed(batch), batch), batch).sum().backward()  # type: ignore[no-untyped-call]
        assert len(runs) == count


def test_frozen_embeddings_get_no_gradient_for_it(model: Any, features: list[Feature]) -> None:
    batch = collate(features[:4], SequenceClassification(("0", "1")), 0)
    prepare(model, stage(gradient_checkpointing=True, freeze="embeddings"), "tiny")
    model.train()
    assert not model.embed(batch).requires_grad


PARTS: list[tuple[Any, Callable[[str], bool]]] = [
    ("embeddings", lambda name: "embeddings" in name),
    ({"layers": 1}, lambda name: "layer.0." in name),
    ({"layers": 2, "embeddings": True}, lambda name: "layer." in name or "embeddings" in name),
    ("encoder", lambda name: "layer." in name or "embeddings" in name),
]


@pytest.mark.parametrize("methods", [METHODS["plain"], METHODS["attack"]], ids=["plain", "attack"])
@pytest.mark.parametrize(("parts", "is_frozen"), PARTS, ids=[str(parts) for parts, _ in PARTS])
@pytest.mark.parametrize("kind", ["model", "pooled"])
def test_frozen_parts_stay_as_they_are_and_all_others_learn(
    request: pytest.FixtureRequest,
    kind: str,
    problem: SequenceClassification,
    features: list[Feature],
    runtime: Runtime,
    parts: Any,
    is_frozen: Callable[[str], bool],
    methods: Any,
) -> None:
    model = request.getfixturevalue(kind)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    _, after = trained(model, problem, features, runtime, methods, freeze=parts)
    changed = {name for name, value in after.items() if not torch.equal(value, before[name])}
    frozen = {name for name in before if is_frozen(name)}
    assert frozen
    assert not changed & frozen
    learnt = {name for name in before if not is_frozen(name) and name.endswith("weight")}
    assert learnt <= changed


def test_frozen_layers_do_not_drop_out_and_the_poolers_layer_learns(
    model: Any, features: list[Feature]
) -> None:
    prepare(model, stage(freeze="encoder"), "tiny")
    trainable = {name for name, p in model.named_parameters() if p.requires_grad}
    assert {name.split(".")[-2] for name in trainable} == {"dense", "classifier"}
    batch: Batch = collate(features[:4], SequenceClassification(("0", "1")), 0)
    model.train()
    first, second = (model.encode(model.embed(batch), batch) for _ in range(2))
    assert torch.equal(first, second)


def test_what_an_encoder_cannot_do_is_said(
    model: Any, pooled: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for one, inner in ((model, model), (pooled, pooled.backbone)):
        with pytest.raises(UserError, match="9 layers are to be frozen, but the encoder has 2"):
            prepare(one, stage(freeze={"layers": 9}), "tiny")
        monkeypatch.setattr(inner.model, "supports_gradient_checkpointing", False)
        with pytest.raises(UserError, match="has no gradient checkpointing"):
            prepare(one, stage(gradient_checkpointing=True), "tiny")
    for field in ({"freeze": "encoder"}, {"gradient_checkpointing": True}):
        with pytest.raises(UserError, match=f"cannot do what `{next(iter(field))}` asks") as error:
            prepare(nn.Linear(2, 2), stage(**field), "bare")  # type: ignore[arg-type]
        assert error.value.where == "encoder 'bare'"


def test_the_checkpoint_knows_nothing_of_it(model: Any, tmp_path: Path) -> None:
    model.save(tmp_path / "before")
    prepare(model, stage(gradient_checkpointing=True, freeze={"layers": 1}), "tiny")
    model.save(tmp_path / "after")
    one, other = ((tmp_path / d / "config.json").read_text() for d in ("before", "after"))
    assert one == other
