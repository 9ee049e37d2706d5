"""Noise made ahead of an evaluation by other processes, while a model predicts."""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence

from xlt_cli.api import Condition, Example
from xlt_cli.compute.devices import cores
from xlt_cli.noise.drawing import Noisy, draw
from xlt_cli.noise.jobs import Job
from xlt_cli.noise.kept import NoiseCache

WORTH = 10_000
"""Rows from which on starting processes, which takes about a second, is worth it."""

MOST = 16
"""Processes at most."""


class Ahead:
    """Noisy rows: from the cache, from processes that are at work on them, or drawn here."""

    def __init__(self, cache: NoiseCache | None) -> None:
        self._cache = cache
        self._done: dict[str, threading.Event] = {}

    def rows(self, name: str, condition: Condition, rows: Sequence[Example]) -> Noisy:
        """What becomes of rows under a condition.

        Args:
            name: what they are kept under; empty where they are not.
        """
        if self._cache is None or not name:
            return draw(condition, rows)
        if name in self._done:
            self._done[name].wait()
        noisy = self._cache.read(name, rows)
        if noisy is None:
            noisy = draw(condition, rows)
            self._cache.write(name, rows, noisy)
        return noisy

    @contextlib.contextmanager
    def working_on(self, jobs: Sequence[Job]) -> Iterator[None]:
        """Processes work on jobs meanwhile, the first ones first; they end with the block."""
        cache = self._cache
        absent = [job for job in jobs if cache is not None and not cache.has(job.name)]
        count = min(cores() - 1, len(absent), MOST)
        if count < 1 or sum(len(job.rows) for job in absent) < WORTH:
            yield
            return
        self._done = {job.name: threading.Event() for job in absent}
        workers: list[_Worker] = []
        try:
            workers = [_Worker(absent[n::count], self._done) for n in range(count)]
            yield
        finally:
            for worker in workers:
                worker.stop()


class _Worker:
    """A process that works on jobs, and the thread that listens to it."""

    def __init__(self, jobs: Sequence[Job], done: dict[str, threading.Event]) -> None:
        self._jobs, self._done = jobs, done
        self._process: subprocess.Popen[bytes] | None = None
        with contextlib.suppress(OSError):
            self._process = subprocess.Popen(
                [sys.executable, "-m", "xlt_cli.noise.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
                start_new_session=True,  # Ctrl-C is for whoever started it, who then ends it
            )
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        """Hands the jobs over and waits; at the end, whatever was not done counts as left over."""
        try:
            with contextlib.suppress(OSError, ValueError, pickle.PicklingError, AttributeError):
                if self._process is None:
                    return
                assert self._process.stdin is not None
                assert self._process.stdout is not None
                with self._process.stdin as stdin:
                    stdin.write(pickle.dumps(list(sys.path)) + pickle.dumps(list(self._jobs)))
                for line in self._process.stdout:
                    if event := self._done.get(line.decode("ascii", "replace").strip()):
                        event.set()
        finally:
            for job in self._jobs:
                self._done[job.name].set()

    def stop(self) -> None:
        """Ends the process, whatever it is at."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._thread.join()
        if self._process is not None and self._process.stdout is not None:
            self._process.stdout.close()
