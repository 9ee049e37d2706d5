"""Answers in few bytes: two bits or less each, before compression.

The answers of a run to all its cells become one sequence, in which those to one item lie side by
side: what is hard in one language is hard in the others. Each is written as its distance from the
gold label in the alphabet of labels, modulo the alphabet's size A, so that right answers are 0; as
many as fit share a byte, as digits of a number in base A, the first the lowest. XZ does the rest.

Answers that are no labels (texts, numbers, lists of any length) are packed as JSON.
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np

from xlt_cli.runs.cells import Pair
from xlt_cli.runs.predictions import Answer, Answers

Alphabet = list[str | None]
"""All labels that are asked for or answered; None stands for an abstention, or for a word that the
model never saw."""

BYTE = 256


def alphabet_of(cells: Iterable[Answers]) -> Alphabet | None:
    """The labels in some cells, sorted; None where the answers are not labels.

    Answers are labels if there are no more of them than a byte can tell apart, and if each has as
    many as what was asked for: one, or one for each word.
    """
    known = list(cells)
    for cell in known:
        if tuple not in {type(answer) for answer in (*cell.golds, *cell.predicted)}:
            continue
        pairs = zip(cell.golds, cell.predicted, strict=True)
        if not all(_alike(gold, given) for gold, given in pairs):
            return None
    answers = {answer for cell in known for answer in {*cell.golds, *cell.predicted}}
    labels = {label for answer in answers for label in _labels(answer)}
    if len(labels) > BYTE or not all(label is None or isinstance(label, str) for label in labels):
        return None
    return sorted(labels, key=lambda label: (label is None, label or ""))


def _alike(gold: Answer, given: Answer) -> bool:
    """Whether an answer has as many labels as the gold one."""
    if not isinstance(gold, tuple):
        return not isinstance(given, tuple)
    return isinstance(given, tuple) and len(given) == len(gold)


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

    def pack(self, answers: Mapping[Pair, Answers], alphabet: Alphabet | None) -> bytes:
        """The answers of a run: as places in the alphabet, or without one as JSON."""
        told = [a for pair in self.asked for a in answers[pair].predicted]
        if alphabet is None:
            return lzma.compress(json.dumps(told, ensure_ascii=False).encode(), preset=9)
        given = _places(told, alphabet)
        codes = (given - _places(self.golds, alphabet)) % len(alphabet)
        return lzma.compress(_digits(codes[self.order], len(alphabet)), preset=9)

    def unpack(self, content: bytes, alphabet: Alphabet | None) -> dict[Pair, Answers]:
        """The answers that were packed."""
        if alphabet is None:
            return self._cells(iter(frozen(json.loads(lzma.decompress(content)))))
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


def frozen(value: Any) -> Any:
    """A value of JSON with tuples for lists, as answers have them."""
    return tuple(map(frozen, value)) if isinstance(value, list) else value


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


def _digits(codes: np.ndarray, size: int) -> bytes:
    powers = _powers(max(size, 2))
    padded = np.concatenate([codes, np.zeros(-len(codes) % len(powers), codes.dtype)])
    packed: np.ndarray = padded.reshape(-1, len(powers)) @ powers
    return packed.astype(np.uint8).tobytes()


def _numbers(content: bytes, size: int) -> np.ndarray:
    base = max(size, 2)
    packed = np.frombuffer(content, np.uint8).astype(np.int16)
    numbers: np.ndarray = packed[:, None] // _powers(base) % base
    return numbers.reshape(-1)
