"""Several runs at once, each in a process of its own: one small model leaves a GPU mostly idle.

This process starts the others, says how far they are and gathers what they end with.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from xlt_cli.console.progress import Reporter
from xlt_cli.engine.runtime import resolve_device
from xlt_cli.errors import EXIT_INTERRUPTED, UserError
from xlt_cli.runs import atomic
from xlt_cli.runs.directory import Run, create
from xlt_cli.spec import identity
from xlt_cli.sweep import local
from xlt_cli.sweep.local import Job, Outcome, terminated_as_interrupted
from xlt_cli.sweep.shares import gpus, share

LOG = "output.log"
"""In a run's directory: what its processes said, one after another."""

EVERY = 0.1
"""Seconds between two looks at the processes."""

PATIENCE = 60.0
"""Seconds that interrupted runs have to end by themselves."""


def run_jobs(
    jobs: Sequence[Job],
    root: Path,
    reporter: Reporter,
    keep_going: bool,
    plain: bool = False,
    at_once: int = 1,
) -> list[Outcome]:
    """Runs jobs, so many at once; alone, a job runs in this process.

    With several at once a failure never ends the others; without `keep_going` no more are started.

    Raises:
        UserError: a device is not there, a run's directory cannot be made, or processes are started
            already.
        KeyboardInterrupt: after all runs have ended.
    """
    slots = min(at_once, len(jobs))
    if slots < 2:
        return local.run_jobs(jobs, root, reporter, keep_going, plain)
    if os.environ.get("WORLD_SIZE", "1") != "1":
        raise UserError(
            "runs at once and several processes for one run exclude each other",
            "--jobs",
            "leave torchrun or accelerate away, or --jobs",
        )
    for device in {job.spec.device for job in jobs} - {"auto", "cpu"}:
        resolve_device(device)  # or each run would find out by itself
    with terminated_as_interrupted(), tempfile.TemporaryDirectory() as answers:
        crew = _Crew(jobs, root, Path(answers), slots, plain)
        try:
            return crew.work(reporter, keep_going)
        finally:
            crew.stop(reporter)


@dataclass
class _Worker:
    """A job in its process."""

    number: int
    job: Job
    run: Run
    key: str
    process: subprocess.Popen[bytes]
    answer: Path
    began: float


class _Crew:
    """The processes, one in each slot, and the jobs that wait for a slot."""

    def __init__(
        self, jobs: Sequence[Job], root: Path, answers: Path, slots: int, plain: bool
    ) -> None:
        self.count, self.root, self.answers, self.plain = len(jobs), root, answers, plain
        self.waiting = list(enumerate(jobs, start=1))
        self.slots: list[_Worker | None] = [None] * slots
        self.gpus = gpus(os.environ)

    @property
    def workers(self) -> list[_Worker]:
        return [worker for worker in self.slots if worker]

    def work(self, reporter: Reporter, keep_going: bool) -> list[Outcome]:
        """Runs all jobs; outcomes are in the jobs' order."""
        found: dict[int, Outcome] = {}
        with reporter.bar("runs", self.count, "runs") as bar:
            while self.waiting or self.workers:
                for worker in self._start():
                    where = f"{worker.job.label or 'run'} seed {worker.job.seed}"
                    reporter.say(f"[{worker.number}/{self.count}] {where} -> {worker.run.path}")
                    bar.advance(0, 0, self._note())
                time.sleep(EVERY)
                for worker in self._ended():
                    outcome = found[worker.number] = _outcome(worker)
                    _tell(outcome, worker, self.count, reporter)
                    if outcome.error and not keep_going:
                        self.waiting.clear()
                    bar.advance(1, 0, self._note())
        return [found[number] for number in sorted(found)]

    def stop(self, reporter: Reporter) -> None:
        """Interrupts what still runs and waits for its end; a second Ctrl-C does not wait."""
        if not self.workers:
            return
        reporter.say(f"interrupting {len(self.workers)} runs ...")
        try:
            for worker in self.workers:
                worker.process.send_signal(signal.SIGINT)
            end = time.monotonic() + PATIENCE
            for worker in self.workers:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    worker.process.wait(max(0.0, end - time.monotonic()))
        finally:
            for worker in self.workers:
                worker.process.kill()  # a run goes on from its checkpoint, however it ended
                worker.process.wait()

    def _note(self) -> str:
        return f"running {', '.join(str(worker.number) for worker in self.workers) or 'none'}"

    def _start(self) -> Iterator[_Worker]:
        """Fills the free slots.

        Points that differ in their evaluations alone are one run: such jobs wait for each other.
        """
        for slot, taken in enumerate(self.slots):
            busy = {worker.key for worker in self.workers}
            free = ((n, j) for n, j in self.waiting if identity(j.spec, j.seed) not in busy)
            chosen = next(free, None) if taken is None else None
            if chosen:
                self.waiting.remove(chosen)
                worker = self.slots[slot] = self._worker(slot, *chosen)
                yield worker

    def _worker(self, slot: int, number: int, job: Job) -> _Worker:
        run = create(self.root, job.spec, job.seed, job.text, job.overrides)
        answer = self.answers / f"{number}.json"
        own = share(slot, len(self.slots), job.spec.device, self.gpus, os.environ)
        process = [sys.executable, "-P", "-m", "xlt_cli.sweep.process"]
        arguments = [str(run.path), str(answer), str(int(self.plain)), *sys.argv]
        with (run.path / LOG).open("ab") as log:
            started = subprocess.Popen(
                [*process, *arguments],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env={**os.environ, **own},
                start_new_session=True,  # Ctrl-C is for this process, which passes it on
            )
        key = identity(job.spec, job.seed)
        return _Worker(number, job, run, key, started, answer, time.monotonic())

    def _ended(self) -> Iterator[_Worker]:
        """Empties the slots whose process has ended."""
        for slot, worker in enumerate(self.slots):
            if worker and worker.process.poll() is not None:
                assert worker.process.stdin is not None
                worker.process.stdin.close()
                self.slots[slot] = None
                yield worker


def _outcome(worker: _Worker) -> Outcome:
    answer = atomic.read_json(worker.answer)
    if answer is None:
        answer = {"results": [], "error": _died(worker.process.returncode)}
    return Outcome(worker.job, worker.run, answer["results"], answer["error"])


def _died(code: int) -> str:
    """Why a process left no answer."""
    if code == EXIT_INTERRUPTED:
        return "interrupted"
    if code < 0:
        return f"its process was ended by {signal.Signals(-code).name}"
    return f"its process ended with code {code}"


def _tell(outcome: Outcome, worker: _Worker, count: int, reporter: Reporter) -> None:
    if outcome.error:
        log = outcome.run.path / LOG
        reporter.warn(f"{outcome.run.name} failed: {outcome.error}\n  what it said: {log}")
    else:
        seconds = time.monotonic() - worker.began
        reporter.say(f"[{worker.number}/{count}] {outcome.run.name}: done, {seconds:,.0f} s")
