"""Queues of submitit: arrays of Slurm, and for trying them out, processes on this machine."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from xlt_cli.api import Job, Manifest, UserError, cores
from xlt_launchers.carry import BEGAN, record
from xlt_launchers.queue import Queue, Standing
from xlt_launchers.submitted import Submitted

if TYPE_CHECKING:
    from xlt_launchers.slurm import Slurm

LARGEST_ARRAY = 1000
"""Tasks of an array at most, if Slurm does not say: the usual `MaxArraySize` is 1001."""

IN_A_SEARCH = 32
"""Jobs of a search at once, if nothing is said."""

CLOSING = 30.0
"""Seconds to wait for the processes around commands that have ended."""

RESTARTS = 20
"""How often Slurm restarts a job whose time was over."""

WAITS = {"PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "SPECIAL_EXIT"}
GONE = {"COMPLETED", "TIMEOUT", "NODE_FAIL", "PREEMPTED", "BOOT_FAIL"}
WHY_GONE = {
    "TIMEOUT": "its time was over before it had stopped",
    "NODE_FAIL": "its node was lost",
    "PREEMPTED": "it was preempted",
    "BOOT_FAIL": "its node did not start",
}
LOST = "it has ended without a result"


class _Submitit(Queue):
    """What the two executors have in common.

    Attributes:
        handles: of submitit, by the numbers of jobs; the latest one of each.
    """

    def __init__(self, params: Slurm.Params, manifest: Manifest) -> None:
        os.environ.setdefault("SUBMITIT_LOG_LEVEL", "CRITICAL")
        self.params = params
        folder = tempfile.mkdtemp(prefix="xlt-", dir=manifest.path.parent)
        self.folder = Path(folder).absolute()
        self.handles: dict[int, Any] = {}

    def close(self) -> None:
        """Removes submitit's files once the last processes have written theirs."""
        end = time.monotonic() + CLOSING
        while time.monotonic() < end:
            standings = self.standings(list(self.handles)).values()
            if not any(each.state == "runs" for each in standings):
                break
            time.sleep(0.1 * self.shortest)
        shutil.rmtree(self.folder, ignore_errors=True)

    @contextlib.contextmanager
    def _complaints(self) -> Iterator[None]:
        """What is wrong with the parameters, or with Slurm, as the user's error.

        Raises:
            UserError: they were refused.
        """
        from submitit.core.utils import FailedJobError, FailedSubmissionError

        try:
            with contextlib.redirect_stderr(io.StringIO()):  # it prints what sbatch says
                yield
        except (ValueError, AssertionError, TypeError, NameError) as error:
            said = re.sub(r"\s*\n\s*- ", ", ", str(error)).replace(":, ", ": ")
            said = re.sub(r" \(default: [^)]*\)", "", said)
            raise UserError(
                f"submitit refuses the options: {said}", "launcher 'slurm'", "see its `options`"
            ) from None
        except (FailedJobError, FailedSubmissionError, subprocess.CalledProcessError) as error:
            said = str(error)
            found = re.search(r"(sbatch: error:.*)", said, re.DOTALL)
            raise UserError(
                f"Slurm refuses the jobs: {(found[1] if found else said).strip()[:500]}",
                "launcher 'slurm'",
                "try the same options with `sbatch --test-only`",
            ) from None


