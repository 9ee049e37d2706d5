"""Launchers: what gets the jobs of a sweep done, each in a process of its own."""

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
        path: the file that holds them, as `xlt run` reads it.
        runs: the runs directory.
        keep_going: whether to start further jobs after one has failed.
    """

    path: Path
    runs: Path
    jobs: tuple[Job, ...]
    keep_going: bool = True


class Launcher(Plugin):
    """Gets jobs done: on this machine, or on others that see the same files.

    Attributes:
        on_this_machine: whether all jobs run here; their devices are then checked beforehand.
    """

    plugin_kind = "launcher"
    on_this_machine: ClassVar[bool] = False

    @abstractmethod
    def launch(self, manifest: Manifest, tell: Callable[[Event], None]) -> None:
        """Runs the command of each job, and returns when none is at work any more.

        It prints nothing: what happens is told as events, of which `Failed` counts as the job's
        outcome. A failing job does not stop the others. Ctrl-C (and SIGTERM) raises
        KeyboardInterrupt in it: it then stops its jobs with SIGINT, waits for their end, and lets
        the exception pass.
        """
