"""Who works in a directory: a lock, and beside it a record of the process that holds the lock.

The lock keeps two processes from writing at once. The operating system frees it however a process
ends, so that a lock that can be taken means that its former holder has ended. The record
(`holder.json`) names the holder, which rewrites it again and again (its heartbeat): a holder that
has not reported for `STALE_AFTER` seconds is stopped, or its machine is gone.

A stopped process keeps its lock and may be continued at any moment, so it is not simply replaced.
One of this machine is ended first. One of another machine stays where it is until the file system
frees its lock. On a file system whose locks are not seen by other machines (`locks_reach`), a
record of another machine counts as its lock.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from xlt_cli.errors import RunError
from xlt_cli.runs.mounts import locks_reach

STALE_AFTER = 120.0
"""Seconds without a report after which a holder counts as stopped or gone.

Longer than NFS clients keep the attributes of files (60 s).
"""

VARIABLE = "XLT_STALE_AFTER"
"""The environment variable with another number of seconds."""

BEATS = 6
"""Reports in that time."""

POLL = 0.1
"""Seconds between two looks at a lock that another process holds."""

DYING = 10.0
"""Seconds that the system has to free the lock of a process that was ended."""


def stale_after() -> float:
    """The seconds without a report after which a holder counts as stopped or gone."""
    try:
        return max(float(os.environ[VARIABLE]), 0.1)
    except (KeyError, ValueError):
        return STALE_AFTER


@dataclass(frozen=True)
class Holder:
    """A process that holds a lock.

    Attributes:
        machine: the running system: another one after a restart, the same in all its containers.
        processes: the namespace that its number belongs to.
        began: when the process was started, seconds since 1970.
        time: of its last report.
        stale_after: seconds after that report from which on it counts as stopped or gone.
    """

    host: str
    machine: str
    processes: str
    pid: int
    began: float
    time: float
    stale_after: float

    def __str__(self) -> str:
        return f"pid {self.pid} on {self.host}"

    @property
    def silent(self) -> float:
        """Seconds since its last report, by this machine's clock."""
        return max(0.0, time.time() - self.time)

    @property
    def is_stale(self) -> bool:
        """Whether it has not reported for too long."""
        return self.silent > self.stale_after

    @property
    def is_elsewhere(self) -> bool:
        """Whether it works on another machine; before a restart of this one, it has ended."""
        return self.machine != _machine() and self.host != platform.node()

    def is_stopped(self) -> bool:
        """Whether it is a process of this machine that was stopped (SIGSTOP, Ctrl-Z)."""
        import psutil

        with contextlib.suppress(psutil.Error):
            return bool(self._process().status() == psutil.STATUS_STOPPED)
        return False

    def end(self) -> None:
        """Ends the process with SIGKILL, if it is still this one and still stopped."""
        import psutil

        with contextlib.suppress(psutil.Error):
            process = self._process()
            if process.status() == psutil.STATUS_STOPPED:
                process.kill()

    def _process(self) -> Any:
        """The process, as psutil has it.

        Raises:
            psutil.NoSuchProcess: it has ended, or belongs to another machine or container.
        """
        import psutil

        if (self.machine, self.processes) != (_machine(), _processes()):
            raise psutil.NoSuchProcess(self.pid)
        process = psutil.Process(self.pid)
        if abs(process.create_time() - self.began) > 2:  # the number was given away again
            raise psutil.NoSuchProcess(self.pid)
        return process


class Taken(Exception):
    """Another process holds the lock.

    Attributes:
        holder: that process, if it has left a record.
        unsure: it is gone by its record, but its lock would not be seen here.
    """

    def __init__(self, holder: Holder | None, unsure: bool = False) -> None:
        super().__init__(str(holder or ""))
        self.holder = holder
        self.unsure = unsure


