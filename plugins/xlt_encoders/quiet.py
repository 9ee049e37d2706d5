"""Loading without transformers' chatter; what matters of it is checked by the caller."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet() -> Iterator[None]:
    """No progress bars of transformers, and only its errors; its settings come back afterwards.

    What it logs is held back where it is handled: after a change of a logger's level Python
    visits all loggers there are, of which torch has thousands.
    """
    from transformers.utils import logging as its_logging

    handlers = [(handler, handler.level) for handler in its_logging.get_logger().handlers]
    bars = its_logging.is_progress_bar_enabled()
    for handler, _ in handlers:
        handler.setLevel(logging.ERROR)
    if bars:
        its_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        for handler, level in handlers:
            handler.setLevel(level)
        if bars:
            its_logging.enable_progress_bar()  # type: ignore[no-untyped-call]
