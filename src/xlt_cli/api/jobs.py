"""Jobs: runs to be executed, each by a command of its own, and their results."""

from __future__ import annotations

import contextlib
import json
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xlt_cli.errors import EXIT_INTERRUPTED


@dataclass(frozen=True)
class Memory:
    """Bytes of the machine's memory and of a GPU's memory."""

    ram: int = 0
    gpu: int = 0

    def most(self, other: Memory) -> Memory:
        """The larger value of the two for each kind of memory."""
        return Memory(max(self.ram, other.ram), max(self.gpu, other.gpu))


@dataclass(frozen=True)
class Ended:
    """The result of a job's process; the job is done if `error` is empty.

    Attributes:
        taken: it ended because another process works on the run, which is not a failure of it.
        stopped: a search has stopped it early, which is not a failure either.
    """

    error: str = ""
    out_of_memory: bool = False
    taken: bool = False
    peak: Memory = Memory()
    stopped: bool = False


@dataclass(frozen=True)
class Job:
    """One run to be executed.

    Attributes:
        number: its place in the manifest, counted from 1.
        id: its name in the manifest.
        label: the point of the sweep.
        directory: the directory of its run. Two jobs with the same directory must not run at the
            same time.
        command: executes the run in a process of its own, in any working directory. It exits with
            0, 1 or 2, and with 130 after SIGINT or SIGTERM, and continues from the run's last
            checkpoint. With `--attached` after it, it also ends when its standard input is closed.
        log: the file for its output.
        answer: the file in which the command stores its result; `ended` reads it.
        device: the device in the spec: auto, cpu, mps, cuda or cuda:N.
        shape: jobs of the same shape need the same memory.
        memory: the measured peaks of runs of this shape, by kind of device: `cpu`, or the model of
            a GPU.
        silent_after: seconds without a report of the command after which it counts as stopped.
        request: the line that asks a process of `Manifest.worker` for the job.
    """

    number: int
    id: str
    label: str
    seed: int
    directory: Path
    command: tuple[str, ...]
    log: Path
    answer: Path
    device: str = "auto"
    shape: str = ""
    memory: Mapping[str, Memory] = field(default_factory=dict)
    silent_after: float = 120.0
    request: str = ""

    def ended(self, code: int) -> Ended:
        """The result of the command, after it has ended with this exit code."""
        answer = _read(self.answer)
        if answer is not None and isinstance(answer.get("error"), str):
            short, peak = answer.get("out_of_memory", False), _memory(answer.get("peak"))
            taken = answer.get("taken") is True
            stopped = answer.get("stopped") is True
            return Ended(answer["error"], bool(short), taken, peak or Memory(), stopped)
        # The system ends a process with SIGKILL when the machine's memory runs out.
        short = code == -signal.SIGKILL
        return Ended(_died(code), short, peak=self.use() or Memory())

    def use(self) -> Memory | None:
        """The memory that the command uses now; None if it has not reported it yet."""
        return _memory(_read(self._report))

    def reported(self) -> float | None:
        """When the command last reported its memory, by the clock of the file system.

        It does so every half second; None if it has not done so yet.
        """
        with contextlib.suppress(OSError):
            return self._report.stat().st_mtime
        return None

    @property
    def _report(self) -> Path:
        return self.answer.with_name(f"{self.answer.name}.memory")


def _read(path: Path) -> dict[str, Any] | None:
    with contextlib.suppress(OSError, ValueError):
        content = json.loads(path.read_text("utf-8"))
        return content if isinstance(content, dict) else None
    return None


def _memory(values: Any) -> Memory | None:
    with contextlib.suppress(KeyError, TypeError, ValueError):
        return Memory(int(values["ram"]), int(values["gpu"]))
    return None


def _died(code: int) -> str:
    """The error of a process that has ended without storing a result."""
    if code == EXIT_INTERRUPTED:
        return "interrupted"
    with contextlib.suppress(ValueError):
        if code < 0:
            return f"its process was ended by {signal.Signals(-code).name}"
    return f"its process ended with code {code}"
