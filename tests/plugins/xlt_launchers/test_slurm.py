"""The launcher `slurm` without a Slurm: submitit's processes on this machine, and stand-ins."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from xlt_cli.api import Event, Failed, Job, Manifest, Retried, UserError
from xlt_launchers import dispatch
from xlt_launchers.slurm import Slurm
from xlt_launchers.submitting import LocalQueue, SlurmQueue

pytest.importorskip("submitit")

SCRIPT = """\
import json, os, sys
from pathlib import Path

answer, once, number = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
if not once.exists():
    once.touch()
    try:
        os.kill(os.getppid(), number)
        sys.stdin.read()  # a pipe that is closed with the process around this one
    except KeyboardInterrupt:
        print("interrupted", flush=True)
        sys.exit(130)
    sys.exit(1)
answer.write_text(json.dumps({"error": ""}))
"""


def job(folder: Path, number: int, strike: int = 0) -> Job:
    """A job that does not end by itself when it is started for the first time.

    Args:
        strike: the signal that it sends to the process around it.
    """
    place, answer = folder / f"run-{number}", folder / f"{number}.json"
    place.mkdir()
    command = (
        sys.executable,
        "-I",
        "-S",
        "-c",
        SCRIPT,
        str(answer),
        str(place / "once"),
        str(strike),
    )
    return Job(number, f"j{number}", "base", 1, place, command, place / "log", answer, "cpu")


@pytest.mark.parametrize("number", [signal.SIGUSR2, signal.SIGKILL])
def test_a_job_that_is_preempted_or_lost_goes_on(tmp_path: Path, number: int) -> None:
    events: list[Event] = []

    only = job(tmp_path, 1, number)
    launcher = Slurm(Slurm.Params(executor="local", jobs=1))
    launcher.launch(Manifest(tmp_path / "manifest.json", tmp_path, (only,)), events.append)
    assert [type(e).__name__ for e in events] == ["Started", "Retried", "Started", "Finished"]
    assert isinstance(events[1], Retried)
    # It left a checkpoint before it was queued again; nobody could ask the lost one for one.
    stopped = only.log.read_text("utf-8").count("interrupted")
    assert stopped == (number == signal.SIGUSR2)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["run-1"]


def test_what_is_missing_is_said_before_anything_is_submitted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="no command 'sbatch'") as caught:
        Slurm().check()
    assert "executor: local" in str(caught.value.hint)
    Slurm(Slurm.Params(executor="local")).check()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError, match="not installed") as caught:
        Slurm().check()
    assert "xlt-cli[slurm]" in str(caught.value.hint)


@pytest.mark.parametrize(
    "wrong", [{"jobs": 0}, {"gpus": -1}, {"hours": 0}, {"memory": 0}, {"partitions": "a"}]
)
def test_wrong_parameters_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Slurm.Params(**wrong)


STAND_INS = {
    "sbatch": 'cp "$1" "$HERE/script-$(ls "$HERE" | grep -c script)"\n'
    'if [ -e "$HERE/full" ]; then echo "sbatch: error: QOSMaxSubmitJobPerUserLimit" >&2; exit 1\n'
    'fi; echo "Submitted batch job 7"',
    "scontrol": 'echo "MaxArraySize            = 4"',
    "squeue": 'cat "$HERE/states"',
    "scancel": 'echo "$@" >> "$HERE/cancelled"',
    "srun": "exit 1",
}


@pytest.fixture
def stand_ins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with programs in place of Slurm's, and what they were asked."""
    for name, script in STAND_INS.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n", "utf-8")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("HERE", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


def queue(folder: Path, count: int, **params: Any) -> tuple[SlurmQueue, list[Job]]:
    jobs = [job(folder, number) for number in range(1, count + 1)]
    manifest = Manifest(folder / "manifest.json", folder, tuple(jobs))
    return SlurmQueue(Slurm.Params(**params), manifest), jobs


