"""Changes of a float32 tensor against the one that it was trained from, without loss.

The bits of a float, read as an integer, grow with its size, so that the difference of two such
integers is small where two floats are near to each other. These differences are written as four
planes of bytes, of which the upper two are nearly all zero, and compressed.

A table of word embeddings has many rows that no text of the training used. Only weight decay has
changed them: each number was multiplied by the same factors in the same order. The result depends
on the number alone, and its rounding on the mantissa alone, since twice the number gives twice the
result. These rows are therefore described by one factor, and by what rounding adds to the product
for each mantissa that occurs. The factors of the single updates need not be known, and several
stages, or a mean of several such tables, have the same property. Each row is tried: those that do
not follow the rule are written like any other tensor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np

from xlt_cli.compute.devices import cores

Array = np.ndarray[Any, Any]
T = TypeVar("T")

FEWEST_ROWS = 1024
"""Of a table whose rows are told apart."""

BLOCK = 1 << 17
"""Numbers that are worked on at a time, while they are in the processor's cache."""

MANTISSA = 0x7FFFFF
EXPONENT = 0x7F800000
_OTHERS = MANTISSA + 1
"""The place, after those of all mantissas, of numbers that the rule of rounding is not for."""

_THREADS = 4
"""The most that work on a table."""

_ASKED = 1 << 13
"""About the most rows whose factors are looked at for a common one."""
_SHARE = 20
"""One row in so many is enough to show a common factor."""
_NARROW = 1e-4
"""By how much the factors of rows may differ, relatively, that share one."""
_VOTES = 1 << 22
"""About the most numbers whose rounding is averaged."""
_LOOKED_AT = 1 << 14
"""About the most numbers in which contradictions to the rule are looked for first."""
_ENOUGH = 8
"""Numbers whose mantissa has occurred before, from which on they say something."""
_WORTH = 4
"""Numbers in rows that follow the rule, for each rounding that has to be written for them."""


@dataclass(frozen=True)
class Changes:
    """What a tensor is, given the one that it was trained from.

    Attributes:
        kind: `same`; `differences` in all numbers; or `rows`, differences in some rows, where the
            others follow the rule of weight decay.
        factor: of `rows`, what all numbers are multiplied by.
        parts: `differences`; of `rows` also `ids`, and `rounding` by mantissa (`mantissas`).
    """

    kind: str
    factor: float = 1.0
    parts: Mapping[str, Array] = field(default_factory=dict)


def changes(now: Array, base: Array) -> Changes:
    """What made `now` of `base`, both float32 and of one shape."""
    if _are_same(now, base):
        return Changes("same")
    if now.ndim == 2 and len(now) >= FEWEST_ROWS:
        found = _by_rows(now, base)
        if found is not None:
            return found
    return Changes("differences", parts={"differences": _bits(now) - _bits(base)})


def apply(made: Changes, base: Array) -> None:
    """Turns `base`, a contiguous array that may be written to, into what it became."""
    if made.kind == "same":
        return
    differences = made.parts["differences"]
    if made.kind == "differences":
        bits = _bits(base)
        bits += differences.reshape(base.shape)
        return
    ids = made.parts["ids"]
    changed = _bits(_times(base[ids], made.factor)) + differences.reshape(-1, base.shape[1])
    rounding = _table(made)
    if made.factor != 1.0 or rounding is not None:

        def follow(rows: slice) -> None:
            base[rows] = _followed(base[rows], made.factor, rounding)

        _in_blocks(follow, base)
    base[ids] = changed.view(np.float32)


def _are_same(now: Array, base: Array) -> bool:
    """Whether all bits are; a block at a time, as most tensors differ in the first one."""
    one, other = _bits(now).reshape(-1), _bits(base).reshape(-1)
    starts = range(0, len(one), BLOCK)
    return all(np.array_equal(one[i : i + BLOCK], other[i : i + BLOCK]) for i in starts)


