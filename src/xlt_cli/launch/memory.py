"""How much memory runs need, and whether one more fits beside those that are running.

A run's need is measured: its process reports what it holds, and leaves its peak in the run's
directory (`memory.json`). A run of the same shape (encoder, batch size, lengths, methods) is taken
to need as much; a run of another shape as much as the largest one measured here; and before
anything was measured, `GUESS`. A guess that is too low costs time and no results: a run that runs
out of memory is made again, alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xlt_cli.launch.room import Room
from xlt_cli.runs import atomic
from xlt_cli.spec import ExperimentSpec

FILE = "memory.json"
FORMAT = 1

RAM = "ram"
"""The place of the machine's own memory; the other places are GPUs, as CUDA names them."""

GIB = 2**30

CONTEXT = GIB
"""Bytes that a process takes of a GPU beside what torch allocates (CUDA's context, kernels)."""

SPARE = 0.02
"""Share of a place that is left free."""

GROWTH = 1.2
"""Factor by which a run that has not ended may still grow."""

REMEDY = (
    "a smaller batch_size takes less memory; so does a larger accumulate, with the same training"
)

_SIGNS = (
    "out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUBLAS_STATUS_NOT_INITIALIZED",
    "CUDNN_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_NOT_INITIALIZED",
    "CUDNN_STATUS_INTERNAL_ERROR",
    "DefaultCPUAllocator",
    "not enough memory",
)
"""In errors of torch and of the libraries below it, which say in their own ways that memory is
exhausted: a library that cannot get its workspace on a full GPU speaks of an internal error."""

_WITHOUT_BEARING = {
    "epochs",
    "max_steps",
    "learning_rate",
    "head_learning_rate",
    "layer_decay",
    "weight_decay",
    "warmup",
    "schedule",
    "max_grad_norm",
    "evaluate_every",
    "checkpoint_every",
    "patience",
}
"""Fields of a stage that do not change how much memory it takes."""


@dataclass(frozen=True)
class Use:
    """Bytes of the machine's memory and of a GPU's."""

    ram: int = 0
    gpu: int = 0

    def at(self, place: str) -> int:
        """The bytes in one place; a run uses one GPU at most."""
        return self.ram if place == RAM else self.gpu

    def most(self, other: Use) -> Use:
        """The larger of the two in each place."""
        return Use(max(self.ram, other.ram), max(self.gpu, other.gpu))


GUESS = Use(ram=4 * GIB, gpu=8 * GIB)
"""What a run is taken to need before any was measured: a base-size encoder at a usual batch."""


def shape(spec: ExperimentSpec) -> str:
    """A hash of all that decides how much memory a run of this spec takes."""
    about = spec.model_dump(
        mode="json", include={"encoder", "stages", "evaluations", "max_length", "precision"}
    )
    for stage in about["stages"]:
        for name in _WITHOUT_BEARING:
            stage.pop(name, None)
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:16]


def read_use(path: Path) -> Use | None:
    """What a process reported; None where it has reported nothing yet."""
    with contextlib.suppress(ValueError, KeyError, TypeError):
        values = atomic.read_json(path)
        if values is not None:
            return Use(int(values["ram"]), int(values["gpu"]))
    return None


class Needs:
    """What runs need, as far as it was measured on this kind of device.

    Args:
        kind: of the device, e.g. `cpu` or `NVIDIA H100`; a measurement on another does not count.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._by_shape: dict[str, Use] = {}

    def learn(self, root: Path, shapes: Iterable[str]) -> None:
        """Reads what earlier runs of these shapes left under a runs directory."""
        wanted = set(shapes)
        for path in root.glob(f"*/{FILE}"):
            with contextlib.suppress(ValueError, KeyError, TypeError):
                values = atomic.read_json(path)
                known = values["format"] == FORMAT and values["kind"] == self.kind
                if known and values["shape"] in wanted:
                    self.add(values["shape"], Use(int(values["ram"]), int(values["gpu"])))

    def add(self, key: str, peak: Use) -> None:
        """Notes the peak of a run that has ended."""
        self._by_shape[key] = self._by_shape.get(key, Use()).most(peak)

    def write(self, run: Path, key: str, peak: Use) -> None:
        """Leaves a run's peak in its directory, for later commands."""
        about = {"format": FORMAT, "kind": self.kind, "shape": key}
        atomic.write_json(run / FILE, {**about, "ram": peak.ram, "gpu": peak.gpu})

    def measured(self, key: str) -> bool:
        """Whether a run of this shape has ended here, so that its need is more than a guess."""
        return key in self._by_shape

    def of(self, key: str, running: Iterable[Use] = ()) -> Use:
        """What a run of a shape is taken to need.

        Args:
            running: what the runs that have not ended use now.
        """
        if key in self._by_shape:
            return self._by_shape[key]
        if self._by_shape:
            need = Use()
            for use in self._by_shape.values():
                need = need.most(use)
            return need
        need = GUESS
        for use in running:
            need = need.most(Use(int(GROWTH * use.ram), int(GROWTH * use.gpu)))
        return need


@dataclass(frozen=True)
class Tenant:
    """A run at work: where, what it is taken to need, and what it uses now."""

    places: Sequence[str]
    need: Use
    use: Use
    alone: bool = False


def lacking(
    places: Sequence[str],
    need: Use,
    tenants: Sequence[Tenant],
    rooms: Mapping[str, Room],
    alone: bool = False,
) -> str:
    """Why a run has to wait; empty if it fits beside those at work.

    A place with no run in it takes any: if that does not fit, nothing would. A place whose memory
    is not known takes all.
    """
    for place in places:
        there = [tenant for tenant in tenants if place in tenant.places]
        if not there:
            continue
        if alone:
            return f"it is to have {_name(place)} for itself"
        if any(tenant.alone for tenant in there):
            return f"another run has {_name(place)} for itself"
        room = rooms.get(place)
        if room is None:
            continue
        growth = sum(max(0, _taken(t.need, place) - _held(t.use, place)) for t in there)
        left = room.free - growth - int(SPARE * room.total)
        if left < _taken(need, place):
            return (
                f"it needs {_gib(_taken(need, place))} of {_name(place)}, and {_gib(max(left, 0))} "
                f"of {_gib(room.total)} are left"
            )
    return ""


def _taken(need: Use, place: str) -> int:
    """What a run will have taken at its peak."""
    return need.at(place) + (0 if place == RAM else CONTEXT)


def _held(use: Use, place: str) -> int:
    """What a run has taken by now."""
    return use.at(place) + (CONTEXT if place != RAM and use.gpu else 0)


def _name(place: str) -> str:
    return "memory" if place == RAM else f"GPU {place}"


def _gib(count: int) -> str:
    return f"{count / GIB:.1f} GiB"


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory, of a GPU or of the machine, is exhausted."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    text = str(error)
    if isinstance(error, RuntimeError) and any(sign in text for sign in _SIGNS):
        return True
    chained = error.__cause__ or error.__context__
    return chained is not None and out_of_memory(chained)


def as_json(use: Use) -> dict[str, Any]:
    """For `read_use`."""
    return {"ram": use.ram, "gpu": use.gpu}
