"""A model's layers: the modules that stand in a list with others of their class."""

from __future__ import annotations

from torch import nn

from xlt_cli.api import EncoderModel


def layers_of(model: EncoderModel) -> list[nn.Module]:
    """The modules that stand in a list with others of their class, as an encoder's layers do."""
    return [layer for block in _stacks(model) for layer in block]


def outermost_layers(model: EncoderModel) -> list[nn.Module]:
    """The layers that have parameters and are in no other layer, each once."""
    outermost: dict[int, nn.Module] = {}
    within: set[int] = set()
    for layer in layers_of(model):
        if id(layer) not in within and next(layer.parameters(), None) is not None:
            outermost[id(layer)] = layer
            within.update(id(part) for part in layer.modules())
    return list(outermost.values())


def layers_above(model: EncoderModel) -> dict[int, int]:
    """How many of the encoder's layers stand above each parameter, by its id.

    What comes before the first layer (embeddings) has all of them above it; what comes after a
    layer (a last norm) has none. Without layers (ALBERT shares the weights of one), it is empty.
    """
    assert isinstance(model, nn.Module)
    within: dict[int, int] = {}
    for block in _stacks(model):
        for index, layer in enumerate(block):
            for parameter in layer.parameters():
                # A list inside a layer comes later, and does not count.
                within.setdefault(id(parameter), len(block) - 1 - index)
    if not within:
        return {}
    above: dict[int, int] = {}
    outside = max(within.values()) + 1
    for parameter in model.parameters():
        if id(parameter) in within:
            outside = 0
        above[id(parameter)] = within.get(id(parameter), outside)
    return above


def _stacks(model: EncoderModel) -> list[nn.ModuleList]:
    assert isinstance(model, nn.Module)
    lists = [m for m in model.modules() if isinstance(m, nn.ModuleList) and len(m) > 1]
    return [block for block in lists if len({type(layer) for layer in block}) == 1]
