"""What a run will take: time, memory and disk, learned from runs that ended on such a device.

A run is expected to take what runs took that differ from it at most in seeds, rates and what else
has no bearing on speed. Where there are none, nothing is said.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from xlt_cli.api import Memory
from xlt_cli.errors import UserError
from xlt_cli.launch import memory
from xlt_cli.runs import atomic, pruned
from xlt_cli.runs.directory import Run
from xlt_cli.runs.finding import all_runs
from xlt_cli.runs.provenance import cpu_name, device_name
from xlt_cli.spec import ExperimentSpec

_WITHOUT_BEARING = (
    *("learning_rate", "head_learning_rate", "layer_decay", "weight_decay"),
    *("warmup", "warmup_steps", "schedule", "max_grad_norm"),
)
"""Fields of a stage that do not change how long it takes."""


@dataclass(frozen=True)
class Cost:
    """What one run is expected to take.

    Attributes:
        seconds: the median of those runs, from its first session to its end, as they were run
            (beside others, where they were).
        disk: the median, in bytes.
        ram: the highest peak of the process, in bytes; None where no run was measured.
        gpu: that of a GPU.
        runs: how many runs this was learned from.
        device: their processor or GPU.
    """

    seconds: float
    disk: int
    ram: int | None
    gpu: int | None
    runs: int
    device: str

    def values(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


class Costs:
    """What runs took that have ended under a runs directory."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._taken: dict[tuple[str, str], list[tuple[float, int]]] = {}
        for run in all_runs(root):
            with contextlib.suppress(UserError, OSError, ValueError, LookupError, TypeError):
                device, seconds = _measured(run)
                taken = self._taken.setdefault((_key(run.spec), device), [])
                taken.append((seconds, pruned.size(run.path)))

    def of(self, specs: Sequence[ExperimentSpec]) -> list[Cost | None]:
        """What runs of these specs will take on this machine; None where nothing is known."""
        shapes = [memory.shape(spec) for spec in specs]
        peaks = memory.measured(self.root, set(shapes))
        names = {device: _name(device) for device in {spec.device for spec in specs}}
        costs: list[Cost | None] = []
        for spec, shape in zip(specs, shapes, strict=True):
            device = names[spec.device]
            taken = self._taken.get((_key(spec), device), [])
            if not taken:
                costs.append(None)
                continue
            kind = "cpu" if device == cpu_name() else device
            peak: Memory | None = peaks.get(shape, {}).get(kind)
            costs.append(
                Cost(
                    statistics.median(seconds for seconds, _ in taken),
                    round(statistics.median(disk for _, disk in taken)),
                    peak.ram if peak else None,
                    peak.gpu if peak else None,
                    len(taken),
                    device,
                )
            )
        return costs


def _name(device: str) -> str:
    """The processor or GPU that a device is here; empty where it is that of another machine."""
    try:
        return device_name(device)
    except UserError:
        return ""


def _measured(run: Run) -> tuple[str, float]:
    """The device of a run, and the seconds that it took.

    Raises:
        LookupError: it is not done, was made in several sessions or with stages of other runs, or
            is of a version that did not note when it began.
    """
    sessions = atomic.read_lines(run.path / "environment.jsonl")
    trained = {line["stage"] for line in atomic.read_lines(run.timing)}
    if run.state != "done" or len(sessions) != 1 or trained != set(range(len(run.spec.stages))):
        raise LookupError(run.name)
    (session,) = sessions
    hardware = session["hardware"]
    began, ended = (datetime.fromisoformat(each["time"]) for each in (session, run.status))
    return hardware.get("gpu") or hardware["cpu"], (ended - began).total_seconds()


def _key(spec: ExperimentSpec) -> str:
    """A hash of all that decides how long a run takes on a device."""
    about = spec.model_dump(
        mode="json", include={"encoder", "stages", "evaluations", "max_length", "precision", "keep"}
    )
    for stage in about["stages"]:
        for name in _WITHOUT_BEARING:
            stage.pop(name, None)
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()
