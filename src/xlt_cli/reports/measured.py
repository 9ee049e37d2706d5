"""What a run answered: the figure of each cell, and how far each item moves it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from xlt_cli.errors import DataError
from xlt_cli.problems import Prediction
from xlt_cli.reports.summary import Counting, check_alignment
from xlt_cli.reports.validity import Look, look
from xlt_cli.runs.cells import Pair
from xlt_cli.runs.coded import Coded, CodedAnswers
from xlt_cli.runs.predictions import Answer, Answers
from xlt_cli.stats.crossed import left_out, slopes

BLOCK = 1 << 18
"""About how many numbers of statistics are scored at once."""


@dataclass(frozen=True)
class Scored:
    """The figure of one cell.

    Attributes:
        value: of the metric, in its unit.
        effects: how far each row moves it (`stats.crossed.influence`), [n], in 32 bits.
        places: of the rows among all items that the run was tested on, [n]; None: they are all
            of them, in order.
    """

    value: float
    effects: np.ndarray
    places: np.ndarray | None


@dataclass(frozen=True)
class Measured:
    """What one run answered, cell by cell.

    Attributes:
        scores: the metric of each cell.
        items: that the run was tested on, in all cells; an item of an aligned task is one item in
            all languages.
        rows: a hash of the ids and gold labels; equal where two runs were tested on the same.
        looks: what the rows of each cell have in common; empty if nobody looked.
    """

    scores: dict[Pair, Scored]
    items: int
    rows: dict[Pair, str]
    looks: dict[Pair, Look] = field(default_factory=dict)
    _means: dict[tuple[Pair, ...], np.ndarray] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def mean(self, cells: Sequence[Pair]) -> float:
        """The unweighted mean over cells."""
        if len(cells) == 1:
            return self.scores[cells[0]].value
        return float(np.mean([self.scores[pair].value for pair in cells]))

    def effects(self, cells: Sequence[Pair]) -> np.ndarray:
        """How far each item moves the mean over cells, [items]; mean 0.

        In 32 bits for a single cell, as stored: compute with them in 64.
        """
        first = self.scores[cells[0]]
        if len(cells) == 1 and first.places is None:
            return first.effects
        key = tuple(cells)
        if key in self._means:
            return self._means[key]
        total = np.zeros(self.items)
        for one in map(self.scores.__getitem__, cells):
            scale = self.items / (len(one.effects) * len(cells))
            # A place occurs once in a cell, so that adding needs no ufunc.at.
            total[slice(None) if one.places is None else one.places] += one.effects * scale
        if len(cells) > 1:  # of single cells there are too many to keep
            self._means[key] = total
        return total


def measure(
    problem: Counting,
    metric: str,
    answers: Mapping[Pair, Answers | CodedAnswers],
    aligned: bool,
) -> Measured:
    """The figures of one run's answers.

    Args:
        aligned: one id is the same item in every language, if the labels do not speak against it.
    """
    asked = _asked({pair: answers[pair] for pair in sorted(answers)})
    places, items = _places(asked, aligned)
    told = _Codes()
    counted: dict[Pair, _Counted] = {}
    looks: dict[Pair, Look] = {}
    last: _Counted | None = None
    for pair, rows in asked.items():
        codes = told.of(answers[pair].predicted)
        count = max(len(rows.labels), 1)
        kinds, *of_rows = _kinds(codes * count + rows.codes, len(told) * count)
        cell = counted[pair] = _Counted(rows.labels, told.distinct, kinds, *of_rows)
        if last is None or not cell.same_kinds(last):
            seen = [told.distinct[code] for code in np.unique(kinds // count)]
            seen_in = replace(look(rows.labels, seen, problem.labels), rows=len(codes))
        looks[pair], last = seen_in, cell
    scores = {
        pair: Scored(value, effects, places[pair])
        for pair, value, effects in _scored(problem, metric, counted)
    }
    return Measured(scores, items, {pair: rows.sha256 for pair, rows in asked.items()}, looks)


def statistics_of(problem: Counting, answers: CodedAnswers) -> np.ndarray:
    """[N, S], computed once for each gold label with its answer: most rows repeat one."""
    golds, told = answers.golds, answers.predicted
    count = len(told.distinct)
    codes = golds.codes.astype(np.intp) * count + told.codes  # of which 32 bits may be too few
    kinds, rows, _ = _kinds(codes, len(golds.distinct) * count)
    pairs = [(golds.distinct[kind // count], told.distinct[kind % count]) for kind in kinds]
    statistics: np.ndarray = problem.statistics([Prediction("", *pair) for pair in pairs])[rows]
    return statistics


@dataclass(frozen=True)
class _Asked:
    """The rows of cells that have the same; most cells of a run do.

    Attributes:
        labels: the distinct gold labels.
        codes: which of them each row has, [n].
        sha256: of ids and gold labels.
    """

    ids: list[str]
    golds: list[Answer] | Coded
    labels: list[Answer]
    codes: np.ndarray
    sha256: str

    def are_of(self, cell: Answers | CodedAnswers) -> bool:
        """Whether these are the rows of a cell."""
        if self.ids is cell.ids and self.golds is cell.golds:
            return True
        return self.ids == cell.ids and self.golds == cell.golds


def _asked(answers: Mapping[Pair, Answers | CodedAnswers]) -> dict[Pair, _Asked]:
    """The rows of each cell."""
    known: list[_Asked] = []
    asked = {}
    for pair, cell in answers.items():
        rows = next((one for one in known if one.are_of(cell)), None)
        if rows is None:
            golds = cell.golds if isinstance(cell.golds, Coded) else Coded.of(cell.golds)
            columns = "\n\n".join(map("\n".join, (cell.ids, map(str, golds.listed()))))
            sha256 = hashlib.sha256(columns.encode()).hexdigest()
            rows = _Asked(cell.ids, cell.golds, golds.distinct, golds.codes, sha256)
            known.append(rows)
        asked[pair] = rows
    return asked


def _kinds(codes: np.ndarray, possible: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The distinct codes, which of them each is, and how often each occurs; without sorting where
    few are possible."""
    if possible > len(codes):
        kinds, rows, counts = np.unique(codes, return_inverse=True, return_counts=True)
        return kinds, rows, counts
    counts = np.bincount(codes, minlength=possible)
    kinds = np.flatnonzero(counts)
    if len(kinds) == possible:
        return kinds, codes, counts
    return kinds, (np.cumsum(counts > 0) - 1).take(codes), counts[kinds]


