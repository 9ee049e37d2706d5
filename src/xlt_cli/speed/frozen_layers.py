"""The outputs of an encoder's frozen lower layers, computed once for each text of a stage.

Where the embeddings and the first layers are frozen, a text's states above them never change: they
are kept in a file, and every further epoch begins with them. A text's states are computed from it
alone, without padding, so that they depend on neither its batch nor its epoch, and a resumed stage
has the same. From plain training they differ in the last bits.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from xlt_cli.api import Batch, EncoderModel
from xlt_cli.data.batches import collate
from xlt_cli.models.placing import pads_left
from xlt_cli.problems import Feature, Problem
from xlt_cli.speed.packing import packed

LARGEST = 8 * 10**9
"""Bytes of states that are kept at most; a stage with more is trained plainly."""

Forward = Callable[..., Any]


class _Reached(Exception):
    """The states are there: what comes above them is not computed."""


class FrozenLayers:
    """An encoder whose first layers give back what they gave before.

    Args:
        layers: the frozen ones.
        width: of the states.
    """

    def __init__(
        self, model: EncoderModel, layers: Sequence[nn.Module], width: int, problem: Problem
    ) -> None:
        self.model, self.layers, self.width, self.problem = model, list(layers), width, problem
        with packed(nn.ModuleList(self.layers)):
            self._packed = {
                linear: vars(linear)["forward"]
                for layer in self.layers
                for linear in layer.modules()
                if "forward" in vars(linear)
            }
        self._kept: torch.Tensor = torch.empty(0)
        self._end = 0
        self._places: dict[bytes, int] = {}

    @property
    def count(self) -> int:
        """How many layers are frozen."""
        return len(self.layers)

    def make_room(self, features: Sequence[Feature]) -> bool:
        """Makes a file for the states of features; False if they take too much of the disk."""
        tokens = {_key(feature): len(feature.input_ids) for feature in features}
        size = sum(tokens.values()) * self.width
        folder = tempfile.gettempdir()
        if 4 * size > min(LARGEST, shutil.disk_usage(folder).free // 2):
            return False
        with tempfile.TemporaryDirectory(dir=folder) as place:
            # The file has no name any more once it is mapped: it ends with the process.
            path = Path(place) / "states"
            self._kept = torch.from_file(str(path), shared=True, size=max(size, 1))
        return True

    @contextlib.contextmanager
    def given(self, features: Sequence[Feature], batch: Batch, pad_id: int) -> Iterator[None]:
        """Has the model begin with the states of a batch's texts above the frozen layers."""
        rows, length = batch.input_ids.shape
        states = torch.zeros(rows, length, self.width)
        for row, feature in enumerate(features):
            states[row, : len(feature.input_ids)] = self._states(feature, pad_id)
        with _answering(self.layers, states):
            yield

    def _states(self, feature: Feature, pad_id: int) -> torch.Tensor:
        """The states of a text, [L, D]: kept ones, or computed and kept where there is room."""
        key, size = _key(feature), len(feature.input_ids) * self.width
        place = self._places.get(key)
        if place is not None:
            return self._kept[place : place + size].view(-1, self.width)
        states = self._computed(collate([feature], self.problem, pad_id))[0]
        if self._end + size <= len(self._kept):
            self._kept[self._end : self._end + size] = states.reshape(-1)
            self._places[key] = self._end
            self._end += size
        return states

    @torch.no_grad()
    def _computed(self, batch: Batch) -> torch.Tensor:
        for linear, forward in self._packed.items():
            linear.forward = forward
        try:
            return above(self.model, self.layers[-1], batch)
        finally:
            for linear in self._packed:
                del linear.forward


