"""Launchers: they run the jobs of a sweep, each in a process of its own."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from xlt_cli.api.events import Event
from xlt_cli.api.jobs import Job
from xlt_cli.api.plugin import Plugin


def _no_further(free: int) -> tuple[Job, ...]:
    return ()


@dataclass(frozen=True)
class Manifest:
    """The jobs of a sweep.

    Attributes:
        path: the manifest file, which `xlt run` reads.
        runs: the runs directory.
        keep_going: whether to start further jobs after one has failed.
        further: returns further jobs, at most as many as its argument, which is 1 or more. A
            search uses it: its jobs depend on the results of those that have ended. The launcher
            calls it when it has free slots, in the thread that called `launch`, after it has told
            the ends of jobs that it knows of, and adds the jobs to the others. `()` means that
            there are none now; it may return some later, as long as a job waits or runs. If there
            are none when no job waits or runs any more, all is done. It is not called after a
            failure without `keep_going`.
        worker: a command for launchers that execute several jobs in one process, which saves the
            start of each. It reads the `request` of a job from a line of standard input, and writes
            a line to standard output when the job has ended well; the job's output goes to its log.
            If a job fails or is interrupted, the process ends as the job's command would, and
            another one has to be started. It ends when its input is closed.
    """

    path: Path
    runs: Path
    jobs: tuple[Job, ...]
    keep_going: bool = True
    further: Callable[[int], tuple[Job, ...]] = field(default=_no_further)
    worker: tuple[str, ...] = ()


class Launcher(Plugin):
    """Runs jobs, on this machine or on others that see the same files.

    Attributes:
        on_this_machine: whether all jobs run on this machine, so that their devices can be checked
            before any is started.
    """

    plugin_kind = "launcher"
    on_this_machine: ClassVar[bool] = False

    @abstractmethod
    def launch(self, manifest: Manifest, tell: Callable[[Event], None]) -> None:
        """Runs the command of each job, and returns when no job is running any more.

        While it has free slots it asks for further jobs (`manifest.further`), and returns when
        there are none and no job is running.

        It prints nothing and reports what happens by calling `tell` with events; a `Failed` event
        determines the outcome of the job. A failing job must not stop the others. Ctrl-C and
        SIGTERM raise KeyboardInterrupt: the launcher then stops its jobs with SIGINT, waits for
        them, and lets the exception pass.
        """
