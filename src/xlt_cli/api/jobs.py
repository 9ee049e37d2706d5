"""Jobs: runs to be made, each by a command of its own, and what they end with."""

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
    """Bytes of the machine's memory and of a GPU's."""

    ram: int = 0
    gpu: int = 0

    def most(self, other: Memory) -> Memory:
        """The larger of the two in each place."""
        return Memory(max(self.ram, other.ram), max(self.gpu, other.gpu))


@dataclass(frozen=True)
class Ended:
    """What the process of a job ended with; without an `error` the job is done."""

    error: str = ""
    out_of_memory: bool = False
    peak: Memory = Memory()


@dataclass(frozen=True)
class Job:
    """One run to be made.

    Attributes:
        number: its place in the manifest, counted from 1.
        id: its name in the manifest.
        label: the point of the sweep.
        directory: of its run. Two jobs with one directory must not be at work at the same time.
        command: makes the run, in a process of its own, in any working directory. It exits with 0,
            1 or 2, and with 130 after SIGINT or SIGTERM; it goes on from the run's last checkpoint.
            With `--attached` after it, it also ends when its standard input does.
        log: where its output is kept.
        answer: where the command leaves what it ended with; `ended` reads it.
        device: as the spec has it: auto, cpu, mps, cuda or cuda:N.
        shape: jobs of the same shape need the same memory.
        memory: the peaks of runs of this shape that were measured, by the kind of device: `cpu`, or
            the model of a GPU.
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

    def ended(self, code: int) -> Ended:
        """What the command ended with, once it has, with this exit code."""
        answer = _read(self.answer)
        if answer is not None and isinstance(answer.get("error"), str):
            short, peak = answer.get("out_of_memory", False), _memory(answer.get("peak"))
            return Ended(answer["error"], bool(short), peak or Memory())
        # The system ends a process with SIGKILL when the machine's memory runs out.
        return Ended(_died(code), code == -signal.SIGKILL, self.use() or Memory())

    def use(self) -> Memory | None:
        """The memory that the command holds now; None where it has not said so yet."""
        return _memory(_read(self.answer.with_name(f"{self.answer.name}.memory")))


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
    """What a process that left no answer has ended with."""
    if code == EXIT_INTERRUPTED:
        return "interrupted"
    with contextlib.suppress(ValueError):
        if code < 0:
            return f"its process was ended by {signal.Signals(-code).name}"
    return f"its process ended with code {code}"