def test_jobs_are_submitted_as_arrays_with_the_parameters(stand_ins: Path) -> None:
    made, jobs = queue(
        stand_ins, 5, partition="gpu", account="mine", gpus=1, cpus=4, memory=1.5, hours=0.5,
        setup=["module load cuda"], options={"qos": "high", "array_parallelism": 2},
    )  # fmt: skip
    assert made.slots >= 5
    said = made.submit(jobs)
    assert said == "5 jobs are in the queue of Slurm (7, 7)"
    first, second = (path.read_text("utf-8") for path in sorted(stand_ins.glob("script-*")))
    for line in (
        "--partition=gpu", "--account=mine", "--gpus-per-node=1", "--cpus-per-task=4",
        "--mem=1536MB", "--time=30", "--qos=high", "--array=0-2%2", "--requeue",
    ):  # fmt: skip
        assert f"#SBATCH {line}\n" in first
    assert "\nmodule load cuda\n" in first
    assert "--array=0-1%2\n" in second
    made.close()


def test_a_sweep_of_one_array_is_in_the_queue_as_a_whole(stand_ins: Path) -> None:
    (stand_ins / "states").write_text("", "utf-8")
    for count, at_once, slots in ((3, 2, 3), (3, 5, 5), (5, 2, 2), (0, 2, 2)):
        folder = stand_ins / f"{count}-{at_once}"
        folder.mkdir()
        made, _ = queue(folder, count, jobs=at_once)
        assert (made.slots, made.at_once) == (slots, at_once)
        made.close()


@pytest.mark.parametrize(
    ("state", "standing", "why"),
    [
        ("PENDING", "waits", ""),
        ("REQUEUED", "waits", ""),
        ("RUNNING", "runs", ""),
        ("COMPLETING", "runs", ""),
        ("COMPLETED", "gone", "without a result"),
        ("NODE_FAIL", "gone", "its node was lost"),
        ("CANCELLED", "failed", "job 7_0 of Slurm was cancelled"),
        ("OUT_OF_MEMORY", "failed", "used more memory than it had asked for"),
        ("FAILED", "failed", "job 7_0 of Slurm failed: module: not found"),
    ],
)
def test_states_of_slurm(stand_ins: Path, state: str, standing: str, why: str) -> None:
    made, jobs = queue(stand_ins, 2)
    made.submit(jobs)
    (stand_ins / "states").write_text(f"7_0|{state}\n9_1|RUNNING\n", "utf-8")
    made.handles[1].paths.stdout.write_text("a\nmodule: not found\n", "utf-8")
    said = made.standings([1, 2])
    assert said[1].state == standing
    assert why in said[1].why
    assert said[1].out_of_memory == (state == "OUT_OF_MEMORY")
    assert said[2].state == "gone"  # Slurm does not know it any more
    (stand_ins / "squeue").write_text("#!/bin/sh\nexit 1\n", "utf-8")
    assert made.standings([1, 2]) == {}
    made.cancel([1, 2])
    assert "--signal=INT 7_0 7_1" in (stand_ins / "cancelled").read_text("utf-8")


def test_what_slurm_or_submitit_refuses_is_the_users_error(
    stand_ins: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UserError, match=r"(?s)'qoss'.*account, additional_parameters") as caught:
        queue(stand_ins, 1, options={"qoss": "high"})
    assert "options" in str(caught.value.hint)
    made, jobs = queue(stand_ins / "..", 1)
    (stand_ins / "full").touch()
    with pytest.raises(UserError, match="QOSMaxSubmitJobPerUserLimit"):
        made.submit(jobs)
    assert capfd.readouterr().err == ""


def test_a_job_whose_setup_fails_has_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "MOST_LOST", 0)
    monkeypatch.setattr(LocalQueue, "grace", 0.1)
    events: list[Event] = []
    launcher = Slurm(Slurm.Params(executor="local", jobs=1, setup=["false"]))
    only = job(tmp_path, 1)
    launcher.launch(Manifest(tmp_path / "manifest.json", tmp_path, (only,)), events.append)
    (failed,) = events
    assert isinstance(failed, Failed)
