"""The answers of a run to all cells of its evaluation, as one table of an archive.

The answers to one item stand side by side, as far as all cells have their items in one order: what
is hard in one language is hard in the others, and compresses to little.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xlt_cli.runs import prediction_table
from xlt_cli.runs.cells import Pair
from xlt_cli.runs.predictions import Answers

SUFFIX = prediction_table.SUFFIX


def table_of(answers: Mapping[Pair, Answers]) -> bytes:
    """The bytes of a Parquet file."""
    order = _by_item(answers)
    pairs, cells = list(answers), list(answers.values())
    return prediction_table.encode_answers(
        [cells[cell].ids[row] for cell, row in order],
        [pairs[cell][0] for cell, _ in order],
        [pairs[cell][1] for cell, _ in order],
        [cells[cell].golds[row] for cell, row in order],
        [cells[cell].predicted[row] for cell, row in order],
    )


def answers_of(content: bytes, pairs: Sequence[Pair]) -> dict[Pair, Answers]:
    """The answers in a table, the cells in this order.

    Raises:
        ValueError: it is no such table.
    """
    answers = {pair: Answers([], [], []) for pair in pairs}
    columns = prediction_table.decode_columns(content)
    for identifier, first, second, gold, told in zip(*columns.values(), strict=True):
        cell = answers[first, second]
        cell.ids.append(identifier)
        cell.golds.append(gold)
        cell.predicted.append(told)
    return answers


def _by_item(answers: Mapping[Pair, Answers]) -> list[tuple[int, int]]:
    """Places (cell, row) in the order of the table; each cell's rows stay in their order."""
    items: dict[str, int] = {}  # in the order in which they first occur
    places: list[tuple[Any, int, int]] = []
    in_order = True
    for number, cell in enumerate(answers.values()):
        last = -1
        for row, identifier in enumerate(cell.ids):
            item = items.setdefault(identifier, len(items))
            in_order, last = in_order and item >= last, item
            places.append((item, number, row))
    if in_order:
        places.sort()
    return [(cell, row) for _, cell, row in places]
