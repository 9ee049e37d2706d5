"""A copy of what a stage trains, from which a checkpoint is written while training goes on."""

from __future__ import annotations

import copy
import gc
import types
import weakref
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import nn

from xlt_cli.api import EncoderModel
from xlt_cli.compute import memory
from xlt_cli.training.averaging import Average

RESERVE = 1 << 30
"""Bytes that are to be free beside twice the size of the copy: at a checkpoint there are neither
gradients nor activations in memory, and the next update needs both."""


class HasState(Protocol):
    """A module, or what stands for its state."""

    def state_dict(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Held:
    """The state of a module, as it was."""

    state: dict[str, Any]

    def state_dict(self) -> dict[str, Any]:
        return self.state


@dataclass(frozen=True)
class Snapshot:
    """What a checkpoint is written from, in the memory of the CPU.

    Attributes:
        model: a copy, whose `save` writes what the model was at that moment.
        own: of perturbations and further heads.
    """

    model: EncoderModel
    optimizer: Mapping[str, Any]
    average: Average | None
    own: Held


class Snapshots:
    """Takes snapshots of a stage. Each uses the memory of the one before, which is lost with it.

    Parameters that are not trained are not copied, unless they are on a GPU: the snapshot has the
    model's own.

    Args:
        model: before its first update.
    """

    def __init__(self, model: EncoderModel) -> None:
        assert isinstance(model, nn.Module)
        # The faster ways also change a parameter that has no gradient: its version tells.
        still = (p for p in model.parameters() if not (p.requires_grad or p.is_inference()))
        self._frozen = {id(p): (p, p._version) for p in still}
        self._copies: dict[tuple[Any, ...], torch.Tensor] = {}
        self._can_be_copied = True

    def take(
        self,
        model: EncoderModel,
        optimizer: Mapping[str, Any],
        average: Average | None,
        own: HasState | None,
    ) -> Snapshot | None:
        """A snapshot; None if memory is too small, or if the model cannot be copied.

        Args:
            optimizer: its state.
        """
        taken = None
        if self._can_be_copied:
            state = {} if own is None else own.state_dict()
            try:
                taken = self._taken(model, optimizer, average, Held(state))
            except Exception:  # any, of the classes of a plugin
                self._can_be_copied = False
        if taken is None:
            self.forget()
        return taken

    def _taken(
        self,
        model: EncoderModel,
        optimizer: Mapping[str, Any],
        average: Average | None,
        own: Held,
    ) -> Snapshot | None:
        assert isinstance(model, nn.Module)
        means = average.means if average is not None else {}
        tensors = list(_tensors([model, optimizer, own.state, means]))
        changing = [tensor for tensor in tensors if not self._stays(tensor)]
        if not self._is_room_for(changing):
            return None
        memo: dict[int, Any] = {id(tensor): tensor for tensor in tensors}
        memo |= self._copied(changing)
        # What a faster way runs in its place; nothing is saved by it.
        replaced = [vars(module)["forward"] for module in model.modules() if _runs_other(module)]
        memo |= {id(forward): forward for forward in replaced}
        taken = Snapshot(*copy.deepcopy((model, optimizer, average, own), memo))
        if _reaches(taken.model, [*model.modules(), *changing], replaced):
            raise TypeError("what its copy saves would change with the model")
        return taken

    def forget(self) -> None:
        """Frees the memory of the last snapshot, once that is not used any more."""
        self._copies.clear()

    def _stays(self, tensor: torch.Tensor) -> bool:
        """Whether a tensor is a parameter on the CPU that was not changed since the beginning."""
        parameter, version = self._frozen.get(id(tensor), (None, -1))
        is_it = parameter is tensor and version == tensor._version
        return is_it and tensor.device.type == "cpu"

    def _is_room_for(self, tensors: Iterable[torch.Tensor]) -> bool:
        needed = {_place(t): t.nbytes for t in tensors if _place(t) not in self._copies}
        return memory.available() >= 2 * sum(needed.values()) + RESERVE

    def _copied(self, tensors: Iterable[torch.Tensor]) -> dict[int, torch.Tensor]:
        """Copies of tensors, by the ids of these; what is one memory stays one."""
        former, self._copies = self._copies, {}
        by_id: dict[int, torch.Tensor] = {}
        for tensor in tensors:
            place = _place(tensor)
            if place not in self._copies:
                held = former.pop(place, None)
                held = torch.empty_like(tensor, device="cpu") if held is None else held
                self._copies[place] = held.detach().copy_(tensor.detach())
            one = self._copies[place]
            is_parameter = isinstance(tensor, nn.Parameter)
            by_id[id(tensor)] = nn.Parameter(one, tensor.requires_grad) if is_parameter else one
        return by_id


def _runs_other(module: nn.Module) -> bool:
    return vars(module).get("forward") is not None


def _reaches(start: object, aims: Iterable[object], without: Iterable[object]) -> bool:
    """Whether one of several objects can be reached from an object.

    A copy may still have what `copy.deepcopy` takes as it is: a function that holds what was
    copied, a weak reference to it, or a part whose class says that it is its own copy. What is
    reached through global variables and classes only is not looked at.

    Args:
        without: is not looked into.
    """
    sought, seen, left = {id(aim) for aim in aims}, {id(one) for one in without}, [start]
    while left:
        found = left.pop()
        if id(found) in sought:
            return True
        if id(found) in seen or isinstance(found, types.ModuleType | type):
            continue
        seen.add(id(found))
        if isinstance(found, weakref.ref):
            left.append(found())
        elif isinstance(found, types.FunctionType):
            left += [found.__closure__, found.__defaults__, found.__kwdefaults__, vars(found)]
        else:
            left += gc.get_referents(found)
    return False


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    """The tensors of a module, or of a state.

    Raises:
        TypeError: one of them is of a class of its own, or not stored in the usual way.
    """
    if isinstance(value, torch.Tensor):
        if type(value) not in (torch.Tensor, nn.Parameter) or value.layout != torch.strided:
            raise TypeError(f"{type(value).__name__} of layout {value.layout}")
        yield value
    elif isinstance(value, nn.Module):
        yield from _tensors([*value.parameters(), *value.buffers()])
    elif isinstance(value, Mapping):
        yield from _tensors(list(value.values()))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _tensors(each)


def _place(tensor: torch.Tensor) -> tuple[Any, ...]:
    """What says where a tensor is in memory, and in which form."""
    form = tensor.shape, tensor.stride(), tensor.dtype
    return str(tensor.device), tensor.data_ptr(), *form
