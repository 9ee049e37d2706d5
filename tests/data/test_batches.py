"""Batches: every example once, similar lengths together, padding that nothing looks at."""

from __future__ import annotations

import itertools
import math
import random
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from xlt_cli.api import IGNORED
from xlt_cli.data.batches import (
    BUCKET,
    collate,
    evaluation_batches,
    evaluation_batches_of_examples,
    filled_batches,
    training_batches,
)
from xlt_cli.problems import Feature, SequenceClassification, TokenLabelling

LENGTHS = st.lists(st.integers(1, 128), max_size=400)
SIZES = st.integers(1, 40)


def spread(count: int) -> list[int]:
    rng = random.Random(0)
    return [rng.randint(3, 128) for _ in range(count)]


def padding(batches: list[list[int]], lengths: list[int]) -> float:
    """The share of positions that hold padding."""
    used = sum(lengths)
    return 1 - used / sum(len(b) * max(lengths[i] for i in b) for b in batches)


@given(LENGTHS, SIZES, st.text(max_size=5))
def test_training_takes_every_example_once_in_as_few_batches_as_can_be(
    lengths: list[int], size: int, seed: str
) -> None:
    batches = training_batches(lengths, size, seed)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    assert len(batches) == math.ceil(len(lengths) / size)
    assert all(1 <= len(batch) <= size for batch in batches)


@given(LENGTHS, SIZES)
def test_evaluation_takes_every_example_once_the_longest_first(
    lengths: list[int], size: int
) -> None:
    batches = evaluation_batches(lengths, size)
    order = [i for batch in batches for i in batch]
    assert sorted(order) == list(range(len(lengths)))
    assert [lengths[i] for i in order] == sorted(lengths, reverse=True)
    assert all(len(batch) == size for batch in batches[:-1])


@given(LENGTHS, st.integers(1, 400))
def test_filled_batches_hold_as_many_of_the_longest_as_fit(lengths: list[int], tokens: int) -> None:
    batches = filled_batches(lengths, tokens)
    order = [i for batch in batches for i in batch]
    assert sorted(order) == list(range(len(lengths)))
    assert [lengths[i] for i in order] == sorted(lengths, reverse=True)
    for batch, after in itertools.pairwise(batches):
        width = lengths[batch[0]]
        assert width * len(batch) <= tokens or len(batch) == 1
        assert width * (len(batch) + 1) > tokens, "one more would not have fitted"
        assert after


@given(LENGTHS, st.integers(1, 300))
def test_filled_batches_go_on_until_one_more_would_be_too_many(
    lengths: list[int], tokens: int
) -> None:
    found = filled_batches(lengths, tokens)
    order = sorted(range(len(lengths)), key=lambda index: -lengths[index])
    assert [index for batch in found for index in batch] == order, "equal ones in their order"
    for batch, after in itertools.pairwise(found):
        assert len(batch) == 1 or lengths[batch[0]] * len(batch) <= tokens
        assert lengths[batch[0]] * (len(batch) + 1) > tokens, f"{after} could have begun earlier"


@pytest.mark.parametrize("shared", [2, 3])
def test_collate_of_inputs_that_share_their_lists(shared: int) -> None:
    """Layouts of the same lengths do; the batch is that of inputs with lists of their own."""
    problem = SequenceClassification(["no", "yes"])

    def of_length(length: int) -> tuple[list[int], list[bool], list[int]]:
        types, special = [0] * (length - 2) + [1, 1], [True] + [False] * (length - 1)
        return types, special, [0, *[1] * (length - 1)]

    around = {length: of_length(length) for length in (3, 5, 9)[:shared]}

    def features(lists: bool) -> list[Feature]:
        rows = [(n, sorted(around)[n % shared]) for n in range(8)]
        return [
            Feature(
                str(n),
                [10 * n + place for place in range(length)],
                *(of_length(length) if lists else around[length]),
                languages=("en", "de"),
                target=n % 2,
                gold="yes",
            )
            for n, length in rows
        ]

    one, other = (collate(features(own), problem, 99).tensors() for own in (False, True))
    assert one.keys() == other.keys()
    assert all(one[name].equal(other[name]) for name in one)
    assert one["token_type_ids"].sum() == 16, "each has two ones, and padding none"


