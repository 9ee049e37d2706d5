"""Perturbations with parameters of their own: how they begin, are trained, kept and cut."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from learned_noise import Scales

from xlt_cli.compute.runtime import Runtime
from xlt_cli.errors import UserError
from xlt_cli.problems import Feature, SequenceClassification
from xlt_cli.spec import Stage
from xlt_cli.training import checkpoints
from xlt_cli.training.checkpoints import Position
from xlt_cli.training.updates import Updates
from xlt_cli.training.ways import updates_of
from xlt_perturbations.random_perturbation import RandomPerturbation

TOTAL = 20


@pytest.fixture
def start(
    model: Any, problem: SequenceClassification, features: list[Feature], runtime: Runtime
) -> Any:
    """Begins a stage with a copy of the model, always the same."""
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0  # torch draws it for a whole tensor

    def begin(methods: Any, seed: str = "s", **values: Any) -> Updates:
        values = {"task": "t", "batch_size": 8, "learning_rate": 1e-3, **values}
        stage = Stage.model_validate(values)
        own = copy.deepcopy(model)
        made = updates_of(own, problem, methods, stage, 0, seed, runtime, features[0], TOTAL)
        made.loss.train()
        made.enter(features)
        return made

    return begin


def losses(made: Updates, features: Sequence[Feature], steps: Sequence[int]) -> list[float]:
    return [float(made.make(features[:8], step, TOTAL)[2]) for step in steps]


def state(module: torch.nn.Module) -> list[torch.Tensor]:
    return [tensor.detach().clone() for tensor in module.state_dict().values()]


def same(one: Sequence[torch.Tensor], other: Sequence[torch.Tensor]) -> bool:
    return len(one) == len(other) and all(a.equal(b) for a, b in zip(one, other, strict=True))


def test_initial_weights_are_named_by_the_stage_and_leave_the_generator_alone(start: Any) -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = start([(Scales(), 0.5), (Scales(), 0.5)])
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    again, other = start([(Scales(), 0.5), (Scales(), 0.5)]), start([(Scales(), 1.0)], seed="t")
    assert same(state(first.loss.own), state(again.loss.own))
    assert not same(state(first.loss.own[0]), state(first.loss.own[1]))
    assert not same(state(first.loss.own[0]), state(other.loss.own[0]))


def test_they_are_trained_with_the_model_at_the_heads_rate(
    start: Any, features: list[Feature]
) -> None:
    made = start([(Scales(), 1.0)], head_learning_rate=0.5, weight_decay=0.1, layer_decay=0.9)
    own = list(made.loss.own.parameters())
    groups = {id(p): group for group in made.optimizer.param_groups for p in group["params"]}
    assert [groups[id(p)]["peak"] for p in own] == [0.5] * 4
    assert [groups[id(p)]["weight_decay"] for p in own] == [0.1, 0.0, 0.0, 0.0]
    before = state(made.loss.own)
    losses(made, features, [0])
    for parameter, former in zip(own, before, strict=True):
        assert not parameter.detach().equal(former)


def test_their_gradients_are_clipped_with_the_models(start: Any, features: list[Feature]) -> None:
    made = start([(Scales(), 1.0)])
    _, norm, _ = made.make(features[:8], 0, TOTAL)
    fresh = start([(Scales(), 1.0)])
    gradients: list[torch.Tensor] = []
    fresh.optimizer.step = lambda: gradients.extend(
        p.grad.clone() for p in fresh.parameters if p.grad is not None
    )
    fresh.limit = float(norm) / 2
    fresh.make(features[:8], 0, TOTAL)
    assert len(gradients) == len(fresh.parameters)
    assert {id(p) for p in fresh.own} <= {id(p) for p in fresh.parameters}
    length = torch.nn.utils.get_total_norm(gradients)
    assert float(length) == pytest.approx(float(norm) / 2, rel=1e-3)


@pytest.mark.parametrize(
    "methods",
    [
        lambda: [(Scales(), 1.0)],
        lambda: [(Scales(), 0.2), (Scales(), 0.2), (RandomPerturbation(), 0.2)],
    ],
    ids=["alone", "shared"],
)
def test_cuts_give_the_same_training(start: Any, features: list[Feature], methods: Any) -> None:
    whole, cut = start(methods()), start(methods(), accumulate=4)
    expected = losses(whole, features, range(5))
    assert losses(cut, features, range(5)) == pytest.approx(expected, rel=1e-4)
    for one, other in zip(state(whole.loss.own), state(cut.loss.own), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-2, atol=1e-3)


def test_without_an_example_they_have_a_gradient_of_zero(
    start: Any, features: list[Feature]
) -> None:
    """Processes exchange one message, whose parts must be the same in all of them."""
    made = start([(Scales(), 1e-6)], weight_decay=0.0)
    before = state(made.loss.own)
    losses(made, features, [0, 1])
    assert same(state(made.loss.own), before)
    assert all(int(made.optimizer.state[p]["step"]) == 2 for p in made.own)


def test_kept_and_restored_training_goes_on_to_the_bit(
    start: Any, features: list[Feature], tmp_path: Path
) -> None:
    made = start([(Scales(), 1.0)])
    losses(made, features, range(3))
    made.settle()
    model, own = made.loss.model, made.loss.own
    checkpoints.save(
        tmp_path, model, made.optimizer.state_dict(), Position(step=3), made.trained_rows, own=own
    )
    weights = copy.deepcopy(model.state_dict())
    expected = losses(made, features, range(3, 6))
    again = start([(Scales(), 1.0)])
    again.loss.model.load_state_dict(weights)
    path = checkpoints.path_of(tmp_path, 3)
    checkpoints.restore_own(path, again.loss.own)
    checkpoints.restore_optimizer(path, again.optimizer)
    assert losses(again, features, range(3, 6)) == expected
    assert same(state(again.loss.own), state(own))


def test_checkpoints_know_whether_perturbations_had_parameters(start: Any, tmp_path: Path) -> None:
    without, owning = start([(RandomPerturbation(), 1.0)]), start([(Scales(), 1.0)])
    for folder, made in (("plain", without), ("own", owning)):
        checkpoints.save(
            tmp_path / folder,
            made.loss.model,
            made.optimizer.state_dict(),
            Position(step=1),
            own=made.loss.own,
        )
    plain, own = (checkpoints.path_of(tmp_path / folder, 1) for folder in ("plain", "own"))
    assert not (plain / checkpoints.OWN).exists()
    checkpoints.restore_own(plain, without.loss.own)  # as in checkpoints of earlier versions
    checkpoints.restore_own(own, owning.loss.own)
    for path, module in ((plain, owning.loss.own), (own, without.loss.own)):
        with pytest.raises(UserError, match="trainable parameters of this stage"):
            checkpoints.restore_own(path, module)


def test_updates_with_them_are_made_eagerly(start: Any) -> None:
    assert start([(Scales(), 1.0)]).loss.phase(0.5) is None
    assert start([(RandomPerturbation(), 1.0)]).loss.phase(0.5) is not None
