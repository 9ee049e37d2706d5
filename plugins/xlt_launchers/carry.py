"""Runs the command of a job on whatever machine a queue has chosen, and leaves records of it.

    ANSWER.began-K    the K-th time that the command was started: host, process and more
    ANSWER.ended-K    its exit code and seconds; missing if it was stopped, or its machine is lost

This is imported on the machine that does the work, so it needs nothing but Python.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

BEGAN, ENDED = "began", "ended"


def record(answer: Path, what: str, attempt: int) -> Path:
    """The place of a record."""
    return answer.with_name(f"{answer.name}.{what}-{attempt}")


class Carrier:
    """Runs a command once; a signal to this process stops it as Ctrl-C would.

    Args:
        delay: seconds after which a command that goes on is told of an interruption.

    Attributes:
        stopped: whether it was stopped, so that its exit code means nothing.
    """

    def __init__(self, delay: float = 0.0) -> None:
        self.stopped, self.delay = False, delay
        self._tell_at = float("inf")
        self._process: subprocess.Popen[bytes] | None = None

    def carry(
        self, command: Sequence[str], log: str, answer: str, about: Mapping[str, Any]
    ) -> int | None:
        """Runs the command to its end; returns its exit code, or None if it was stopped.

        The command ends by itself if this process is killed.

        Args:
            log: the file for its output.
            about: further content of the record of its beginning.
        """
        attempt = _begin(Path(answer), about)
        began = time.monotonic()
        Path(log).parent.mkdir(parents=True, exist_ok=True)
        with Path(log).open("ab") as output, _signals(self):
            self._process = subprocess.Popen(
                [*command, "--attached"],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
            try:
                self._wait()
            except BaseException:  # Ray cancels a task by a KeyboardInterrupt
                self.stop()
                raise
            code = self._process.wait()
        if self.stopped:
            return None
        seconds = round(time.monotonic() - began, 1)
        _write(record(Path(answer), ENDED, attempt), {"code": code, "seconds": seconds})
        return code

    def interrupt(self) -> None:
        """Lets the command end soon, and leave a checkpoint."""
        self.stopped, self._tell_at = True, time.monotonic() + self.delay

    def stop(self) -> None:
        """Interrupts the command and waits for its end."""
        self.interrupt()
        self._wait()

    def _wait(self) -> None:
        """Waits without taking the exit code, also in a signal handler during another wait.

        Looks again and again, because Ray's way to interrupt a task does not end a system call.
        """
        pause = 0.005
        while self._process is not None:
            with contextlib.suppress(ChildProcessError):
                how = os.WEXITED | os.WNOWAIT | os.WNOHANG
                if os.waitid(os.P_PID, self._process.pid, how) is None:
                    if time.monotonic() >= self._tell_at:
                        self._tell_at = float("inf")
                        self._process.send_signal(signal.SIGINT)
                    time.sleep(pause)
                    pause = min(2 * pause, 0.1)
                    continue
            return


@contextlib.contextmanager
def _signals(carrier: Carrier) -> Iterator[None]:
    """Passes SIGTERM and SIGINT on to the command, if this is the main thread."""
    before = {}
    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            before[number] = signal.signal(number, lambda *_: carrier.interrupt())
        signal.pthread_sigmask(signal.SIG_UNBLOCK, before)
    except ValueError:  # not in the main thread
        pass
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _begin(answer: Path, about: Mapping[str, Any]) -> int:
    """Notes that the command is started; returns how often it has been by now."""
    answer.parent.mkdir(parents=True, exist_ok=True)
    names = set(os.listdir(answer.parent))
    attempt = 1
    while record(answer, BEGAN, attempt).name in names:
        attempt += 1
    content = {"host": os.uname().nodename, "pid": os.getpid(), **about}
    _write(record(answer, BEGAN, attempt), content)
    return attempt


def _write(path: Path, content: Mapping[str, Any]) -> None:
    """Writes a record so that nobody reads half of it."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    with partial.open("w", encoding="utf-8") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