class _Codes(dict[Answer, int]):
    """Numbers of values, from 0 in the order in which they are seen."""

    def __init__(self) -> None:
        self.distinct: list[Answer] = []

    def __missing__(self, value: Answer) -> int:
        self.distinct.append(value)
        return self.setdefault(value, len(self))

    def of(self, values: Sequence[Answer] | Coded) -> np.ndarray:
        """The number of each, [n]."""
        if isinstance(values, Coded):
            numbers = [self[value] for value in values.distinct]
            return np.array(numbers, dtype=np.intp).take(values.codes)
        return np.fromiter(map(self.__getitem__, values), np.intp, len(values))


@dataclass(frozen=True)
class _Counted:
    """A cell by the kinds of its rows: gold label and answer.

    Attributes:
        labels, told: all there may be.
        kinds: those that occur, [k], as code of the answer * number of labels + code of the label.
        rows: of which kind each row is, [n].
        counts: how many rows each kind has, [k].
    """

    labels: list[Answer]
    told: list[Answer]
    kinds: np.ndarray
    rows: np.ndarray
    counts: np.ndarray

    def same_kinds(self, other: _Counted) -> bool:
        return self.labels is other.labels and np.array_equal(self.kinds, other.kinds)

    def statistics(self, problem: Counting) -> np.ndarray:
        """Of each kind, [k, S]."""
        count = len(self.labels)
        pairs = [(self.labels[kind % count], self.told[kind // count]) for kind in self.kinds]
        statistics: np.ndarray = problem.statistics([Prediction("", *pair) for pair in pairs])
        return statistics


Block = list[tuple[Pair, _Counted, np.ndarray]]


def _scored(
    problem: Counting, metric: str, cells: Mapping[Pair, _Counted]
) -> Iterator[tuple[Pair, float, np.ndarray]]:
    """The figure of each cell, and how far each row moves it; scored in blocks of cells."""
    block: Block = []
    size = 0
    for pair, cell in cells.items():
        known = block and cell.same_kinds(block[-1][1])
        statistics = block[-1][2] if known else cell.statistics(problem)
        block.append((pair, cell, statistics))
        size += statistics.size + 2 * statistics.shape[1] ** 2
        if size > BLOCK:
            yield from _scored_together(problem, metric, block)
            block, size = [], 0
    if block:
        yield from _scored_together(problem, metric, block)


def _scored_together(
    problem: Counting, metric: str, block: Block
) -> Iterator[tuple[Pair, float, np.ndarray]]:
    sums = np.stack([cell.counts @ part for _, cell, part in block])
    there = np.stack([(part != 0).any(axis=0) for _, _, part in block])
    rows = np.array([len(cell.rows) for _, cell, _ in block], dtype=np.float64)
    figures = problem.score(sums)
    if metric not in figures:
        yield from (_scored_by_rows(problem, metric, cell) for cell in block)
        return
    values = figures[metric]
    slope = slopes(sums, rows, there, problem.score)[metric]
    for n, (pair, cell, statistics) in enumerate(block):
        effects = rows[n] * ((statistics - sums[n] / rows[n]) @ slope[n])
        yield pair, float(values[n]), effects.astype(np.float32).take(cell.rows)


def _scored_by_rows(
    problem: Counting, metric: str, cell: tuple[Pair, _Counted, np.ndarray]
) -> tuple[Pair, float, np.ndarray]:
    """The same for a metric that sums do not determine."""
    pair, counted, of_kinds = cell
    statistics = of_kinds[counted.rows]
    value = problem.score_samples(statistics, np.ones((1, len(statistics))))[metric][0]
    effects = left_out(statistics, problem.score_samples)[metric]
    return pair, float(value), effects.astype(np.float32)


def _places(
    asked: Mapping[Pair, _Asked], aligned: bool
) -> tuple[dict[Pair, np.ndarray | None], int]:
    """The places of each cell's rows (None: all, in order), and how many items there are."""
    different = {id(rows): rows for rows in asked.values()}
    if aligned and len(different) == 1:
        return dict.fromkeys(asked), len(next(iter(different.values())).ids)
    if aligned and _labels_agree(list(different.values())):
        known: dict[str, int] = {}
        placed = {
            key: np.array([known.setdefault(i, len(known)) for i in rows.ids], dtype=np.intp)
            for key, rows in different.items()
        }
        return {pair: placed[id(rows)] for pair, rows in asked.items()}, len(known)
    ends = np.cumsum([0, *(len(rows.ids) for rows in asked.values())])
    return {pair: np.arange(*ends[n : n + 2]) for n, pair in enumerate(asked)}, int(ends[-1])


def _labels_agree(asked: Sequence[_Asked]) -> bool:
    golds = {
        str(n): dict(zip(a.ids, map(a.labels.__getitem__, a.codes), strict=True))
        for n, a in enumerate(asked)
    }
    try:
        check_alignment("", golds)
    except DataError:
        return False
    return True
