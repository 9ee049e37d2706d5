"""What each of several processes gets of this machine: a GPU, and threads."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from xlt_cli.api import cores
from xlt_launchers import room


def gpus_for(device: str, visible: Sequence[str]) -> list[str]:
    """The GPUs that a run may be put on, by the names that CUDA_VISIBLE_DEVICES has for them.

    Any, where the spec leaves the device open; none for a run on the processor.
    """
    kind, _, index = device.partition(":")
    if kind == "auto":
        return list(visible)
    if kind != "cuda":
        return []
    return list(visible[int(index or 0) :][:1])


def share(
    slots: int, device: str, gpu: str | None, visible: int, environment: Mapping[str, str]
) -> dict[str, str]:
    """The variables of one of so many processes.

    The processor's cores are divided. Where the spec leaves the device open and there are several
    GPUs, a process sees its own alone, so that its record is that of a run made by itself.
    """
    own = {}
    if "OMP_NUM_THREADS" not in environment:
        own["OMP_NUM_THREADS"] = str(max(1, cores() // slots))
    if device == "auto" and gpu is not None and visible > 1:
        own["CUDA_VISIBLE_DEVICES"] = gpu
        own["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"  # as the driver counts them
    return own


def most_at_once() -> int:
    """The processes that the cores can feed: one each for GPUs, half as many without any."""
    return cores() if room.visible_gpus(os.environ) else max(1, cores() // 2)
