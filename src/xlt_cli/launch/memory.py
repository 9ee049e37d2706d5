"""How much memory runs take: what decides it, what was measured, and errors for want of it.

A run that is trained in a process of its own leaves the peak of its memory in its directory
(`memory.json`). A run of the same shape (encoder, batch size, lengths, methods) is taken to need as
much.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from xlt_cli.api import Memory
from xlt_cli.runs import atomic
from xlt_cli.spec import ExperimentSpec

if TYPE_CHECKING:
    import torch

FILE = "memory.json"
FORMAT = 1

REMEDY = (
    "a smaller batch_size needs less memory; so does a larger accumulate, which does not "
    "change the training"
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


def shape(spec: ExperimentSpec) -> str:
    """A hash of all that decides how much memory a run of this spec takes."""
    about = spec.model_dump(
        mode="json", include={"encoder", "stages", "evaluations", "max_length", "precision"}
    )
    for stage in about["stages"]:
        for name in _WITHOUT_BEARING:
            stage.pop(name, None)
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:16]


def kind_of(device: torch.device) -> str:
    """The kind of a device: `cpu`, `mps`, or the model of a GPU as its driver names it."""
    if device.type != "cuda":
        return device.type
    import torch

    return str(torch.cuda.get_device_name(device))


def write(run: Path, kind: str, key: str, peak: Memory) -> None:
    """Leaves a run's peak in its directory, for later commands.

    Args:
        kind: of the device: `cpu`, or the model of a GPU.
        key: the run's shape.
    """
    about = {"format": FORMAT, "kind": kind, "shape": key}
    atomic.write_json(run / FILE, {**about, "ram": peak.ram, "gpu": peak.gpu})


def measured(root: Path, shapes: Collection[str]) -> dict[str, dict[str, Memory]]:
    """The highest peaks of runs under a runs directory: by shape, and by kind of device."""
    peaks: dict[str, dict[str, Memory]] = {}
    for path in sorted(root.glob(f"*/{FILE}")):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            values = atomic.read_json(path)
            if values["format"] != FORMAT or values["shape"] not in shapes:
                continue
            peak = Memory(int(values["ram"]), int(values["gpu"]))
            of_shape = peaks.setdefault(values["shape"], {})
            kind = str(values["kind"])
            of_shape[kind] = of_shape.get(kind, Memory()).most(peak)
    return peaks


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory, of a GPU or of the machine, is exhausted."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    text = str(error)
    if isinstance(error, RuntimeError) and any(sign in text for sign in _SIGNS):
        return True
    chained = error.__cause__ or error.__context__
    return chained is not None and out_of_memory(chained)
