"""Exact search for the nearest vectors: products in blocks, in float32. Numbers in, numbers out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from xlt_cli.problems.retrieval.settings import Scoring

if TYPE_CHECKING:
    import numpy as np

BLOCK = 1 << 24
"""Scores that are held at once: 64 MiB."""


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows of length 1, [N, H]; rows of zeros stay zeros."""
    import numpy as np

    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, np.finfo(np.float32).tiny), dtype=np.float32)


def products(rows: np.ndarray, columns: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """The dot products of rows [N, H] with columns [M, H]: blocks [n, M] and the number of their
    first row."""
    size = max(1, BLOCK // max(1, len(columns)))
    for start in range(0, len(rows), size):
        yield start, rows[start : start + size] @ columns.T


def best(scores: np.ndarray, count: int) -> np.ndarray:
    """The columns of the `count` highest scores of each row, best first; of equal scores the first
    column, [N, count]."""
    import numpy as np

    count = min(count, scores.shape[1])
    least = np.partition(scores, -count, axis=1)[:, -count]
    chosen = np.empty((len(scores), count), dtype=np.int64)
    for row, own in enumerate(scores):
        among = np.flatnonzero(own >= least[row])
        chosen[row] = among[np.argsort(-own[among], kind="stable")][:count]
    return chosen


def neighbourhoods(rows: np.ndarray, columns: np.ndarray, count: int) -> np.ndarray:
    """The mean product of each row with its `count` nearest columns, [N]."""
    import numpy as np

    count = min(count, len(columns))
    means = [
        np.partition(scores, -count, axis=1)[:, -count:].mean(axis=1)
        for _, scores in products(rows, columns)
    ]
    return np.concatenate(means)


def margin(
    cosines: np.ndarray, rows: np.ndarray, columns: np.ndarray, scoring: Scoring
) -> np.ndarray:
    """Cosines set against the neighbourhoods of both texts (Artetxe and Schwenk 2019, equation 2).

    Args:
        rows, columns: the neighbourhoods of the texts of each cosine, of shapes that fit.
    """
    among = (rows + columns) / 2
    scores: np.ndarray = cosines / among if scoring == "ratio" else cosines - among
    return scores


def scored(
    queries: np.ndarray, pool: np.ndarray, scoring: Scoring, neighbours: int
) -> Iterator[tuple[int, np.ndarray]]:
    """The scores of all candidates for each query: blocks [n, M] and the number of their first
    query."""
    if scoring == "dot":
        yield from products(queries, pool)
        return
    queries, pool = unit(queries), unit(pool)
    if scoring == "cosine":
        yield from products(queries, pool)
        return
    own = neighbourhoods(queries, pool, neighbours)
    theirs = neighbourhoods(pool, queries, neighbours)
    for start, cosines in products(queries, pool):
        rows = own[start : start + len(cosines), None]
        yield start, margin(cosines, rows, theirs[None, :], scoring)


def average_precision(ranked: Sequence[int], relevant: set[int], depth: int) -> float:
    """The average precision of the first `depth` of ranked candidates, as XTREME-R computes it: the
    divisor is the number of right candidates, at most `depth`."""
    hits, total = 0, 0.0
    for place, candidate in enumerate(ranked[:depth], start=1):
        if candidate in relevant:
            hits += 1
            total += hits / place
    return total / min(len(relevant), depth)
