"""Where a job can start: on which GPU, beside which others, and why it has to wait."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from xlt_cli.api import Job, Memory
from xlt_launchers import admission, room
from xlt_launchers.admission import RAM, Needs, Tenant
from xlt_launchers.shares import gpus_for
from xlt_launchers.tasks import Task, Worker


class Places:
    """The machine's memory and its GPUs, and what jobs were measured to need of them."""

    def __init__(self, jobs: Iterable[Job], environment: Mapping[str, str]) -> None:
        self.gpus = room.visible_gpus(environment)
        models = {model for model, _ in room.gpus(self.gpus).values()}
        self._needs = {True: Needs(models), False: Needs({"cpu"})}
        self.learn(jobs)

    def learn(self, jobs: Iterable[Job]) -> None:
        """Notes what the manifest states of the memory that jobs need."""
        for job in jobs:
            for needs in self._needs.values():
                needs.learn(job)

    def needs(self, task: Task) -> Needs:
        """What was measured on the kind of device that a job runs on."""
        return self._needs[bool(gpus_for(task.job.device, self.gpus))]

    def find(self, task: Task, workers: Sequence[Worker]) -> tuple[list[str], str]:
        """Where a job can start now, the emptiest GPU first; or why it has to wait."""
        running = [(worker, worker.use) for worker in workers]
        uses = [use for _, use in running]
        need = self._need(task, uses)
        tenants = [
            Tenant(w.places, self._need(w.task, uses).most(use), use, w.task.alone)
            for w, use in running
        ]
        rooms = {name: one for name, (_, one) in room.gpus(self.gpus).items()} if running else {}
        rooms[RAM] = room.ram()
        busy = [place for worker in workers for place in worker.places]
        choices: list[list[str]] = [
            [gpu, RAM] for gpu in sorted(gpus_for(task.job.device, self.gpus), key=busy.count)
        ]
        why = ""
        for places in choices or [[RAM]]:
            # Out of a GPU's memory: to have that GPU for itself is enough.
            lonely = task.alone and len(places) == 1
            why = admission.lacking(places[:-1], need, tenants, rooms, task.alone)
            why = why or admission.lacking([RAM], need, tenants, rooms, lonely)
            if not why:
                return places, ""
        return [], why

    def _need(self, task: Task, uses: Sequence[Memory]) -> Memory:
        return self.needs(task).of(task.job.shape, uses)
