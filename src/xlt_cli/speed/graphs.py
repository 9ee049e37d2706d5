"""Whole updates as CUDA graphs: at a researcher's batch size a GPU otherwise waits for Python.

An update (forward, attack if any, backward, clipping, AdamW) is recorded once for each shape of
batch, and replayed with new inputs. Random numbers are drawn as ever: the examples' seeds are an
input, and torch's generator, which dropout draws from, is seeded before each replay.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from xlt_cli.api import Batch

MULTIPLE = 8
"""Batches are padded to a multiple of so many tokens, so that there are few shapes."""

FINE = 4
"""The same in stages that are long enough to be worth twice as many recordings."""

EAGER = 3
"""Updates made before the first recording: the optimizer has its state then, libraries theirs."""

Work = Callable[[Batch, torch.Tensor, torch.Tensor], tuple[torch.Tensor, torch.Tensor]]
"""An update from a batch, its examples' seeds, the weight of its losses: loss, gradient's norm."""


@dataclass
class Recorded:
    """An update of one shape: its inputs, to be overwritten, and its outputs."""

    batch: Batch
    seeds: torch.Tensor
    weight: torch.Tensor
    graph: torch.cuda.CUDAGraph
    outputs: tuple[torch.Tensor, torch.Tensor]


@dataclass
class Graphs:
    """The recorded updates of a stage.

    Attributes:
        backward: everything of an update but the optimizer's step, for warming up.
        work: a whole update, without any synchronisation.
        forget: drops all gradients.
    """

    device: torch.device
    work: Work
    backward: Work
    forget: Callable[[], None]
    _recorded: dict[Hashable, Recorded] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clear()

    def run(
        self, batch: Batch, seeds: torch.Tensor, weight: float, seed: int, phase: Hashable
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Makes an update with a batch on the device; returns its loss and the gradient's norm.

        Args:
            seeds: of the examples' noise, int64, [B].
            weight: of each example's loss.
            seed: of torch's generator.
            phase: what else the computation depends on.

        Raises:
            Exception: the update cannot be recorded; nothing was changed.
        """
        key = (phase, shapes(batch))
        if key not in self._recorded:
            self._recorded[key] = self._record(batch, seeds, weight)
        recording = self._recorded[key]
        copy_into(recording.batch, batch)
        recording.seeds.copy_(seeds, non_blocking=True)
        recording.weight.fill_(weight)
        torch.cuda.manual_seed(seed)
        recording.graph.replay()
        loss, norm = recording.outputs
        return loss.clone(), norm.clone()

    def clear(self) -> None:
        """Forgets all recordings: some parameter has another shape now."""
        self._recorded.clear()
        # One pool for all: they never run at the same time, and their outputs are copied at once.
        # A pool that its last recording has left takes no other.
        self._pool = torch.cuda.graph_pool_handle()

    def _record(self, batch: Batch, seeds: torch.Tensor, weight: float) -> Recorded:
        inputs = watched(batch.select(range(len(batch))))
        noise = seeds.clone()
        scale = torch.tensor(weight, device=self.device)
        self.forget()
        aside: Any = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            self.backward(inputs, noise, scale)
            self.forget()
        torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        try:
            # NCCL's watchdog, a thread of its own, may look at its events meanwhile.
            with torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"):
                outputs = self.work(inputs, noise, scale)
        except Exception:  # a plugin's comes as a PluginFailure
            renew_generator(self.device)
            raise
        self.forget()
        return Recorded(inputs, noise, scale, graph, outputs)


def renew_generator(device: torch.device) -> None:
    """Gives the device's generator a new state: a recording that failed leaves it in recording, and
    dropout would draw from it no more."""
    index = torch.cuda.current_device() if device.index is None else device.index
    fresh = torch.Generator(device=device)
    torch.cuda.default_generators[index].graphsafe_set_state(fresh.graphsafe_get_state())


def shapes(batch: Batch) -> Hashable:
    """The shapes of a batch's tensors, and of those of its companions."""
    own = tuple((name, tuple(t.shape)) for name, t in sorted(batch.tensors().items()))
    return own, tuple(shapes(companion) for companion in batch.companions)


def copy_into(target: Batch, source: Batch) -> None:
    """Overwrites the tensors of a batch with those of another one of the same shapes."""
    known = target.tensors()
    for name, tensor in source.tensors().items():
        known[name].copy_(tensor, non_blocking=True)
    for one, other in zip(source.companions, target.companions, strict=True):
        copy_into(other, one)


class _Unreadable:
    """Languages of an input on which a recording must not depend: replayed, it would take them for
    those of every other input.

    No tuple: parts of Python that are written in C would look into it without asking.
    """

    __slots__ = ()

    def _refuse(self, *_: object) -> Any:
        raise RuntimeError("what is recorded looks at the languages of its inputs")

    __len__ = __iter__ = __getitem__ = __contains__ = __hash__ = _refuse
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __add__ = __radd__ = __mul__ = __rmul__ = count = index = _refuse
    __repr__ = __str__ = __format__ = __reduce_ex__ = _refuse


def watched(batch: Batch) -> Batch:
    """The same batch, but that whatever looks at its languages raises RuntimeError."""
    companions = tuple(watched(companion) for companion in batch.companions)
    unreadable: Any = [_Unreadable()] * len(batch)
    return replace(batch, languages=unreadable, companions=companions)
