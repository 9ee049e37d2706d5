"""The answers of a run to all cells of its evaluation, as one table of an archive.

The answers to one item stand side by side: what is hard in one language is hard in the others, and
compresses to little.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import chain, pairwise
from typing import Any

import numpy as np

from xlt_cli.runs import prediction_table
from xlt_cli.runs.cells import Pair
from xlt_cli.runs.predictions import Answers

SUFFIX = prediction_table.SUFFIX


def table_of(answers: Mapping[Pair, Answers]) -> bytes:
    """The bytes of a Parquet file."""
    cells = answers.values()
    order = _by_item(answers)
    pairs = [pair for pair, cell in answers.items() for _ in cell.ids]

    def ordered(values: Iterable[Any]) -> list[Any]:
        known = list(values)
        return [known[place] for place in order]

    return prediction_table.encode_answers(
        ordered(chain.from_iterable(cell.ids for cell in cells)),
        ordered(first for first, _ in pairs),
        ordered(second for _, second in pairs),
        ordered(chain.from_iterable(cell.golds for cell in cells)),
        ordered(chain.from_iterable(cell.predicted for cell in cells)),
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


def _by_item(answers: Mapping[Pair, Answers]) -> list[int]:
    """Places in the cells, one after another, in the order of the table.

    Items come in an order that all cells agree with (some may lack some); where there is none, the
    cells follow one another. In both ways the rows of each cell stay in their order.
    """
    cells = [cell.ids for cell in answers.values()]
    after: TopologicalSorter[str] = TopologicalSorter()
    for ids in {tuple(ids): None for ids in cells}:
        for identifier in ids:
            after.add(identifier)
        for before, identifier in pairwise(ids):
            after.add(identifier, before)
    every = [identifier for ids in cells for identifier in ids]
    try:
        place = {identifier: number for number, identifier in enumerate(after.static_order())}
    except CycleError:
        return list(range(len(every)))
    order: list[int] = np.argsort(
        np.array([place[identifier] for identifier in every], np.int64), kind="stable"
    ).tolist()
    return order
