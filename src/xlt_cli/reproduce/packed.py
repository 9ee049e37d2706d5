"""The answers of archives of format 1, which are read, and no longer written.

The answers of a run to all its cells are one sequence, in which those to one item lie side by side.
Each is written as its distance from the gold label in the alphabet of labels, modulo the alphabet's
size A, so that right answers are 0; as many as fit share a byte, as digits of a number in base A,
the first the lowest. XZ does the rest.
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from xlt_cli.runs.archives import reading
from xlt_cli.runs.cells import Pair
from xlt_cli.runs.predictions import Answer, Answers

Alphabet = list[str | None]
"""All labels that are asked for or answered; None stands for an abstention, or for a word that the
model never saw."""

BYTE = 256


def answers_of(folder: Path, task: str, name: str, alphabet: Alphabet) -> dict[Pair, Answers]:
    """What a run of an archive answered.

    Args:
        alphabet: the labels in the order of their digits.

    Raises:
        DataError: a file is damaged.
    """
    asked, answered = folder / "tasks" / f"{task}.json.xz", folder / "predictions" / f"{name}.xz"
    with reading(asked):
        layout = _layout(lzma.decompress(asked.read_bytes()))
    with reading(answered):
        return layout.unpack(answered.read_bytes(), alphabet)


@lru_cache(maxsize=2)
def _layout(questions: bytes) -> Layout:
    """The layout of what is asked; of the last two tasks, for it takes a second at full size."""
    content: Mapping[str, Any] = json.loads(questions)
    rows = [
        Answers(part["ids"], [tuple(g) if isinstance(g, list) else g for g in part["golds"]], [])
        for part in content["rows"]
    ]
    cells = {(cell["first"], cell["second"]): rows[cell["rows"]] for cell in content["cells"]}
    return Layout(cells)


class Layout:
    """In which order answers are packed; the same for all runs that were asked the same.

    Args:
        asked: the cells; only their ids and gold labels are looked at.
    """

    def __init__(self, asked: Mapping[Pair, Answers]) -> None:
        self.asked = dict(asked)
        self.golds = [gold for cell in asked.values() for gold in cell.golds]
        items: dict[str, int] = {}  # in the order in which they first occur
        ids = (identifier for cell in asked.values() for identifier in cell.ids)
        rows = [items.setdefault(identifier, len(items)) for identifier in ids]
        lengths = [len(_labels(gold)) for gold in self.golds]
        self.order = np.argsort(np.repeat(rows, lengths), kind="stable")

    def unpack(self, content: bytes, alphabet: Alphabet) -> dict[Pair, Answers]:
        """The answers that were packed."""
        codes = np.empty(len(self.order), np.int16)
        codes[self.order] = _numbers(lzma.decompress(content), len(alphabet))[: len(codes)]
        places = (codes + _places(self.golds, alphabet)) % len(alphabet)
        labels = [alphabet[place] for place in places.tolist()]
        return self._cells(iter(_put_together(labels, self.golds)))

    def _cells(self, answers: Iterator[Answer]) -> dict[Pair, Answers]:
        return {
            pair: Answers(cell.ids, cell.golds, list(islice(answers, len(cell.ids))))
            for pair, cell in self.asked.items()
        }


def _labels(answer: Answer) -> tuple[str | None, ...]:
    return answer if isinstance(answer, tuple) else (answer,)


def _places(answers: Sequence[Answer], alphabet: Alphabet) -> np.ndarray:
    """The places in the alphabet of all labels, one after another."""
    place = {label: index for index, label in enumerate(alphabet)}
    known = {answer: [place[label] for label in _labels(answer)] for answer in set(answers)}
    return np.array([i for answer in answers for i in known[answer]], dtype=np.int16)


def _put_together(labels: Sequence[str | None], golds: Sequence[Answer]) -> list[Answer]:
    """Labels as answers of the golds' shapes."""
    if tuple not in set(map(type, golds)):
        return list(labels)
    rest = iter(labels)
    return [
        tuple(next(rest) for _ in gold) if isinstance(gold, tuple) else next(rest) for gold in golds
    ]


def _powers(base: int) -> np.ndarray:
    """What the digits in a byte stand for: 1, 3, 9, 27 and 81 in base 3."""
    powers = [1]
    while powers[-1] * base**2 <= BYTE:
        powers.append(powers[-1] * base)
    return np.array(powers, np.int16)


def _numbers(content: bytes, size: int) -> np.ndarray:
    base = max(size, 2)
    packed = np.frombuffer(content, np.uint8).astype(np.int16)
    numbers: np.ndarray = packed[:, None] // _powers(base) % base
    return numbers.reshape(-1)
