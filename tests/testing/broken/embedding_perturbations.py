"""Perturbations of embeddings that break the contract; `fails` names the checks that say so."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, ClassVar

import pytest
import torch
from pydantic import Field

from xlt_cli.api import EmbeddingPerturbation, PluginParams, Seam
from xlt_cli.testing import EmbeddingPerturbationSuite


class Sound(EmbeddingPerturbation):
    """Gaussian noise on each coordinate."""

    api_version = 1
    name = "sound"
    summary = "Gaussian noise on each coordinate"
    problems = ("sequence-classification",)

    class Params(PluginParams):
        deviation: float = Field(0.1, ge=0)

    params: Params

    def phase(self, progress: float) -> Hashable:
        return "noise"

    def noise(self, seam: Seam) -> torch.Tensor:
        return seam.draws.normal(*seam.embeddings.shape[1:], dtype=seam.embeddings.dtype)

    def perturbed(self, seam: Seam) -> torch.Tensor:
        noise = self.params.deviation * self.noise(seam) * seam.perturbable[..., None]
        return seam.embeddings + noise

    def loss(self, seam: Seam) -> torch.Tensor:
        return seam.loss(seam.logits(self.perturbed(seam)))

    @property
    def gaussian(self) -> bool:
        return True

    def deviation(self, seam: Seam) -> torch.Tensor:
        return seam.embeddings.new_full((len(seam.batch),), self.params.deviation)


class Suite(EmbeddingPerturbationSuite):
    made: ClassVar[type[EmbeddingPerturbation]]
    fails: ClassVar[tuple[str, ...]]

    @pytest.fixture
    def plugin(self) -> Any:
        return self.made(self.made.Params())


class TestSound(Suite):
    made = Sound
    fails = ()


class TestReturnsAMean(Suite):
    class made(Sound):
        def loss(self, seam: Seam) -> torch.Tensor:
            return super().loss(seam).mean()

    fails = (
        "test_loss_is_one_number_for_each_example",
        "test_loss_depends_on_no_other_example",
        "test_works_in_mixed_precision",
        "test_holds_at_the_bounds_of_its_parameters",
        "test_phase_says_all_that_the_loss_depends_on",
    )


class TestTrainsWhereParametersAreFixed(Suite):
    class made(Sound):
        def loss(self, seam: Seam) -> torch.Tensor:
            with seam.parameters_fixed():
                return super().loss(seam)

    fails = ("test_no_pass_that_trains_is_made_where_parameters_are_fixed",)


class TestTrainsOnOneOfTwoPasses(Suite):
    class made(Sound):
        def loss(self, seam: Seam) -> torch.Tensor:
            with seam.parameters_fixed():
                noisy = super().loss(seam)
            return noisy + seam.loss(seam.logits(seam.embeddings))

    fails = ("test_no_pass_that_trains_is_made_where_parameters_are_fixed",)


class TestCentresOverTheBatch(Suite):
    class made(Sound):
        def loss(self, seam: Seam) -> torch.Tensor:
            losses = super().loss(seam)
            return losses + 0.1 * losses.mean()

    fails = ("test_loss_depends_on_no_other_example",)


class TestNoiseOfTheProcess(Suite):
    class made(Sound):
        def noise(self, seam: Seam) -> torch.Tensor:
            return torch.randn_like(seam.embeddings)

    fails = (
        "test_loss_depends_on_no_other_example",
        "test_loss_does_not_depend_on_the_order_of_the_batch",
        "test_loss_does_not_depend_on_padding",
        "test_loss_is_the_same_for_the_same_draws",
        "test_draws_from_the_seam_alone",
        "test_phase_says_all_that_the_loss_depends_on",
        "test_noise_of_an_example_depends_on_no_other",
    )


class TestReadsPadding(Suite):
    class made(Sound):
        def loss(self, seam: Seam) -> torch.Tensor:
            return super().loss(seam) + seam.embeddings.square().mean(dim=(1, 2))

    fails = (
        "test_loss_depends_on_no_other_example",
        "test_loss_does_not_depend_on_padding",
    )


class TestTouchesSpecialTokens(Suite):
    class made(Sound):
        def perturbed(self, seam: Seam) -> torch.Tensor:
            touched = seam.batch.attention_mask[..., None]
            return seam.embeddings + self.params.deviation * self.noise(seam) * touched

    fails = ("test_noise_stays_off_padding_and_special_tokens",)


class TestStatesAnotherDeviation(Suite):
    class made(Sound):
        def deviation(self, seam: Seam) -> torch.Tensor:
            return super().deviation(seam) * 1.05

    fails = ("test_gaussian_noise_has_the_deviation_that_it_states",)


class TestUniformNoiseCalledGaussian(Suite):
    class made(Sound):
        def noise(self, seam: Seam) -> torch.Tensor:
            numbers = seam.draws.uniform(*seam.embeddings.shape[1:])
            return (2 * numbers - 1) * 3**0.5  # its deviation is 1

    fails = ("test_gaussian_noise_has_the_deviation_that_it_states",)


class TestOneNumberForAllCoordinates(Suite):
    class made(Sound):
        def noise(self, seam: Seam) -> torch.Tensor:
            return seam.draws.normal(seam.embeddings.shape[1], 1).expand(seam.embeddings.shape)

    fails = ("test_gaussian_noise_has_the_deviation_that_it_states",)


class TestPhaseLeavesProgressOut(Suite):
    class made(Sound):
        def loss(self, seam: Seam) -> torch.Tensor:
            return super().loss(seam) * (1 + seam.progress)

    fails = ("test_phase_says_all_that_the_loss_depends_on",)


class TestPhaseIsNotHashable(Suite):
    class made(Sound):
        def phase(self, progress: float) -> Any:
            return ["noise"]

    fails = ("test_phase_says_all_that_the_loss_depends_on",)


class TestLeavesGradients(Suite):
    class made(Sound):
        def loss(self, seam: Seam) -> torch.Tensor:
            super().loss(seam).sum().backward(retain_graph=True)
            return super().loss(seam)

    fails = ("test_gradients_reach_the_model_in_the_backward_pass_alone",)


class TestCutsTheGraph(Suite):
    class made(Sound):
        def loss(self, seam: Seam) -> torch.Tensor:
            return super().loss(seam).detach()

    fails = (
        "test_loss_is_one_number_for_each_example",
        "test_gradients_reach_the_model_in_the_backward_pass_alone",
        "test_works_in_mixed_precision",
        "test_holds_at_the_bounds_of_its_parameters",
        "test_phase_says_all_that_the_loss_depends_on",
    )


class TestWritesIntoTheBatch(Suite):
    class made(Sound):
        def loss(self, seam: Seam) -> torch.Tensor:
            losses = super().loss(seam)
            seam.batch.special_mask.fill_(True)
            return losses

    fails = ("test_leaves_the_batch_and_the_model_as_they_are",)


class TestDividesByTheWords(Suite):
    class made(Sound):
        def loss(self, seam: Seam) -> torch.Tensor:
            return super().loss(seam) / seam.perturbable.sum(dim=1)

    fails = (
        "test_loss_is_one_number_for_each_example",
        "test_gradients_reach_the_model_in_the_backward_pass_alone",
        "test_works_in_mixed_precision",
        "test_holds_at_the_bounds_of_its_parameters",
    )


class TestAsksForACompanionInVain(Suite):
    class made(Sound):
        companion = "partner"

    fails = ("test_companions_are_used",)


class Learned(Sound):
    """The noise is scaled by what is learned."""

    def own_module(self, width: int) -> torch.nn.Module:
        return torch.nn.Linear(width, width)

    def perturbed(self, seam: Seam) -> torch.Tensor:
        assert seam.module is not None
        noise = seam.module(self.noise(seam)) * seam.perturbable[..., None]
        return seam.embeddings + self.params.deviation * noise

    @property
    def gaussian(self) -> bool:
        return False


class TestLearned(Suite):
    made = Learned
    fails = ()


class TestKeepsItsModule(Suite):
    class made(Learned):
        kept = torch.nn.Linear(32, 32)

        def own_module(self, width: int) -> torch.nn.Module:
            return self.kept

    fails = ("test_own_module_is_new_each_time_and_drawn_from_torch",)


class TestDrawsItsWeightsElsewhere(Suite):
    class made(Learned):
        elsewhere = torch.Generator().manual_seed(1)

        def own_module(self, width: int) -> torch.nn.Module:
            module = torch.nn.Linear(width, width)
            torch.nn.init.normal_(module.weight, generator=self.elsewhere)
            return module

    fails = ("test_own_module_is_new_each_time_and_drawn_from_torch",)
