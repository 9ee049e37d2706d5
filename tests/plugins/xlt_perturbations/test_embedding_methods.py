"""What every method on the embeddings keeps to, whatever it computes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from xlt_cli import registry
from xlt_cli.api import Draws, EmbeddingPerturbation, Seam
from xlt_perturbations.adversarial import Adversarial
from xlt_perturbations.freelb import FreeLB
from xlt_perturbations.r_drop import RDrop
from xlt_perturbations.random_perturbation import RandomPerturbation
from xlt_perturbations.smart import Smart
from xlt_perturbations.token_cutoff import TokenCutoff
from xlt_perturbations.vat import Vat

METHODS: dict[str, tuple[type[EmbeddingPerturbation], dict[str, Any]]] = {
    "pgd-token": (Adversarial, {"epsilon": 0.3, "random_start": True}),
    "pgd-sentence": (Adversarial, {"epsilon": 0.3, "norm": "l2-sentence", "random_start": True}),
    "pgd-linf": (
        Adversarial,
        {"epsilon": 0.3, "norm": "linf", "clean_weight": 0, "random_start": True},
    ),
    "fgm": (Adversarial, {"epsilon": 0.3, "steps": 1, "random_start": False}),
    "freelb": (FreeLB, {"init_magnitude": 0.5, "learning_rate": 0.5}),
    "freelb-bounded": (FreeLB, {"learning_rate": 0.5, "max_norm": 0.3, "clean_weight": 0.5}),
    # As large as this, the first noise leaves slopes that rounding does not decide.
    "smart": (Smart, {"noise": 0.1}),
    "vat": (Vat, {"epsilon": 0.3, "xi": 0.1}),
    "vat-token": (Vat, {"epsilon": 0.3, "norm": "l2-token", "steps": 2}),
    "r-drop": (RDrop, {}),
    "token-cutoff": (TokenCutoff, {"rate": 0.4}),
    "span-cutoff": (TokenCutoff, {"rate": 0.4, "span": True}),
    "random": (RandomPerturbation, {"samples": 2, "clean_weight": 0.25}),
}
NOISY = [name for name in METHODS if name != "r-drop"]


def method(name: str, **changes: Any) -> EmbeddingPerturbation:
    plugin, values = METHODS[name]
    return plugin(plugin.Params.model_validate(values | changes))


@pytest.fixture(params=["sequence", "tokens"])
def bench(request: pytest.FixtureRequest, make_bench: Callable[..., Any]) -> Any:
    return make_bench(request.param)


@pytest.fixture
def pairs(make_bench: Callable[..., Any]) -> Any:
    """A bench of one kind, where the kind of the task changes nothing."""
    return make_bench("sequence")


@pytest.mark.parametrize("plugin", sorted({p for p, _ in METHODS.values()}, key=lambda p: p.name))
def test_it_is_a_plugin(plugin: type[EmbeddingPerturbation]) -> None:
    assert registry.fault("perturbation", plugin.name, plugin) == ""
    assert plugin.reference
    for name, value in plugin.Params.model_fields.items():
        assert value.description, name


@pytest.mark.parametrize("name", METHODS)
def test_one_finite_loss_per_example_and_gradients_as_in_plain_training(
    bench: Any, name: str
) -> None:
    bench.model.train()
    losses = method(name).loss(bench.seam())
    assert losses.shape == (4,)
    assert losses.isfinite().all()
    found = bench.gradients(losses)
    assert set(found) == set(bench.gradients(bench.clean()))
    (table,) = (found[n] for n in found if n.endswith("word_embeddings.weight"))
    assert table.abs().sum() > 0
    assert all(gradient.isfinite().all() for gradient in found.values())


@pytest.mark.parametrize("name", METHODS)
def test_computing_the_loss_leaves_no_gradients_behind(pairs: Any, name: str) -> None:
    parameters = list(pairs.model.parameters())
    method(name).loss(pairs.seam())
    assert all(p.grad is None for p in parameters)
    for parameter in parameters:
        parameter.grad = torch.ones_like(parameter)
    method(name).loss(pairs.seam())
    assert all(torch.equal(p.grad, torch.ones_like(p)) for p in parameters)


@pytest.mark.parametrize("name", NOISY)
@pytest.mark.parametrize("special", [False, True])
def test_only_words_are_touched_and_special_tokens_on_request(
    bench: Any, name: str, special: bool
) -> None:
    seam = bench.seam()
    method(name, special=special).loss(seam)
    versions = [e for seen in bench.seen for e in seen.split(len(seam.batch))]
    changed = torch.stack([(e != seam.embeddings).any(dim=-1) for e in versions]).any(dim=0)
    padding = seam.batch.attention_mask == 0
    assert padding.any()
    assert not changed[padding].any()
    outside = seam.batch.special_mask & ~padding
    assert outside.any()
    assert changed[outside].any() == special
    assert changed[seam.perturbable].float().mean() > (0.2 if "cutoff" in name else 0.99)


@pytest.mark.parametrize("name", METHODS)
def test_an_example_does_not_depend_on_those_beside_it(bench: Any, name: str) -> None:
    noise = method(name)

    def losses(*rows: int) -> dict[int, torch.Tensor]:
        seam = bench.seam(bench.batch(*rows))
        found = noise.loss(replace(seam, draws=Draws(torch.tensor(rows))))
        return dict(zip(rows, found, strict=True))

    whole = losses(1, 3, 5, 8)
    for parts in ([(8, 5, 3, 1)], [(5, 1), (8, 3)], [(1,), (3,), (5,), (8,)]):
        # In another order, beside others, with other padding.
        found = {row: loss for rows in parts for row, loss in losses(*rows).items()}
        for row, loss in whole.items():
            torch.testing.assert_close(found[row], loss, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", NOISY)
def test_it_is_a_function_of_the_seed(bench: Any, name: str) -> None:
    def losses(seed: int) -> torch.Tensor:
        torch.manual_seed(seed + 100)  # not from here
        return method(name).loss(bench.seam(seed=seed))

    first = losses(1)
    state = torch.random.get_rng_state()
    again = method(name).loss(bench.seam(seed=1))
    assert torch.equal(first, again)
    assert torch.equal(state, torch.random.get_rng_state())
    if name != "fgm":
        assert not torch.equal(losses(2), first)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("kind", ["sequence", "tokens"])
def test_mixed_precision_gives_nearly_the_same(
    make_bench: Callable[..., Any], kind: str, name: str
) -> None:
    bench = make_bench(kind, scale=0.1)
    exact = method(name).loss(bench.seam())
    with torch.autocast("cpu", torch.bfloat16):
        losses = method(name).loss(bench.seam())
    assert losses.dtype == torch.float32
    torch.testing.assert_close(losses, exact, rtol=0.05, atol=0.05)
    found = bench.gradients(losses)
    assert set(found) == set(bench.gradients(bench.clean()))
    assert all(gradient.isfinite().all() for gradient in found.values())


@pytest.mark.parametrize("name", METHODS)
def test_a_model_in_half_precision_works(pairs: Any, name: str) -> None:
    pairs.model.to(torch.bfloat16)
    losses = method(name).loss(pairs.seam())
    assert losses.isfinite().all()
    assert all(gradient.isfinite().all() for gradient in pairs.gradients(losses).values())


@pytest.mark.parametrize("name", METHODS)
def test_frozen_lower_layers_are_no_obstacle(pairs: Any, name: str) -> None:
    expected = method(name).loss(pairs.seam())
    base = pairs.model.model.base_model
    base.embeddings.requires_grad_(False)
    base.encoder.layer[0].requires_grad_(False)
    losses = method(name).loss(pairs.seam())
    torch.testing.assert_close(losses, expected)
    assert not any(".embeddings." in n or ".layer.0." in n for n in pairs.gradients(losses))


@pytest.mark.parametrize("name", METHODS)
def test_it_works_without_gradients_outside(pairs: Any, name: str) -> None:
    expected = method(name).loss(pairs.seam())
    with torch.no_grad():
        torch.testing.assert_close(method(name).loss(pairs.seam()), expected)


def test_examples_without_words_harm_nobody(bench: Any) -> None:
    from dataclasses import replace

    for name in METHODS:
        seam = bench.seam()
        nothing: Seam = replace(seam, perturbable=torch.zeros_like(seam.perturbable))
        losses = method(name).loss(nothing)
        assert losses.isfinite().all(), name
        assert all(g.isfinite().all() for g in bench.gradients(losses).values()), name


NO_NOISE: list[tuple[type[EmbeddingPerturbation], dict[str, Any]]] = [
    (Adversarial, {"epsilon": 0}),
    (Adversarial, {"epsilon": 0, "absolute": True, "norm": "linf", "clean_weight": 0.3}),
    (Adversarial, {"clean_weight": 1}),
    (FreeLB, {"init_magnitude": 0, "learning_rate": 0}),
    (Smart, {"weight": 0}),
    (Smart, {"radius": 0}),
    (Vat, {"epsilon": 0}),
    (Vat, {"weight": 0}),
    (TokenCutoff, {"rate": 0}),
    (RandomPerturbation, {"radius": 0}),
    (RandomPerturbation, {"clean_weight": 1}),
]
WARMED_UP = [(plugin, {"warmup": 0.6}) for plugin in (Adversarial, FreeLB, Smart, Vat)]


@pytest.mark.parametrize(("plugin", "values"), NO_NOISE + WARMED_UP)
def test_without_noise_it_is_plain_training_to_the_bit(
    bench: Any, plugin: type[EmbeddingPerturbation], values: dict[str, Any]
) -> None:
    bench.model.train()
    torch.manual_seed(5)
    expected = bench.clean()
    torch.manual_seed(5)
    found = plugin(plugin.Params.model_validate(values)).loss(bench.seam())
    assert torch.equal(found, expected)
    gradients, plain = bench.gradients(found), bench.gradients(expected)
    assert set(gradients) == set(plain)
    assert all(torch.equal(gradients[name], plain[name]) for name in plain)


@pytest.mark.parametrize(("plugin", "values"), WARMED_UP)
def test_after_the_warm_up_it_starts(
    bench: Any, plugin: type[EmbeddingPerturbation], values: dict[str, Any]
) -> None:
    at_last = plugin(plugin.Params.model_validate(values)).loss(bench.seam(progress=0.6))
    assert torch.equal(at_last, plugin(plugin.Params()).loss(bench.seam()))
    assert not torch.equal(at_last, bench.clean())


NUMBERS = [
    (plugin, name)
    for plugin in sorted({p for p, _ in METHODS.values()}, key=lambda p: p.name)
    for name, field in plugin.Params.model_fields.items()
    if field.annotation in (int, float, float | None)
]


@pytest.mark.parametrize(("plugin", "name"), NUMBERS)
@pytest.mark.parametrize("value", [-0.1, -1, float("nan"), float("inf"), "much"])
def test_wrong_numbers_are_refused(
    plugin: type[EmbeddingPerturbation], name: str, value: object
) -> None:
    with pytest.raises(ValueError, match=name):
        plugin.Params.model_validate({name: value})


@pytest.mark.parametrize(
    ("plugin", "values"),
    [
        (Adversarial, {"steps": 0}),
        (Adversarial, {"norm": "l1"}),
        (Adversarial, {"clean_weight": 1.1}),
        (Adversarial, {"warmup": 1.1}),
        (FreeLB, {"steps": 0}),
        (FreeLB, {"max_norm": 0}),
        (Vat, {"norm": "linf"}),
        (Vat, {"xi": 0}),
        (TokenCutoff, {"rate": 1}),
        (RandomPerturbation, {"samples": 0}),
        (RDrop, {"special": True}),
    ],
)
def test_wrong_parameters_are_refused(
    plugin: type[EmbeddingPerturbation], values: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        plugin.Params.model_validate(values)


def test_every_parameter_of_a_method_is_in_use() -> None:
    import sys

    for plugin, _ in METHODS.values():
        source = inspect.getsource(sys.modules[plugin.__module__])
        for name in plugin.Params.model_fields:
            assert f"p.{name}" in source or f"self.params.{name}" in source, (plugin, name)
