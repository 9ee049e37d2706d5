"""What a result depends on besides spec and data: versions, code, hardware."""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from xlt_cli.compute.devices import may_have_gpu, resolve_device
from xlt_cli.runs import atomic, checksums
from xlt_cli.runs.revision import git_revision
from xlt_cli.version import __version__
from xlt_cli.weights import PACKED, WHOLE, packed_in

_PACKAGES = (
    "torch",
    "transformers",
    "tokenizers",
    "accelerate",
    "peft",
    "datasets",
    "safetensors",
    "sentencepiece",
    "scikit-learn",
    "seqeval",
    "numpy",
    "pydantic",
)


def environment(device: str) -> dict[str, Any]:
    """Versions, git revision, hardware and command line of this process."""
    return {
        "xlt": __version__,
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "git": git_revision(Path.cwd()),
        "platform": platform.platform(),
        "hardware": hardware(device),
        "command": sys.argv,
        "working_directory": str(Path.cwd()),
        "pid": os.getpid(),
        "host": platform.node(),
    }


def hardware(device: str) -> dict[str, Any]:
    """The processor, the threads torch uses, and the accelerator that is used."""
    import torch

    about: dict[str, Any] = {
        "device": device,
        "cpu": cpu_name(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
    }
    if device.startswith("cuda"):
        properties = torch.cuda.get_device_properties(torch.device(device))
        about["gpu"] = properties.name
        about["gpu_memory_gib"] = round(properties.total_memory / 2**30, 1)
        about["cuda"] = torch.version.cuda
    return about


MODEL_ABOUT = "xlt.json"
"""In a model that xlt has published; see `runs.stage`."""

PRUNED_ABOUT = "pruned.json"
"""In place of removed weights: their hash."""


def weights_hash(directory: Path) -> str:
    """SHA-256 over the files of weights in a checkpoint directory; also of those removed since.

    Those of a model that was saved with an adapter are partly in a directory below. A packed file
    counts as the one that it stands for.
    """
    pruned = atomic.read_json(directory / PRUNED_ABOUT)
    if pruned is not None:
        return str(pruned["weights"])
    kinds = (".safetensors", ".bin", ".pt", ".pth")
    ours = (directory / MODEL_ABOUT).is_file()  # in somebody else's, other models may be below it
    inside = sorted(directory.rglob("*") if ours else directory.iterdir())
    files = [path for path in inside if path.suffix in kinds and path.name != PACKED]
    taken = checksums.digests(files)
    for folder in (path.parent for path in inside if path.name == PACKED):
        packed = packed_in(folder)
        if packed is not None:
            taken[folder / WHOLE] = packed.sha256
    files = sorted(taken)
    return hashlib.sha256(b"".join(bytes.fromhex(taken[path]) for path in files)).hexdigest()


def device_name(device: str) -> str:
    """The processor or GPU that a device of a spec is on this machine, as `hardware` names it."""
    if device == "cpu" or (device == "auto" and not may_have_gpu()):
        return cpu_name()
    found = resolve_device(device)
    if not found.startswith("cuda"):
        return cpu_name()
    import torch

    return str(torch.cuda.get_device_properties(torch.device(found)).name)


@functools.cache
def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def cpu_name() -> str:
    """The model of the processor."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
