"""Sequence classification against scikit-learn and torch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score
from transformers import AutoTokenizer

from xlt_cli.api import Head, SequenceExample, TokenExample
from xlt_cli.data.template import Template
from xlt_cli.errors import DataError
from xlt_cli.problems import Encoded, Feature, Prediction, SequenceClassification

LABELS = ("entailment", "neutral", "contradiction", "never")
PROBLEM = SequenceClassification(LABELS)
PAIR = SequenceExample("test-1", ("the cat sees", "the dog"), "neutral", ("en", "de"))


def rows(pairs: list[tuple[str, str]]) -> list[Prediction]:
    return [Prediction(f"test-{i}", gold, told) for i, (gold, told) in enumerate(pairs)]


def feature(target: int = 1, name: str = "a") -> Feature:
    label = LABELS[target]
    return Feature(
        name, [2, 7, 3], [0, 0, 0], [True, False, True], [0, 0, 0], ("en",), target, label
    )


@pytest.fixture(scope="module")
def tokenizer(tiny_encoder: Path) -> Any:
    return AutoTokenizer.from_pretrained(tiny_encoder)


PAIRS = st.lists(
    st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), min_size=1, max_size=30
)


@settings(max_examples=150, deadline=None)
@given(PAIRS)
def test_metrics_equal_scikit_learn_also_where_classes_are_absent(
    pairs: list[tuple[str, str]],
) -> None:
    gold, told = zip(*pairs, strict=True)
    found = PROBLEM.score(PROBLEM.statistics(rows(pairs)).sum(axis=0))
    assert set(found) == set(PROBLEM.metric_names)
    assert found["accuracy"] == pytest.approx(accuracy_score(gold, told))
    assert found["macro_f1"] == pytest.approx(f1_score(gold, told, average="macro"))


@settings(deadline=None)
@given(PAIRS, PAIRS)
def test_statistics_are_additive(
    first: list[tuple[str, str]], second: list[tuple[str, str]]
) -> None:
    parts = PROBLEM.statistics(rows(first)).sum(axis=0) + PROBLEM.statistics(rows(second)).sum(0)
    whole = PROBLEM.statistics(rows(first + second))
    assert whole.shape == (len(first) + len(second), len(LABELS) * (len(LABELS) + 1))
    np.testing.assert_array_equal(whole.sum(axis=0), parts)


def test_scores_of_many_sums_at_once_equal_those_of_each() -> None:
    sums = np.random.default_rng(0).integers(0, 9, (5, 3, 20)).astype(float)
    together = PROBLEM.score(sums)
    for place in np.ndindex(5, 3):
        for name, value in PROBLEM.score(sums[place]).items():
            assert together[name][place] == pytest.approx(value)


def test_an_abstention_is_wrong_and_no_label() -> None:
    predictions = [
        Prediction("1", "neutral", "neutral"),
        Prediction("2", "never", None),
        Prediction("3", "never", "never"),
        Prediction("4", "neutral", "never"),
    ]
    found = PROBLEM.score(PROBLEM.statistics(predictions).sum(axis=0))
    assert found["accuracy"] == pytest.approx(2 / 4)
    # neutral: 1 hit, 2 gold, 1 predicted; never: 1 hit, 2 gold, 2 predicted.
    assert found["macro_f1"] == pytest.approx((2 / 3 + 2 / 4) / 2)


def test_losses_are_cross_entropy_of_each_example_in_single_precision() -> None:
    logits = torch.randn(5, 4, dtype=torch.bfloat16)
    targets = torch.tensor([0, 3, 2, 1, 1])
    found = PROBLEM.losses(logits, SimpleNamespace(targets=targets))
    by_hand = [-row.float().log_softmax(0)[t] for row, t in zip(logits, targets, strict=True)]
    torch.testing.assert_close(found, torch.stack(by_hand))


def test_prediction_is_the_likeliest_label_with_all_probabilities() -> None:
    logits = torch.tensor([[0.0, 0.0, 2.0, 0.0], [9.0, 1.0, 1.0, 1.0]])
    first, second = PROBLEM.predict(logits, [feature(1, "a"), feature(0, "b")])
    assert (first.id, first.gold, first.predicted) == ("a", "neutral", "contradiction")
    assert first.probabilities == pytest.approx((0.0963, 0.0963, 0.7112, 0.0963), abs=1e-4)
    assert (second.id, second.predicted) == ("b", "entailment")
    assert sum(second.probabilities) == pytest.approx(1.0, abs=1e-5)


def test_texts_are_tokenized_as_the_tokenizer_does_alone(tokenizer: Any) -> None:
    again = replace(PAIR, id="test-2", texts=("the dog", "the cat sees"), languages=("de", "en"))
    first, second = PROBLEM.encode([PAIR, again], tokenizer)
    for encoded, example in ((first, PAIR), (second, again)):
        alone = [tokenizer(t, add_special_tokens=False)["input_ids"] for t in example.texts]
        assert encoded == Encoded(
            example.id, tuple(map(tuple, alone)), example.languages, example.label
        )
    assert first.pieces == second.pieces[::-1]
    assert PROBLEM.encode([], tokenizer) == []


def test_feature_is_the_tokenizers_own_layout_with_the_labels_id(tokenizer: Any) -> None:
    template = Template(tokenizer)
    (encoded,) = PROBLEM.encode([PAIR], tokenizer)
    for length in (64, 6):
        found = PROBLEM.feature(encoded, template, length)
        own = tokenizer(*PAIR.texts, truncation=True, max_length=length)
        assert found.input_ids == own["input_ids"]
        assert found.token_type_ids == own["token_type_ids"]
        assert (found.target, found.gold, found.languages) == (1, "neutral", ("en", "de"))
    assert PROBLEM.targets([found, feature(3)], 99) == [1, 3]
    assert PROBLEM.size(found) == 1
    assert PROBLEM.head == Head("sequence-classification", LABELS)


def test_pair_takes_the_first_text_of_one_and_the_second_of_the_other() -> None:
    english = Encoded("test-1", ((1,), (2,)), ("en", "en"), "neutral")
    german = Encoded("test-1", ((3,), (4,)), ("de", "de"), "neutral")
    assert PROBLEM.pair(english, german) == Encoded("test-1", ((1,), (4,)), ("en", "de"), "neutral")


def test_single_texts_have_no_pairs() -> None:
    single = Encoded("test-1", ((1,),), ("en",), "neutral")
    with pytest.raises(DataError, match="two texts"):
        PROBLEM.pair(single, single)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (replace(PAIR, label="neutrall"), "did you mean 'neutral'"),
        (replace(PAIR, texts=("a", "b", "c"), languages=("en",) * 3), "3 texts"),
        (replace(PAIR, texts=(), languages=()), "0 texts"),
        (replace(PAIR, languages=("en",)), "2 texts but 1 languages"),
        (TokenExample("test-1", ("a",), ("O",), ("en",)), "TokenExample"),
    ],
)
def test_wrong_examples_are_refused_by_name(wrong: Any, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        PROBLEM.check_example(wrong)
    assert "test-1" in caught.value.where
