"""The loss of a stage, with and without noise in the middle of the model."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import cross_entropy

from xlt_cli.api import Batch, EmbeddingPerturbation, EncoderModel, Seam
from xlt_cli.data.batches import collate
from xlt_cli.problems import Feature, SequenceClassification
from xlt_cli.training.loss import StageLoss
from xlt_perturbations.random_perturbation import RandomPerturbation


class Recorder(EmbeddingPerturbation):
    """Keeps the seam, changes nothing."""

    api_version = 1
    name = "recorder"
    summary = "for tests"
    seam: Seam

    def loss(self, seam: Seam) -> torch.Tensor:
        self.seam = seam
        return seam.loss(seam.logits(seam.embeddings))


@pytest.fixture
def batch(features: list[Feature], problem: SequenceClassification) -> Batch:
    return collate(features[:6], problem, 0)


def seeds(batch: Batch, seed: int = 1) -> torch.Tensor:
    return torch.arange(len(batch)) + 1_000_000 * seed


def noise(radius: float) -> RandomPerturbation:
    return RandomPerturbation(RandomPerturbation.Params(radius=radius))


def test_without_noise_it_is_the_models_plain_loss(
    model: EncoderModel, problem: SequenceClassification, batch: Batch
) -> None:
    found = StageLoss(model, problem)(batch)
    whole = model.model(  # type: ignore[attr-defined]
        input_ids=batch.input_ids,
        attention_mask=batch.attention_mask,
        token_type_ids=batch.token_type_ids,
    )
    expected = cross_entropy(whole.logits, batch.targets, reduction="none")
    assert found.shape == (6,)
    torch.testing.assert_close(found, expected)


def test_no_noise_and_noise_of_radius_zero_are_the_plain_loss_exactly(
    model: EncoderModel, problem: SequenceClassification, batch: Batch
) -> None:
    plain = StageLoss(model, problem)(batch)
    for perturbation in (Recorder(), noise(0.0)):
        assert torch.equal(
            StageLoss(model, problem, [(perturbation, 1.0)])(batch, seeds(batch)), plain
        )
    assert not torch.equal(
        StageLoss(model, problem, [(noise(0.5), 1.0)])(batch, seeds(batch)), plain
    )


def test_noise_is_a_function_of_the_seed(
    model: EncoderModel, problem: SequenceClassification, batch: Batch
) -> None:
    loss = StageLoss(model, problem, [(noise(0.5), 1.0)])
    first = loss(batch, seeds(batch, 7))
    torch.manual_seed(99)  # the global generator has no part in it
    assert torch.equal(loss(batch, seeds(batch, 7)), first)
    assert not torch.equal(loss(batch, seeds(batch, 8)), first)


def test_the_seam_shows_the_word_embeddings_and_where_noise_may_go(
    model: EncoderModel, problem: SequenceClassification, batch: Batch
) -> None:
    recorder = Recorder()
    StageLoss(model, problem, [(recorder, 1.0)])(batch, seeds(batch))
    table = model.model.get_input_embeddings().weight  # type: ignore[attr-defined]
    assert torch.equal(recorder.seam.embeddings, table[batch.input_ids])
    words = batch.attention_mask.bool() & ~torch.isin(batch.input_ids, torch.tensor([0, 2, 3]))
    assert torch.equal(recorder.seam.perturbable, words)


def test_gradients_reach_the_embeddings_through_the_noise(
    model: EncoderModel, problem: SequenceClassification, batch: Batch
) -> None:
    StageLoss(model, problem, [(noise(0.5), 1.0)])(batch, seeds(batch)).sum().backward()
    weight = model.model.get_input_embeddings().weight  # type: ignore[attr-defined]
    used = torch.unique(batch.input_ids)
    assert weight.grad is not None
    assert weight.grad[used[used != 0]].abs().sum(dim=1).gt(0).all()


class Constant(EmbeddingPerturbation):
    """A loss that says whose it is; keeps the batches that it was given."""

    api_version = 1
    name = "constant"
    summary = "for tests"

    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = value
        self.batches: list[Batch] = []

    def loss(self, seam: Seam) -> torch.Tensor:
        self.batches.append(seam.batch)
        return seam.embeddings.new_full((len(seam.batch),), self.value)


def test_several_methods_share_the_examples_in_their_proportions(
    model: EncoderModel, problem: SequenceClassification, features: list[Feature]
) -> None:
    batch = collate(features, problem, 0)
    plain = StageLoss(model, problem)(batch)
    counts = {-1.0: 0, -2.0: 0, 0.0: 0}
    for seed in range(60):
        one, other = Constant(-1.0), Constant(-2.0)
        found = StageLoss(model, problem, [(one, 0.5), (other, 0.2)])(batch, seeds(batch, seed))
        for row, loss in enumerate(found.detach()):
            kind = round(float(loss), 3) if loss < 0 else 0.0
            counts[kind] += 1
            if kind == 0.0:
                torch.testing.assert_close(loss, plain[row])
        for method in (one, other):
            own = [r for r in range(len(batch)) if found[r] == method.value]
            seen = [tuple(ids) for b in method.batches for ids in b.input_ids.tolist()]
            assert seen == [tuple(batch.input_ids[r].tolist()) for r in own]
    total = 60 * len(batch)
    assert counts[-1.0] / total == pytest.approx(0.5, abs=0.05)
    assert counts[-2.0] / total == pytest.approx(0.2, abs=0.05)


def test_shares_that_come_to_the_whole_leave_no_example_plain(
    model: EncoderModel, problem: SequenceClassification, batch: Batch
) -> None:
    methods = [(Constant(-1.0), 0.7), (Constant(-1.0), 0.2), (Constant(-1.0), 0.1)]
    for seed in range(200):
        assert StageLoss(model, problem, methods)(batch, seeds(batch, seed)).eq(-1).all()
