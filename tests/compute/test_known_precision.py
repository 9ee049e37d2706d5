"""The precision of GPUs is asked of torch once, and again when anything about them has changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pynvml
import pytest
import torch

from xlt_cli.compute import devices, known_precision
from xlt_cli.compute.devices import resolve_precision


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """A machine with GPUs, which a test may change."""
    has: dict[str, Any] = {"gpus": ["GPU-1"], "driver": "580", "bf16": True, "cuda": True}
    asked: list[str] = []
    has["asked"] = asked
    stand_ins = {
        "nvmlInit": lambda: None,
        "nvmlShutdown": lambda: None,
        "nvmlDeviceGetCount": lambda: len(has["gpus"]),
        "nvmlDeviceGetHandleByIndex": lambda number: has["gpus"][number],
        "nvmlDeviceGetUUID": lambda handle: handle,
        "nvmlSystemGetDriverVersion": lambda: has["driver"],
    }
    for name, stand_in in stand_ins.items():
        monkeypatch.setattr(pynvml, name, stand_in)

    def resolve(device: str) -> str:
        asked.append(device)
        return "cuda" if has["cuda"] else "cpu"

    monkeypatch.setattr(devices, "may_have_gpu", lambda: True)
    monkeypatch.setattr(devices, "resolve_device", resolve)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: has["bf16"])
    monkeypatch.setenv("XLT_CACHE_DIR", str(tmp_path))
    return has


def test_torch_is_asked_once(machine: dict[str, Any]) -> None:
    assert [resolve_precision("auto", "auto") for _ in range(3)] == ["bf16"] * 3
    assert machine["asked"] == ["auto"]
    assert resolve_precision("cuda:1", "auto") == "bf16"
    assert machine["asked"] == ["auto", "cuda:1"]
    assert resolve_precision("auto", "fp32") == "fp32"
    assert resolve_precision("cpu", "auto") == "fp32"
    assert machine["asked"] == ["auto", "cuda:1"]


@pytest.mark.parametrize(
    "change",
    [{"gpus": ["GPU-2"]}, {"gpus": ["GPU-1", "GPU-2"]}, {"driver": "590"}, {}],
    ids=str,
)
def test_a_changed_machine_is_asked_again(
    machine: dict[str, Any], change: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve_precision("auto", "auto")
    machine |= {"bf16": False, **change}
    if not change:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert resolve_precision("auto", "auto") == "fp32"
    assert machine["asked"] == ["auto", "auto"]


def test_a_run_asks_torch_itself_and_puts_right_what_was_kept(
    machine: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from xlt_cli.compute import runtime

    monkeypatch.setattr(runtime, "may_have_gpu", lambda: True)
    monkeypatch.setattr(runtime, "resolve_device", lambda device: "cpu")
    assert resolve_precision("auto", "auto") == "bf16"
    machine["cuda"] = False  # the driver is there, but torch cannot use it any more
    assert runtime.start("auto", "auto").precision == "fp32"
    assert resolve_precision("auto", "auto") == "fp32"


@pytest.mark.parametrize("content", ["", "bf", "fp16", "\xff"])
def test_a_damaged_answer_is_none(machine: dict[str, Any], tmp_path: Path, content: str) -> None:
    resolve_precision("auto", "auto")
    (kept,) = (tmp_path / known_precision.FOLDER).iterdir()
    kept.write_bytes(content.encode("latin-1"))
    assert resolve_precision("auto", "auto") == "bf16"
    assert kept.read_text() == "bf16"


def test_without_a_place_or_a_driver_torch_is_asked_each_time(
    machine: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XLT_CACHE_DIR", str(tmp_path / "file"))
    assert [resolve_precision("auto", "auto") for _ in range(2)] == ["bf16"] * 2

    def fail() -> None:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)

    monkeypatch.setenv("XLT_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(pynvml, "nvmlInit", fail)
    assert [resolve_precision("auto", "auto") for _ in range(2)] == ["bf16"] * 2
    assert len(machine["asked"]) == 4
