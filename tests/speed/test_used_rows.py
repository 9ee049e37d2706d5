"""Training only the used rows of a table gives the same weights as training all, to the bit."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import nn

from xlt_cli.api import EncoderModel
from xlt_cli.compute.runtime import Runtime
from xlt_cli.data.batches import collate, training_batches
from xlt_cli.launch.computing import start
from xlt_cli.models import word_table as word_tables
from xlt_cli.models.word_table import word_table
from xlt_cli.problems import Feature, SequenceClassification
from xlt_cli.spec import Stage
from xlt_cli.speed import used_rows as rows
from xlt_cli.speed.used_rows import UsedRows
from xlt_cli.training import checkpoints
from xlt_cli.training.checkpoints import Position
from xlt_cli.training.ways import updates_of
from xlt_perturbations.adversarial import Adversarial
from xlt_perturbations.random_perturbation import RandomPerturbation


@pytest.fixture(autouse=True)
def _small_tables_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_tables, "WORTH", 8)
    monkeypatch.setattr(rows, "STEP", 8)
    monkeypatch.setattr(rows, "BLOCK", 100)


@pytest.fixture(scope="module")
def plainly() -> Runtime:
    return start("cpu", "fp32", plain=True)


def table_of(model: Any) -> nn.Embedding:
    found = model.model.get_input_embeddings()
    assert isinstance(found, nn.Embedding)
    return found


def updates(
    model: EncoderModel,
    problem: SequenceClassification,
    features: list[Feature],
    runtime: Runtime,
    restored: list[int] | None = None,
    methods: Any = (),
    **stage: Any,
) -> Any:
    values = {"task": "t", "batch_size": 8, "learning_rate": 1e-2, "weight_decay": 0.1, **stage}
    made = updates_of(
        model,
        problem,
        methods,
        Stage.model_validate(values),
        0,
        "1/stage/0",
        runtime,
        features[0],
        20,
        restored,
    )
    made.loss.train()
    return made


def batches(features: list[Feature], count: int) -> list[list[Feature]]:
    order = training_batches([len(f.input_ids) for f in features], 8, "s") * 9
    return [[features[i] for i in order[n]] for n in range(count)]


def state(model: Any) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in model.state_dict().items()}


METHODS: dict[str, Any] = {
    "erm": (),
    "noise": ((RandomPerturbation(RandomPerturbation.Params()), 1.0),),
    "attack": ((Adversarial(Adversarial.Params(steps=1)), 1.0),),
}


@pytest.mark.parametrize(
    ("method", "stage"),
    [
        *((method, {}) for method in METHODS),
        *((method, {"accumulate": 3}) for method in METHODS),
        ("noise", {"max_grad_norm": 0.01}),
        ("attack", {"max_grad_norm": None, "weight_decay": 0.0}),
        ("erm", {"schedule": "constant", "warmup": 0.0}),
        ("noise", {"layer_decay": 0.7}),
    ],
    ids=str,
)
def test_the_weights_are_those_of_plain_training_to_the_bit(
    model: EncoderModel,
    problem: SequenceClassification,
    features: list[Feature],
    runtime: Runtime,
    plainly: Runtime,
    method: str,
    stage: dict[str, Any],
) -> None:
    methods = METHODS[method]
    other = copy.deepcopy(model)
    fast = updates(model, problem, features, runtime, methods=methods, **stage)
    plain = updates(other, problem, features, plainly, methods=methods, **stage)
    assert (fast.path, plain.path) == ("used rows", "plain")
    # New words come in later epochs, as under noise on the text.
    first, second = batches(features[:10], 6), batches(features, 8)
    fast.enter(features[:10])
    for step, batch in enumerate([*first, *second]):
        if step == len(first):
            fast.enter(features)
        found = fast.make(batch, step, 14)
        expected = plain.make(batch, step, 14)
        assert found[0] == expected[0]
        assert torch.equal(found[1], expected[1]), "the gradient's norm"
        assert torch.equal(found[2], expected[2]), "the loss"
    assert fast.rows is not None
    assert len(fast.rows.ids) < table_of(other).num_embeddings
    fast.settle()
    for name, value in state(other).items():
        assert torch.equal(state(model)[name], value), name


@pytest.mark.parametrize("method", METHODS)
def test_a_model_may_be_in_training_mode_already(
    model: EncoderModel,
    problem: SequenceClassification,
    features: list[Feature],
    runtime: Runtime,
    method: str,
) -> None:
    other = copy.deepcopy(model)
    assert isinstance(other, nn.Module)
    losses = []
    for one in (model, other.train()):
        made = updates(one, problem, features, runtime, methods=METHODS[method])
        assert made.path == "used rows"
        made.enter(features)
        losses.append([made.make(b, n, 4)[2] for n, b in enumerate(batches(features, 4))])
    assert losses[0] == losses[1]


def test_it_goes_on_from_a_checkpoint_to_the_same_bits(
    model: EncoderModel,
    problem: SequenceClassification,
    features: list[Feature],
    runtime: Runtime,
    tmp_path: Any,
) -> None:
    whole_model = copy.deepcopy(model)
    whole = updates(whole_model, problem, features, runtime)
    whole.enter(features)
    work = batches(features, 12)
    for step, batch in enumerate(work):
        whole.make(batch, step, 12)
    whole.settle()

    cut = updates(model, problem, features, runtime)
    cut.enter(features)
    for step in range(5):
        cut.make(work[step], step, 12)
    cut.settle()
    assert cut.rows is not None
    checkpoints.save(tmp_path, model, cut.optimizer.state_dict(), Position(step=5), cut.rows.ids)
    path = checkpoints.path_of(tmp_path, 5)
    again_model = copy.deepcopy(whole_model)
    again_model.load_state_dict(state(model))  # type: ignore[attr-defined]
    del table_of(again_model).forward
    table_of(again_model).weight.requires_grad_(True)
    again = updates(again_model, problem, features, runtime, checkpoints.rows_of(path))
    checkpoints.restore_optimizer(path, again.optimizer)
    again.enter(features)
    for step in range(5, 12):
        again.make(work[step], step, 12)
    again.settle()
    for name, value in state(whole_model).items():
        assert torch.equal(state(again_model)[name], value), name


def test_a_stage_goes_on_by_the_path_that_it_began_with(
    model: EncoderModel,
    problem: SequenceClassification,
    features: list[Feature],
    runtime: Runtime,
    plainly: Runtime,
) -> None:
    other = copy.deepcopy(model)
    assert updates(model, problem, features, plainly, restored=[3, 1]).path == "used rows"
    assert updates(other, problem, features, runtime, restored=[]).path == "plain"


def test_evaluation_sees_all_rows_and_training_the_used_ones(
    model: EncoderModel, problem: SequenceClassification, features: list[Feature]
) -> None:
    batch = collate(features[:4], problem, 0)
    assert isinstance(model, nn.Module)
    before = model.embed(batch).detach().clone()
    table = word_table(model, batch)
    assert table is table_of(model)
    used = UsedRows(table, {0, *(i for f in features[:4] for i in f.input_ids)})
    model.train()
    assert torch.equal(model.embed(batch), before)
    model.eval()
    whole = collate(features, problem, 0)
    assert torch.equal(model.embed(whole), table.weight[whole.input_ids])
    used.release()
    assert table.weight.requires_grad
    model.train()
    assert torch.equal(model.embed(batch), before)


def test_tables_that_cannot_be_trained_in_parts_are_left_alone(
    model: EncoderModel, problem: SequenceClassification, features: list[Feature]
) -> None:
    batch = collate(features[:2], problem, 0)
    table = table_of(model)
    assert word_table(model, batch) is table
    table.weight.requires_grad_(False)
    assert word_table(model, batch) is None
    table.weight.requires_grad_(True)
    assert isinstance(model, nn.Module)
    model.tied = nn.Linear(2, 2)
    model.tied.weight = table.weight
    assert word_table(model, batch) is None
    del model.tied
    table.max_norm = 1.0
    assert word_table(model, batch) is None


def test_an_update_that_cannot_be_recorded_is_made_eagerly_and_says_why(
    model: EncoderModel,
    problem: SequenceClassification,
    features: list[Feature],
    runtime: Runtime,
) -> None:
    class Refusing:
        path = ("graphs",)
        multiple = 8

        def run(self, *arguments: object) -> None:
            raise RuntimeError("operation not permitted\nand a long story")

        def clear(self) -> None: ...

        def changed(self) -> None: ...

        def give_up(self) -> None: ...

    other = copy.deepcopy(model)
    plain = updates(other, problem, features, runtime)
    made = updates(model, problem, features, runtime)
    made.recorder = Refusing()  # type: ignore[assignment]
    for each in (plain, made):
        each.enter(features)
    for step, batch in enumerate(batches(features, 6)):
        expected, found = plain.make(batch, step, 6), made.make(batch, step, 6)
        assert torch.equal(found[2], expected[2])
    assert made.recorder is None
    assert made.path == "used rows (not recorded: RuntimeError: operation not permitted)"
