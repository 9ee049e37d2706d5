"""Importing large libraries in less time."""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Iterator

NEW_OBJECTS = 20_000
"""After how many the collector looks for circles of objects that nobody uses. Python's 700 is for
programs of few objects."""

_MANY = 100
"""Modules that are imported in a block from which on its objects are left out of collections."""

_own_process = False


def own_process() -> None:
    """Says that this process executes commands of xlt and nothing else.

    What it imports stays until its end. So the collector, which would walk through it again and
    again for a second until the first update, looks less often, and leaves it out.
    """
    global _own_process
    _own_process = True
    gc.set_threshold(NEW_OBJECTS)


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """For a block of imports: no search for garbage, of which they make none.

    Each would look through all the objects that were imported so far, a tenth of the time.
    """
    was_enabled, before = gc.isenabled(), len(sys.modules)
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            if _own_process and len(sys.modules) >= before + _MANY:
                gc.freeze()
            gc.enable()
