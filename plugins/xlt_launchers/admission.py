"""Whether one more job fits beside those that are running.

A job is taken to need what runs of its shape were measured to take; a job of another shape as much
as the largest one measured here; and before anything was measured, `GUESS`. A guess that is too low
costs time and no results: a job that runs out of memory is run again, alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from xlt_cli.api import Job, Memory
from xlt_launchers.room import Room

RAM = "ram"
"""The place of the machine's own memory; the other places are GPUs, as CUDA names them."""

GIB = 2**30

CONTEXT = GIB
"""Bytes that a process takes of a GPU beside what torch allocates (CUDA's context, kernels)."""

SPARE = 0.02
"""Share of a place that is left free."""

GROWTH = 1.2
"""Factor by which a run that has not ended may still grow."""

GUESS = Memory(ram=4 * GIB, gpu=8 * GIB)
"""What a run is taken to need before any was measured: a base-size encoder at a usual batch."""


class Needs:
    """What jobs need, as far as it was measured on these kinds of devices.

    Args:
        kinds: e.g. `cpu`, or the models of the GPUs; a measurement on others does not count.
    """

    def __init__(self, kinds: Collection[str], jobs: Iterable[Job] = ()) -> None:
        self._kinds = kinds
        self._by_shape: dict[str, Memory] = {}
        for job in jobs:
            self.learn(job)

    def learn(self, job: Job) -> None:
        """Notes what a job's manifest states of the memory that it needs."""
        for kind in self._kinds:
            if kind in job.memory:
                self.add(job.shape, job.memory[kind])

    def add(self, shape: str, peak: Memory) -> None:
        """Notes the peak of a job that has ended."""
        self._by_shape[shape] = self._by_shape.get(shape, Memory()).most(peak)

    def measured(self, shape: str) -> bool:
        """Whether a job of this shape has ended here, so that its need is more than a guess."""
        return shape in self._by_shape

    def of(self, shape: str, running: Iterable[Memory] = ()) -> Memory:
        """What a job of a shape is taken to need.

        Args:
            running: what the jobs that have not ended use now.
        """
        if shape in self._by_shape:
            return self._by_shape[shape]
        if self._by_shape:
            need = Memory()
            for use in self._by_shape.values():
                need = need.most(use)
            return need
        need = GUESS
        for use in running:
            need = need.most(Memory(int(GROWTH * use.ram), int(GROWTH * use.gpu)))
        return need


@dataclass(frozen=True)
class Tenant:
    """A run at work: where, what it is taken to need, and what it uses now."""

    places: Sequence[str]
    need: Memory
    use: Memory
    alone: bool = False


def lacking(
    places: Sequence[str],
    need: Memory,
    tenants: Sequence[Tenant],
    rooms: Mapping[str, Room],
    alone: bool = False,
) -> str:
    """Why a run has to wait; empty if it fits beside those at work.

    A place with no run in it takes any: if that does not fit, nothing would. A place whose memory
    is not known takes all.
    """
    for place in places:
        there = [tenant for tenant in tenants if place in tenant.places]
        if not there:
            continue
        if alone:
            return f"it needs {_name(place)} for itself"
        if any(tenant.alone for tenant in there):
            return f"another run uses {_name(place)} alone"
        room = rooms.get(place)
        if room is None:
            continue
        growth = sum(max(0, _taken(t.need, place) - _held(t.use, place)) for t in there)
        left = room.free - growth - int(SPARE * room.total)
        if left < _taken(need, place):
            return (
                f"it needs {_gib(_taken(need, place))} of {_name(place)}, and {_gib(max(left, 0))} "
                f"of {_gib(room.total)} are left"
            )
    return ""


def _taken(need: Memory, place: str) -> int:
    """What a run will have taken at its peak."""
    return _at(need, place) + (0 if place == RAM else CONTEXT)


def _held(use: Memory, place: str) -> int:
    """What a run has taken by now."""
    return _at(use, place) + (CONTEXT if place != RAM and use.gpu else 0)


def _at(memory: Memory, place: str) -> int:
    """The bytes in one place; a job uses one GPU at most."""
    return memory.ram if place == RAM else memory.gpu


def _name(place: str) -> str:
    return "memory" if place == RAM else f"GPU {place}"


def _gib(count: int) -> str:
    return f"{count / GIB:.1f} GiB"
