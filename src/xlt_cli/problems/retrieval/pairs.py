"""Pairs of translations among sentences of two languages, as XTREME's script mines them for BUCC.

Artetxe and Schwenk 2019: the best candidate of each sentence among its nearest neighbours, in both
directions; then, the highest score first, each sentence once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from xlt_cli.problems.retrieval.nearest import best, margin, products, unit
from xlt_cli.problems.retrieval.settings import Scoring

if TYPE_CHECKING:
    import numpy as np

Pair = tuple[int, int, float]
"""A sentence of each side, and their score."""


def mined(first: np.ndarray, second: np.ndarray, scoring: Scoring, neighbours: int) -> list[Pair]:
    """Pairs with a score above 0, the highest first; each sentence is in one pair at most.

    Args:
        first, second: the vectors of the sentences of each side, [N, H] and [M, H].
    """
    import numpy as np

    if scoring != "dot":
        first, second = unit(first), unit(second)
    places, cosines = _nearest(first, second, neighbours)
    back_places, back_cosines = _nearest(second, first, neighbours)
    if scoring in ("ratio", "distance"):
        own, theirs = cosines.mean(axis=1), back_cosines.mean(axis=1)
        cosines = margin(cosines, own[:, None], theirs[places], scoring)
        back_cosines = margin(back_cosines, theirs[:, None], own[back_places], scoring)
    forward = cosines.argmax(axis=1)
    backward = back_cosines.argmax(axis=1)
    n, m = np.arange(len(first)), np.arange(len(second))
    rows = np.concatenate([n, back_places[m, backward]])
    columns = np.concatenate([places[n, forward], m])
    scores = np.concatenate([cosines[n, forward], back_cosines[m, backward]])
    return _each_once(rows, columns, scores)


def _nearest(rows: np.ndarray, columns: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The nearest columns of each row and their products, [N, count]."""
    import numpy as np

    places, values = [], []
    for _, scores in products(rows, columns):
        chosen = best(scores, count)
        places.append(chosen)
        values.append(np.take_along_axis(scores, chosen, axis=1))
    return np.concatenate(places), np.concatenate(values)


def _each_once(rows: np.ndarray, columns: np.ndarray, scores: np.ndarray) -> list[Pair]:
    import numpy as np

    taken: list[Pair] = []
    firsts: set[int] = set()
    seconds: set[int] = set()
    for at in np.argsort(-scores, kind="stable").tolist():
        row, column, score = int(rows[at]), int(columns[at]), float(scores[at])
        if row in firsts or column in seconds:
            continue
        firsts.add(row)
        seconds.add(column)
        if score > 0:
            taken.append((row, column, score))
    return taken


def best_threshold(scores: Sequence[float], right: Sequence[bool], gold: int) -> float:
    """The threshold of the highest F1, half-way between two scores; 0 if no pair is right.

    Args:
        scores: of mined pairs.
        right: whether each is a pair of translations.
        gold: the number of pairs that there are.
    """
    order = sorted(range(len(scores)), key=lambda pair: -scores[pair])
    threshold, highest, correct = 0.0, 0.0, 0
    for count, pair in enumerate(order, start=1):
        correct += right[pair]
        score = scores[pair]
        below = scores[order[count]] if count < len(order) else None
        if below == score:
            continue  # pairs of one score are taken together
        f1 = 2 * correct / (count + gold)
        if f1 > highest:
            highest = f1
            # Half-way between neighbouring numbers there is none.
            half = score if below is None else (score + below) / 2
            threshold = score if half == below else half
    return threshold
