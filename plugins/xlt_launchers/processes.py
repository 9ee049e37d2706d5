"""`processes`: jobs side by side on this machine, as many as its memory admits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import Field

from xlt_cli.api import Event, Launcher, Manifest, PluginParams


class Processes(Launcher):
    """Several jobs at once on this machine: one small model leaves a GPU mostly idle."""

    api_version = 1
    name = "processes"
    summary = "several runs at once on this machine, if there is enough memory"
    on_this_machine = True

    class Params(PluginParams):
        jobs: Annotated[int, Field(ge=1)] | Literal["auto"] = Field(
            "auto", description="number of runs at once; auto: as many as cores and memory allow"
        )

    params: Params

    def launch(self, manifest: Manifest, tell: Callable[[Event], None]) -> None:
        from xlt_launchers.crew import Crew
        from xlt_launchers.shares import most_at_once

        slots = most_at_once() if self.params.jobs == "auto" else self.params.jobs
        crew = Crew(manifest, slots, tell)
        try:
            crew.work()
        finally:
            crew.stop()
