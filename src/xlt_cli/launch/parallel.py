"""Several runs at once, each in a process of its own: one small model leaves a GPU mostly idle.

This process starts the others, says how far they are and gathers what they end with. A run is
started when what it needs fits into the memory that the others leave (`sweep.memory`). One that
runs out of memory all the same goes on from its last checkpoint: where its need was a guess, beside
others as soon as it is measured; otherwise alone. What happened stands in the runs directory's
`jobs.jsonl`, a line for each event.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from xlt_cli.compute.devices import resolve_device
from xlt_cli.console.progress import Reporter
from xlt_cli.errors import EXIT_INTERRUPTED, UserError
from xlt_cli.launch import local, memory, room
from xlt_cli.launch.jobs import Outcome, PlannedRun
from xlt_cli.launch.local import terminated_as_interrupted
from xlt_cli.launch.memory import RAM, Needs, Tenant, Use
from xlt_cli.launch.shares import cores, gpus_for, share
from xlt_cli.runs import atomic
from xlt_cli.runs.directory import Run, create
from xlt_cli.spec.identity import identity

LOG = "output.log"
"""In a run's directory: what its processes said, one after another."""

ANSWER = "answer.json"
"""In a run's directory, until it is read: what its process ended with."""

LEDGER = "jobs.jsonl"
"""In the runs directory: what happened to runs that were made side by side."""

EVERY = 0.1
"""Seconds between two looks at the processes."""

PATIENCE = 60.0
"""Seconds that interrupted runs have to end by themselves."""


def run_jobs(
    jobs: Sequence[PlannedRun],
    root: Path,
    reporter: Reporter,
    keep_going: bool,
    plain: bool = False,
    at_once: int | None = 1,
) -> list[Outcome]:
    """Runs jobs, so many at once; alone, a job runs in this process.

    With several at once a failure never ends the others; without `keep_going` no more are started.

    Args:
        at_once: None for as many as cores and memory allow.

    Raises:
        UserError: a device is not there, a run's directory cannot be made, or processes are started
            already.
        KeyboardInterrupt: after all runs have ended.
    """
    slots = min(most_at_once() if at_once is None else at_once, len(jobs))
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
    with terminated_as_interrupted():
        crew = _Crew(jobs, root, slots, plain)
        try:
            return crew.work(reporter, keep_going)
        finally:
            crew.stop(reporter)


