"""What each of several processes gets of this machine: a GPU, and threads."""

from __future__ import annotations

import itertools
import os
import subprocess
from collections.abc import Mapping, Sequence

PATIENCE = 10.0
"""Seconds for the driver to say which GPUs there are."""


def gpus(environment: Mapping[str, str]) -> list[str]:
    """The GPUs, as CUDA_VISIBLE_DEVICES names them; asking torch would take seconds."""
    visible = environment.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        names = (name.strip() for name in visible.split(","))
        # CUDA sees none from the first name on that is not one.
        return list(itertools.takewhile(lambda name: name not in ("", "-1"), names))
    try:
        said = subprocess.run(
            ["nvidia-smi", "-L"], capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    count = sum(line.startswith("GPU ") for line in said.stdout.splitlines())
    return [str(number) for number in range(count)]


def share(
    slot: int, slots: int, device: str, known: Sequence[str], environment: Mapping[str, str]
) -> dict[str, str]:
    """The variables of the process in a slot (of so many, from 0).

    The processor's cores are divided. GPUs are dealt out in turn, where the spec leaves the device
    open: a process sees its own alone, so that its record is that of a run made by itself.
    """
    own = {}
    if "OMP_NUM_THREADS" not in environment:
        own["OMP_NUM_THREADS"] = str(max(1, _cores() // slots))
    if device == "auto" and len(known) > 1:
        own["CUDA_VISIBLE_DEVICES"] = known[slot % len(known)]
    return own


def _cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
