"""Radii and distances against closed forms, arithmetic by hand, and themselves."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import norm

from xlt_analyses.alignment.distances import compare
from xlt_analyses.alignment.radii import (
    Anchor,
    Probing,
    certified_radii,
    draws,
    empirical_radii,
    gaussian,
    hidden_move,
)
from xlt_cli.analyses.trained import at_rest
from xlt_cli.api import Batch, EncoderModel, SequenceExample
from xlt_cli.data.batches import collate
from xlt_cli.data.features import Featuriser
from xlt_cli.problems import SequenceClassification

WIDTH = 6
PROBING = Probing(largest=2.0, rungs=5, bisections=8, steps=3, samples=60, selection=10)


class Linear(torch.nn.Module):
    """Two classes; their logits differ by a weight times each word's embedding, and a bias.

    Its decision flips exactly where the weighted sum of all tokens' noise exceeds the margin.
    """

    def __init__(self) -> None:
        super().__init__()
        draw = torch.Generator().manual_seed(1)
        self.table = torch.nn.Parameter(torch.randn(40, WIDTH, generator=draw).double())
        self.weight = torch.nn.Parameter(torch.randn(WIDTH, generator=draw).double())
        self.bias = torch.nn.Parameter(torch.tensor(0.3).double())

    def embed(self, batch: Batch) -> torch.Tensor:
        return self.table[batch.input_ids]

    def encode(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        return embeddings @ self.weight[:, None]

    def logits(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        touched = (~batch.special_mask).double()
        score = ((embeddings @ self.weight) * touched).sum(dim=1) + self.bias
        return torch.stack([score, -score], dim=1)

    def head_parameters(self) -> list[torch.nn.Parameter]:
        return [self.weight]

    def save(self, directory: Path) -> None:
        raise NotImplementedError


def made(texts: list[tuple[list[int], list[int]]], padding: int = 0) -> Batch:
    """Pairs of texts as word ids from 2 up, laid out as 0 text 1 text 1, padded with 1."""
    rows = [[0, *a, 1, *b, 1] for a, b in texts]
    length = max(map(len, rows)) + padding
    ids = torch.tensor([row + [1] * (length - len(row)) for row in rows])
    second = torch.tensor([[i > len(a) for i in range(length)] for a, _ in texts])
    return Batch(
        input_ids=ids,
        attention_mask=torch.tensor([[int(i < len(row)) for i in range(length)] for row in rows]),
        token_type_ids=torch.zeros_like(ids),
        special_mask=ids < 2,
        text_ids=second.long(),
        languages=[("en", "en")] * len(rows),
        targets=torch.zeros(len(rows), dtype=torch.long),
    )


TEXTS = [
    (
        [2 + (7 * i + j) % 38 for j in range(1 + i % 5)],
        [2 + (11 * i + 3 * j) % 38 for j in range(2 + i % 3)],
    )
    for i in range(16)
]
KEYS = [str(i) for i in range(len(TEXTS))]


@pytest.fixture
def linear() -> Linear:
    return Linear()


def truth(linear: Linear, batch: Batch) -> np.ndarray:
    """Radii per token of a linear model, relative: margin / (tokens * dual norm * mean norm)."""
    with torch.no_grad():
        embeddings, touched = linear.embed(batch).numpy(), ~batch.special_mask.numpy()
        margins = np.abs(np.diff(linear.logits(linear.embed(batch), batch).numpy())[:, 0]) / 2
        weight = np.linalg.norm(linear.weight.numpy())
    counts = touched.sum(axis=1)
    means = (np.linalg.norm(embeddings, axis=-1) * touched).sum(axis=1) / counts
    found: np.ndarray = margins / (counts * weight * means)
    return found


def test_the_radius_of_a_linear_model_is_the_closed_form(linear: Linear) -> None:
    batch = made(TEXTS)
    expected = truth(linear, batch)
    radii = empirical_radii(linear, Anchor.of(linear, batch, KEYS), PROBING)
    found = radii.epsilon.numpy()
    within = expected < PROBING.largest
    assert within.any()
    rung = np.array([min([e for e in PROBING.epsilons if e > x], default=2.0) for x in expected])
    tolerance = rung / 2**PROBING.bisections
    assert (found[within] >= expected[within] * (1 - 1e-9)).all()
    assert (found[within] <= expected[within] + tolerance[within]).all()
    np.testing.assert_array_equal(radii.censored.numpy(), ~within)


def test_a_row_whose_decision_holds_everywhere_is_censored(linear: Linear) -> None:
    expected = truth(linear, made(TEXTS))
    largest = float(np.median(expected))
    probing = dataclasses.replace(PROBING, largest=largest)
    radii = empirical_radii(linear, Anchor.of(linear, made(TEXTS), KEYS), probing)
    np.testing.assert_array_equal(radii.censored.numpy(), expected >= largest)
    assert (radii.epsilon[radii.censored] == largest).all()
    assert (radii.epsilon <= largest).all()


def test_the_noise_flips_the_decision_and_stays_in_its_ball(linear: Linear) -> None:
    batch = made(TEXTS)
    anchor = Anchor.of(linear, batch, KEYS)
    radii = empirical_radii(linear, anchor, PROBING)
    with torch.no_grad():
        after = linear.logits(anchor.embeddings + radii.noise, batch).argmax(dim=-1)
    np.testing.assert_array_equal((after == anchor.decided).numpy(), radii.censored.numpy())
    lengths = radii.noise.norm(dim=-1) / anchor.norms[:, 0]
    assert (lengths.amax(dim=1) <= radii.epsilon * (1 + 1e-9)).all()
    assert (radii.noise[batch.special_mask] == 0).all()


def test_more_margin_is_more_radius(linear: Linear) -> None:
    batch = made([TEXTS[3]])
    found = []
    with torch.no_grad():
        sign = linear.logits(linear.embed(batch), batch)[0, 0].sign()
        for bias in (0.0, 0.5, 1.0, 2.0):
            linear.bias.fill_(float(sign) * bias)
            anchor = Anchor.of(linear, batch, ["a"])
            found.append(float(empirical_radii(linear, anchor, PROBING).epsilon))
    assert found == sorted(found)
    assert found[0] < found[-1]


def test_random_starts_never_give_a_larger_radius(linear: Linear) -> None:
    anchor = Anchor.of(linear, made(TEXTS), KEYS)
    one = empirical_radii(linear, anchor, PROBING).epsilon
    more = empirical_radii(linear, anchor, dataclasses.replace(PROBING, starts=3)).epsilon
    assert (more <= one).all()


def test_a_certified_radius_is_below_the_true_one(linear: Linear) -> None:
    batch = made(TEXTS)
    anchor = Anchor.of(linear, batch, KEYS)
    classes, radii = certified_radii(linear, anchor, dataclasses.replace(PROBING, alpha=1e-6))
    with torch.no_grad():
        margins = (linear.logits(anchor.embeddings, batch)[:, 0]).abs().numpy()
        counts = (~batch.special_mask).sum(dim=1).numpy()
        # All tokens' noise together: the dual norm is that of the weights of all tokens.
        true = margins / (np.sqrt(counts) * linear.weight.norm().item())
    true /= anchor.norms.flatten().numpy()
    same = classes == anchor.decided.numpy()
    assert same.any()
    assert (radii[same] <= true[same]).all()
    assert (radii > 0).any()
    empirical = empirical_radii(linear, anchor, PROBING).epsilon.numpy()
    assert (radii[same] <= (empirical * np.sqrt(counts))[same]).all()


def test_unanimous_votes_give_the_radius_of_their_number() -> None:
    linear = Linear()
    with torch.no_grad():
        linear.bias.fill_(1e6)
    probing = dataclasses.replace(PROBING, samples=50, sigma=0.4)
    _, radii = certified_radii(linear, Anchor.of(linear, made(TEXTS), KEYS), probing)
    expected = 0.4 / np.sqrt(WIDTH) * norm.ppf(probing.alpha ** (1 / 50))
    np.testing.assert_allclose(radii, expected)


def test_distances_and_the_shift_by_hand(linear: Linear) -> None:
    source, translated = made(TEXTS), made([(b, [*a, 2]) for a, b in TEXTS])
    found = compare(linear, source, translated)
    table, weight = linear.table.detach().numpy(), linear.weight.detach().numpy()
    bias = linear.bias.item()
    for i, (a, b) in enumerate(TEXTS):
        scale = np.linalg.norm(table[[*a, *b]], axis=1).mean()
        first = table[b].mean(axis=0) - table[a].mean(axis=0)
        second = table[[*a, 2]].mean(axis=0) - table[b].mean(axis=0)
        lengths = np.linalg.norm([first, second], axis=1)
        assert found.words[i].item() == pytest.approx(lengths.max() / scale)
        total = np.sqrt(len(a) * lengths[0] ** 2 + len(b) * lengths[1] ** 2) / scale
        assert found.total[i].item() == pytest.approx(total)
        before = np.array([(table[t] @ weight).mean() for t in (a, b)])
        after = np.array([(table[t] @ weight).mean() for t in (b, [*a, 2])])
        hidden = np.linalg.norm(after - before) / np.linalg.norm(before)
        assert found.hidden[i].item() == pytest.approx(hidden)
        moved = (table[a] + first) @ weight
        score = moved.sum() + ((table[b] + second) @ weight).sum() + bias
        assert found.shifted[i].item() == int(score < 0)
        score = (table[[*b, *a, 2]] @ weight).sum() + bias
        assert found.decided[i].item() == int(score < 0)


def test_a_translation_that_is_the_source_itself_lies_on_it(linear: Linear) -> None:
    batch = made(TEXTS)
    found = compare(linear, batch, made(TEXTS, padding=3))
    for distance in (found.words, found.total, found.hidden):
        assert distance.abs().max() < 1e-9
    assert (found.shifted == found.decided).all()


def test_a_text_without_words_has_a_mean_of_zero(linear: Linear) -> None:
    found = compare(linear, made([([5], [6])]), made([([], [6])]))
    table = linear.table.detach()
    scale = (table[5].norm() + table[6].norm()) / 2
    assert found.words.item() == pytest.approx((table[5].norm() / scale).item())
    assert all(bool(torch.isfinite(column).all()) for column in vars(found).values())


def test_the_hidden_states_move_by_what_the_noise_moves_them(linear: Linear) -> None:
    anchor = Anchor.of(linear, made([([5], [6, 7])]), ["a"])
    noise = torch.zeros_like(anchor.embeddings)
    noise[0, 1] = 0.5
    before = [linear.table[5] @ linear.weight, linear.table[[6, 7]].mean(0) @ linear.weight]
    expected = 0.5 * linear.weight.sum().abs() / torch.stack(before).norm()
    assert hidden_move(linear, anchor, noise).item() == pytest.approx(expected.item())


def test_noise_is_a_rows_own_and_standard_normal(linear: Linear) -> None:
    anchor = Anchor.of(linear, made(TEXTS, padding=4), KEYS)
    drawn = gaussian(anchor, draws(anchor, "votes"))
    assert (drawn[anchor.batch.special_mask] == 0).all()
    assert drawn[~anchor.batch.special_mask].std() == pytest.approx(1.0, abs=0.15)
    alone = Anchor.of(linear, made(TEXTS[2:3]), KEYS[2:3])
    own = gaussian(alone, draws(alone, "votes"))
    length = own.shape[1]
    assert torch.equal(drawn[2, :length], own[0])


def test_a_rows_record_does_not_depend_on_its_batch(
    model: EncoderModel,
    problem: SequenceClassification,
    examples: list[SequenceExample],
    tokenizer: Any,
) -> None:
    assert isinstance(model, torch.nn.Module)
    model.double()  # where a decision flips, single precision's rounding could tell
    features = Featuriser(problem, tokenizer, 32).features(examples[:12])
    probing = Probing(rungs=5, bisections=3, samples=20, selection=5, starts=2)

    # A new head answers the same everywhere: put the border between its answers among the rows.
    everything = collate(features, problem, 0)
    (bias,) = [p for p in model.head_parameters() if p.shape == (2,)]
    with torch.no_grad():
        bias -= model.logits(model.embed(everything), everything).median(dim=0).values

    def measured(rows: list[int]) -> np.ndarray:
        batch = collate([features[i] for i in rows], problem, 0)
        other = collate([features[11 - i] for i in rows], problem, 0)
        anchor = Anchor.of(model, batch, [str(i) for i in rows])
        radii = empirical_radii(model, anchor, probing)
        _, certified = certified_radii(model, anchor, probing)
        found = compare(model, batch, other)
        columns = [
            radii.epsilon,
            hidden_move(model, anchor, radii.noise),
            torch.from_numpy(certified),
            found.words,
            found.total,
            found.hidden,
            found.shifted,
        ]
        return torch.stack([column.double() for column in columns], dim=1).numpy()

    with at_rest(model):
        together = measured(list(range(12)))
        for i in range(12):
            np.testing.assert_allclose(measured([i])[0], together[i], atol=1e-5)
    assert len(np.unique(together[:, 0])) > 1
