"""Search, mining and the contrastive loss, against plain code and the official scripts' numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from xlt_cli.api import Batch, DataError, Feature, Prediction
from xlt_cli.problems import (
    AnswerRetrieval,
    BitextMining,
    Candidate,
    RetrievalExample,
    SentenceRetrieval,
)
from xlt_cli.problems.retrieval import nearest
from xlt_cli.problems.retrieval.contrast import IGNORED, NEGATIVE, POSITIVE, QUERY, info_nce
from xlt_cli.problems.retrieval.pairs import best_threshold, mined
from xlt_cli.problems.retrieval.settings import RetrievalSettings, Scoring

SCORINGS: tuple[Scoring, ...] = ("cosine", "dot", "ratio", "distance")


def drawn(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def plain_score(x: np.ndarray, y: np.ndarray, i: int, j: int, scoring: str, k: int) -> float:
    """Equation 2 of Artetxe and Schwenk 2019, sentence by sentence."""
    if scoring == "dot":
        return float(x[i] @ y[j])

    def cosine(a: np.ndarray, b: np.ndarray) -> float:
        return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))

    own = np.mean(sorted((cosine(x[i], b) for b in y), reverse=True)[:k])
    theirs = np.mean(sorted((cosine(y[j], a) for a in x), reverse=True)[:k])
    value = cosine(x[i], y[j])
    among = (own + theirs) / 2
    return {"cosine": value, "ratio": value / among, "distance": value - among}[scoring]


@pytest.mark.parametrize("scoring", SCORINGS)
@pytest.mark.parametrize("block", [1, 20, 1 << 24])
def test_scores_are_those_of_plain_code_whatever_the_blocks(
    scoring: Scoring, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nearest, "BLOCK", block)
    x, y = drawn(0, 7, 5) + 1, drawn(1, 9, 5) + 1
    scores = np.concatenate([part for _, part in nearest.scored(x, y, scoring, 3)])
    due = [[plain_score(x, y, i, j, scoring, 3) for j in range(9)] for i in range(7)]
    np.testing.assert_allclose(scores, due, rtol=1e-4, atol=1e-5)


@given(
    st.lists(st.lists(st.integers(-2, 2), min_size=4, max_size=4), min_size=1, max_size=5),
    st.integers(1, 6),
)
@settings(max_examples=60, deadline=None)
def test_best_are_the_highest_and_of_equal_ones_the_first(
    rows: list[list[int]], count: int
) -> None:
    found = nearest.best(np.array(rows, dtype=np.float32), count).tolist()
    assert found == [sorted(range(4), key=lambda j: (-row[j], j))[:count] for row in rows]


def official_average_precision(targets: list[int], ranked: list[int], k: int) -> float:
    """As defined in XTREME-R: precision at each hit, over min(targets, k)."""
    precisions = [
        len(set(ranked[: i + 1]) & set(targets)) / (i + 1)
        for i, place in enumerate(ranked[:k])
        if place in targets
    ]
    return sum(precisions) / min(len(targets), k)


@given(st.permutations(range(12)), st.sets(st.integers(0, 11), min_size=1), st.integers(1, 14))
@settings(max_examples=80, deadline=None)
def test_average_precision_is_xtremes(ranked: list[int], right: set[int], depth: int) -> None:
    due = official_average_precision(sorted(right), ranked, depth)
    assert nearest.average_precision(ranked, right, depth) == pytest.approx(due)


def features(examples: list[RetrievalExample]) -> list[Feature]:
    """Inputs of examples, each text of which is one token of its own."""
    known: dict[str, int] = {}
    made = []
    problem = SentenceRetrieval()

    def tokenizer(texts: list[str], **_: Any) -> dict[str, list[list[int]]]:
        return {"input_ids": [[known.setdefault(text, len(known) + 1)] for text in texts]}

    class Plain:
        def lay_out(self, pieces: tuple[tuple[int, ...], ...], max_length: int) -> Any:
            from xlt_cli.api import Layout

            ids = list(pieces[0])[:max_length]
            zeros = [0] * len(ids)
            return Layout(ids, zeros, [False] * len(ids), zeros, (0,))

    for encoded in problem.encode(examples, tokenizer):  # type: ignore[arg-type]
        made += problem.features(encoded, Plain(), 8)  # type: ignore[arg-type]
    return made


def pool(*keys: str) -> list[Candidate]:
    return [Candidate(key, f"text {key}", "en") for key in keys]


def test_the_pool_is_the_union_of_candidates_and_right_ones_may_stand_anywhere() -> None:
    examples = [
        RetrievalExample.of("1", "q1", "de", pool("a", "b"), ["c"]),
        RetrievalExample.of("2", "", "de", pool("c", "d")),
        RetrievalExample.of("3", "q3", "de", pool("b"), ["a", "d", "elsewhere"]),
        RetrievalExample.of("4", "q4", "de", (), ()),
        RetrievalExample.of("5", "q5", "de", (), ["elsewhere"]),
    ]
    inputs = features(examples)
    vectors = {"text a": [1, 0], "text b": [0.9, 0.1], "text c": [0, 1], "text d": [0.5, 0.5]}
    by_text = iter([[1, 0.2], vectors["text a"], vectors["text b"], vectors["text c"],
                    vectors["text d"], [0.6, 0.5], vectors["text b"], [1, 1], [1, 1]])  # fmt: skip
    kept = [np.array(vector, dtype=np.float32) for vector in by_text]
    problem = AnswerRetrieval()
    said = problem.decode(kept, inputs, None)
    assert [p.id for p in said] == ["1", "2", "3", "4", "5"]
    # The order for q1 is b, a, d, c; that for q3 is d, b, a, c.
    assert said[0].gold == (("c",), 1, 1.0)
    assert said[0].predicted == (("b",), 4, 0.25)
    assert said[2].gold == (("a", "d"), 1, 1.0)
    assert said[2].predicted == (("d", "b"), 1, round((1 + 2 / 3) / 2, 6))
    statistics = problem.statistics(said)
    assert statistics[[1, 3, 4]].tolist() == [[0] * 4] * 3  # they count in nothing
    scores = {name: float(v) for name, v in problem.score(statistics.sum(0)).items()}
    assert scores == pytest.approx(
        {"map_at_20": (0.25 + (1 + 2 / 3) / 2) / 2, "mrr": (1 / 4 + 1) / 2, "accuracy": 0.5},
        abs=1e-6,
    )


def test_one_key_for_two_texts_is_refused() -> None:
    examples = [
        RetrievalExample.of("1", "q", "de", pool("a"), ["a"]),
        RetrievalExample.of("2", "q", "de", [Candidate("a", "another text", "en")], ["a"]),
    ]
    with pytest.raises(DataError, match="two candidates have the key 'a'"):
        SentenceRetrieval().decode(drawn(0, 4, 2), features(examples), None)


@pytest.mark.parametrize(
    ("example", "fault"),
    [
        (RetrievalExample.of("1", "", "de"), "neither a query nor a candidate"),
        (RetrievalExample.of("1", "", "de", pool("a"), ["a"]), "there is no query"),
        (RetrievalExample.of("1", "q", "de", pool("a", "a"), ["a"]), "two of its candidates"),
        (RetrievalExample.of("1", "q", "de", [Candidate("a", " ", "en")]), "has no text"),
        (RetrievalExample("1", "q", tuple(pool("a")), ("a",), ("de",)), "2 texts and 1 languages"),
    ],
)
def test_examples_say_what_is_wrong_with_them(example: RetrievalExample, fault: str) -> None:
    assert fault in example.fault()
    with pytest.raises(DataError, match=fault):
        SentenceRetrieval().check_example(example)


def test_noise_edits_the_query_alone() -> None:
    example = RetrievalExample.of("1", "a query", "de", pool("a"), ["a"])
    (text,) = example.editable()
    assert (text.language, text.content) == ("de", "a query")
    edited = example.edited(["another"])
    assert edited == replace(example, query="another")
    only_pool = RetrievalExample.of("2", "", "de", pool("a"))
    assert only_pool.editable() == ()
    assert only_pool.edited([]) == only_pool


# ------------------------------------------------------------------------------------- mining


@pytest.mark.parametrize("scoring", SCORINGS)
def test_mines_what_plain_code_does(scoring: Scoring) -> None:
    x, y, k = drawn(2, 12, 4) + 0.5, drawn(3, 15, 4) + 0.5, 3

    def nearest_of(i: int, rows: np.ndarray, others: np.ndarray) -> list[int]:
        by = "dot" if scoring == "dot" else "cosine"
        ranked = sorted(range(len(others)), key=lambda j: -plain_score(rows, others, i, j, by, k))
        return ranked[:k]

    found = []
    for i in range(len(x)):
        near = nearest_of(i, x, y)
        scores = [plain_score(x, y, i, j, scoring, k) for j in near]
        found.append((max(scores), i, near[int(np.argmax(scores))]))
    for j in range(len(y)):
        near = nearest_of(j, y, x)
        scores = [plain_score(x, y, i, j, scoring, k) for i in near]
        found.append((max(scores), near[int(np.argmax(scores))], j))
    due: list[tuple[int, int]] = []
    for score, i, j in sorted(found, key=lambda one: -one[0]):
        if i not in {a for a, _ in due} and j not in {b for _, b in due} and score > 0:
            due.append((i, j))
    assert [(i, j) for i, j, _ in mined(x, y, scoring, k)] == due


@example([(0.1, False), (0.10000000000000002, True)], 0)  # nothing lies between
@example([(0.9, True), (0.5, True), (0.5, False), (0.5, False)], 0)  # 0.5 is all or none
@given(
    st.lists(st.tuples(st.floats(0.1, 2), st.booleans()), min_size=1, max_size=8),
    st.integers(0, 3),
)
@settings(max_examples=80, deadline=None)
def test_no_threshold_gives_a_higher_f1(pairs: list[tuple[float, bool]], missed: int) -> None:
    scores, right = [score for score, _ in pairs], [one for _, one in pairs]
    gold = sum(right) + missed

    def f1(threshold: float) -> float:
        taken = [r for s, r in zip(scores, right, strict=True) if s >= threshold]
        return 2 * sum(taken) / max(1, len(taken) + gold)

    best = f1(best_threshold(scores, right, gold))
    assert best >= max(f1(score) for score in scores) - 1e-12


PAIRS = """
de 413461 91985 367951 413482 367951 91985 413487 92032 339402 413503 296187 296187
de 413582 336047 336047 413632 240614 240614 413732 339402 184053 413744 184053 92032
de 413761 45799 45799 413869 138555 138555
fr 45 42536 292398 92 181413 181413 98 36493 352111 181 63864 63864 259 292398 42536
fr 359 50051 50051 470 59683 59683 545 352111 81622 606 330731 330731 614 81622 36493
ru 41 89671 248027 112 214117 214117 228 75910 75910 379 163824 504782 421 504782 383323
ru 429 474098 474098 617 248027 89671 869 247914 247914 947 39212 39212 1037 383323 163824
zh 33 5983 5983 231 47360 47360 272 62892 27140 438 65621 65621 639 5169 5169
zh 643 63761 63761 735 13476 62892 915 30760 30760 1083 27140 13476 1321 39422 39422
"""
"""Sentence, its translation, and the one predicted, of mock_test_data/{labels,predictions}."""


def test_f1_of_xtremes_mock_predictions_is_xtremes() -> None:
    """`evaluate_test.py` of XTREME: avg_f1, avg_precision and avg_recall are 55."""
    problem = BitextMining()
    by_language: dict[str, list[Prediction]] = {}
    for line in PAIRS.split("\n"):
        language, *numbers = line.split() or [""]
        for at in range(0, len(numbers), 3):
            name, gold, predicted = numbers[at : at + 3]
            by_language.setdefault(language, []).append(
                Prediction(name, ((gold,), None), ((predicted,), 1.0))
            )
    totals: dict[str, float] = dict.fromkeys(problem.metric_names, 0.0)
    for language, predictions in by_language.items():
        assert len(predictions) == 10, language
        for name, value in problem.score(problem.statistics(predictions).sum(0)).items():
            totals[name] += 100 * float(value) / len(by_language)
    assert totals == pytest.approx({"f1": 55.0, "precision": 55.0, "recall": 55.0})


def test_accuracy_of_xtremes_mock_predictions_is_xtremes() -> None:
    """mock_test_data/{labels,predictions}/tatoeba/test-ar.tsv: 3 of 10."""
    labels = ["669", "982", "957", "832", "543", "320", "702", "752", "519", "919"]
    predicted = ["669", "669", "543", "325", "543", "455", "455", "151", "519", "710"]
    said = [
        Prediction(str(n), ((gold,), 1, 1.0), ((key,), 1 if key == gold else 2, 0.0))
        for n, (gold, key) in enumerate(zip(labels, predicted, strict=True))
    ]
    problem = SentenceRetrieval()
    assert problem.score(problem.statistics(said).sum(0))["accuracy"] == pytest.approx(0.3)


def mining(threshold: float | None) -> list[Prediction]:
    examples = [
        RetrievalExample.of("1", "q1", "zh", pool("a"), ["a"]),
        RetrievalExample.of("2", "q2", "zh", pool("b"), ["b"]),
        RetrievalExample.of("3", "q1", "zh", pool("c")),  # the same sentence as that of 1
    ]
    kept = np.array([[1, 0], [1, 0.1], [0, 1], [0.2, 1], [1, 0], [-1, -1]], dtype=np.float32)
    problem = BitextMining((), RetrievalSettings(threshold=threshold))
    return problem.decode(kept, features(examples), None)


def test_sentences_that_occur_twice_are_in_no_pair_and_the_threshold_is_applied() -> None:
    first, second, third = mining(None)
    assert first.gold == (("a",), None)
    assert first.predicted == third.predicted == ((), None)
    assert second.predicted[0] == ("b",)
    assert mining(2.0)[1].predicted == ((), None)
    assert mining(0.5)[1] == second
    problem = BitextMining()
    threshold = problem.best_threshold([first, second, third])
    assert problem.above([first, second, third], threshold)[1] == second


# --------------------------------------------------------------------------------------- loss


def batch(kinds: list[int], parts: list[int], ids: list[list[int]]) -> Batch:
    width = max(map(len, ids))
    padded = torch.tensor([row + [0] * (width - len(row)) for row in ids])
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in ids])
    zeros = torch.zeros_like(padded)
    return Batch(
        padded,
        mask,
        zeros,
        zeros.bool(),
        zeros,
        [("en",)] * len(ids),
        torch.tensor(kinds),
        torch.tensor(parts),
    )


def test_the_loss_is_the_cross_entropy_in_both_directions() -> None:
    vectors = torch.tensor(drawn(4, 6, 5))
    given = batch([QUERY, POSITIVE] * 3, [0, 1] * 3, [[n] for n in range(1, 7)])
    unit = torch.nn.functional.normalize(vectors, dim=1)
    scores = unit[0::2] @ unit[1::2].T / 0.05
    own = torch.arange(3)
    ce = torch.nn.functional.cross_entropy
    due = (ce(scores, own, reduction="none") + ce(scores.T, own, reduction="none")) / 2
    losses = info_nce(vectors, given, 0.05)
    torch.testing.assert_close(losses[0::2], due)
    assert losses[1::2].tolist() == [0, 0, 0]


def test_hard_negatives_count_and_equal_texts_do_not() -> None:
    vectors = torch.tensor(drawn(5, 7, 5))
    kinds = [QUERY, POSITIVE, NEGATIVE, IGNORED, QUERY, POSITIVE, NEGATIVE]
    ids = [[1], [2], [3, 3], [4], [5], [6], [2]]  # the last has the tokens of the first positive
    losses = info_nce(vectors, batch(kinds, [0, 1, 2, 3, 0, 1, 2], ids), 1.0)
    unit = torch.nn.functional.normalize(vectors, dim=1)
    scores = unit @ unit.T
    forward = scores[0, [1, 2, 5]].logsumexp(0) - scores[0, 1]
    backward = scores[[0, 4], 1].logsumexp(0) - scores[0, 1]
    torch.testing.assert_close(losses[0], (forward + backward) / 2)
    forward = scores[4, [1, 2, 5, 6]].logsumexp(0) - scores[4, 5]
    backward = scores[[0, 4], 5].logsumexp(0) - scores[4, 5]
    torch.testing.assert_close(losses[4], (forward + backward) / 2)


def test_a_repeated_batch_has_the_losses_of_one() -> None:
    vectors = torch.tensor(drawn(6, 4, 5))
    given = batch([QUERY, POSITIVE] * 2, [0, 1] * 2, [[1], [2, 2], [3], [4]])
    once = info_nce(vectors, given, 0.1)
    twice = info_nce(vectors.repeat(2, 1), given.repeat(2), 0.1)
    # Only the other pair is a negative, and it now stands there twice.
    assert torch.isfinite(twice).all()
    torch.testing.assert_close(twice[:4], twice[4:])
    assert (twice[[0, 2]] >= once[[0, 2]]).all()


def test_gradients_are_finite_without_any_pair() -> None:
    vectors = torch.tensor(drawn(7, 2, 3), requires_grad=True)
    losses = info_nce(vectors, batch([NEGATIVE, IGNORED], [0, 0], [[1], [2]]), 1e-3)
    losses.sum().backward()
    assert losses.tolist() == [0, 0]
    assert vectors.grad is not None
    assert vectors.grad.isfinite().all()
