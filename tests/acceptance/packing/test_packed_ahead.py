"""The packed file of a model is made while the model is tested."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acceptance_tools import Desk
from packed_models import are_packed, models, results
from safetensors import SafetensorError

from xlt_cli.errors import UserError
from xlt_cli.launch import pipeline
from xlt_cli.runs import packing
from xlt_cli.runs.directory import Run
from xlt_cli.runs.stage import fault
from xlt_cli.weights import PACKED, WHOLE


def _while_tested(patch: pytest.MonkeyPatch, then: Callable[[Path], object]) -> list[Path]:
    """Has `then` called with the model under test once it is packed; the folders packed later."""
    evaluate, pack, later = pipeline._evaluate_all, packing._pack, []

    def waiting(run: Run, *arguments: Any) -> Any:
        until = time.monotonic() + 200  # a busy machine may take long
        while not (run.model / PACKED).exists():
            assert time.monotonic() < until, "it is not packed while it is tested"
            time.sleep(0.01)
        assert (run.model / WHOLE).exists()
        assert fault(run.model.parent) == ""
        then(run.model)
        return evaluate(run, *arguments)

    def packed_later(folder: Path, encoder: Any) -> str:
        later.append(folder)
        return pack(folder, encoder)

    patch.setattr(packing, "_give_way", lambda: None)  # it is waited for
    patch.setattr(pipeline, "_evaluate_all", waiting)
    patch.setattr(packing, "_pack", packed_later)
    return later


def test_it_is_packed_while_it_is_tested(
    desk: Desk, invoke: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    killed = desk.path / "killed"

    def copied(_: Path) -> None:
        shutil.copytree(desk.path / "runs", killed, symlinks=True)

    with monkeypatch.context() as patch:
        later = _while_tested(patch, copied)
        assert "keep: all, weights packed" in invoke("train", desk.write()).stderr
    run = desk.run()
    assert later == models(run)[:1]
    whole = results(run)
    # A kill at that moment leaves what the same command goes on from.
    assert not list(killed.glob("*/evaluations"))
    invoke("train", desk.write(), runs="killed")
    left = desk.run("killed")
    for one in (run, left):
        assert are_packed(one) == [True, True]
        assert [fault(model.parent) for model in models(one)] == ["", ""]
        assert not [*one.rglob(WHOLE), *one.rglob("*.partial")]
        assert results(one) == whole
    for packed, again in zip(models(run), models(left), strict=True):
        assert (packed / PACKED).read_bytes() == (again / PACKED).read_bytes()


@pytest.mark.skipif(sys.platform != "linux", reason="threads have a priority of their own on Linux")
def test_packing_gives_way_to_what_is_tested(
    desk: Desk, invoke: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    write, found = packing._write, list[int]()

    def noted(*arguments: Any) -> str:
        found.append(os.nice(0))
        return write(*arguments)

    before = os.nice(0)
    with monkeypatch.context() as patch:
        patch.setattr(packing, "_write", noted)
        invoke("train", desk.write())
    assert max(found) == 19
    assert os.nice(0) == before


def test_what_was_packed_ahead_counts_for_the_model_that_is_there_alone(
    desk: Desk, invoke: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.spec["stages"].pop()

    def touched(model: Path) -> None:
        os.utime(model / WHOLE, ns=(0, 0))

    def failed(_: Path) -> None:
        raise UserError("the test failed")

    with monkeypatch.context() as patch:
        later = _while_tested(patch, touched)
        invoke("train", desk.write(), runs="touched")
    assert later == models(desk.run("touched"))
    assert are_packed(desk.run("touched")) == [True]
    with monkeypatch.context() as patch:
        _while_tested(patch, failed)
        assert "the test failed" in invoke("train", desk.write(), code=2).stderr
    assert not list(desk.run().rglob(f"*{PACKED}*"))
    invoke("train", desk.write())
    assert are_packed(desk.run()) == [True]


def test_a_failure_to_pack_meanwhile_is_said_at_the_end(
    desk: Desk, invoke: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.spec["stages"].pop()

    def full(*_: Any) -> Any:
        raise SafetensorError("I/O error: No space left on device (os error 28)")

    with monkeypatch.context() as patch:
        patch.setattr("safetensors.numpy.save_file", full)
        said = invoke("train", desk.write()).stderr
    assert "left as they are: OSError: I/O error: No space" in said
    assert are_packed(desk.run()) == [False]
    assert not list(desk.run().rglob(f"*{PACKED}*"))
    with monkeypatch.context() as patch:

        def missing(_: Any) -> Any:
            raise UserError("the pretrained weights are not there")

        patch.setattr("xlt_cli.weights.opening.origin_of", missing)
        said = invoke("train", desk.write(), runs="missing").stderr
    assert "left as they are: the pretrained weights are not there" in said
    with monkeypatch.context() as patch:
        patch.setattr(packing, "WORTH", 0.01)
        invoke("train", desk.write(), runs="large")
    assert "of their size" in (desk.run("large") / "stages/0" / packing.DECISION).read_text()
