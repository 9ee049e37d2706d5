"""Importing large libraries in less time."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

NEW_OBJECTS = 20_000
"""After how many the collector looks for circles of objects that nobody uses, in a process of xlt's
own. Python's 700 (2,000 from 3.13 on) are for programs of few objects: here it would walk through
what libraries have made again and again, for most of a second until the first update."""


_own_process = False


def own_process() -> None:
    """Says that this process executes commands of xlt and nothing else."""
    global _own_process
    _own_process = True
    gc.set_threshold(NEW_OBJECTS)


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """For a block of imports and little else: no search for garbage, of which they make none.

    Each would look through all the objects that were imported so far, a tenth of the time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextlib.contextmanager
def importing() -> Iterator[None]:
    """The same; in a process of xlt's own, the next search passes over all that there is at the end
    of the block.

    Libraries make hundreds of thousands of objects, through which one search walks for a seventh of
    a second. They become old, as if it had been made. The errors that libraries have caught become
    old as well, with the callers of the block and all that these hold until they return: only a
    search through everything finds that. The block therefore belongs where callers hold little.
    """
    with uncollected():
        try:
            yield
        finally:
            if _own_process and not gc.get_freeze_count():  # what is frozen stays so
                gc.freeze()
                gc.unfreeze()
