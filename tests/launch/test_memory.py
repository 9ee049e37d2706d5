"""Whether a run fits beside others, and what runs are taken to need."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from xlt_cli.launch.memory import (
    CONTEXT,
    FILE,
    GIB,
    GUESS,
    RAM,
    Needs,
    Tenant,
    Use,
    lacking,
    out_of_memory,
    read_use,
    shape,
)
from xlt_cli.launch.room import Room
from xlt_cli.runs.atomic import write_json
from xlt_cli.spec.resolution import resolve
from xlt_cli.spec.source import Source
from xlt_cli.spec.yaml_lines import parse


def tenant(need: int, use: int = 0, place: str = "0", alone: bool = False) -> Tenant:
    return Tenant([place, RAM], Use(GIB, need * GIB), Use(0, use * GIB), alone)


def room(total: int, free: int) -> dict[str, Room]:
    return {"0": Room(total * GIB, free * GIB), RAM: Room(1000 * GIB, 1000 * GIB)}


def test_a_run_fits_if_what_is_free_less_what_the_others_still_take_holds_it() -> None:
    # 80 GiB: two runs are to take 20 + 1 each, and hold 10 + 1 each: 58 are free, of which 20 are
    # spoken for and 1.6 stay free.
    others = [tenant(20, 10), tenant(20, 10)]
    assert lacking(["0"], Use(0, 35 * GIB), others, room(80, 58)) == ""
    why = lacking(["0"], Use(0, 36 * GIB), others, room(80, 58))
    assert why == "it needs 37.0 GiB of GPU 0, and 36.4 GiB of 80.0 GiB are left"


def test_what_a_stranger_holds_is_not_there_for_us() -> None:
    assert lacking(["0"], Use(0, 20 * GIB), [tenant(20, 20)], room(80, 59)) == ""
    assert lacking(["0"], Use(0, 20 * GIB), [tenant(20, 20)], room(80, 19)) != ""


def test_an_empty_place_takes_any_run_and_an_unknown_one_takes_all() -> None:
    assert lacking(["0"], Use(0, 500 * GIB), [tenant(20, place="1")], room(80, 1)) == ""
    assert lacking(["0"], Use(0, 500 * GIB), [tenant(20)], {}) == ""


def test_the_memory_of_the_machine_is_looked_at_too() -> None:
    rooms = {RAM: Room(24 * GIB, 6 * GIB)}
    running = [Tenant([RAM], Use(8 * GIB), Use(7 * GIB))]
    assert lacking([RAM], Use(4 * GIB), running, rooms) == ""
    assert lacking([RAM], Use(5 * GIB), running, rooms) != ""


def test_a_run_that_is_to_be_alone_waits_and_lets_nobody_in() -> None:
    assert "for itself" in lacking(["0"], Use(), [tenant(1)], room(80, 79), alone=True)
    assert "for itself" in lacking(["0"], Use(), [tenant(1, alone=True)], room(80, 79))
    assert lacking(["0"], Use(), [tenant(1, place="1", alone=True)], room(80, 79)) == ""


@given(
    st.integers(16, 200),
    st.lists(st.tuples(st.integers(0, 60), st.floats(0, 1)), max_size=20),
)
def test_runs_that_are_let_in_one_by_one_never_need_more_than_there_is(
    total: int, runs: list[tuple[int, float]]
) -> None:
    tenants: list[Tenant] = []
    for need, share in runs:
        held = sum(t.use.gpu + (CONTEXT if t.use.gpu else 0) for t in tenants)
        rooms = {"0": Room(total * GIB, total * GIB - held)}
        if not lacking(["0"], Use(0, need * GIB), tenants, rooms):
            tenants.append(Tenant(["0"], Use(0, need * GIB), Use(0, int(share * need * GIB))))
    peak = sum(t.need.gpu + CONTEXT for t in tenants)
    assert len(tenants) <= 1 or peak <= total * GIB


def test_a_need_is_what_was_measured_of_the_shape_then_the_largest_then_a_guess() -> None:
    needs = Needs("cpu")
    assert needs.of("a") == GUESS
    assert needs.of("a", [Use(10 * GIB, 0)]) == Use(12 * GIB, GUESS.gpu)
    needs.add("b", Use(1, 7))
    needs.add("c", Use(5, 2))
    needs.add("c", Use(4, 3))
    assert needs.of("c") == Use(5, 3)
    assert needs.of("a") == Use(5, 7)


def test_measurements_outlive_the_command_and_count_on_their_kind_of_device(tmp_path: Path) -> None:
    Needs("H100").write(tmp_path, "a", Use(1, 2))  # no run's directory under the root
    for run, kind, peak in (("one", "H100", 3), ("two", "H100", 5), ("three", "cpu", 9)):
        Needs(kind).write(tmp_path / run, "a", Use(peak, peak))
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / FILE).write_text('{"format": 1, "ki', "utf-8")
    write_json(tmp_path / "later" / FILE, {"format": 99, "kind": "H100"})
    needs = Needs("H100")
    needs.learn(tmp_path, ["a"])
    assert needs.of("a") == Use(5, 5)
    other = Needs("H100")
    other.learn(tmp_path, ["b"])
    assert other.of("a") == GUESS


SPEC = "encoder: mbert\nstages:\n  - task: pawsx\n"


def of(text: str = SPEC, **stage: Any) -> str:
    spec = resolve(Source(parse(text, Path("spec.yaml")), text))
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


def test_a_report_that_is_not_there_or_torn_says_nothing(tmp_path: Path) -> None:
    assert read_use(tmp_path / "none") is None
    for content in ("", "{", "[]", '{"ram": 1}'):
        (tmp_path / "torn").write_text(content, "utf-8")
        assert read_use(tmp_path / "torn") is None
    (tmp_path / "whole").write_text(json.dumps({"ram": 1, "gpu": 2}), "utf-8")
    assert read_use(tmp_path / "whole") == Use(1, 2)
