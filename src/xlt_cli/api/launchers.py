"""Launchers: they run the jobs of a sweep, each in a process of its own."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from xlt_cli.api.events import Event
from xlt_cli.api.jobs import Job
from xlt_cli.api.plugin import Plugin


@dataclass(frozen=True)
class Manifest:
    """The jobs of a sweep.

    Attributes:
        path: the manifest file, which `xlt run` reads.
        runs: the runs directory.
        keep_going: whether to start further jobs after one has failed.
    """

    path: Path
    runs: Path
    jobs: tuple[Job, ...]
    keep_going: bool = True


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

        It prints nothing and reports what happens by calling `tell` with events; a `Failed` event
        determines the outcome of the job. A failing job must not stop the others. Ctrl-C and
        SIGTERM raise KeyboardInterrupt: the launcher then stops its jobs with SIGINT, waits for
        them, and lets the exception pass.
        """
