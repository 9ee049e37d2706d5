"""What stays in memory from one run to the next, in a process that makes several.

Reading a tokenizer or pretrained weights takes seconds, and the runs of a sweep read the same ones.
They are kept under a key that states their content, so that a run gets what it would have read, and
nobody changes what is kept: each run has a copy, or what was kept is compared with what it was.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass
class _Kept:
    """What is kept of one encoder.

    Attributes:
        encoder: its name.
        values: by kind: the key, the value, and its state when it was made.
    """

    encoder: str = ""
    values: dict[str, tuple[Hashable, Any, Hashable]] = field(default_factory=dict)


_kept: _Kept | None = None


@contextlib.contextmanager
def keeping() -> Iterator[None]:
    """Runs in the block share what `kept` is asked for."""
    global _kept
    before, _kept = _kept, _Kept()
    try:
        yield
    finally:
        _kept = before


def begin(encoder: str) -> None:
    """A run of an encoder begins: what is kept of another one is dropped."""
    if _kept is not None and _kept.encoder != encoder:
        _kept.encoder = encoder
        _kept.values.clear()


def kept(
    kind: str,
    key: Callable[[], Hashable],
    make: Callable[[], T],
    *,
    copy: Callable[[T], T] | None = None,
    state: Callable[[T], Hashable] | None = None,
) -> T:
    """A value that is read from files: that of the run before, if it is the same; or a new one.

    It is only kept in a process that makes several runs, and the last one of each kind alone.

    Args:
        kind: what it is, e.g. "pretrained weights".
        key: states all that it is made from, e.g. hashes of files.
        copy: makes what is given away, if it may be changed; what is kept never leaves then.
        state: what must be as it was for the value to be given again, where all are given the same
            one; None for a value that cannot be kept.
    """
    if _kept is None:
        return make()
    stated, known = key(), _kept.values.pop(kind, None)
    if known is None or known[0] != stated or (state is not None and state(known[1]) != known[2]):
        known = None  # its memory is free before another one is read
        value = make()
        known = (stated, value, None if state is None else state(value))
    if state is None or known[2] is not None:
        _kept.values[kind] = known
    given: T = known[1]
    return given if copy is None else copy(given)
