"""How long a command may work."""

from __future__ import annotations

import contextlib
import math
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass

from xlt_cli.errors import UserError


class OutOfTime(KeyboardInterrupt):
    """The time of a command is over: its runs are interrupted as by Ctrl-C."""


class StoppedEarly(KeyboardInterrupt):
    """A search stops a run whose scores on dev are worse than those of others."""


@dataclass(frozen=True)
class Limit:
    """The end of a command's time, by the monotonic clock."""

    end: float = math.inf

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.end


@contextlib.contextmanager
def time_limit(hours: float | None) -> Iterator[Limit]:
    """Raises OutOfTime in the block after so many hours; None for no limit.

    Raises:
        UserError: this is not the main thread, which alone can be interrupted.
    """
    if hours is None:
        yield Limit()
        return
    limit = Limit(time.monotonic() + hours * 3600)

    def interrupt(signum: int, frame: object) -> None:
        raise OutOfTime("the time was over")

    try:
        before = signal.signal(signal.SIGALRM, interrupt)
    except ValueError:
        raise UserError(
            "only the main thread can limit the time of a sweep", "max_hours", "leave it out"
        ) from None
    signal.setitimer(signal.ITIMER_REAL, hours * 3600)
    try:
        yield limit
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
