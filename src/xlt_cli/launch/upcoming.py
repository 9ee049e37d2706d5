"""The runs of a command that are still to come, and the shared stages that they begin with.

What `keep` removes from a run stays in the store for runs that begin with the same stages. A sweep
of many runs would fill the disk with it, so that the store gives up each stage once no run that is
still to come begins with it.
"""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from xlt_cli.launch.jobs import PlannedRun
from xlt_cli.runs import packing, stage_store
from xlt_cli.runs.making import planned
from xlt_cli.spec import ExperimentSpec


class Upcoming:
    """Runs that are still to come.

    Args:
        root: the runs directory.
    """

    def __init__(self, jobs: Sequence[PlannedRun], root: Path) -> None:
        self._root = root
        self._stages: dict[int, tuple[ExperimentSpec, list[str]]] = {}
        self._begun_with = Counter(prefix for job in jobs for prefix in self._prefixes(job))

    def ended(self, job: PlannedRun) -> None:
        """A run is done: the store gives up what it began with and no other one will."""
        prefixes = self._prefixes(job)
        self._begun_with.subtract(prefixes)
        if job.spec.keep in packing.KEEP_ALL:
            return
        run = planned(self._root, job.spec, job.seed)
        over = [n for n, prefix in enumerate(prefixes) if self._begun_with[prefix] <= 0]
        keys = {stage_store.key_of(run.stage(n)) for n in over} - {""}
        if keys:
            with contextlib.suppress(OSError):
                stage_store.collect(self._root, keys)

    def _prefixes(self, job: PlannedRun) -> list[tuple[int, str]]:
        """What names a run's first stage, its first two, and so on, among the runs of a command."""
        known = self._stages.get(id(job.spec))  # the seeds of a point have the same spec
        if known is None:
            spec = job.spec.model_dump(mode="json", include={"encoder", "stages"})
            stages = spec["stages"]
            names = [
                json.dumps([spec["encoder"], stages[: n + 1]], sort_keys=True)
                for n in range(len(stages))
            ]
            known = self._stages[id(job.spec)] = (job.spec, names)
        return [(job.seed, name) for name in known[1]]
