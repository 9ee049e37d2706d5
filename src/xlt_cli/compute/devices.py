"""Which device `auto` is, and in which precision it computes; torch is imported only when asked.

Both are known without torch because a run's name depends on the precision.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from xlt_cli.compute import known_precision
from xlt_cli.errors import UserError

_DEVICES = Path("/dev")
_GPUS = ("nvidia[0-9]*", "nvhost-gpu*", "nvgpu*", "kfd", "dxg")
"""What Linux calls a GPU that torch may use: NVIDIA's, Jetson's, AMD's, Windows' beneath WSL."""


def resolve_device(device: str) -> str:
    """`auto` to the best there is; anything else checked to be there.

    Raises:
        UserError: the device is unknown or not there.
    """
    import torch

    if device == "auto":
        if torch.cuda.is_available():
            return "cuda"
        return "mps" if torch.backends.mps.is_available() else "cpu"
    kind, _, index = device.partition(":")
    if kind not in ("cpu", "cuda", "mps") or (index and not (kind == "cuda" and index.isdecimal())):
        raise UserError(
            f"unknown device '{device}'", "device", "known: auto, cpu, cuda, cuda:N, mps"
        )
    if kind == "cuda" and not torch.cuda.is_available():
        raise UserError(
            "CUDA was requested, but this machine has no GPU that torch can use",
            f"device '{device}' (torch {torch.__version__})",
            "use --device cpu (or auto), or install a torch built for CUDA",
        )
    if kind == "cuda" and index and int(index) >= torch.cuda.device_count():
        raise UserError(
            f"there is no GPU number {index}",
            f"device '{device}'",
            f"this machine has {torch.cuda.device_count()}, counted from 0",
        )
    if kind == "mps" and not torch.backends.mps.is_available():
        raise UserError(
            "MPS was requested, but this machine does not have it", f"device '{device}'"
        )
    return device


def resolve_precision(device: str, precision: str) -> str:
    """`auto` to bf16 on a GPU that computes in it and to fp32 elsewhere; other precisions as is.

    Raises:
        UserError: the precision depends on the device, which is unknown or not there.
    """
    if precision != "auto":
        return precision
    if device == "cpu" or (device == "auto" and not may_have_gpu()):
        return "fp32"
    return known_precision.read(device) or asked_precision(device)


def asked_precision(device: str) -> str:
    """What `auto` is on a device that may be a GPU, by torch; kept for `resolve_precision`.

    Raises:
        UserError: the device is unknown or not there.
    """
    precision = "fp32"
    if resolve_device(device).startswith("cuda"):
        import torch

        precision = "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    known_precision.write(device, precision)
    return precision


def may_have_gpu() -> bool:
    """Whether torch has to be asked for a GPU that computes in bf16: importing it takes seconds."""
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in ("", "-1")
    if hidden or sys.platform == "darwin":
        return False
    if sys.platform != "linux":
        return True
    return any(True for pattern in _GPUS for _ in _DEVICES.glob(pattern))


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
