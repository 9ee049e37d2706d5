"""FreeLB, SMART, VAT, R-Drop and cutoff against their papers' algorithms, written out plainly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.distributions import Categorical, kl_divergence
from torch.nn.functional import cross_entropy

from xlt_cli.api import Batch, Draws, EmbeddingPerturbation
from xlt_perturbations.freelb import FreeLB
from xlt_perturbations.r_drop import RDrop
from xlt_perturbations.random_perturbation import RandomPerturbation
from xlt_perturbations.smart import Smart
from xlt_perturbations.token_cutoff import TokenCutoff
from xlt_perturbations.vat import Vat

ROWS = range(9)


@pytest.fixture(params=["sequence", "tokens"])
def bench(request: pytest.FixtureRequest, make_bench: Callable[..., Any]) -> Any:
    return make_bench(request.param)


class Reference:
    """One example at a time, through the Hugging Face model alone, without padding."""

    def __init__(self, bench: Any, row: int) -> None:
        batch: Batch = bench.batch(row)
        self.plain = bench.model.model
        self.targets = batch.targets
        self.words = (~batch.special_mask).unsqueeze(-1).float()
        self.clean = self.plain.get_input_embeddings()(batch.input_ids).detach()
        self.types = batch.token_type_ids
        self.count = int(self.words.sum())
        self.size = self.clean.shape[-1]
        self.mean = ((self.clean.norm(dim=-1) * self.words[..., 0]).sum() / self.count).item()

    def logits(self, noise: torch.Tensor | float = 0.0) -> torch.Tensor:
        found: torch.Tensor = self.plain(
            inputs_embeds=self.clean + noise, token_type_ids=self.types
        ).logits
        return found

    def loss(self, logits: torch.Tensor) -> torch.Tensor:
        flat = logits.reshape(-1, logits.shape[-1])
        return cross_entropy(flat, self.targets.reshape(-1), reduction="sum")

    def kl(self, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        each = kl_divergence(Categorical(logits=one), Categorical(logits=other))
        return each[self.targets != -100].sum()

    def draw(self, numbers: torch.Tensor, row: int) -> torch.Tensor:
        """This example's part of what was drawn for the batch."""
        return numbers[row : row + 1, : self.clean.shape[1]] * self.words

    def slope(self, of: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        return torch.autograd.grad(of, noise)[0] * self.words


def compare(
    bench: Any,
    method: EmbeddingPerturbation,
    reference: Callable[[Reference, torch.Tensor], torch.Tensor],
    numbers: Callable[[torch.Tensor, Draws], torch.Tensor],
    rtol: float = 1e-3,
) -> None:
    """The method's losses equal the reference's, given each example's share of the numbers."""
    batch = bench.batch(*ROWS)
    found = method.loss(bench.seam(batch))
    empty = torch.empty(*batch.input_ids.shape, 32)
    drawn = numbers(empty, bench.seam(batch).draws)
    expected = []
    for row in ROWS:
        each = Reference(bench, row)
        expected.append(reference(each, each.draw(drawn, row)))
    clean = bench.clean(batch)
    added = found - clean
    torch.testing.assert_close(added, torch.stack(expected) - clean, rtol=rtol, atol=1e-4)
    assert added.abs().max() > 0.05


def normal(like: torch.Tensor, draws: Draws) -> torch.Tensor:
    return draws.normal(*like.shape[1:])


@pytest.mark.parametrize("max_norm", [None, 0.5])
@pytest.mark.parametrize("steps", [1, 3])
def test_freelb(bench: Any, steps: int, max_norm: float | None) -> None:
    rate, magnitude = 0.3, 0.8

    def reference(each: Reference, drawn: torch.Tensor) -> torch.Tensor:
        delta = drawn * magnitude / (each.count * each.size) ** 0.5
        total = torch.zeros(())
        for _ in range(steps):
            delta = delta.detach().requires_grad_()
            loss = each.loss(each.logits(delta))
            total = total + loss.detach() / steps
            slope = each.slope(loss, delta)
            delta = delta + rate * slope / slope.norm()
            if max_norm is not None and delta.norm() > max_norm:
                delta = delta * max_norm / delta.norm()
        return total

    method = FreeLB(
        FreeLB.Params(steps=steps, learning_rate=rate, init_magnitude=magnitude, max_norm=max_norm)
    )
    compare(bench, method, reference, lambda x, draws: 2 * draws.uniform(*x.shape[1:]) - 1)


def test_freelb_has_the_authors_settings_and_the_gradient_of_the_mean(bench: Any) -> None:
    p = FreeLB.Params()
    assert (p.steps, p.learning_rate, p.init_magnitude, p.max_norm) == (3, 4e-2, 8e-2, None)
    losses = FreeLB(p).loss(bench.seam())
    found, points = bench.gradients(losses), list(bench.seen)
    assert len(points) == 3
    seam = bench.seam()
    sums: dict[str, torch.Tensor] = {}
    for point in points:
        noise = point - seam.embeddings.detach()
        fresh = bench.seam()
        at = fresh.loss(fresh.logits(fresh.embeddings + noise))
        for name, gradient in bench.gradients(at).items():
            sums[name] = sums.get(name, torch.zeros(())) + gradient / 3
    for name, gradient in sums.items():
        torch.testing.assert_close(found[name], gradient, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("steps", [1, 2])
@pytest.mark.parametrize("normalise", [False, True])
def test_smart(bench: Any, steps: int, normalise: bool) -> None:
    values: dict[str, Any] = {"step_size": 0.5, "noise": 0.01, "weight": 2.0, "radius": 0.5}

    def reference(each: Reference, drawn: torch.Tensor) -> torch.Tensor:
        clean = each.logits().detach()
        noise = drawn * 0.01
        for _ in range(steps):
            noise = noise.detach().requires_grad_()
            noisy = each.logits(noise)
            slope = each.slope(each.kl(clean, noisy) + each.kl(noisy, clean), noise)
            if normalise:
                slope = slope / slope.abs().amax(dim=-1, keepdim=True).clamp(min=1e-30)
            noise = noise + 0.5 * slope
            noise = noise / (noise.abs().amax(dim=-1, keepdim=True) + 1e-6)
            noise = noise * 0.5 * each.mean / each.size**0.5
        noisy = each.logits(noise)
        return each.loss(clean) + 2 * (each.kl(clean, noisy) + each.kl(noisy, clean))

    method = Smart(Smart.Params.model_validate(values | {"steps": steps, "normalise": normalise}))
    compare(bench, method, reference, normal, rtol=5e-3)


def test_smart_has_the_authors_settings() -> None:
    p = Smart.Params()
    assert (p.steps, p.step_size, p.noise, p.stabiliser) == (1, 1e-3, 1e-5, 1e-6)


@pytest.mark.parametrize("norm", ["l2-token", "l2-sentence"])
@pytest.mark.parametrize("steps", [1, 2])
def test_vat(bench: Any, norm: str, steps: int) -> None:
    def reference(each: Reference, drawn: torch.Tensor) -> torch.Tensor:
        def unit(vector: torch.Tensor) -> torch.Tensor:
            if norm == "l2-sentence":
                return vector / vector.norm() * each.count**0.5
            return vector / vector.norm(dim=-1, keepdim=True).clamp(min=1e-30)

        clean = each.logits().detach()
        ahead = unit(drawn)
        for _ in range(steps):
            noise = (0.1 * each.mean * ahead).requires_grad_()
            ahead = unit(each.slope(each.kl(clean, each.logits(noise)), noise))
        noisy = each.logits(0.3 * each.mean * ahead)
        return each.loss(clean) + 3 * each.kl(clean, noisy)

    values = {"norm": norm, "steps": steps, "epsilon": 0.3, "xi": 0.1, "weight": 3}
    compare(bench, Vat(Vat.Params.model_validate(values)), reference, normal, rtol=5e-3)


def test_vat_moves_the_noisy_prediction_only(bench: Any) -> None:
    """The clean prediction is a constant of the divergence."""
    seam = bench.seam()
    losses = Vat(Vat.Params(epsilon=0.3, weight=2)).loss(seam)
    found = bench.gradients(losses)
    noise = bench.seen[-1] - seam.embeddings.detach()
    seam = bench.seam()
    clean, noisy = seam.logits(seam.embeddings), seam.logits(seam.embeddings + noise)
    each = kl_divergence(Categorical(logits=clean.detach()), Categorical(logits=noisy))
    each = each.masked_fill(seam.batch.targets == -100, 0).reshape(4, -1).sum(dim=1)
    for name, gradient in bench.gradients(seam.loss(clean) + 2 * each).items():
        torch.testing.assert_close(found[name], gradient, rtol=1e-3, atol=1e-5)


def test_r_drop(bench: Any) -> None:
    bench.model.train()
    torch.manual_seed(3)
    found = RDrop(RDrop.Params(alpha=3)).loss(bench.seam())
    torch.manual_seed(3)
    seam = bench.seam()
    one, other = (bench.model.logits(seam.embeddings, seam.batch) for _ in range(2))
    p, q = Categorical(logits=one), Categorical(logits=other)
    apart = (kl_divergence(p, q) + kl_divergence(q, p)) / 2
    apart = apart.masked_fill(seam.batch.targets == -100, 0).reshape(4, -1).sum(dim=1)
    expected = (seam.loss(one) + seam.loss(other)) / 2 + 3 * apart
    torch.testing.assert_close(found, expected)
    assert (apart > 0).all()


def test_r_drop_without_dropout_is_plain_training(bench: Any) -> None:
    torch.testing.assert_close(RDrop(RDrop.Params()).loss(bench.seam()), bench.clean())


@pytest.mark.parametrize("span", [False, True])
@pytest.mark.parametrize("rate", [0.1, 0.4, 0.99])
def test_cutoff_erases_a_share_of_the_words(bench: Any, span: bool, rate: float) -> None:
    seam = bench.seam(bench.batch(*ROWS))
    values = {"rate": rate, "span": span, "cut_weight": 0.5, "consistency_weight": 2}
    found = TokenCutoff(TokenCutoff.Params.model_validate(values)).loss(seam)
    clean, cut = bench.seen
    assert torch.equal(clean, seam.embeddings)
    erased = (cut != clean).any(dim=-1)
    assert (cut[erased] == 0).all()
    for row, words in zip(erased, seam.perturbable, strict=True):
        count = int(words.sum())
        assert int(row.sum()) == min(-(-count * int(rate * 100) // 100), count - 1)
        assert not row[~words].any()
        if span:
            places = row[words].nonzero().flatten().tolist()
            assert places == list(range(places[0], places[0] + len(places))) if places else True
    p, q = (Categorical(logits=bench.model.logits(e, seam.batch)) for e in (clean, cut))
    average = Categorical(probs=(p.probs + q.probs) / 2)
    apart = (kl_divergence(p, average) + kl_divergence(q, average)) / 2
    apart = apart.masked_fill(seam.batch.targets == -100, 0).reshape(len(ROWS), -1).sum(dim=1)
    expected = seam.loss(p.logits) + 0.5 * seam.loss(q.logits) + 2 * apart
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("span", [False, True])
def test_every_word_is_erased_as_often(make_bench: Callable[..., Any], span: bool) -> None:
    """But for spans, which cover the middle of a text more often than its ends."""
    bench = make_bench("tokens")
    batch = bench.batch(8)
    method = TokenCutoff(TokenCutoff.Params(rate=0.2, span=span))
    seam = bench.seam(batch)
    counts = torch.stack([method._chosen(seam)[0, :, 0] for _ in range(1500)]).float().mean(dim=0)
    words = counts[seam.perturbable[0]]
    assert words.min() > 0.05
    if not span:
        assert (words - words.mean()).abs().max() < 0.05


def test_random_noise_is_averaged_and_mixed_with_the_clean_loss(bench: Any) -> None:
    values = {"radius": 0.5, "samples": 3, "clean_weight": 0.25}
    found = RandomPerturbation(RandomPerturbation.Params.model_validate(values)).loss(bench.seam())
    *noisy, clean = bench.seen
    assert len(noisy) == 3
    assert not torch.equal(noisy[0], noisy[1])
    seam = bench.seam()
    mean = torch.stack([seam.loss(seam.logits(e)) for e in noisy]).mean(dim=0)
    expected = 0.25 * seam.loss(seam.logits(clean)) + 0.75 * mean
    torch.testing.assert_close(found, expected)
    assert torch.equal(clean, seam.embeddings)
