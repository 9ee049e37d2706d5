"""The precision that torch chose for this machine's GPUs, kept in the user's cache.

A run's name depends on the precision, so that commands ask for it that need no torch otherwise:
importing torch and starting CUDA take seconds. An answer holds as long as the GPUs, the driver, the
installed torch and what the user made visible are the same.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
from pathlib import Path

from xlt_cli.errors import UserError
from xlt_cli.user_cache import user_cache

FOLDER = "precision"
KNOWN = ("bf16", "fp32")
_VARIABLES = ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "NVIDIA_VISIBLE_DEVICES")


def read(device: str) -> str | None:
    """What torch answered for a device; None where it has to be asked."""
    with contextlib.suppress(OSError, UserError, ValueError):
        path = _path(device)
        answer = path.read_text("ascii") if path is not None else ""
        return answer if answer in KNOWN else None
    return None


def write(device: str, precision: str) -> None:
    """Keeps an answer of torch, where there is a place for it."""
    with contextlib.suppress(OSError, UserError):
        path = _path(device)
        if path is None or (path.exists() and path.read_text("ascii", "replace") == precision):
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        partial.write_text(precision, "ascii")
        partial.replace(path)


def _path(device: str) -> Path | None:
    """The file of the answer; None without a driver that says which GPUs there are."""
    import pynvml

    torch = importlib.util.find_spec("torch")
    if torch is None or torch.origin is None:
        return None
    version = Path(torch.origin).with_name("version.py").stat()
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return None
    try:
        handles = map(pynvml.nvmlDeviceGetHandleByIndex, range(pynvml.nvmlDeviceGetCount()))
        gpus = [str(pynvml.nvmlDeviceGetUUID(handle)) for handle in handles]
        driver = str(pynvml.nvmlSystemGetDriverVersion())
    except pynvml.NVMLError:
        return None
    finally:
        pynvml.nvmlShutdown()
    stated = [device, gpus, driver, torch.origin, version.st_mtime_ns, version.st_size]
    stated += [os.environ.get(name) for name in _VARIABLES]
    name = hashlib.sha256(json.dumps(stated).encode("utf-8", "surrogatepass")).hexdigest()
    return user_cache() / FOLDER / name
