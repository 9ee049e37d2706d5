"""AdamW's groups, and its schedule against transformers'."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import get_cosine_schedule_with_warmup, get_linear_schedule_with_warmup

from xlt_cli.api import EncoderModel
from xlt_cli.errors import UserError
from xlt_cli.spec import Stage
from xlt_cli.training import optimizer

CPU = torch.device("cpu")


def stage(**values: Any) -> Stage:
    return Stage.model_validate({"task": "xnli", **values})


def group_of(model: EncoderModel, made: torch.optim.Optimizer) -> dict[str, dict[str, Any]]:
    """The optimizer's group of each trainable parameter, by name."""
    assert isinstance(model, torch.nn.Module)
    by_id = {id(p): group for group in made.param_groups for p in group["params"]}
    return {name: by_id[id(p)] for name, p in model.named_parameters() if p.requires_grad}


def test_biases_and_norms_are_not_decayed(model: EncoderModel) -> None:
    groups = group_of(model, optimizer.build(model, stage(weight_decay=0.1), CPU))
    for name, group in groups.items():
        free = name.endswith("bias") or "LayerNorm" in name
        assert group["weight_decay"] == (0.0 if free else 0.1), name
    assert {group["weight_decay"] for group in groups.values()} == {0.0, 0.1}


def test_the_head_has_a_rate_of_its_own(model: EncoderModel) -> None:
    made = optimizer.build(model, stage(learning_rate=1e-5, head_learning_rate=1e-3), CPU)
    for name, group in group_of(model, made).items():
        in_head = "classifier" in name or "pooler" in name
        assert group["peak"] == (1e-3 if in_head else 1e-5), name
    assert optimizer.set_rates(made, stage(learning_rate=1e-5, warmup=0), 50, 100) == 0.5e-5
    assert {group["lr"] for group in made.param_groups} == {0.5e-5, 0.5e-3}


def test_every_trainable_parameter_is_in_one_group_and_no_frozen_one(model: EncoderModel) -> None:
    assert isinstance(model, torch.nn.Module)
    frozen = next(iter(model.parameters()))
    frozen.requires_grad_(False)
    made = optimizer.build(model, stage(), CPU)
    held = [id(p) for group in made.param_groups for p in group["params"]]
    assert sorted(held) == sorted(id(p) for p in model.parameters() if p.requires_grad)
    assert id(frozen) not in held


PEERS = {
    "linear": get_linear_schedule_with_warmup,
    "cosine": get_cosine_schedule_with_warmup,
}


def peers(kind: str, warmup: int, total: int) -> list[float]:
    """The rates of transformers' schedule at each of the updates."""
    plain = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule: Any = PEERS[kind](plain, warmup, total)
    rates = []
    for _ in range(total):
        rates.append(plain.param_groups[0]["lr"])
        plain.step()
        schedule.step()
    return rates


@pytest.mark.parametrize("kind", list(PEERS))
@pytest.mark.parametrize(("share", "total"), [(0.0, 7), (0.1, 50), (0.06, 100), (0.5, 9)])
def test_from_the_peak_on_the_schedule_is_transformers(kind: str, share: float, total: int) -> None:
    chosen = stage(warmup=share, schedule=kind)
    found = [optimizer.rate_factor(chosen, step, total) for step in range(total)]
    warmup = math.ceil(share * total)
    expected = peers(kind, warmup, total)
    assert found[warmup:] == pytest.approx(expected[warmup:])
    # Transformers' first update has a rate of 0: it changes nothing. Here the warm-up is spread
    # over the same updates so that each of them counts, and reaches the peak at the same one.
    assert found[:warmup] == pytest.approx([(s + 1) / (warmup + 1) for s in range(warmup)])
    assert all(mine > theirs for mine, theirs in zip(found, expected[:warmup], strict=False))