@dataclass(frozen=True)
class Place:
    """A lock, and the record of its holder.

    Attributes:
        what: what is locked, in messages.
    """

    lock: Path
    record: Path
    what: str

    @property
    def holder(self) -> Holder | None:
        """The process that holds the lock, or held it when it was killed; None without a record."""
        try:
            return Holder(**json.loads(self.record.read_bytes()))
        except (OSError, ValueError, TypeError):
            return None

    def is_taken(self) -> bool:
        """Whether a process holds it, be it at work or stopped."""
        if not self.lock.exists():
            return False
        lock = FileLock(self.lock)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return True
        except (OSError, NotImplementedError):
            return False
        lock.release()
        return self._elsewhere() is not None

    def is_worked_in(self) -> bool:
        """Whether a process holds it and has reported in time."""
        if not self.is_taken():
            return False
        holder = self.holder
        return holder is None or not holder.is_stale

    @contextlib.contextmanager
    def held(
        self,
        patience: float | None,
        waiting: Callable[[Holder | None], None] = lambda _: None,
        take_over: bool = True,
    ) -> Iterator[None]:
        """Holds the lock, and reports as its holder until the block ends.

        Args:
            patience: seconds to wait for another process; None to wait until it has ended.
            waiting: called once if another process holds it.
            take_over: wait for a process of this machine that is stopped, and end it if it has not
                reported for `STALE_AFTER` seconds.

        Raises:
            Taken: another process holds it.
            RunError: it cannot be locked.
        """
        lock = FileLock(self.lock)
        self._acquire(lock, patience, waiting, take_over)
        heart = _Heart(self.record)
        try:
            elsewhere = self._elsewhere()
            if elsewhere is not None:
                raise Taken(elsewhere, unsure=elsewhere.is_stale)
            heart.start()
            yield
        finally:
            heart.end()
            lock.release()

    def _acquire(
        self,
        lock: FileLock,
        patience: float | None,
        waiting: Callable[[Holder | None], None],
        take_over: bool,
    ) -> None:
        end = time.monotonic() + patience if patience is not None else float("inf")
        said = False
        while not self._try(lock):
            holder = self.holder
            stopped = take_over and holder is not None and holder.is_stopped()
            if holder is not None and stopped and holder.is_stale:
                holder.end()
                end = max(end, time.monotonic() + DYING)
            elif not stopped and time.monotonic() > end:
                raise Taken(holder)
            if not said and (stopped or patience is None):
                said = True
                waiting(holder)
            time.sleep(POLL)

    def _try(self, lock: FileLock) -> bool:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return False
        except (OSError, NotImplementedError) as error:
            raise RunError(
                f"the {self.what} cannot be locked: {getattr(error, 'strerror', None) or error}",
                str(self.lock),
                "choose a writable place that supports file locks, with --runs-dir",
            ) from None
        return True

    def _elsewhere(self) -> Holder | None:
        """A holder on another machine whose lock would not be seen here; None without."""
        holder = self.holder
        if holder is None or not holder.is_elsewhere or locks_reach(self.lock):
            return None
        return holder


class _Heart(threading.Thread):
    """Rewrites the record of this process as a holder, and removes it at the end."""

    def __init__(self, record: Path) -> None:
        super().__init__(daemon=True)
        self.record = record
        self._ended = threading.Event()

    def start(self) -> None:
        self._beat()
        super().start()

    def run(self) -> None:
        while not self._ended.wait(stale_after() / BEATS):
            self._beat()

    def end(self) -> None:
        """Stops; the record is of no use any more."""
        if self.ident is None:
            return
        self._ended.set()
        self.join()
        with contextlib.suppress(OSError):
            self.record.unlink(missing_ok=True)

    def _beat(self) -> None:
        # Not synced to the disk: after a crash of the machine nothing holds the lock.
        partial = self.record.with_name(f".{self.record.name}.{os.getpid()}.partial")
        with contextlib.suppress(OSError):  # a full disk: the run itself says so
            partial.write_text(json.dumps(asdict(_this_process())), "utf-8")
            partial.replace(self.record)


def _this_process() -> Holder:
    pid = os.getpid()
    node, began = platform.node(), _began(pid)
    return Holder(node, _machine(), _processes(), pid, began, time.time(), stale_after())


@cache
def _began(pid: int) -> float:
    import psutil

    return float(psutil.Process(pid).create_time())


@cache
def _machine() -> str:
    """Names the running system."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("utf-8").strip()
    except OSError:
        return platform.node()


@cache
def _processes() -> str:
    """Names what numbers of processes are unique in: containers have their own."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""