def test_order_is_a_function_of_the_seed() -> None:
    lengths = spread(500)
    first = training_batches(lengths, 8, "1/stage/0/epoch/0")
    assert training_batches(lengths, 8, "1/stage/0/epoch/0") == first
    for other in ("1/stage/0/epoch/1", "2/stage/0/epoch/0"):
        found = training_batches(lengths, 8, other)
        assert sorted(map(sorted, found)) != sorted(map(sorted, first))


def test_training_leaves_little_padding_and_no_order_of_lengths() -> None:
    lengths = spread(8 * BUCKET * 2)
    batches = training_batches(lengths, 8, "seed")
    unsorted = [list(range(i, i + 8)) for i in range(0, len(lengths), 8)]
    assert padding(batches, lengths) < 0.05 < 0.3 < padding(unsorted, lengths)
    means = [sum(lengths[i] for i in batch) / 8 for batch in batches]
    ascending = sum(a < b for a, b in itertools.pairwise(means)) / len(means)
    assert 0.35 < ascending < 0.65


def test_examples_of_equal_length_still_meet_others_in_each_epoch() -> None:
    lengths = [10] * 200
    epochs = [training_batches(lengths, 10, f"seed/epoch/{e}") for e in range(2)]
    together = [{frozenset(batch) for batch in batches} for batches in epochs]
    assert not together[0] & together[1]


def feature(length: int, target: int | list[int], gold: str | tuple[str, ...]) -> Feature:
    """`[CLS] words [SEP]`, all ids and types other than those of padding."""
    special = [i in (0, length - 1) for i in range(length)]
    ids = list(range(10, 10 + length))
    return Feature(f"e{length}", ids, [1] * length, special, [1] * length, ("en",), target, gold)


def test_collate_pads_on_the_right_with_the_right_values() -> None:
    problem = SequenceClassification(("a", "b"))
    batch = collate([feature(3, 1, "b"), feature(5, 0, "a")], problem, pad_id=7)
    assert batch.input_ids.tolist() == [[10, 11, 12, 7, 7], [10, 11, 12, 13, 14]]
    assert batch.attention_mask.tolist() == [[1, 1, 1, 0, 0], [1] * 5]
    assert batch.token_type_ids.tolist() == [[1, 1, 1, 0, 0], [1] * 5]
    assert batch.text_ids.tolist() == [[1, 1, 1, 0, 0], [1] * 5]
    assert batch.special_mask.tolist() == [
        [True, False, True, True, True],
        [True, False, False, False, True],
    ]
    assert batch.targets.tolist() == [1, 0]
    assert batch.languages == [("en",), ("en",)]


def test_collate_pads_the_tags_of_words_with_what_the_loss_ignores() -> None:
    problem = TokenLabelling(("O", "B-X"))
    batch = collate(
        [feature(3, [IGNORED, 1, IGNORED], ("B-X",)), feature(4, [IGNORED, 0, 1, IGNORED], ())],
        problem,
        pad_id=0,
    )
    assert batch.targets.tolist() == [[-100, 1, -100, -100], [-100, 0, 1, -100]]


@pytest.mark.parametrize("lengths", [(4, 4), (3, 5)])
def test_collate_gives_the_types_that_models_expect(lengths: tuple[int, int]) -> None:
    problem = SequenceClassification(("a", "b"))
    batch = collate([feature(n, 0, "a") for n in lengths], problem, pad_id=0)
    for name in ("input_ids", "attention_mask", "token_type_ids", "text_ids", "targets"):
        assert getattr(batch, name).dtype == torch.int64, name
    assert batch.special_mask.dtype == torch.bool
    assert batch.to(torch.device("cpu")).languages == batch.languages


def test_batches_of_an_evaluation_may_keep_the_inputs_of_an_example_together() -> None:
    lengths = [(3, 9), (5,), (2, 2, 2), (7, 1), (4,)]
    features = [
        Feature("x", [1] * length, [0] * length, [False] * length, [0] * length, (), 0, 0)
        for own in lengths
        for length in own
    ]
    starts = [sum(map(len, lengths[:n])) for n in range(len(lengths))]
    goes_on = [place not in starts for place in range(len(features))]
    features = [replace(f, goes_on=on) for f, on in zip(features, goes_on, strict=True)]
    assert evaluation_batches_of_examples(features, 4) == [[0, 1, 6, 7], [2, 8], [3, 4, 5]]
    assert evaluation_batches_of_examples(features, 1) == [[0, 1], [6, 7], [2], [8], [3, 4, 5]]
