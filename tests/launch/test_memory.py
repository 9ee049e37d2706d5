"""What decides how much memory runs take, what was measured, and errors for want of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from xlt_cli.api import Memory
from xlt_cli.launch.memory import FILE, kind_of, measured, out_of_memory, shape, write
from xlt_cli.runs.atomic import write_json
from xlt_cli.spec.resolution import resolve
from xlt_cli.spec.source import Source
from xlt_cli.spec.yaml_lines import parse


def test_measurements_outlive_the_command_by_shape_and_kind_of_device(tmp_path: Path) -> None:
    write(tmp_path, "H100", "a", Memory(1, 2))  # no run's directory under the root
    for run, kind, peak in (("one", "H100", 3), ("two", "H100", 5), ("three", "cpu", 9)):
        write(tmp_path / run, kind, "a", Memory(peak, peak))
    write(tmp_path / "four", "cpu", "b", Memory(7, 0))
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / FILE).write_text('{"format": 1, "ki', "utf-8")
    write_json(tmp_path / "later" / FILE, {"format": 99, "kind": "H100", "shape": "a"})
    assert measured(tmp_path, {"a"}) == {"a": {"H100": Memory(5, 5), "cpu": Memory(9, 9)}}
    assert measured(tmp_path, {"c"}) == {}
    assert kind_of(torch.device("cpu")) == "cpu"


SPEC = "encoder: mbert\nstages:\n  - task: pawsx\n"


def of(text: str = SPEC, **stage: Any) -> str:
    spec = resolve(Source(parse(text, Path("spec.yaml")), text)).spec
    return shape(spec.model_copy(update={"stages": [spec.stages[0].model_copy(update=stage)]}))


def test_runs_have_one_shape_whatever_their_rates_and_lengths() -> None:
    assert of() == of(learning_rate=1e-3, epochs=9.0, warmup=0.5, patience=3)
    assert of() == of(SPEC + "seeds: [7]\nname: other\n")


@pytest.mark.parametrize("change", [{"batch_size": 64}, {"accumulate": 2}, {"select": "average"}])
def test_what_changes_memory_changes_the_shape(change: dict[str, Any]) -> None:
    assert of(**change) != of()


def test_other_encoders_and_lengths_have_other_shapes() -> None:
    assert len({of(), of(SPEC.replace("mbert", "xlm-r-base")), of(SPEC + "max_length: 64\n")}) == 3


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        MemoryError(),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to"),
    ],
)
def test_errors_for_want_of_memory_are_known_also_as_a_cause(error: Exception) -> None:
    assert out_of_memory(error)
    outer = ValueError("training failed")
    outer.__cause__ = error
    assert out_of_memory(outer)


@pytest.mark.parametrize("error", [RuntimeError("shapes differ"), ValueError("out of memory lane")])
def test_other_errors_are_not(error: Exception) -> None:
    assert not out_of_memory(error)
