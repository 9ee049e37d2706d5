"""The same work for each of many runs, in several processes where so many are allowed."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def spread(work: Callable[[Item], Result], items: Sequence[Item], at_once: int) -> Iterator[Result]:
    """The results, in the items' order; with `at_once` above 1, work and items are pickled."""
    count = min(at_once, len(items))
    if count < 2:
        yield from map(work, items)
        return
    # Ctrl-C is this process's, which ends the others.
    deaf = partial(signal.signal, signal.SIGINT, signal.SIG_IGN)
    with ProcessPoolExecutor(count, get_context("spawn"), initializer=deaf) as pool:
        yield from pool.map(work, items)
