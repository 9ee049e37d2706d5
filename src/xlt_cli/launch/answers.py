"""What the process of a job tells the one that waits for it.

What the job ended with is written to a file as JSON (its answer), and beside it
(`ANSWER.memory`), again and again, what the process holds of the machine's memory and of a GPU's.
A search asks a process to end by a file (`ANSWER.stop`), which it looks for as often.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from xlt_cli.api import Memory
from xlt_cli.errors import RunTaken
from xlt_cli.launch.jobs import what_failed
from xlt_cli.launch.limits import StoppedEarly
from xlt_cli.launch.memory import out_of_memory
from xlt_cli.runs import atomic

PATIENCE = 60.0
"""Seconds that an interrupted run has to end by itself, where nobody waits for it any more."""

_asked_to_stop = threading.Event()
"""Whether a search has asked this process to end."""

EVERY = 0.5
"""Seconds between two reports of the memory that the process holds."""

REPORTING = "reporting memory"
"""The name of the thread that does so."""


@dataclass
class Answer:
    """What a job ends with.

    Attributes:
        measured: whether its memory is that of a whole training.
    """

    results: list[dict[str, Any]] = field(default_factory=list)
    measured: bool = False


@contextlib.contextmanager
def answering(path: Path | None, others_follow: bool = False) -> Iterator[Answer]:
    """Writes what is put into the answer, or the error that the block ends with.

    An interrupted job leaves none, unless a search has stopped it. Without a path nothing is
    written.

    Args:
        others_follow: whether the process goes on after the block. Otherwise it reports the memory
            that it holds until it has ended.
    """
    answer = Answer()
    if path is None:
        yield answer
        return
    path = path.absolute()  # the job may change to another directory
    path.unlink(missing_ok=True)
    stop_file(path).unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    reports = path.with_name(f"{path.name}.memory")
    ended = threading.Event()
    args = (reports, stop_file(path), ended, others_follow)
    threading.Thread(target=_report_memory, args=args, name=REPORTING, daemon=True).start()
    try:
        yield answer
    except StoppedEarly:
        stopped = {"error": "", "stopped": True, "results": [], "peak": asdict(Memory())}
        atomic.write_json(path, stopped)
        raise
    except Exception as error:
        failure = {
            "error": what_failed(error),
            "out_of_memory": out_of_memory(error),
            "taken": isinstance(error, RunTaken),
            "results": [],
            "peak": asdict(held()),
        }
        atomic.write_json(path, failure)
        raise
    finally:
        ended.set()
    peak = held() if answer.measured else Memory()
    success = {"error": "", "out_of_memory": False, "results": answer.results, "peak": asdict(peak)}
    atomic.write_json(path, success)


def stop_file(answer: Path) -> Path:
    """The file that asks the process of a job to end."""
    return answer.with_name(f"{answer.name}.stop")


def held() -> Memory:
    """The peak of this process's memory, and what torch has reserved of the GPU at most."""
    unit = 1 if sys.platform == "darwin" else 1024
    gpu = 0
    # Imported by the work itself, and perhaps not wholly yet; importing it here would race with it.
    cuda = getattr(sys.modules.get("torch"), "cuda", None)
    with contextlib.suppress(AttributeError, RuntimeError):
        if cuda is not None and cuda.is_initialized():
            gpu = cuda.max_memory_reserved()
    return Memory(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit, gpu)


def begin_anew() -> None:
    """Lets the peak of this process's memory be that of what follows, where the system can."""
    with contextlib.suppress(OSError):  # Linux only
        Path("/proc/self/clear_refs").write_text("5")
    cuda = getattr(sys.modules.get("torch"), "cuda", None)
    if cuda is not None and cuda.is_initialized():
        cuda.reset_peak_memory_stats()


def _report_memory(path: Path, stop: Path, ended: threading.Event, others_follow: bool) -> None:
    while not (others_follow and ended.is_set()):
        time.sleep(EVERY)
        if not ended.is_set() and not _asked_to_stop.is_set() and stop.exists():
            _asked_to_stop.set()
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
        partial = path.with_suffix(".partial")
        if not path.parent.is_dir():  # nobody waits any more
            return
        with contextlib.suppress(OSError):
            partial.write_bytes(atomic.json_bytes(asdict(held())))
            partial.replace(path)


@contextlib.contextmanager
def interrupted_once() -> Iterator[None]:
    """Treats SIGTERM as Ctrl-C, and ignores both while the run then leaves its record true."""

    def interrupt(signum: int, frame: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        raise StoppedEarly("by a search") if _asked_to_stop.is_set() else KeyboardInterrupt

    before: dict[int, Any] = {}
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            before[number] = signal.signal(number, interrupt)
    except ValueError:  # not in the main thread
        yield
        return
    try:
        yield
    finally:
        for which, handler in before.items():
            signal.signal(which, handler)


def end_with_standard_input() -> None:
    """Lets this process end when its standard input does: with the one that holds the other end."""
    threading.Thread(target=_wait_for_end, daemon=True).start()


def _wait_for_end() -> None:
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE)
    os.kill(os.getpid(), signal.SIGKILL)