@pytest.mark.parametrize("kind", list(PEERS))
@pytest.mark.parametrize(("warmup", "total"), [(0, 7), (5, 50), (49, 50), (80, 50)])
def test_warm_up_in_steps_is_transformers_too(kind: str, warmup: int, total: int) -> None:
    chosen = stage(warmup_steps=warmup, schedule=kind)
    found = [optimizer.rate_factor(chosen, step, total) for step in range(total)]
    assert found[warmup:] == pytest.approx(peers(kind, warmup, total)[warmup:])
    rising = min(warmup, total)
    assert found[:rising] == pytest.approx([(s + 1) / (warmup + 1) for s in range(rising)])
    share = [optimizer.rate_factor(stage(warmup=0.5, schedule=kind), s, 40) for s in range(40)]
    steps = stage(warmup_steps=20, schedule=kind)
    assert [optimizer.rate_factor(steps, s, 40) for s in range(40)] == share


@given(
    st.integers(1, 3000),
    st.floats(0, 1),
    st.sampled_from(["linear", "constant", "cosine"]),
)
def test_rates_rise_to_the_peak_and_end_near_zero(total: int, warmup: float, kind: str) -> None:
    chosen = stage(warmup=warmup, schedule=kind)
    rates = [optimizer.rate_factor(chosen, step, total) for step in range(total)]
    assert all(0 < rate <= 1 for rate in rates)
    top = rates.index(max(rates))
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    left = total - math.ceil(round(warmup * total, 6))
    if left > 0:
        assert rates[top] == 1.0
        last = {"constant": 1.0, "linear": 1 / left, "cosine": (1 - math.cos(math.pi / left)) / 2}
        assert rates[-1] == pytest.approx(last[kind])


def test_state_goes_through_a_checkpoint(model: EncoderModel) -> None:
    assert isinstance(model, torch.nn.Module)
    first = optimizer.build(model, stage(), CPU)
    torch.stack([p.square().sum() for p in model.parameters()]).sum().backward()
    optimizer.set_rates(first, stage(), 3, 10)
    first.step()
    second = optimizer.build(model, stage(), CPU)
    second.load_state_dict(first.state_dict())
    for one, other in zip(first.param_groups, second.param_groups, strict=True):
        assert (one["peak"], one["lr"]) == (other["peak"], other["lr"])
        for p in one["params"]:
            torch.testing.assert_close(first.state[p]["exp_avg"], second.state[p]["exp_avg"])


def test_rates_decay_from_layer_to_layer(model: EncoderModel) -> None:
    groups = group_of(
        model,
        optimizer.build(
            model, stage(learning_rate=1e-4, head_learning_rate=3e-4, layer_decay=0.5), CPU
        ),
    )
    count = 1 + max(
        int(name.split("layer.")[1].split(".")[0]) for name in groups if "layer." in name
    )
    assert count > 1
    for name, group in groups.items():
        if "layer." in name:
            below_last = count - 1 - int(name.split("layer.")[1].split(".")[0])
            assert group["peak"] == pytest.approx(1e-4 * 0.5**below_last), name
        elif "embeddings" in name:
            assert group["peak"] == pytest.approx(1e-4 * 0.5**count), name
        else:
            assert group["peak"] == 3e-4, name


def test_rows_trained_apart_have_the_embeddings_rate(model: EncoderModel) -> None:
    rows = torch.nn.Parameter(torch.zeros(3, 4))
    made = optimizer.build(model, stage(learning_rate=1e-4, layer_decay=0.5), CPU, [rows])
    by_id = {id(p): group["peak"] for group in made.param_groups for p in group["params"]}
    assert by_id[id(rows)] == group_of(model, made)[word_table_name(model)]["peak"]


def word_table_name(model: EncoderModel) -> str:
    assert isinstance(model, torch.nn.Module)
    return next(name for name, _ in model.named_parameters() if "word_embeddings" in name)


def test_without_layers_of_its_own_weights_a_model_has_no_rates_to_decay(
    model: EncoderModel,
) -> None:
    assert isinstance(model, torch.nn.Module)
    for block in [m for m in model.modules() if isinstance(m, torch.nn.ModuleList)]:
        del block[1:]
    with pytest.raises(UserError, match="no layers with separate weights"):
        optimizer.build(model, stage(layer_decay=0.9), CPU)
