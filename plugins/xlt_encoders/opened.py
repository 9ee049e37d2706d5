"""What a model is besides its weights, so that a trained one can be tested as it is in memory.

Whatever decides a model's answers beside its weights is noted when it is opened: attributes of
modules, hooks, buffers that are not saved, the config. Imports torch: import it late.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from xlt_encoders.adaptable import Adaptable

_PLAIN = (bool, int, float, str, type(None))
_SET_BY_SAVING = ("architectures", "dtype", "transformers_version")
"""Fields of a config that opening a model does not ask for."""


@dataclass(frozen=True)
class Opened:
    """What a model was when it was opened, besides its weights.

    Attributes:
        modules: by name: the class, and attributes with their values where these are plain.
        buffers: those that are not saved.
        trained: by name, whether a parameter is trained.
        frozen: the modules that are frozen.
    """

    config: dict[str, Any]
    modules: dict[str, tuple[type[nn.Module], dict[str, Any]]]
    buffers: dict[str, torch.Tensor]
    trained: dict[str, bool]
    frozen: tuple[nn.Module, ...]

    @classmethod
    def of(cls, halves: Adaptable) -> Opened:
        """As it is now."""
        model = halves.model
        config = {k: v for k, v in model.config.to_dict().items() if k not in _SET_BY_SAVING}
        modules = {name: (type(m), _attributes(m)) for name, m in model.named_modules()}
        trained = {name: p.requires_grad for name, p in model.named_parameters()}
        return cls(config, modules, _unsaved(model), trained, tuple(halves.frozen))

    def is_still(self, halves: Adaptable) -> bool:
        """Whether a model is what it was, but for its weights and for what of it is trained."""
        now = Opened.of(halves)
        return (
            now.config == self.config
            and now.modules == self.modules
            and now.buffers.keys() == self.buffers.keys()
            and all(torch.equal(now.buffers[name], self.buffers[name]) for name in self.buffers)
        )


def _attributes(module: nn.Module) -> dict[str, Any]:
    """The names of a module's attributes, each with its value or, of what holds more, its size."""
    return {name: _shown(value) for name, value in vars(module).items() if name != "training"}


def _shown(value: Any) -> Any:
    if isinstance(value, _PLAIN):
        return value
    return len(value) if isinstance(value, dict | list | tuple | set) else type(value)


def _unsaved(model: nn.Module) -> dict[str, torch.Tensor]:
    """Copies, on the processor, of the buffers that are not saved."""
    saved = model.state_dict().keys()
    return {
        name: buffer.detach().cpu().clone()
        for name, buffer in model.named_buffers()
        if name not in saved
    }
