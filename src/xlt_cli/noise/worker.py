"""`python -m xlt_cli.noise.worker`: draws noise for another process, and keeps it in the cache.

Jobs come by standard input; the name of each is printed when it is done, whether or not it could be
kept. Whoever asked looks into the cache, and draws what is not there by itself: nothing that
happens to a worker changes any rows.
"""

from __future__ import annotations

import contextlib
import pickle
import sys
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


def main() -> None:
    """Does the jobs that stand in standard input."""
    source = sys.stdin.buffer
    sys.path[:] = pickle.load(source)  # noqa: S301  (from the process that started this one)
    jobs: list[Job] = pickle.load(source)  # noqa: S301
    from xlt_cli.noise.kept import NoiseCache

    cache = NoiseCache.of_user()
    for job in jobs:
        with contextlib.suppress(Exception):  # who asked does it again, and tells what is wrong
            if cache is not None:
                perform(job, cache)
        print(job.name, flush=True)


if __name__ == "__main__":
    # By its importable name, so that pickled jobs are found.
    from xlt_cli.noise import worker

    worker.main()