def frozen_layers(
    model: EncoderModel, problem: Problem, probe: Batch, count: int | None = None
) -> FrozenLayers | None:
    """The frozen lower layers of a model, if their outputs are always the same; None otherwise.

    They are if nothing below the first layer that is trained has a gradient or draws random
    numbers, which is tried on `probe`, with the model as it is in training.

    Args:
        count: of a stage that goes on, how many there were.
    """
    assert isinstance(model, nn.Module)
    if pads_left(model) or all(parameter.requires_grad for parameter in model.parameters()):
        return None
    layers = _stack(model, probe)
    was_training = model.training
    model.train()
    try:
        for number in range(len(layers), 0, -1) if count is None else (count,):
            chosen = layers[:number]
            if any(p.requires_grad for layer in chosen for p in layer.parameters()):
                continue
            if not _is_fixed(model, chosen[-1], probe):
                continue
            states = above(model, chosen[-1], probe)
            made = FrozenLayers(model, chosen, states.shape[-1], problem)
            return made if _agrees(model, made, states, probe) else None
    finally:
        model.train(was_training)
    return None


def above(model: EncoderModel, layer: nn.Module, batch: Batch) -> torch.Tensor:
    """The output of a layer for a batch, [B, L, D]; nothing above it is computed."""
    found: list[torch.Tensor] = []

    def stop(module: nn.Module, inputs: object, output: Any) -> None:
        found.append(_tensor(output))
        raise _Reached

    hook = layer.register_forward_hook(stop)
    try:
        with contextlib.suppress(_Reached):
            model.logits(model.embed(batch), batch)
    finally:
        hook.remove()
    return found[0]


def _stack(model: nn.Module, probe: Batch) -> list[nn.Module]:
    """The encoder's layers, if they are one list whose entries are run once each, in order."""
    lists = [m for m in model.modules() if isinstance(m, nn.ModuleList) and len(m) > 1]
    lists = [block for block in lists if len({type(layer) for layer in block}) == 1]
    if not lists:
        return []
    layers = list(lists[0])
    run: list[nn.Module] = []
    plain = True

    def note(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        nonlocal plain
        run.append(module)
        given = inputs[0] if inputs else None
        plain = plain and isinstance(output, torch.Tensor) and isinstance(given, torch.Tensor)
        plain = plain and output.shape == given.shape  # type: ignore[union-attr]

    hooks = [layer.register_forward_hook(note) for layer in layers]
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            model.logits(model.embed(probe), probe)  # type: ignore[operator]
    finally:
        for hook in hooks:
            hook.remove()
    # Lists of other things (XLM's attentions beside its norms) give other sequences, or nothing.
    return layers if plain and run == layers else []


def draws_nothing(model: EncoderModel, probe: Batch) -> bool:
    """Whether a pass in training draws no random numbers: nothing is dropped out."""
    assert isinstance(model, nn.Module)
    was_training = model.training
    model.train()
    try:
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            before = torch.get_rng_state()
            model.logits(model.embed(probe), probe)
            return torch.equal(torch.get_rng_state(), before)
    finally:
        model.train(was_training)


def _is_fixed(model: EncoderModel, layer: nn.Module, probe: Batch) -> bool:
    """Whether a layer's output depends on nothing that is trained or drawn."""
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        before = torch.get_rng_state()
        states = above(model, layer, probe)
        return not states.requires_grad and torch.equal(torch.get_rng_state(), before)


def _agrees(model: EncoderModel, made: FrozenLayers, states: torch.Tensor, probe: Batch) -> bool:
    """Whether the model gives the same logits when it begins with the states."""
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        seed = torch.get_rng_state()
        whole = model.logits(model.embed(probe), probe)
        torch.set_rng_state(seed)
        with _answering(made.layers, states):
            seen = model.logits(model.embed(probe), probe)
    return torch.equal(seen, whole)


@contextlib.contextmanager
def _answering(layers: Sequence[nn.Module], states: torch.Tensor) -> Iterator[None]:
    """Has layers give states, whatever they are given."""

    def give(*_: Any, **__: Any) -> torch.Tensor:
        return states

    try:
        for layer in layers:
            layer.forward = give
        yield
    finally:
        for layer in layers:
            del layer.forward  # the class's own shows again


def _tensor(output: Any) -> torch.Tensor:
    assert isinstance(output, torch.Tensor)
    return output


def _key(feature: Feature) -> bytes:
    """What tells an input from all others that the encoder could be given."""
    content = (feature.input_ids, feature.token_type_ids, feature.special_mask, feature.text_ids)
    text = repr((*content, feature.languages))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