def most_at_once() -> int:
    """The processes that the cores can feed: one each for GPUs, half as many without any."""
    return cores() if room.visible_gpus(os.environ) else max(1, cores() // 2)


@dataclass
class _Task:
    """A job that waits, or is at work.

    Attributes:
        failed_as_guess: it ran out of memory when its need was a guess.
        failed_as_measured: it did so when its need was measured.
        alone: how it is started: with its place for itself.
        why: what it was last said to wait for.
    """

    number: int
    job: PlannedRun
    key: str
    shape: str
    failed_as_guess: bool = False
    failed_as_measured: bool = False
    alone: bool = False
    why: str = ""

    @property
    def title(self) -> str:
        return f"{self.job.label or 'run'} seed {self.job.seed}"


@dataclass
class _Worker:
    """A job in its process."""

    task: _Task
    run: Run
    places: list[str]
    guessed: bool
    process: subprocess.Popen[bytes]
    began: float

    @property
    def use(self) -> Use:
        """What it holds now, as far as it has said so."""
        return memory.read_use(self.run.path / f"{ANSWER}.memory") or Use()


class _Crew:
    """The processes, at most so many, and the jobs that wait."""

    def __init__(self, jobs: Sequence[PlannedRun], root: Path, slots: int, plain: bool) -> None:
        self.count, self.root, self.slots, self.plain = len(jobs), root, slots, plain
        self.waiting = [
            _Task(number, job, identity(job.spec, job.seed), memory.shape(job.spec))
            for number, job in enumerate(jobs, start=1)
        ]
        self.workers: list[_Worker] = []
        self.gpus = room.visible_gpus(os.environ)
        models = {model for model, _ in room.gpus(self.gpus).values()}
        kinds = {True: "+".join(sorted(models)) or "gpu", False: "cpu"}
        self._needs = {on_gpu: Needs(kind) for on_gpu, kind in kinds.items()}
        for needs in self._needs.values():
            needs.learn(root, (task.shape for task in self.waiting))

    def needs(self, task: _Task) -> Needs:
        """What was measured on the kind of device that a job runs on."""
        return self._needs[bool(gpus_for(task.job.spec.device, self.gpus))]

    def work(self, reporter: Reporter, keep_going: bool) -> list[Outcome]:
        """Runs all jobs; outcomes are in the jobs' order."""
        outcomes: dict[int, Outcome] = {}
        with reporter.bar("runs", self.count, "runs") as bar:
            while self.waiting or self.workers:
                for worker in self._start(reporter):
                    task = worker.task
                    where = f"[{task.number}/{self.count}] {task.title} -> {worker.run.path}"
                    reporter.say(where + _again(task))
                    bar.advance(0, 0, self._note())
                time.sleep(EVERY)
                for worker in self._ended():
                    outcome = self._outcome(worker, reporter)
                    if outcome is None:
                        continue
                    outcomes[worker.task.number] = outcome
                    if outcome.error and not keep_going:
                        self.waiting.clear()
                    bar.advance(1, 0, self._note())
        return [outcomes[number] for number in sorted(outcomes)]

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
                _forget(worker.run)
                self._note_down("interrupted", worker.task, worker.run)

    def _note(self) -> str:
        numbers = sorted(worker.task.number for worker in self.workers)
        return f"running {', '.join(map(str, numbers)) or 'none'}"

    # ------------------------------------------------------------------------- starting

    def _start(self, reporter: Reporter) -> Iterator[_Worker]:
        """Starts what there is room for, in the jobs' order.

        A job that has to wait for memory lets smaller ones pass; one that is to be alone does not,
        or it would never have its turn. Points that differ in their evaluations alone are
        one run: such jobs wait for each other.
        """
        for task in self.waiting:
            known = self.needs(task).measured(task.shape)
            task.alone = task.failed_as_measured or (task.failed_as_guess and not known)
        for task in sorted(self.waiting, key=lambda task: not task.alone):
            if len(self.workers) >= self.slots:
                return
            if task.key in {worker.task.key for worker in self.workers}:
                continue
            places, why = self._place(task)
            if why:
                self._wait(task, why, reporter)
                if task.alone:
                    return
                continue
            self.waiting.remove(task)
            worker = self._worker(task, places)
            self.workers.append(worker)
            yield worker

    def _place(self, task: _Task) -> tuple[list[str], str]:
        """Where a job can start now, the emptiest GPU first; or why it has to wait."""
        running = [(worker, worker.use) for worker in self.workers]
        uses = [use for _, use in running]
        need = self.needs(task).of(task.shape, uses)
        tenants = [
            Tenant(w.places, self._need(w, uses).most(use), use, w.task.alone) for w, use in running
        ]
        rooms = {name: one for name, (_, one) in room.gpus(self.gpus).items()} if running else {}
        rooms[RAM] = room.ram()
        busy = [place for worker in self.workers for place in worker.places]
        choices: list[list[str]] = [
            [gpu, RAM] for gpu in sorted(gpus_for(task.job.spec.device, self.gpus), key=busy.count)
        ]
        why = ""
        for places in choices or [[RAM]]:
            # Out of a GPU's memory: to have that GPU for itself is enough.
            lonely = task.alone and len(places) == 1
            why = memory.lacking(places[:-1], need, tenants, rooms, task.alone)
            why = why or memory.lacking([RAM], need, tenants, rooms, lonely)
            if not why:
                return places, ""
        return [], why

    def _need(self, worker: _Worker, uses: Sequence[Use]) -> Use:
        return self.needs(worker.task).of(worker.task.shape, uses)

    def _wait(self, task: _Task, why: str, reporter: Reporter) -> None:
        if not task.why:
            reporter.say(f"[{task.number}/{self.count}] {task.title} waits: {why}")
            self._note_down("waits", task, None, reason=why)
        task.why = why

    def _worker(self, task: _Task, places: list[str]) -> _Worker:
        job = task.job
        run = create(self.root, job.spec, job.seed, job.text, job.overrides)
        _forget(run)
        gpu = places[0] if places[0] != RAM else None
        own = share(self.slots, job.spec.device, gpu, len(self.gpus), os.environ)
        process = [sys.executable, "-P", "-m", "xlt_cli.launch.process"]
        arguments = [str(run.path), str(run.path / ANSWER), str(int(self.plain)), *sys.argv]
        with (run.path / LOG).open("ab") as log:
            started = subprocess.Popen(
                [*process, *arguments],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env={**os.environ, **own},
                start_new_session=True,  # Ctrl-C is for this process, which passes it on
            )
        self._note_down("started", task, run, pid=started.pid, places=places, alone=task.alone)
        guessed = not self.needs(task).measured(task.shape)
        return _Worker(task, run, places, guessed, started, time.monotonic())

    # --------------------------------------------------------------------------- ending

    def _ended(self) -> Iterator[_Worker]:
        """Takes out the workers whose process has ended."""
        for worker in list(self.workers):
            if worker.process.poll() is not None:
                assert worker.process.stdin is not None
                worker.process.stdin.close()
                self.workers.remove(worker)
                yield worker

    def _outcome(self, worker: _Worker, reporter: Reporter) -> Outcome | None:
        """What a job ended with; None where it is to be made again, alone."""
        task, run = worker.task, worker.run
        answer = atomic.read_json(run.path / ANSWER) or _died(worker.process.returncode)
        peak = Use(**answer["peak"]) if "peak" in answer else worker.use
        _forget(run)
        error, short = answer["error"], answer["out_of_memory"]
        if not error:
            self.needs(task).add(task.shape, peak)
            self.needs(task).write(run.path, task.shape, peak)
        event = "out of memory" if short else "failed" if error else "done"
        seconds = round(time.monotonic() - worker.began, 1)
        self._note_down(event, task, run, error=error, seconds=seconds, **memory.as_json(peak))
        if short and not task.alone:
            reporter.warn(f"{run.name} ran out of memory and goes on later: {error}")
            task.failed_as_guess |= worker.guessed
            task.failed_as_measured |= not worker.guessed
            task.why = ""
            self.waiting.append(task)
            return None
        if short:
            error = f"{error}\n  {memory.REMEDY}"
        if error:
            log = run.path / LOG
            reporter.warn(f"{run.name} failed: {error}\n  what it said: {log}")
        else:
            reporter.say(f"[{task.number}/{self.count}] {run.name}: done, {seconds:,.0f} s")
        return Outcome(task.job, run, answer["results"], error)

    def _note_down(self, event: str, task: _Task, run: Run | None, **about: Any) -> None:
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "event": event,
            "run": run.name if run else None,
            "job": task.number,
            "point": task.job.label,
            "seed": task.job.seed,
        }
        with contextlib.suppress(OSError):  # a full disk: the runs themselves say so
            atomic.append_line(self.root / LEDGER, {**line, **about})


def _again(task: _Task) -> str:
    if task.alone:
        return " (again, alone)"
    return " (again)" if task.failed_as_guess else ""


def _forget(run: Run) -> None:
    """Removes what a process has said to the one that waited for it."""
    for name in (ANSWER, f"{ANSWER}.memory"):
        (run.path / name).unlink(missing_ok=True)


def _died(code: int) -> dict[str, Any]:
    """What a process that left no answer has ended with."""
    why = f"its process ended with code {code}"
    if code == EXIT_INTERRUPTED:
        why = "interrupted"
    elif code < 0:
        why = f"its process was ended by {signal.Signals(-code).name}"
    # The system kills so when the machine's memory runs out.
    return {"results": [], "error": why, "out_of_memory": code == -signal.SIGKILL}
