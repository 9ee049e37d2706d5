"""Devices: what is asked for is there, or is said not to be."""

from __future__ import annotations

import os

import pytest
import torch

from xlt_cli.compute.devices import resolve_device
from xlt_cli.compute.processes import reshards
from xlt_cli.errors import UserError
from xlt_cli.launch.computing import start


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two GPUs, as far as torch says."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)


@pytest.fixture
def none(monkeypatch: pytest.MonkeyPatch) -> None:
    """No accelerator."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


@pytest.mark.usefixtures("none")
def test_without_accelerators_auto_is_the_cpu() -> None:
    assert resolve_device("auto") == "cpu"


@pytest.mark.usefixtures("none")
@pytest.mark.parametrize("device", ["cuda", "cuda:0", "mps"])
def test_an_accelerator_that_is_not_there_is_said(device: str) -> None:
    with pytest.raises(UserError, match=f"device '{device}'"):
        resolve_device(device)


@pytest.mark.usefixtures("gpus")
def test_gpus_are_counted_from_zero() -> None:
    assert resolve_device("auto") == "cuda"
    assert [resolve_device(name) for name in ("cuda", "cuda:1", "cpu")] == ["cuda", "cuda:1", "cpu"]
    with pytest.raises(UserError, match="no GPU number 2"):
        resolve_device("cuda:2")


@pytest.mark.parametrize("device", ["gpu", "", "cuda:x", "cuda:-1", "tpu", "CPU"])
def test_unknown_devices_are_said_with_the_known_ones(device: str) -> None:
    with pytest.raises(UserError, match="known: auto, cpu, cuda") as caught:
        resolve_device(device)
    assert repr(device) in caught.value.what


def test_runs_of_one_process_do_not_inherit_each_others_precision() -> None:
    for precision, expected in (("bf16", "bf16"), ("auto", "fp32"), ("fp32", "fp32")):
        runtime = start("cpu", precision)
        assert runtime.precision == expected
        linear = torch.nn.Linear(2, 2)
        with runtime.accelerator.autocast():
            found = linear(torch.zeros(1, 2)).dtype
        assert found == (torch.bfloat16 if expected == "bf16" else torch.float32)
        assert runtime.device == torch.device("cpu")


def test_one_process_is_the_main_one_and_gathers_its_own() -> None:
    runtime = start("cpu", "fp32")
    assert (runtime.rank, runtime.world, runtime.is_main) == (0, 1, True)
    assert runtime.gather([3, 1]) == [3, 1]
    runtime.wait()


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"ACCELERATE_USE_DEEPSPEED": "true"}, "DeepSpeed"),
        ({"ACCELERATE_USE_MEGATRON_LM": "true"}, "Megatron-LM"),
        ({"ACCELERATE_USE_PARALLELISM_CONFIG": "true"}, "parallelism"),
        ({"ACCELERATE_USE_FSDP": "true"}, "FSDP 1"),
        ({"ACCELERATE_USE_FSDP": "true", "FSDP_VERSION": "1"}, "FSDP 1"),
        ({"ACCELERATE_USE_FSDP": "true", "FSDP_VERSION": "3"}, "FSDP 3"),
        ({"FSDP_RESHARD_AFTER_FORWARD": "FULL_SHARD"}, "'FULL_SHARD' is neither true nor false"),
        ({"FSDP_OFFLOAD_PARAMS": "true"}, "memory of the processor"),
        ({"FSDP_ACTIVATION_CHECKPOINTING": "true"}, "computed again"),
        ({"FSDP_IGNORED_MODULES": "classifier"}, "whole model"),
    ],
)
def test_other_ways_to_divide_a_model_are_refused(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], said: str
) -> None:
    if not any(name.startswith("ACCELERATE") for name in variables):
        variables = {"ACCELERATE_USE_FSDP": "true", "FSDP_VERSION": "2", **variables}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UserError, match=said) as caught:
        start("cpu", "fp32")
    assert caught.value.hint


def test_one_process_has_nothing_to_divide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    monkeypatch.setenv("FSDP_VERSION", "2")
    monkeypatch.setenv("FSDP_CPU_RAM_EFFICIENT_LOADING", "true")
    assert not start("cpu", "fp32").sharded
    assert os.environ["FSDP_CPU_RAM_EFFICIENT_LOADING"] == "false"


@pytest.mark.parametrize(("given", "expected"), [("true", True), ("1", True), ("False", False)])
def test_whether_layers_are_given_up_is_read_as_accelerate_reads_it(
    monkeypatch: pytest.MonkeyPatch, given: str, expected: bool
) -> None:
    assert reshards()
    monkeypatch.setenv("FSDP_RESHARD_AFTER_FORWARD", given)
    assert reshards() == expected


@pytest.mark.parametrize("sharded", [False, True])
def test_the_launchers_number_of_steps_divides_no_loss(
    monkeypatch: pytest.MonkeyPatch, sharded: bool
) -> None:
    monkeypatch.setenv("ACCELERATE_GRADIENT_ACCUMULATION_STEPS", "4")
    if sharded:
        monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
        monkeypatch.setenv("FSDP_VERSION", "2")
    weight = torch.ones(1, requires_grad=True)
    start("cpu", "fp32").accelerator.backward(3 * weight.sum())
    assert weight.grad is not None
    assert weight.grad.item() == 3
