"""The suite for perturbations of embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from xlt_cli.api import (
    EmbeddingPerturbation,
    Perturbation,
    PluginError,
    Seam,
)
from xlt_cli.registry.guard import make
from xlt_cli.testing.contract import broken
from xlt_cli.testing.noise import GAUSSIAN_RULE, measured
from xlt_cli.testing.randomness import disturb, draws_from_the_process
from xlt_cli.testing.suite import PluginSuite

if TYPE_CHECKING:
    import torch

    from xlt_cli.testing.bench import Bench

LOSS = EmbeddingPerturbation.loss
PERTURBED = EmbeddingPerturbation.perturbed
OWN = EmbeddingPerturbation.own_module
ROWS = (1, 7, 4, 8, 2)
"""The rows of a batch: of several lengths, the next to last without words."""
TOLERANCE = 2e-4
"""Of the larger of 1 and the loss: what rounding may change."""


class EmbeddingPerturbationSuite(PluginSuite):
    """Checks of an `EmbeddingPerturbation`, at the seam of a tiny transformer."""

    kind = "perturbation"

    @pytest.fixture
    def benches(self, plugin: EmbeddingPerturbation) -> list[Bench]:
        """Models and rows to try it on, one for each problem; override it for your own problems."""
        from xlt_cli.testing.bench import benches

        made = benches(plugin)
        if not made:
            pytest.fail("override the fixture `benches` with those of the problems it is for")
        return made

    def test_loss_is_one_number_for_each_example(
        self, checked: EmbeddingPerturbation, benches: list[Bench]
    ) -> None:
        for bench in benches:
            losses = checked.loss(bench.seam(ROWS))  # what the runner refuses is raised
            if not losses.isfinite().all():
                broken(f"the losses {_listed(losses)} of {bench.name} are not finite", LOSS)

    def test_loss_depends_on_no_other_example(
        self, plugin: EmbeddingPerturbation, benches: list[Bench]
    ) -> None:
        for bench in benches:
            together = plugin.loss(bench.seam(ROWS))
            for place, row in enumerate(ROWS):
                alone = plugin.loss(bench.seam([row]))[0]
                if _differ(alone, together[place]):
                    broken(
                        f"the loss of an example of {bench.name} is {float(alone):.6f} alone and "
                        f"{float(together[place]):.6f} beside others",
                        LOSS,
                    )

    def test_loss_does_not_depend_on_the_order_of_the_batch(
        self, plugin: EmbeddingPerturbation, benches: list[Bench]
    ) -> None:
        for bench in benches:
            forwards = plugin.loss(bench.seam(ROWS))
            backwards = plugin.loss(bench.seam(ROWS[::-1])).flip(0)
            if _differ(forwards, backwards):
                broken(
                    f"the losses {_listed(forwards)} of {bench.name} are {_listed(backwards)} in "
                    "a batch of the other order",
                    LOSS,
                )

    def test_loss_does_not_depend_on_padding(
        self, plugin: EmbeddingPerturbation, benches: list[Bench]
    ) -> None:
        from xlt_cli.testing.bench import WIDE

        for bench in benches:
            narrow = plugin.loss(bench.seam(ROWS))
            wide = plugin.loss(bench.seam(ROWS, multiple=WIDE))
            if _differ(narrow, wide):
                broken(
                    f"the losses {_listed(narrow)} of {bench.name} are {_listed(wide)} where the "
                    "batch is padded further",
                    LOSS,
                )

    def test_loss_is_the_same_for_the_same_draws(
        self, plugin: EmbeddingPerturbation, benches: list[Bench]
    ) -> None:
        import torch

        for bench in benches:
            disturb(1)
            first = plugin.loss(bench.seam(ROWS))
            disturb(2)
            fresh = type(plugin)(plugin.params)
            second = fresh.loss(bench.seam(ROWS))
            if not torch.allclose(first, second, rtol=0, atol=0, equal_nan=True):
                broken(
                    f"with the same draws, the losses of {bench.name} are {_listed(first)} and "
                    f"then {_listed(second)}; draw from `seam.draws` alone",
                    Seam,
                )

    def test_draws_from_the_seam_alone(
        self, plugin: EmbeddingPerturbation, benches: list[Bench]
    ) -> None:
        for bench in benches:
            here = bench.seam(ROWS)
            drawn = draws_from_the_process(lambda here=here: plugin.loss(here))  # type: ignore[misc]
            if drawn:
                broken(f"loss() draws from the process's own generator ({drawn})", Seam)

    def test_gradients_reach_the_model_in_the_backward_pass_alone(
        self, plugin: EmbeddingPerturbation, benches: list[Bench]
    ) -> None:
        for bench in benches:
            parameters = _parameters(bench)
            losses = plugin.loss(bench.seam(ROWS))
            early = [name for name, parameter in parameters.items() if parameter.grad is not None]
            if early:
                broken(
                    f"loss() leaves gradients in {early[0]}, which would be added to those of the "
                    "update; use torch.autograd.grad for gradients of your own",
                    LOSS,
                )
            frozen = [name for name, p in parameters.items() if not p.requires_grad]
            if frozen:
                broken(f"loss() leaves {frozen[0]} without requires_grad", LOSS)
            losses.sum().backward()  # type: ignore[no-untyped-call]
            gradients = {name: p.grad for name, p in parameters.items() if p.grad is not None}
            if not any(bool(gradient.any()) for gradient in gradients.values()):
                broken("the backward pass of the losses reaches no parameter of the model", LOSS)
            for name, gradient in gradients.items():
                if not gradient.isfinite().all():
                    broken(f"the gradient of {name} is not finite ({bench.name})", LOSS)

    def test_no_pass_that_trains_is_made_where_parameters_are_fixed(
        self, plugin: EmbeddingPerturbation, benches: list[Bench]
    ) -> None:
        from xlt_cli.speed.layers import parameters_fixed

        for bench in benches:
            trained = [p for p in _parameters(bench).values() if p.requires_grad]
            model: Any = bench.model
            fixed = partial(parameters_fixed, [model])
            expected = _gradients(plugin.loss(bench.seam(ROWS)), trained)
            here = replace(bench.seam(ROWS), parameters_fixed=fixed)
            for one, other in zip(expected, _gradients(plugin.loss(here), trained), strict=True):
                if one is not None and (other is None or _differ(one, other)):
                    broken(
                        "loss() trains on a pass that it makes within `seam.parameters_fixed()`, "
                        f"so that the model's layers get no gradient from it ({bench.name})",
                        Seam,
                    )

    def test_leaves_the_batch_and_the_model_as_they_are(
        self, plugin: EmbeddingPerturbation, benches: list[Bench]
    ) -> None:
        for bench in benches:
            here = bench.seam(ROWS)
            given = {**here.batch.tensors(), "embeddings": here.embeddings}
            given["perturbable"] = here.perturbable
            given |= {f"the model's {name}": p for name, p in _parameters(bench).items()}
            before = {name: tensor.detach().clone() for name, tensor in given.items()}
            plugin.loss(here)
            for name, tensor in given.items():
                if not tensor.equal(before[name]):
                    broken(f"loss() changes {name} in place", LOSS)
            if bench.model.training:  # type: ignore[attr-defined]
                broken("loss() leaves the model in training mode", LOSS)

    def test_works_in_mixed_precision(
        self, checked: EmbeddingPerturbation, benches: list[Bench]
    ) -> None:
        import torch

        for bench in benches:
            with torch.autocast("cpu", torch.bfloat16):
                losses = checked.loss(bench.seam(ROWS))
            losses.sum().backward()  # type: ignore[no-untyped-call]
            if not losses.isfinite().all():
                broken(f"in bf16 the losses of {bench.name} are {_listed(losses)}", LOSS)

    def test_holds_at_the_bounds_of_its_parameters(
        self, plugin: EmbeddingPerturbation, benches: list[Bench]
    ) -> None:
        for params in self.extremes(plugin):
            extreme = make(type(plugin), params)
            for bench in benches:
                losses = extreme.loss(bench.of(extreme).seam(ROWS))
                if not losses.isfinite().all():
                    broken(f"with {params!r} the losses are {_listed(losses)}", LOSS)

    def test_own_module_is_new_each_time_and_drawn_from_torch(
        self, checked: EmbeddingPerturbation, benches: list[Bench]
    ) -> None:
        if benches[0].module is None:
            pytest.skip("it has no module of its own")
        first, second = (benches[0].of(checked).module for _ in range(2))
        if first is second:
            broken("own_module() gives the same module again", OWN)
        states = first.state_dict(), second.state_dict()
        if any(not tensor.equal(states[1][name]) for name, tensor in states[0].items()):
            broken("own_module() draws from other than torch's global generator", OWN)

    def test_phase_says_all_that_the_loss_depends_on(
        self, checked: EmbeddingPerturbation, benches: list[Bench]
    ) -> None:
        known: dict[Any, tuple[float, list[torch.Tensor]]] = {}
        for progress in (0.0, 0.2, 0.5, 0.8, 0.999):
            phase = checked.phase(progress)
            if phase != checked.phase(progress):
                broken(f"phase({progress}) is another each time", EmbeddingPerturbation.phase)
            if phase is None:
                continue
            losses = [checked.loss(bench.seam(ROWS, progress=progress)) for bench in benches]
            first, expected = known.setdefault(phase, (progress, losses))
            if any(_differ(one, other) for one, other in zip(losses, expected, strict=True)):
                broken(
                    f"phase({first}) and phase({progress}) are both {phase!r}, and the losses "
                    "differ; on a GPU the first would be replayed for the second",
                    EmbeddingPerturbation.phase,
                )

    def test_noise_stays_off_padding_and_special_tokens(
        self, checked: EmbeddingPerturbation, benches: list[Bench]
    ) -> None:
        from xlt_cli.testing.bench import WIDE

        for bench in benches:
            here = bench.seam(ROWS, multiple=WIDE)
            moved = _noisy(checked, here) != here.embeddings
            touched = moved.any(dim=-1) & ~here.perturbable
            if touched.any():
                special = bool((touched & here.batch.attention_mask.bool()).any())
                what = "special tokens" if special else "padding"
                broken(f"perturbed() changes the embeddings of {what} ({bench.name})", Seam)

    def test_noise_of_an_example_depends_on_no_other(
        self, checked: EmbeddingPerturbation, benches: list[Bench]
    ) -> None:
        for bench in benches:
            here = bench.seam(ROWS)
            together = _noisy(checked, here)
            for place, row in enumerate(ROWS):
                alone = _noisy(checked, bench.seam([row]))[0]
                if _differ(alone, together[place, : len(alone)]):
                    broken(
                        "the noise on an example is another one beside other examples "
                        f"({bench.name})",
                        PERTURBED,
                    )

    def test_gaussian_noise_has_the_deviation_that_it_states(
        self, checked: EmbeddingPerturbation, benches: list[Bench]
    ) -> None:
        import torch

        if not checked.gaussian:
            pytest.skip("its noise is not Gaussian")
        with torch.inference_mode():  # as smoothing in evaluation does
            fault = measured(checked, benches[0])
        if fault:
            broken(fault, GAUSSIAN_RULE)

    def test_companions_are_used(self, plugin: EmbeddingPerturbation, benches: list[Bench]) -> None:
        if not plugin.companion:
            pytest.skip("it asks for no companion")
        for bench in benches:
            others = bench.seam([(row + 1) % len(bench.features) for row in ROWS])
            swapped = replace(bench.seam(ROWS), companions=others.companions)
            if plugin.loss(bench.seam(ROWS)).equal(plugin.loss(swapped)):
                broken(
                    f"it asks for the companion '{plugin.companion}', and its loss does not "
                    "depend on it; ask for what you use only",
                    EmbeddingPerturbation,
                )

    def test_fingerprint_is_text_and_stays_the_same(
        self, plugin: EmbeddingPerturbation, checked: EmbeddingPerturbation
    ) -> None:
        if checked.fingerprint() != type(plugin)(plugin.params).fingerprint():
            broken("two plugins of the same parameters differ", Perturbation.fingerprint)


def _noisy(plugin: EmbeddingPerturbation, here: Seam) -> torch.Tensor:
    """The embeddings with noise; skips a plugin that has none."""
    try:
        return plugin.perturbed(here).detach()
    except PluginError as error:
        if "perturbed" in type(plugin).__dict__ or error.what.endswith("is for training only"):
            pytest.skip(error.what)
        raise


def _parameters(bench: Bench) -> dict[str, Any]:
    model: Any = bench.model
    return dict(model.named_parameters())


def _gradients(
    losses: torch.Tensor, parameters: Sequence[torch.Tensor]
) -> Sequence[torch.Tensor | None]:
    import torch

    if not losses.requires_grad:
        return [None] * len(parameters)
    return torch.autograd.grad(losses.sum(), parameters, allow_unused=True)


def _differ(one: torch.Tensor, other: torch.Tensor) -> bool:
    scale = other.detach().abs().clamp(min=1)
    return bool(((one - other).detach().abs() > TOLERANCE * scale).any())


def _listed(losses: torch.Tensor) -> Sequence[float]:
    return [round(value, 4) for value in losses.detach().tolist()]
