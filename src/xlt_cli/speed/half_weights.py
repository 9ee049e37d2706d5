"""Linear layers' weights as autocast multiplies them, kept beside the trained ones.

Autocast casts each weight before it is used and each weight's gradient afterwards: a few hundred
kernels of a microsecond or two in each update, which at a researcher's batch size is a tenth of it.
Here all weights are cast in one kernel after the optimizer's step and all gradients in one after
the backward pass. What is multiplied is the same to the bit.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch
from torch import nn


class HalfWeights:
    """Copies of a model's linear weights and biases, for recorded updates.

    Outside of `in_place` the model has its trained parameters, as ever.

    Attributes:
        trained: the parameters, float32; the optimizer's.
        copies: leaves that stand in for them, which the backward pass gives gradients.
    """

    def __init__(self, model: nn.Module, dtype: torch.dtype) -> None:
        uses: dict[int, int] = {}
        for module in model.modules():
            for parameter in module.parameters(recurse=False):
                uses[id(parameter)] = uses.get(id(parameter), 0) + 1
        self._slots = [
            (module, name)
            for module in model.modules()
            if type(module) is nn.Linear
            for name, parameter in module.named_parameters(recurse=False)
            if parameter.requires_grad
            and parameter.dtype == torch.float32
            and uses[id(parameter)] == 1
        ]
        self.trained: list[nn.Parameter] = [getattr(module, name) for module, name in self._slots]
        self.copies = [nn.Parameter(p.detach().to(dtype)) for p in self.trained]

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """Has the model compute with the copies meanwhile."""
        self._put(self.copies)
        try:
            yield
        finally:
            self._put(self.trained)

    def gather(self) -> None:
        """Moves the copies' gradients to the trained parameters."""
        targets: list[torch.Tensor] = []
        sources: list[torch.Tensor] = []
        for parameter, half in zip(self.trained, self.copies, strict=True):
            if half.grad is not None:
                targets.append(torch.empty_like(parameter))
                sources.append(half.grad)
                parameter.grad = targets[-1]
        if targets:
            torch._foreach_copy_(targets, sources)
        self.forget()

    @torch.no_grad()
    def refresh(self) -> None:
        """Brings the copies up to date with the trained parameters."""
        if self.copies:
            torch._foreach_copy_([*self.copies], [*self.trained])

    def forget(self) -> None:
        """Drops the copies' gradients."""
        for copy in self.copies:
            copy.grad = None

    def _put(self, parameters: list[nn.Parameter]) -> None:
        for (module, name), parameter in zip(self._slots, parameters, strict=True):
            module._parameters[name] = parameter
