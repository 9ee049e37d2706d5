"""The processes, at most so many at once, and the jobs that wait.

A job is started when what it needs fits into the memory that the others leave (`admission`). One
that runs out of memory all the same goes on from its last checkpoint: where its need was a guess,
beside others as soon as it is measured; otherwise alone. A process that does not report any more
(it was stopped, or hangs) is ended, and its job goes on as well.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator

from xlt_cli.api import (
    Event,
    Failed,
    Finished,
    Hint,
    Interrupted,
    Job,
    Manifest,
    Retried,
    Started,
    Stopping,
    Waiting,
)
from xlt_launchers import room
from xlt_launchers.admission import RAM
from xlt_launchers.hosts import Hosts, close
from xlt_launchers.placement import Places
from xlt_launchers.shares import share
from xlt_launchers.tasks import Task, Worker, start

FIRST, EVERY = 0.005, 0.1
"""Seconds between two looks at the processes: after one has ended, and after a while."""

MOST_STOPPED = 3
"""How often the process of one job is ended because it does not report, before the job fails."""

PATIENCE = 60.0
"""Seconds that interrupted jobs have to end by themselves."""

TAKING_TURNS = (
    "several runs share GPU {gpu} and take turns on it, because NVIDIA's multi-process service is "
    "not running; `nvidia-cuda-mps-control -d` starts it, and small models train faster together"
)


class Crew:
    """The workers, and the tasks that wait."""

    def __init__(self, manifest: Manifest, slots: int, tell: Callable[[Event], None]) -> None:
        self.keep_going, self.tell = manifest.keep_going, tell
        self.further = manifest.further
        self.waiting = [Task(job) for job in manifest.jobs]
        self.workers: list[Worker] = []
        self.hosts = Hosts(manifest.worker)
        self.places = Places(manifest.jobs, os.environ)
        self.slots = slots
        self._hinted = False
        self._ask()
        self.slots = min(slots, len(self.waiting))

    def work(self) -> None:
        """Runs all jobs; after a failure no more are started, unless it is to keep going."""
        looked, pause = time.monotonic(), FIRST
        while self.waiting or self.workers:
            self._start()
            time.sleep(pause)
            pause = min(1.5 * pause, EVERY)
            before, looked = looked, time.monotonic()
            for worker in self.workers:
                worker.listen(looked - before)
                if worker.silence > worker.task.job.silent_after:
                    worker.process.kill()
                    worker.process.wait()
            for worker, code in self._ended():
                pause = FIRST
                if not self._settle(worker, code) and not self.keep_going:
                    self.waiting.clear()
                    self.further = _no_more
            self._ask()

    def stop(self) -> None:
        """Interrupts what still runs and waits for its end; a second Ctrl-C does not wait."""
        try:
            if self.workers:
                self._interrupt()
        finally:
            self.hosts.end()

    def _interrupt(self) -> None:
        try:
            self.tell(Stopping(tuple(worker.task.job for worker in self.workers)))
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
                close(worker.process)
            for worker in self.workers:
                self.tell(Interrupted(worker.task.job))

    # ------------------------------------------------------------------------- starting

    def _ask(self) -> None:
        """Asks for further jobs where there are more slots than jobs."""
        free = self.slots - len(self.waiting) - len(self.workers)
        if free > 0:
            further = self.further(free)
            self.places.learn(further)
            self.waiting += map(Task, further)

    def _start(self) -> None:
        """Starts what there is room for, in the jobs' order.

        A job that has to wait for memory lets smaller ones pass; one that is to be alone does not,
        or it would never have its turn. Jobs with one directory are one run: they wait for each
        other.
        """
        if len(self.workers) >= self.slots:
            return
        failed = [one for one in self.waiting if one.failed_as_measured or one.failed_as_guess]
        for task in failed:
            known = self.places.needs(task).measured(task.job.shape)
            task.alone = task.failed_as_measured or not known
        alone = [task for task in failed if task.alone]
        others = (task for task in list(self.waiting) if not task.alone)
        for task in itertools.chain(alone, others):
            if len(self.workers) >= self.slots:
                return
            if task.job.directory in {worker.task.job.directory for worker in self.workers}:
                continue
            places, why = self.places.find(task, self.workers)
            if why and self.hosts.idle:  # what they hold is missing
                self.hosts.end()
                places, why = self.places.find(task, self.workers)
            if why:
                if not task.why:
                    self.tell(Waiting(task.job, why))
                task.why = why
                if task.alone:
                    return
                continue
            self._start_one(task, places)

    def _start_one(self, task: Task, places: list[str]) -> None:
        gpu = places[0] if places[0] != RAM else None
        own = share(self.slots, task.job.device, gpu, len(self.places.gpus), os.environ)
        guessed = not self.places.needs(task).measured(task.job.shape)
        worker = start(task, places, guessed, own, self.hosts)
        self.waiting.remove(task)
        self.workers.append(worker)
        about = {"pid": worker.process.pid, "places": places, "alone": task.alone}
        self.tell(Started(task.job, task.again, about=about))
        if gpu is not None and not self._hinted:
            self._hint(gpu)

    def _hint(self, gpu: str) -> None:
        """Says once that runs on a GPU take turns, if they do."""
        if sum(gpu in worker.places for worker in self.workers) > 1:
            self._hinted = True
            if not room.multi_process_service(os.environ):
                self.tell(Hint(TAKING_TURNS.format(gpu=gpu)))

    # --------------------------------------------------------------------------- ending

    def _ended(self) -> Iterator[tuple[Worker, int]]:
        """Takes out the workers whose job has ended, with its exit code."""
        for worker in list(self.workers):
            code = worker.process.poll()
            if code is not None:
                close(worker.process)
            elif worker.host is not None and worker.host.has_done():
                code = 0
                self.hosts.give_back(worker.host)
            else:
                continue
            self.workers.remove(worker)
            yield worker, code

    def _settle(self, worker: Worker, code: int) -> bool:
        """Tells what a job ended with; False where it has failed for good.

        One whose run is another process's has not failed.
        """
        task, job, seconds = worker.task, worker.task.job, worker.seconds
        if worker.silence > job.silent_after:
            return self._settle_stopped(worker)
        ended = job.ended(code)
        if not ended.error:
            if ended.peak.ram:  # nothing is measured where the run was done before
                self.places.needs(task).add(job.shape, ended.peak)
            self.tell(Finished(job, seconds, ended.peak))
            return True
        if ended.out_of_memory and not task.alone:
            self.tell(Retried(job, ended.error, ended.out_of_memory, seconds, ended.peak))
            task.failed_as_guess |= worker.guessed
            task.failed_as_measured |= not worker.guessed
            task.why = ""
            self.waiting.append(task)
            return True
        self.tell(Failed(job, ended.error, ended.out_of_memory, seconds, ended.peak))
        return ended.taken

    def _settle_stopped(self, worker: Worker) -> bool:
        """Tells of a job that its process was ended because it did not report."""
        task, job, seconds = worker.task, worker.task.job, worker.seconds
        error = f"its process had not reported for {job.silent_after:g} s and was ended"
        task.stopped += 1
        if task.stopped > MOST_STOPPED:
            self.tell(Failed(job, error, seconds=seconds))
            return False
        self.tell(Retried(job, error, seconds=seconds))
        self.waiting.append(task)
        return True


def _no_more(free: int) -> tuple[Job, ...]:
    return ()
