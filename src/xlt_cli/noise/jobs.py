"""Noise to be drawn, as one process hands it to another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xlt_cli.api import Example, PluginUse
    from xlt_cli.noise.kept import NoiseCache
    from xlt_cli.problems.collapse import Collapse


@dataclass(frozen=True)
class Job:
    """Rows of a language to put noise on.

    Attributes:
        name: what they are kept under.
        condition: with the seed of its draw.
        task: whose problem the condition is to know.
    """

    name: str
    condition: PluginUse
    task: PluginUse
    collapse: Collapse | None
    rows: Sequence[Example]


def perform(job: Job, cache: NoiseCache) -> bool:
    """Draws the noise of a job and keeps it; whether it is kept."""
    from xlt_cli.noise.drawing import draw, prepared
    from xlt_cli.problems.collapse import problem_under
    from xlt_cli.spec.building import build_condition, build_task

    problem = problem_under(build_task(job.task), job.collapse)
    condition = prepared(build_condition(job.condition), problem)
    return cache.write(job.name, job.rows, draw(condition, job.rows))
