"""Methods that compare an example with another: consistency, mixup, alignment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy, kl_div, log_softmax

from xlt_cli.api import Batch, DataError, Seam
from xlt_cli.data.batches import collate
from xlt_perturbations.alignment import Alignment
from xlt_perturbations.consistency import Consistency
from xlt_perturbations.embedding_mixup import EmbeddingMixup

ROWS = (0, 3, 5, 8)
OTHERS = (2, 7, 1, 6)


def paired(bench: Any, rows: tuple[int, ...] = ROWS, others: tuple[int, ...] = OTHERS) -> Batch:
    features = [
        replace(bench.features[row], companions=(bench.features[other],))
        for row, other in zip(rows, others, strict=True)
    ]
    return collate(features, bench.problem, 0)


def consistency(**values: Any) -> Consistency:
    return Consistency(Consistency.Params(**values))


# ------------------------------------------------------------------------------- consistency


def test_consistency_equals_the_papers_formula(bench: Any) -> None:
    batch = paired(bench)
    found = consistency(weight=3.0, noisy_weight=0.5).loss(bench.seam(batch))
    clean = bench.model.logits(bench.model.embed(batch), batch)
    other = batch.companions[0]
    noisy = bench.model.logits(bench.model.embed(other), other)
    p, q = log_softmax(clean, -1), log_softmax(noisy, -1)
    apart = kl_div(q, p, log_target=True, reduction="none").sum(-1)
    apart = apart + kl_div(p, q, log_target=True, reduction="none").sum(-1)
    expected = (
        cross_entropy(clean, batch.targets, reduction="none")
        + 0.5 * cross_entropy(noisy, other.targets, reduction="none")
        + 3.0 * apart
    )
    torch.testing.assert_close(found, expected)


def test_the_paper_draws_each_prediction_to_the_other_as_a_constant(bench: Any) -> None:
    batch = paired(bench)
    found = bench.gradients(consistency(weight=2.0).loss(bench.seam(batch)))
    other = batch.companions[0]
    clean = bench.model.logits(bench.model.embed(batch), batch)
    noisy = bench.model.logits(bench.model.embed(other), other)
    p, q = log_softmax(clean, -1), log_softmax(noisy, -1)
    apart = kl_div(q, p.detach(), log_target=True, reduction="none").sum(-1)
    apart = apart + kl_div(p, q.detach(), log_target=True, reduction="none").sum(-1)
    loss = cross_entropy(clean, batch.targets, reduction="none") + 2.0 * apart
    for name, expected in bench.gradients(loss).items():
        torch.testing.assert_close(found[name], expected)
    through = bench.gradients(consistency(weight=2.0, stop_gradient=False).loss(bench.seam(batch)))
    assert any(not torch.allclose(through[name], found[name]) for name in found)


def test_an_example_is_consistent_with_itself(bench: Any) -> None:
    found = consistency().loss(bench.seam(paired(bench, ROWS, ROWS)))
    torch.testing.assert_close(found, bench.clean(paired(bench, ROWS, ROWS)))


def test_without_weight_consistency_is_plain_training_exactly(bench: Any) -> None:
    batch = paired(bench)
    found = consistency(weight=0).loss(bench.seam(batch))
    assert torch.equal(found, bench.clean(batch))
    gradients = bench.gradients(found)
    for name, expected in bench.gradients(bench.clean(batch)).items():
        assert torch.equal(gradients[name], expected)


# ------------------------------------------------------------------------------------- mixup


def fixed_share(share: float, monkeypatch: pytest.MonkeyPatch) -> EmbeddingMixup:
    def shares(self: EmbeddingMixup, seam: Seam) -> torch.Tensor:
        return torch.full((len(seam.batch),), share)

    monkeypatch.setattr(EmbeddingMixup, "_shares", shares)
    return EmbeddingMixup()


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_mixup_of_texts_of_one_length_is_the_models_forward_of_the_mixture(
    bench: Any, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    same = replace(bench.features[4], target=(bench.features[3].target + 1) % 3)
    length = len(bench.features[3].input_ids)
    ids = same.input_ids[: length - 1] + same.input_ids[-1:]
    special = [*same.special_mask[: length - 1], True]
    partner = replace(bench.features[3], input_ids=ids, special_mask=special, target=same.target)
    batch = collate([replace(bench.features[3], companions=(partner,))], bench.problem, 0)
    found = fixed_share(share, monkeypatch).loss(bench.seam(batch))
    table = bench.model.model.get_input_embeddings()
    mixed = share * table(batch.input_ids) + (1 - share) * table(batch.companions[0].input_ids)
    logits = bench.model.model(
        inputs_embeds=mixed,
        attention_mask=batch.attention_mask,
        token_type_ids=batch.token_type_ids,
    ).logits
    expected = share * cross_entropy(logits, batch.targets, reduction="none")
    expected = expected + (1 - share) * cross_entropy(
        logits, batch.companions[0].targets, reduction="none"
    )
    torch.testing.assert_close(found, expected)


def test_a_mixture_is_as_long_as_the_longer_text(bench: Any) -> None:
    batch = paired(bench, (0,), (8,))
    EmbeddingMixup().loss(bench.seam(batch))
    assert bench.seen[-1].shape[1] == batch.companions[0].input_ids.shape[1]
    EmbeddingMixup().loss(bench.seam(paired(bench, (8,), (0,))))
    assert bench.seen[-1].shape[1] == batch.companions[0].input_ids.shape[1]


def test_a_mixture_does_not_depend_on_the_rest_of_the_batch(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    mixup = fixed_share(0.4, monkeypatch)
    whole = mixup.loss(bench.seam(paired(bench)))
    for row in range(len(ROWS)):
        alone = mixup.loss(bench.seam(paired(bench, ROWS[row : row + 1], OTHERS[row : row + 1])))
        torch.testing.assert_close(alone[0], whole[row], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("alpha", [0.2, 1.0, 4.0])
def test_shares_are_of_the_beta_distribution(bench: Any, alpha: float) -> None:
    from scipy.stats import beta, kstest

    mixup = EmbeddingMixup(EmbeddingMixup.Params(alpha=alpha))
    seam = bench.seam(seed=5)
    drawn = np.concatenate([mixup._shares(seam).numpy() for _ in range(500)])
    assert kstest(drawn, beta(alpha, alpha).cdf).pvalue > 1e-3
    again = bench.seam(seed=5)
    assert np.array_equal(mixup._shares(again).numpy(), drawn[: len(seam.batch)])


# --------------------------------------------------------------------------------- alignment


def with_translations(bench: Any, rows: tuple[int, ...], others: tuple[int, ...]) -> Batch:
    """Texts that stand in for a sentence and its translation, with nothing to predict."""
    features = [
        replace(
            bench.features[row],
            companions=tuple(
                replace(bench.features[at], target=None) for at in (other, (other + 1) % 9)
            ),
        )
        for row, other in zip(rows, others, strict=True)
    ]
    return collate(features, bench.problem, 0)


@pytest.fixture
def sentences(tmp_path: Path) -> Path:
    (tmp_path / "en-de.tsv").write_text("the cat\tdie Katze\nthe dog\tder Hund\n", "utf-8")
    (tmp_path / "sw-en.tsv").write_text("paka\tthe cat\n", "utf-8")
    (tmp_path / "notes.txt").write_text("no sentences", "utf-8")
    return tmp_path


def test_alignment_is_the_relative_squared_distance_of_mean_states(
    bench: Any, sentences: Path
) -> None:
    method = Alignment(Alignment.Params(sentences=sentences, weight=0.7))
    batch = with_translations(bench, ROWS, OTHERS)
    found = method.loss(bench.seam(batch))
    expected = bench.clean(batch).detach().double().numpy()
    for row, other in enumerate(OTHERS):
        means = []
        for at in (other, (other + 1) % 9):
            alone = collate([bench.features[at]], bench.problem, 0)
            states = bench.model.encode(bench.model.embed(alone), alone)[0].detach()
            means.append(states[~alone.special_mask[0]].mean(dim=0).double().numpy())
        size = (np.square(means[0]).sum() + np.square(means[1]).sum()) / 2
        expected[row] += 0.7 * np.square(means[0] - means[1]).sum() / size
    np.testing.assert_allclose(found.detach().numpy(), expected, rtol=1e-4)


def test_alignment_without_weight_is_plain_training_exactly(bench: Any, sentences: Path) -> None:
    method = Alignment(Alignment.Params(sentences=sentences, weight=0))
    batch = with_translations(bench, ROWS, OTHERS)
    assert torch.equal(method.loss(bench.seam(batch)), bench.clean(batch))


def test_updates_pull_translations_together(bench: Any, sentences: Path) -> None:
    method = Alignment(Alignment.Params(sentences=sentences, weight=1.0))
    batch = with_translations(bench, ROWS, OTHERS)
    optimizer = torch.optim.SGD(bench.model.parameters(), lr=0.01)

    def distance() -> float:
        plain = bench.clean(batch)
        return float((method.loss(bench.seam(batch)) - plain).sum().detach())

    before = distance()
    for _ in range(5):
        optimizer.zero_grad()
        (method.loss(bench.seam(batch)) - bench.clean(batch)).sum().backward()
        optimizer.step()
    assert distance() < 0.9 * before


def test_sentences_are_read_from_files_named_after_their_languages(sentences: Path) -> None:
    method = Alignment(Alignment.Params(sentences=sentences))
    method.fetch()
    assert [(p.texts, p.languages) for p in method.parallel()] == [
        (("the cat", "die Katze"), ("en", "de")),
        (("the dog", "der Hund"), ("en", "de")),
        (("paka", "the cat"), ("sw", "en")),
    ]
    assert set(method.fingerprint()) == {"en-de", "sw-en"}
    some = Alignment(Alignment.Params(sentences=sentences, languages=("en", "sw")))
    assert [p.languages for p in some.parallel()] == [("sw", "en")]
    one = Alignment(Alignment.Params(sentences=sentences / "en-de.tsv"))
    assert len(one.parallel()) == 2


@pytest.mark.parametrize(
    ("change", "what", "where"),
    [
        (lambda d: (d / "en-de.tsv").write_text("a\tb\tc\n"), "expected a sentence", "en-de.tsv:1"),
        (lambda d: (d / "en-de.tsv").write_text("a\tb\nc\n"), "expected a sentence", "en-de.tsv:2"),
        (lambda d: (d / "en-de.tsv").write_text("\n\n"), "is empty", "en-de.tsv"),
        (lambda d: (d / "en-de.tsv").write_bytes(b"a\tb\n\xff\tc\n"), "not UTF-8", "en-de.tsv:2"),
        (lambda d: [f.unlink() for f in d.glob("*.tsv")], "there are no translations", ""),
    ],
)
def test_broken_sentences_are_refused_before_training(
    sentences: Path, change: Callable[[Path], Any], what: str, where: str
) -> None:
    change(sentences)
    with pytest.raises(DataError, match=what) as caught:
        Alignment(Alignment.Params(sentences=sentences)).fetch()
    assert where in caught.value.where


def test_languages_without_a_file_are_refused(sentences: Path) -> None:
    method = Alignment(Alignment.Params(sentences=sentences, languages=("en", "fr")))
    with pytest.raises(DataError, match="no file has sentences in en and fr") as caught:
        method.fetch()
    assert "en-de, sw-en" in caught.value.hint
