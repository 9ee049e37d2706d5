"""Batches of similar lengths, padded to the longest; their order is a function of the seed."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from xlt_cli.api import Batch
from xlt_cli.compute.seeding import derive
from xlt_cli.problems import Feature, Problem

if TYPE_CHECKING:
    import torch

BUCKET = 50
"""Batches' worth of examples that are sorted by length together: enough to leave little padding,
few enough to keep the order random."""


def training_batches(lengths: Sequence[int], batch_size: int, seed: str) -> list[list[int]]:
    """One epoch: every index once, in batches of similar length, in random order."""
    rng = random.Random(seed)
    order = list(range(len(lengths)))
    rng.shuffle(order)
    batches = []
    for start in range(0, len(order), BUCKET * batch_size):
        bucket = order[start : start + BUCKET * batch_size]
        bucket.sort(key=lambda index: lengths[index])
        batches += [bucket[i : i + batch_size] for i in range(0, len(bucket), batch_size)]
    rng.shuffle(batches)
    return batches


def grouped_batches(features: Sequence[Feature], batch_size: int, seed: str) -> list[list[int]]:
    """The same with `batch_size` examples a batch, the inputs of each next to each other."""
    places = _places(features)
    longest = [max(len(features[place].input_ids) for place in inputs) for inputs in places]
    batches = training_batches(longest, batch_size, seed)
    return [[place for example in batch for place in places[example]] for batch in batches]


def batches_by_head(features: Sequence[Feature], batch_size: int, seed: str) -> list[list[int]]:
    """The same with the features of one head in a batch, those of all heads in random order."""
    places: dict[int, list[int]] = {}
    for place, feature in enumerate(features):
        places.setdefault(feature.head, []).append(place)
    batches: list[list[int]] = []
    for head, own in places.items():
        lengths = [len(features[place].input_ids) for place in own]
        for batch in training_batches(lengths, batch_size, f"{seed}/head/{head}"):
            batches.append([own[index] for index in batch])
    random.Random(f"{seed}/heads").shuffle(batches)
    return batches


def evaluation_batches(lengths: Sequence[int], batch_size: int) -> list[list[int]]:
    """Every index once, sorted by length, the longest first (memory runs out at once or never)."""
    order = sorted(range(len(lengths)), key=lambda index: -lengths[index])
    return [order[i : i + batch_size] for i in range(0, len(order), batch_size)]


def evaluation_batches_of_examples(features: Sequence[Feature], batch_size: int) -> list[list[int]]:
    """The same with the inputs of an example in one batch, next to each other; a batch has at most
    `batch_size` inputs, or one example."""
    places = _places(features)
    widths = [max(len(features[place].input_ids) for place in own) for own in places]
    batches: list[list[int]] = []
    for number in sorted(range(len(places)), key=lambda number: -widths[number]):
        own = places[number]
        if batches and len(batches[-1]) + len(own) <= batch_size:
            batches[-1] += own
        else:
            batches.append(list(own))
    return batches


def filled_batches(lengths: Sequence[int], tokens: int, multiple: int = 1) -> list[list[int]]:
    """Every index once, the longest first, in batches of at most so many tokens, padding included.

    A batch then takes about the same time and memory whether its rows are long or short. A row
    longer than `tokens` is a batch of its own.

    Args:
        multiple: what the lengths of batches are padded to a multiple of.
    """
    import numpy as np

    order: list[int] = np.argsort(-np.array(lengths, dtype=np.int64), kind="stable").tolist()
    batches: list[list[int]] = []
    start = 0
    while start < len(order):
        width = -(-max(lengths[order[start]], 1) // multiple) * multiple
        end = start + max(tokens // width, 1)
        batches.append(order[start:end])
        start = end
    return batches


def filled_with_examples(features: Sequence[Feature], tokens: int) -> list[list[int]]:
    """The same with the inputs of an example in one batch, next to each other."""
    places = _places(features)
    width = {own[0]: max(len(features[place].input_ids) for place in own) for own in places}
    batches: list[list[int]] = []
    for own in sorted(places, key=lambda own: -width[own[0]]):
        last = batches[-1] if batches else []
        if last and width[last[0]] * (len(last) + len(own)) <= tokens:
            last += own
        else:
            batches.append(list(own))
    return batches


def _places(features: Sequence[Feature]) -> list[list[int]]:
    """The places of the inputs of each example."""
    places: list[list[int]] = []
    for place, feature in enumerate(features):
        if feature.goes_on and places:
            places[-1].append(place)
        else:
            places.append([place])
    return places


def collate(features: Sequence[Feature], problem: Problem, pad_id: int, multiple: int = 1) -> Batch:
    """Pads features on the right to the longest of them, or to a multiple of so many tokens."""
    import numpy as np
    import torch

    lengths = np.array([len(feature.input_ids) for feature in features])
    width = -(-int(lengths.max()) // multiple) * multiple
    filled = np.arange(width) < lengths[:, None]

    def padded(
        rows: Iterable[Sequence[int]], value: int, dtype: type, filled: np.ndarray = filled
    ) -> np.ndarray:
        # All rows in one assignment: building a tensor from nested lists is five times slower.
        table: np.ndarray = np.full(filled.shape, value, dtype=dtype)
        table[filled] = np.fromiter(chain.from_iterable(rows), dtype=dtype, count=filled.sum())
        return table

    def described(rows: list[Any], value: int, dtype: type = np.int64) -> torch.Tensor:
        # Inputs of the same lengths share the lists that describe their positions (`Layout`).
        keys = list(map(id, rows))
        once = dict(zip(keys, rows, strict=True))
        if 2 * len(once) > len(rows):
            return torch.from_numpy(padded(rows, value, dtype))
        own = np.arange(width) < np.fromiter(map(len, once.values()), dtype=np.int64)[:, None]
        places = dict(zip(once, range(len(once)), strict=True))
        table = padded(once.values(), value, dtype, own)
        return torch.from_numpy(table[list(map(places.__getitem__, keys))])

    asks = features[0].target is not None
    asked = problem.asked(features, width) if asks else None
    return Batch(
        input_ids=torch.from_numpy(padded((f.input_ids for f in features), pad_id, np.int64)),
        attention_mask=torch.from_numpy(filled.astype(np.int64)),
        token_type_ids=described([f.token_type_ids for f in features], 0),
        special_mask=described([f.special_mask for f in features], True, np.bool_),
        text_ids=described([f.text_ids for f in features], 0),
        languages=[feature.languages for feature in features],
        targets=torch.tensor(problem.targets(features, width) if asks else []),
        parts=torch.tensor(parts(features)) if problem.grouped else None,
        asked=None if asked is None else torch.tensor(asked),
        companions=tuple(
            collate(companions, problem, pad_id, multiple)
            for companions in zip(*(feature.companions for feature in features), strict=True)
        ),
    )


def by_example(features: Iterable[Feature]) -> list[list[Feature]]:
    """The inputs of each example."""
    examples: list[list[Feature]] = []
    for feature in features:
        if feature.goes_on and examples:
            examples[-1].append(feature)
        else:
            examples.append([feature])
    return examples


def parts(features: Iterable[Feature]) -> list[int]:
    """Which of its example's inputs each is."""
    return [number for inputs in by_example(features) for number in range(len(inputs))]


def seeds(features: Sequence[Feature], *names: object) -> torch.Tensor:
    """A seed for each feature, int64, [B]; by what it is, not by where in a batch it stands."""
    import torch

    return torch.tensor([derive(*names, f.languages, f.id, f.input_ids) for f in features])
