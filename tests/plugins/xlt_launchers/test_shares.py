"""What each of several processes gets of the machine."""

from __future__ import annotations

import pytest

from xlt_launchers import room, shares
from xlt_launchers.shares import gpus_for, share


@pytest.mark.parametrize(
    ("device", "gpus"),
    [
        ("auto", ["0", "GPU-7"]),
        ("cuda", ["0"]),
        ("cuda:1", ["GPU-7"]),
        ("cuda:5", []),
        ("cpu", []),
        ("mps", []),
    ],
)
def test_a_run_may_be_put_on_the_gpus_that_its_spec_allows(device: str, gpus: list[str]) -> None:
    assert gpus_for(device, ["0", "GPU-7"]) == gpus


def test_a_process_sees_the_gpu_that_it_was_given_alone() -> None:
    own = share(2, "auto", "GPU-7", 2, {})
    assert own["CUDA_VISIBLE_DEVICES"] == "GPU-7"
    assert own["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"


@pytest.mark.parametrize(
    ("device", "gpu", "visible"),
    [("cuda", "0", 2), ("cuda:1", "1", 2), ("cpu", None, 2), ("auto", "0", 1)],
)
def test_a_device_that_is_chosen_and_a_single_gpu_stay_as_they_are(
    device: str, gpu: str | None, visible: int
) -> None:
    assert "CUDA_VISIBLE_DEVICES" not in share(2, device, gpu, visible, {})


@pytest.mark.parametrize(("cores", "slots", "threads"), [(16, 4, "4"), (16, 3, "5"), (2, 8, "1")])
def test_cores_are_divided(
    cores: int, slots: int, threads: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shares, "cores", lambda: cores)
    assert share(slots, "auto", None, 0, {}) == {"OMP_NUM_THREADS": threads}


def test_threads_that_the_user_set_stay() -> None:
    assert share(2, "auto", None, 0, {"OMP_NUM_THREADS": "7"}) == {}


@pytest.mark.parametrize(("gpus", "cores", "most"), [(["0"], 16, 16), ([], 16, 8), ([], 1, 1)])
def test_as_many_as_the_machine_can_feed(
    gpus: list[str], cores: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "visible_gpus", lambda environment: gpus)
    monkeypatch.setattr(shares, "cores", lambda: cores)
    assert shares.most_at_once() == most
