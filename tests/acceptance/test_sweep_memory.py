"""Runs side by side that run out of memory lose nothing: they go on when there is room."""

from __future__ import annotations

import json

import pytest
from acceptance_tools import Desk, ledger

# Only one process at a time can hold the file: another one "runs out of memory". The one that holds
# it waits for that, so that both are surely at work together.
GREEDY = """
import atexit, os, signal, time
from pathlib import Path
import torch
from xlt_cli.api import EmbeddingPerturbation

ROOM = Path(os.environ["GREEDY_ROOM"])
HOW = os.environ["GREEDY_HOW"]

def fail():
    (ROOM / "refused").touch()
    if HOW == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

class Greedy(EmbeddingPerturbation):
    api_version = 1
    name = "greedy"
    summary = "plain training that has to be alone"
    held = False

    def loss(self, seam):
        if HOW == "never":
            fail()
        if not Greedy.held:
            try:
                os.close(os.open(ROOM / "held", os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                fail()
            Greedy.held = True
            atexit.register((ROOM / "held").unlink)
            end = time.monotonic() + 100
            while not (ROOM / "refused").exists() and time.monotonic() < end:
                time.sleep(0.01)
        return seam.loss(seam.logits(seam.embeddings))
"""


@pytest.fixture
def greedy(desk: Desk) -> Desk:
    """A desk with a perturbation that cannot be in two processes at once."""
    packages = desk.path / "packages"
    info = packages / "greedy-1.0.dist-info"
    info.mkdir(parents=True)
    (packages / "greedy.py").write_text(GREEDY, "utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: greedy\nVersion: 1.0\n", "utf-8")
    (info / "entry_points.txt").write_text("[xlt.perturbations]\ngreedy = greedy:Greedy\n", "utf-8")
    stage = {**desk.spec["stages"][0], "max_steps": 8, "perturbation": "greedy"}
    del stage["checkpoint_every"], stage["evaluate_every"]
    desk.spec.update(stages=[stage], evaluations=[], seeds=[1, 2])
    paths = [str(packages), *filter(None, [desk.environment.get("PYTHONPATH")])]
    desk.environment.update(PYTHONPATH=":".join(paths), GREEDY_ROOM=str(desk.path))
    return desk


@pytest.mark.parametrize("how", ["out of memory", "killed"])
def test_what_runs_out_of_memory_beside_others_goes_on_when_there_is_room(
    greedy: Desk, how: str
) -> None:
    spec = greedy.write(sweep={})
    code, out, err = greedy.xlt("sweep", spec, "--jobs", 2, "--json", GREEDY_HOW=how)
    assert code == 0, err
    assert [one["error"] for one in json.loads(out)] == ["", ""]
    assert "ran out of memory and will be continued later" in err
    told = [(event["event"], event.get("alone")) for event in ledger(greedy)]
    assert told.count(("started", False)) == 3  # the last one as its need is measured by then
    assert told.count(("out of memory", None)) == 1
    assert told.count(("done", None)) == 2
    # The second start came after the other run had ended.
    (again,) = [i for i, one in enumerate(told) if one[0] == "started"][2:]
    assert ("done", None) in told[:again]
    runs = [path.parent for path in greedy.path.glob("runs/*/run.json")]
    for run in runs:
        peak = json.loads((run / "memory.json").read_text("utf-8"))
        assert (peak["kind"], peak["gpu"]) == ("cpu", 0)
        assert 2**27 < peak["ram"] < 2**34
        assert not list(run.glob("answer.json*"))


def test_what_runs_out_of_memory_alone_too_is_a_failure_that_says_what_to_do(greedy: Desk) -> None:
    spec = greedy.write(sweep={})
    code, out, err = greedy.xlt("sweep", spec, "--jobs", 2, "--json", GREEDY_HOW="never")
    assert code == 1
    assert err.count("continued later") == 2
    for one in json.loads(out):
        assert "Tried to allocate 2.00 GiB" in one["error"]
        assert "a smaller batch_size" in one["error"]
    told = [event["event"] for event in ledger(greedy)]
    assert (told.count("out of memory"), told.count("failed")) == (2, 2)
    assert [event["alone"] for event in ledger(greedy) if event["event"] == "started"][2:] == [
        True,
        True,
    ]
