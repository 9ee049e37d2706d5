"""Words cut at random into pieces of a vocabulary, by the algorithm that the vocabulary is for.

Each class makes samplers of words. A sampler is a function from a source of randomness to the
pieces' ids in order; making one is the dear part, so callers keep them. Where known pieces alone
cannot make up a word, there is none.
"""

from __future__ import annotations

import math
import random
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate, pairwise

Sampler = Callable[[random.Random], list[int]]


class Segmentation(ABC):
    """An algorithm with its vocabulary and strength."""

    @abstractmethod
    def sampler(self, word: str, usual: list[int]) -> Sampler | None:
        """What cuts this word; None where it does not apply.

        Args:
            word: as the tokenizer's normalizer and pre-tokenizer leave it.
            usual: the ids that the tokenizer itself gives it.
        """


class Unigram(Segmentation):
    """Segmentations x drawn in proportion to P(x)^alpha (Kudo 2018, section 3.2).

    All segmentations are in it (l = infinity), by forward filtering and backward sampling.

    Args:
        pieces: the id and the log probability of each piece.
        alpha: 0 is uniform over all segmentations, 1 the model's own distribution.
    """

    def __init__(self, pieces: Mapping[str, tuple[int, float]], alpha: float) -> None:
        self.pieces = pieces
        self.alpha = alpha
        self.longest = max(map(len, pieces), default=0)

    def sampler(self, word: str, usual: list[int]) -> Sampler | None:
        """Filters forward: what each place's last piece can be, and how likely each is.

        The weight of all segmentations up to a place is the sum over its last pieces of the
        weight of what is before them, times P(piece)^alpha; in logarithms, as words can be long.
        """
        size, pieces, alpha = len(word), self.pieces, self.alpha
        before = {0: 0.0}
        last: list[tuple[list[int], list[int], list[float]]] = [([], [], [])]
        for end in range(1, size + 1):
            starts, ids, weights = [], [], []
            for start in range(max(0, end - self.longest), end):
                piece = pieces.get(word[start:end])
                if piece is not None and start in before:
                    starts.append(start)
                    ids.append(piece[0])
                    weights.append(before[start] + alpha * piece[1])
            if starts:
                top = max(weights)
                weights = list(accumulate(math.exp(weight - top) for weight in weights))
                before[end] = top + math.log(weights[-1])
            last.append((starts, ids, weights))
        if size not in before:
            return None

        def draw(rng: random.Random) -> list[int]:
            drawn = []
            end = size
            while end:
                starts, ids, summed = last[end]
                # Not bisect(): a product rounded up to the whole sum has to find the last one.
                i = bisect_left(summed, rng.random() * summed[-1]) if len(ids) > 1 else 0
                drawn.append(ids[i])
                end = starts[i]
            drawn.reverse()
            return drawn

        return draw


class MaxMatch(Segmentation):
    """The longest match, each dropped with a probability (Hiraoka 2022, MaxMatch-Dropout).

    The shortest match at a place is never dropped, nor one taken that the rest of the word cannot
    follow: no word becomes unknown.

    Args:
        ids: of each piece.
        prefix: of pieces within a word.
        dropout: the probability of passing a match over.
    """

    def __init__(self, ids: Mapping[str, int], prefix: str, dropout: float) -> None:
        self.ids = ids
        self.prefix = prefix
        self.dropout = dropout
        self.longest = max(map(len, ids), default=0)

    def sampler(self, word: str, usual: list[int]) -> Sampler | None:
        size, dropout = len(word), self.dropout
        matches: list[list[tuple[int, int]]] = [[] for _ in word]  # ends and ids, longest first
        for start in reversed(range(size)):
            prefix = self.prefix if start else ""
            for end in range(min(size, start + self.longest), start, -1):
                token = self.ids.get(prefix + word[start:end])
                if token is not None and (end == size or matches[end]):
                    matches[start].append((end, token))

        def draw(rng: random.Random, dropout: float = dropout) -> list[int]:
            drawn = []
            start = 0
            while start < size:
                *longer, (end, token) = matches[start]
                for match in longer:
                    if rng.random() >= dropout:
                        end, token = match
                        break
                drawn.append(token)
                start = end
            return drawn

        if not word or not matches[0] or draw(random.Random(0), 0) != usual:
            return None
        return draw


class Merges(Segmentation):
    """Byte-pair encoding with merges dropped at each step (Provilkov et al. 2020, algorithm 1).

    Args:
        ids: of each piece.
        merges: pairs of pieces, those merged first before the others.
        dropout: the probability of dropping a merge.
        prefix: of pieces within a word.
        suffix: of a word's last piece.
    """

    def __init__(
        self,
        ids: Mapping[str, int],
        merges: Sequence[tuple[str, str]],
        dropout: float,
        prefix: str = "",
        suffix: str = "",
    ) -> None:
        self.ids = ids
        self.ranks = {pair: rank for rank, pair in enumerate(merges)}
        self.dropout = dropout
        self.prefix = prefix
        self.suffix = suffix

    def sampler(self, word: str, usual: list[int]) -> Sampler | None:
        if not word:
            return None
        symbols = [word[0], *(self.prefix + char for char in word[1:])]
        symbols[-1] += self.suffix
        whole = self._merge(symbols, random.Random(0), 0)
        # Anything else that the tokenizer does (bytes of unknown characters) is left to it.
        if [self.ids.get(symbol) for symbol in whole] != usual or any(
            symbol not in self.ids for symbol in symbols
        ):
            return None
        return lambda rng: [self.ids[piece] for piece in self._merge(symbols, rng, self.dropout)]

    def _merge(self, symbols: list[str], rng: random.Random, dropout: float) -> list[str]:
        while len(symbols) > 1:
            possible = [
                (rank, place)
                for place, pair in enumerate(pairwise(symbols))
                if (rank := self.ranks.get(pair)) is not None
                and (not dropout or rng.random() >= dropout)
            ]
            if not possible:
                break
            first, _ = min(possible)
            places = {place for rank, place in possible if rank == first}
            merged = []
            place = 0
            while place < len(symbols):
                if place in places:
                    merged.append(symbols[place] + symbols[place + 1].removeprefix(self.prefix))
                    place += 2
                else:
                    merged.append(symbols[place])
                    place += 1
            symbols = merged
        return symbols
