"""How much memory there is: of GPUs by a driver that the tests stand in for, and of a container."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pynvml
import pytest

from xlt_launchers import room
from xlt_launchers.room import Room

MODELS = {"0": "H100", "1": "H100", "GPU-7": "A100"}


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver that knows two GPUs by number and one by its identifier."""

    def handle(name: Any) -> str:
        if str(name) not in MODELS:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_FOUND)
        return str(name)

    stand_ins = {
        "nvmlInit": lambda: None,
        "nvmlShutdown": lambda: None,
        "nvmlDeviceGetCount": lambda: 2,
        "nvmlDeviceGetHandleByIndex": handle,
        "nvmlDeviceGetHandleByUUID": handle,
        "nvmlDeviceGetName": MODELS.__getitem__,
        "nvmlDeviceGetMemoryInfo": lambda name: SimpleNamespace(total=80, free=8),
    }
    for name, stand_in in stand_ins.items():
        monkeypatch.setattr(pynvml, name, stand_in)


@pytest.fixture
def no_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)

    monkeypatch.setattr(pynvml, "nvmlInit", fail)


@pytest.mark.usefixtures("driver")
def test_the_driver_says_which_gpus_there_are() -> None:
    assert room.visible_gpus({}) == ["0", "1"]


@pytest.mark.usefixtures("driver")
@pytest.mark.parametrize(
    ("visible", "known"),
    [("", []), ("-1", []), ("3", ["3"]), ("2, GPU-7", ["2", "GPU-7"]), ("1,-1,0", ["1"])],
)
def test_what_the_user_made_visible_goes_before_the_driver(visible: str, known: list[str]) -> None:
    assert room.visible_gpus({"CUDA_VISIBLE_DEVICES": visible}) == known


@pytest.mark.usefixtures("no_driver")
def test_without_a_driver_there_is_no_gpu_and_no_memory_of_one() -> None:
    assert room.visible_gpus({}) == []
    assert room.gpus(["0"]) == {}


@pytest.mark.usefixtures("driver")
def test_gpus_are_asked_by_number_and_by_identifier_and_strangers_left_out() -> None:
    assert room.gpus(["1", "GPU-7", "9", "GPU-none"]) == {
        "1": ("H100", Room(80, 8)),
        "GPU-7": ("A100", Room(80, 8)),
    }


def groups(folder: Path, **files: str) -> None:
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")


def test_a_container_has_its_limit_and_files_in_memory_count_as_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_CGROUP", tmp_path)
    mib = 2**20
    groups(
        tmp_path,
        memory_dot_max=f"{64 * mib}\n",
        memory_dot_current=f"{50 * mib}\n",
        memory_dot_stat=f"anon {20 * mib}\ninactive_file {30 * mib}\n",
    )
    assert room.ram() == Room(64 * mib, 44 * mib)


def test_the_first_version_of_control_groups_is_read_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_CGROUP", tmp_path)
    mib = 2**20
    groups(
        tmp_path,
        memory__memory_dot_limit_in_bytes=str(64 * mib),
        memory__memory_dot_usage_in_bytes=str(50 * mib),
        memory__memory_dot_stat=f"cache 1\ntotal_inactive_file {10 * mib}\n",
    )
    assert room.ram() == Room(64 * mib, 24 * mib)


@pytest.mark.parametrize("limit", ["max", str(2**60), ""])
def test_without_a_limit_the_machine_has_what_it_has(
    limit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_CGROUP", tmp_path)
    groups(
        tmp_path, memory_dot_max=limit, memory_dot_current="1", memory_dot_stat="inactive_file 0"
    )
    assert room.ram().total == psutil.virtual_memory().total


@pytest.mark.parametrize("written", ["", "no number", "-7", "99999999999999999999999"])
def test_without_a_daemon_there_is_no_multi_process_service(tmp_path: Path, written: str) -> None:
    environment = {"CUDA_MPS_PIPE_DIRECTORY": str(tmp_path)}
    assert not room.multi_process_service(environment)
    (tmp_path / "nvidia-cuda-mps-control.pid").write_text(written)
    assert not room.multi_process_service(environment)