class SlurmQueue(_Submitit):
    """Arrays of Slurm."""

    shortest: ClassVar[float] = 1.0

    def __init__(self, params: Slurm.Params, manifest: Manifest) -> None:
        import submitit

        super().__init__(params, manifest)
        self.array, count = _largest_array(), len(manifest.jobs)
        self.at_once = max(count, IN_A_SEARCH) if params.jobs == "auto" else params.jobs
        # Slurm limits what runs of an array, so that a sweep goes on if this process is killed.
        one_array = self.at_once < count <= self.array
        self.slots = count if one_array else self.at_once
        self.jobs: dict[int, Job] = {}
        given = {
            "job_name": self.folder.name,
            "partition": params.partition,
            "account": params.account,
            "time": max(1, round(60 * params.hours)),
            "gpus_per_node": params.gpus or None,
            "cpus_per_task": params.cpus,
            "mem": f"{round(1024 * params.memory)}MB" if params.memory else None,
            "setup": params.setup or None,
            "array_parallelism": self.at_once,
            "stderr_to_stdout": True,
            "additional_parameters": {"requeue": True},
        }
        given = {name: value for name, value in given.items() if value is not None}
        with self._complaints():
            self.executor = submitit.SlurmExecutor(self.folder, max_num_timeout=RESTARTS)
            self.executor.update_parameters(**{**given, **params.options})
        self.name = {**given, **params.options}["job_name"]

    def submit(self, jobs: Sequence[Job]) -> str:
        said = []
        for start in range(0, len(jobs), self.array):
            some = jobs[start : start + self.array]
            with self._complaints(), self.executor.batch():
                handles = [self.executor.submit(_work(job)) for job in some]
            for job, handle in zip(some, handles, strict=True):
                self.jobs[job.number], self.handles[job.number] = job, handle
            said.append(handles[0].job_id.partition("_")[0])
        return f"{len(jobs)} jobs are in the queue of Slurm ({', '.join(said)})"

    def standings(self, numbers: Sequence[int]) -> Mapping[int, Standing]:
        try:
            command = ["squeue", "--noheader", "--array", "--states=all", "--format=%i|%T"]
            listed = subprocess.run(
                [*command, f"--name={self.name}"],
                check=True, capture_output=True, text=True, timeout=120,
            ).stdout  # fmt: skip
        except (OSError, subprocess.SubprocessError):
            return {}  # the controller does not answer; the jobs go on
        states = dict(line.split("|") for line in listed.split() if "|" in line)
        return {
            number: self._standing(number, states.get(self.handles[number].job_id))
            for number in numbers
            if number in self.handles
        }

    def _standing(self, number: int, state: str | None) -> Standing:
        """What a state of Slurm means."""
        handle = self.handles[number]
        if state is None:
            return Standing("gone", LOST)
        if state in WAITS:
            return Standing("waits")
        if state in GONE:
            return Standing("gone", WHY_GONE.get(state, LOST))
        where = f"job {handle.job_id} of Slurm"
        if state in ("CANCELLED", "DEADLINE", "REVOKED"):
            return Standing("failed", f"{where} was cancelled")
        if state == "OUT_OF_MEMORY":
            return Standing("failed", f"{where} used more memory than it had asked for", True)
        if state == "FAILED":
            begun = record(self.jobs[number].answer, BEGAN, 1).exists()
            said = _last_line(handle.paths.stdout)
            return Standing("gone" if begun else "failed", f"{where} failed: {said}")
        return Standing("runs")

    def cancel(self, numbers: Sequence[int]) -> None:
        # Without a signal, scancel also ends the script around the command, and Slurm then kills
        # the command before it has left a checkpoint.
        for how in (["--state=PENDING"], ["--state=RUNNING", "--signal=INT"]):
            self._scancel(numbers, how)

    def end(self, numbers: Sequence[int]) -> None:
        self._scancel(numbers, [])

    def _scancel(self, numbers: Sequence[int], how: list[str]) -> None:
        ids = [self.handles[number].job_id for number in numbers if number in self.handles]
        for start in range(0, len(ids), 500):
            some = ids[start : start + 500]
            subprocess.run(["scancel", *how, *some], capture_output=True, timeout=120)


class LocalQueue(_Submitit):
    """Processes on this machine, as submitit's executor for trying things out makes them."""

    shortest: ClassVar[float] = 0.1
    longest: ClassVar[float] = 0.5
    grace: ClassVar[float] = 1.0

    def __init__(self, params: Slurm.Params, manifest: Manifest) -> None:
        import submitit

        super().__init__(params, manifest)
        self.slots = self.at_once = cores() if params.jobs == "auto" else params.jobs
        given = {
            "timeout_min": 60 * params.hours,
            "gpus_per_node": params.gpus,
            "setup": params.setup,
            "stderr_to_stdout": True,
        }
        with self._complaints():
            self.executor = submitit.LocalExecutor(self.folder, max_num_timeout=RESTARTS)
            self.executor.update_parameters(**given)

    def submit(self, jobs: Sequence[Job]) -> str:
        for job in jobs:
            # Ctrl-C on the terminal is for this process, which passes it on.
            before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            try:
                self.handles[job.number] = self.executor.submit(_work(job))
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return ""

    def standings(self, numbers: Sequence[int]) -> Mapping[int, Standing]:
        return {
            number: Standing("gone", LOST) if self.handles[number].done() else Standing("runs")
            for number in numbers
            if number in self.handles
        }

    def cancel(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            if number in self.handles and not self.handles[number].done():
                # Its own `cancel` kills the process after a second.
                os.kill(int(self.handles[number].job_id), signal.SIGTERM)


def _work(job: Job) -> Submitted:
    return Submitted(job.command, str(job.log), str(job.answer))


def _largest_array() -> int:
    """How many tasks an array may have."""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        said = subprocess.run(
            ["scontrol", "show", "config"], capture_output=True, text=True, timeout=60
        ).stdout
        found = re.search(r"^MaxArraySize\s*=\s*(\d+)", said, re.MULTILINE)
        if found:
            return max(1, min(int(found[1]) - 1, LARGEST_ARRAY))
    return LARGEST_ARRAY


def _last_line(log: Path) -> str:
    """The last line of a log; what is said instead if there is none."""
    with contextlib.suppress(OSError, IndexError):
        return log.read_text("utf-8", "replace").strip().splitlines()[-1][:300]
    return "it has no output"
