"""What each of several processes gets of the machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from xlt_cli.sweep import shares
from xlt_cli.sweep.shares import gpus, share

LISTED = """\
GPU 0: NVIDIA H100 (UUID: GPU-1)
  MIG 1g.10gb Device 0: (UUID: MIG-1)
GPU 1: NVIDIA H100 (UUID: GPU-2)
"""


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that alone is on the path, with an `nvidia-smi` that knows two GPUs."""
    command = tmp_path / "nvidia-smi"
    command.write_text(f"#!/bin/sh\necho '{LISTED}'\n", "utf-8")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    return command


@pytest.mark.usefixtures("driver")
def test_the_driver_says_which_gpus_there_are() -> None:
    assert gpus({}) == ["0", "1"]


@pytest.mark.usefixtures("driver")
@pytest.mark.parametrize(
    ("visible", "known"),
    [
        ("", []),
        ("-1", []),
        ("3", ["3"]),
        ("2, GPU-7", ["2", "GPU-7"]),
        ("1,-1,0", ["1"]),
    ],
)
def test_what_the_user_made_visible_goes_before_the_driver(visible: str, known: list[str]) -> None:
    assert gpus({"CUDA_VISIBLE_DEVICES": visible}) == known


def test_without_a_driver_there_is_no_gpu(driver: Path) -> None:
    driver.unlink()
    assert gpus({}) == []


def test_gpus_are_dealt_out_in_turn() -> None:
    shared = [share(slot, 5, "auto", ["0", "GPU-7"], {}) for slot in range(5)]
    assert [own["CUDA_VISIBLE_DEVICES"] for own in shared] == ["0", "GPU-7", "0", "GPU-7", "0"]


@pytest.mark.parametrize(
    ("device", "known"),
    [("cuda", ["0", "1"]), ("cuda:1", ["0", "1"]), ("cpu", ["0", "1"]), ("auto", ["0"])],
)
def test_a_device_that_is_chosen_and_a_single_gpu_stay_as_they_are(
    device: str, known: list[str]
) -> None:
    assert "CUDA_VISIBLE_DEVICES" not in share(1, 2, device, known, {})


@pytest.mark.parametrize(("cores", "slots", "threads"), [(16, 4, "4"), (16, 3, "5"), (2, 8, "1")])
def test_cores_are_divided(
    cores: int, slots: int, threads: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shares, "_cores", lambda: cores)
    assert share(0, slots, "auto", [], {}) == {"OMP_NUM_THREADS": threads}


def test_threads_that_the_user_set_stay() -> None:
    assert share(0, 2, "auto", [], {"OMP_NUM_THREADS": "7"}) == {}
