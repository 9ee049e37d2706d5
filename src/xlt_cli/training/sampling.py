"""How often each row comes in an epoch where tasks and languages of different sizes are evened out.

With temperature T, a group of n rows has a share of the epoch in proportion to n^(1/T) (Arivazhagan
et al. 2019, Massively Multilingual Neural Machine Translation in the Wild, section 5).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Sampling:
    """The rows of each epoch, as indices into the rows of all groups one after another.

    An epoch has as many rows as there are. A group that is due more than its size comes whole, as
    often as it fits, and the rest of its rows are drawn afresh in each epoch without replacement.

    Attributes:
        sizes: the number of rows of each group.
        seed: names the randomness.
    """

    sizes: tuple[int, ...]
    temperature: float
    seed: str

    def __call__(self, epoch: int) -> list[int]:
        """The indices of an epoch, in order; an index stands there as often as its row comes."""
        indices: list[int] = []
        first = 0
        for group, (size, count) in enumerate(
            zip(self.sizes, counts(self.sizes, self.temperature), strict=True)
        ):
            rng = random.Random(f"{self.seed}/sampling/{epoch}/{group}")
            whole, rest = divmod(count, size)
            chosen = [*range(size)] * whole + rng.sample(range(size), rest)
            indices += (first + row for row in sorted(chosen))
            first += size
        return indices


def counts(sizes: Sequence[int], temperature: float) -> list[int]:
    """How many rows of each group an epoch has; their sum is that of the sizes.

    Shares are rounded by the largest remainder.
    """
    weights = np.asarray(sizes, dtype=np.float64) ** (1 / temperature)
    due = weights / weights.sum() * sum(sizes)
    rounded = np.floor(due).astype(int)
    left = sum(sizes) - int(rounded.sum())
    for group in np.argsort(rounded - due, kind="stable")[:left]:
        rounded[group] += 1
    return [int(count) for count in rounded]