def _by_rows(now: Array, base: Array) -> Changes | None:
    """Changes of rows, where enough of them have one factor."""
    factor = _common_factor(now, base)
    if factor is None:
        return None
    worst = np.empty(len(now), np.int64)

    def measure(rows: slice) -> None:
        off = _off(now[rows], base[rows], factor)
        worst[rows] = np.maximum(off.max(axis=1), -off.min(axis=1).astype(np.int64))

    _in_blocks(measure, now)
    usual = np.partition(worst, len(worst) // _SHARE)[len(worst) // _SHARE]
    most = 4 * usual + 8
    follows = worst <= most
    if _contradict(now, base, factor, follows):
        return None
    table = _roundings(now, base, factor, follows, most)
    mantissas = np.flatnonzero(table != 0).astype(np.int32)

    def confirm(rows: slice) -> None:
        own = np.flatnonzero(follows[rows]) + rows.start
        same = _bits(_followed(base[own], factor, table)) == _bits(now[own])
        follows[own] = same.all(axis=1)

    _in_blocks(confirm, now)
    if follows.sum() * now.shape[1] < _WORTH * max(1, len(mantissas)):
        return None
    ids = np.flatnonzero(~follows).astype(np.int32)
    return Changes(
        "rows",
        factor,
        {
            "ids": ids,
            "differences": _off(now[ids], base[ids], factor),
            "mantissas": mantissas,
            "rounding": table[mantissas].astype(np.int32),
        },
    )


def _contradict(now: Array, base: Array, factor: float, follows: Array) -> bool:
    """Whether most numbers of one mantissa became different ones: that is training.

    It spares tables in which no row follows the rule the larger part of the work.
    """
    ids = np.flatnonzero(follows)
    ids = ids[:: 1 + ids.size * now.shape[1] // _LOOKED_AT]
    places, off = _places(base[ids]).reshape(-1), _off(now[ids], base[ids], factor).reshape(-1)
    order = np.argsort(places, kind="stable")
    places, off = places[order], off[order]
    again = (places[1:] == places[:-1]) & (places[1:] != _OTHERS)
    others = again & (off[1:] != off[:-1])
    return bool(2 * others.sum() > max(again.sum(), _ENOUGH))


def _roundings(now: Array, base: Array, factor: float, follows: Array, most: int) -> Array:
    """What rounding adds for each mantissa (see `_places`) in rows that seem to follow the rule.

    A row that does not may be among them. So for what is frequent, the mean of some rows decides.

    Args:
        most: what it adds at most, which says how small the numbers of the table can be.
    """

    def collect(span: slice) -> Array:
        own_table = _empty_table(most)
        own_table[:] = _none(own_table)
        for rows in _blocks(now, span):
            own = np.flatnonzero(follows[rows]) + rows.start
            own_table[_places(base[own])] = _off(now[own], base[own], factor).astype(table.dtype)
        return own_table

    table = _empty_table(most)
    for own_table in _in_spans(collect, now):  # in order: the last row has its way
        np.copyto(table, own_table, where=own_table != _none(own_table))
    ids = np.flatnonzero(follows)
    ids = ids[:: 1 + ids.size * now.shape[1] // _VOTES]
    places, off = _places(base[ids]).reshape(-1), _off(now[ids], base[ids], factor).reshape(-1)
    seen = np.zeros(len(table), np.bool_)
    seen[places] = True
    known = np.flatnonzero(seen)
    counts, sums = np.bincount(places), np.bincount(places, off)
    table[known] = np.rint(sums[known] / counts[known]).astype(np.int32)
    table[_OTHERS] = 0
    return table


def _empty_table(most: int) -> Array:
    """Zeros for all mantissas, in the fewest bytes: a processor's cache holds a small table."""
    kinds = (np.int8, np.int16, np.int32)
    return np.zeros(_OTHERS + 1, next(k for k in kinds if k is np.int32 or most <= np.iinfo(k).max))


def _none(table: Array) -> int:
    """Stands in a table for nothing: no rounding is as small."""
    return int(np.iinfo(table.dtype).min)


def _places(base: Array) -> Array:
    """Where numbers stand in a table of mantissas; those that the rule is not for are at its end.

    Those are zero, and what is below the smallest normal number.
    """
    bits = _bits(base)
    others = ((bits & EXPONENT) == 0).astype(np.int32)
    places: Array = np.minimum((bits & MANTISSA) | (others * _OTHERS), _OTHERS).astype(np.int64)
    return places


def _common_factor(now: Array, base: Array) -> float | None:
    """What the rows that were not trained were multiplied by; None where there are few of them."""
    asked = slice(0, None, 1 + len(now) // _ASKED)
    with np.errstate(divide="ignore", invalid="ignore"):
        there = np.abs(base[asked]).sum(axis=1, dtype=np.float64)
        ratios = np.abs(now[asked]).sum(axis=1, dtype=np.float64) / there
    width = len(ratios) // _SHARE
    ratios = np.sort(ratios[np.isfinite(ratios)])
    if len(ratios) <= width:
        return None
    spans = ratios[width:] - ratios[:-width]
    narrowest = int(spans.argmin())
    factor = float(ratios[narrowest + width // 2])
    return factor if spans[narrowest] <= _NARROW * abs(factor) else None


def _off(now: Array, base: Array, factor: float) -> Array:
    """By how many steps of a float32 numbers differ from their product with the factor."""
    difference: Array = _bits(now) - _bits(_times(base, factor))
    return difference


def _times(base: Array, factor: float) -> Array:
    """The exact product, rounded once: the same on every machine."""
    if factor == 1.0:
        return base
    with np.errstate(over="ignore", invalid="ignore"):  # a model may hold infinities
        product: Array = (base.astype(np.float64) * factor).astype(np.float32)
    return product


def _followed(base: Array, factor: float, table: Array | None) -> Array:
    """What the rule makes of numbers; of zero and what is below the smallest normal one, the
    product."""
    made = np.ascontiguousarray(_times(base, factor))
    if table is None:
        return made
    followed: Array = (_bits(made) + table[_places(base)]).view(np.float32)
    return followed


def _table(made: Changes) -> Array | None:
    """The rounding of each mantissa."""
    rounding = made.parts["rounding"]
    if not len(rounding):
        return None
    table = _empty_table(int(np.abs(rounding.astype(np.int64)).max()))
    table[made.parts["mantissas"]] = rounding
    return table


def _bits(numbers: Array) -> Array:
    return np.ascontiguousarray(numbers).view(np.int32)


def _in_blocks(work: Callable[[slice], None], table: Array) -> None:
    """Works on all rows of a table, a block at a time, in threads."""

    def on_span(span: slice) -> None:
        for rows in _blocks(table, span):
            work(rows)

    _in_spans(on_span, table)


def _in_spans(work: Callable[[slice], T], table: Array) -> list[T]:
    """What comes of each part of a table's rows, in their order; a thread works on each."""
    count = min(_THREADS, cores())
    ends = [len(table) * part // count for part in range(count + 1)]
    spans = [slice(start, end) for start, end in pairwise(ends)]
    if count == 1:
        return [work(span) for span in spans]
    with ThreadPoolExecutor(count, "packing") as threads:
        return list(threads.map(work, spans))


def _blocks(table: Array, span: slice) -> Iterator[slice]:
    """Slices of a part of the rows that stay in the processor's cache."""
    step = max(1, BLOCK // max(1, table.shape[1]))
    for start in range(span.start, span.stop, step):
        yield slice(start, min(start + step, span.stop))
