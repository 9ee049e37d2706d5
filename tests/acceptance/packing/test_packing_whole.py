"""Packing that is killed, or that cannot be done, leaves a whole model."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acceptance_tools import Desk
from packed_models import ORDINARY, are_packed, models
from safetensors import SafetensorError

from xlt_cli.errors import UserError
from xlt_cli.runs import atomic, packing
from xlt_cli.runs.directory import Run
from xlt_cli.runs.provenance import weights_hash
from xlt_cli.runs.stage import fault
from xlt_cli.spec import PluginUse
from xlt_cli.weights import PACKED, WHOLE, changes

MOMENTS = ["before the file has its name", "before it is listed", "before the former is removed",
           "before the store has it"]  # fmt: skip


@pytest.mark.parametrize("back", [False, True], ids=["packing", "unpacking"])
def test_killed_at_any_moment_nothing_is_lost(
    desk: Desk, invoke: Callable[..., Any], back: bool
) -> None:
    desk.spec["stages"].pop()
    invoke("train", desk.write(keep="all" if back else ORDINARY))
    hashed = weights_hash(models(desk.run())[0])
    spec = desk.write(keep=ORDINARY if back else "all")
    for moment in range(len(MOMENTS) - back):
        shutil.copytree(desk.path / "runs", desk.path / str(moment), symlinks=True)
        run = desk.run(str(moment))
        (model,) = models(run)
        child = os.fork()
        if child == 0:
            _die(moment)
            use = PluginUse(**desk.spec["encoder"])
            packing.unpack(Run(run)) if back else packing.pack(Run(run), use)
            os._exit(0)
        assert os.WIFSIGNALED(os.waitpid(child, 0)[1]), MOMENTS[moment]
        assert fault(model.parent) == ""
        assert weights_hash(model) == hashed
        invoke("train", spec, runs=str(moment))
        assert are_packed(run) == [not back]
        assert len(list(run.rglob("model*.safetensors"))) == 1
        assert not list(run.rglob("*.partial"))
        assert fault(model.parent) == ""
        assert weights_hash(model) == hashed


def _die(moment: int) -> None:
    """Has this process killed at a moment of packing."""
    replace, write, unlink = Path.replace, atomic.write_json, Path.unlink

    def die(*_: Any, **__: Any) -> Any:
        os.kill(os.getpid(), signal.SIGKILL)

    def replaced(self: Path, target: Any) -> Any:
        wanted = Path(target).name in (PACKED, WHOLE)
        return die() if wanted else replace(self, target)

    def written(path: Path, *arguments: Any, **named: Any) -> None:
        die() if path.name == atomic.MANIFEST else write(path, *arguments, **named)

    def unlinked(self: Path, missing_ok: bool = False) -> None:
        die() if self.name in (PACKED, WHOLE) else unlink(self, missing_ok)

    if moment == 0:
        Path.replace = replaced  # type: ignore[method-assign]
    elif moment == 1:
        atomic.write_json = written
    elif moment == 2:
        Path.unlink = unlinked  # type: ignore[method-assign]
    else:
        packing._link = die


def test_what_cannot_be_packed_is_left_as_it_is_and_the_reason_said(
    desk: Desk, invoke: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.spec["stages"].pop()
    invoke("train", desk.write(keep=ORDINARY))
    run = desk.run()
    decision = run / "stages/0" / packing.DECISION
    apply = changes.apply

    def missing(_: Any) -> Any:
        raise UserError("they are not there")

    def full(*_: Any) -> Any:
        raise SafetensorError("I/O error: No space left on device (os error 28)")

    def wrong(made: Any, base: Any) -> None:
        apply(made, base)
        if made.kind == "rows":
            base[0, 0] += 1

    def of_now(place: str, value: Any) -> str:
        """What is said of packing, and why it is not tried again; nothing has changed."""
        with monkeypatch.context() as patch:
            patch.setattr(place, value)
            said = str(invoke("train", desk.write()).stderr)
        assert are_packed(run) == [False]
        assert not list(run.rglob(f"*{PACKED}*"))
        return said + (decision.read_text() if decision.exists() else "")

    left = "the weights were left as they are: "
    assert f"{left}they are not there" in of_now("xlt_cli.weights.opening.base_of", missing)
    assert f"{left}OSError: I/O error: No space" in of_now("safetensors.numpy.save_file", full)
    assert not decision.exists()
    assert "would not be the same" in of_now("xlt_cli.weights.changes.apply", wrong)
    decision.unlink()
    assert "of their size" in of_now("xlt_cli.runs.packing.WORTH", 0.01)
    assert "left as they are" not in of_now("xlt_cli.weights.opening.base_of", missing)
