"""The memory of this machine and of its GPUs: how much there is, and how much of it is free."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Room:
    """Bytes of one place."""

    total: int
    free: int


def ram() -> Room:
    """The machine's memory, or this container's share of it.

    Pages that hold files count as free: the system gives them up when they are needed.
    """
    import psutil

    memory = psutil.virtual_memory()
    limit = _limit()
    if limit is None or limit[0] >= memory.total:
        return Room(memory.total, memory.available)
    total, used = limit
    return Room(total, max(0, min(total - used, memory.available)))


def _limit() -> tuple[int, int] | None:
    """The limit of this process's control group and what it uses; None where there is none."""
    for limit, used, statistics, cached in (
        ("memory.max", "memory.current", "memory.stat", "inactive_file"),  # version 2
        (
            "memory/memory.limit_in_bytes",
            "memory/memory.usage_in_bytes",
            "memory/memory.stat",
            "total_inactive_file",
        ),
    ):
        with contextlib.suppress(OSError, ValueError, KeyError):
            total = int((_CGROUP / limit).read_text())  # "max" where there is no limit
            lines = (_CGROUP / statistics).read_text().splitlines()
            files = dict(line.split() for line in lines)[cached]
            return total, int((_CGROUP / used).read_text()) - int(files)
    return None


def visible_gpus(environment: Mapping[str, str]) -> list[str]:
    """The GPUs, as CUDA_VISIBLE_DEVICES names them; asking torch would take seconds."""
    visible = environment.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        names = (name.strip() for name in visible.split(","))
        # CUDA sees none from the first name on that is not one.
        return list(itertools.takewhile(lambda name: name not in ("", "-1"), names))
    with _driver() as driver:
        return [str(number) for number in range(driver.nvmlDeviceGetCount())] if driver else []


def gpus(names: Sequence[str]) -> dict[str, tuple[str, Room]]:
    """The model and the memory of GPUs by their names; those that cannot be asked are left out."""
    rooms: dict[str, tuple[str, Room]] = {}
    with _driver() as driver:
        if driver is None:
            return {}
        for name in names:
            with contextlib.suppress(driver.NVMLError, ValueError):
                if name.isdecimal():
                    handle = driver.nvmlDeviceGetHandleByIndex(int(name))
                else:
                    handle = driver.nvmlDeviceGetHandleByUUID(name)
                memory = driver.nvmlDeviceGetMemoryInfo(handle)
                model = driver.nvmlDeviceGetName(handle)
                rooms[name] = (str(model), Room(int(memory.total), int(memory.free)))
    return rooms


def multi_process_service(environment: Mapping[str, str]) -> bool:
    """Whether NVIDIA's multi-process service runs, which lets processes use a GPU simultaneously.

    Its control daemon writes its process number into the folder of its pipes.
    """
    import psutil

    pipes = Path(environment.get("CUDA_MPS_PIPE_DIRECTORY") or "/tmp/nvidia-mps")
    try:
        daemon = int((pipes / "nvidia-cuda-mps-control.pid").read_text())
        return bool(psutil.pid_exists(daemon))
    except (OSError, ValueError, OverflowError):
        return False


@contextlib.contextmanager
def _driver() -> Iterator[Any]:
    """NVIDIA's management library; None where there is no driver."""
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        yield None
        return
    try:
        yield pynvml
    finally:
        pynvml.nvmlShutdown()
