"""What of a model of `transformers` is trained: frozen modules, adapters. Imports torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from torch import nn

from xlt_cli.api import NewAdapter
from xlt_encoders.adapters import Attached, bare, check_targets
from xlt_encoders.kept_adapter import BASE

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from xlt_encoders.opened import Opened


class Adaptable(nn.Module):
    """A model some of which may be frozen, and which may have an adapter (`TakesAdapters`).

    Args:
        model: a base model, or one with a head.

    Attributes:
        frozen: the modules that are not trained.
        opened: what the model was when it was opened.
    """

    def __init__(self, model: PreTrainedModel) -> None:
        super().__init__()
        self.model = model
        self.frozen: list[nn.Module] = []
        self.opened: Opened | None = None
        self._attached: Attached | None = None

    def head_parameters(self) -> Iterator[nn.Parameter]:
        """The parameters of the model's own head; a base model has none."""
        yield from ()

    def freeze(self, modules: list[nn.Module]) -> None:
        """Excludes modules from training: no gradients, and no dropout either."""
        self.frozen += modules
        for module in self.frozen:
            module.requires_grad_(False)
        self.train(self.training)

    def freeze_only(self, modules: Sequence[nn.Module], trained: Mapping[str, bool]) -> None:
        """Excludes these modules from training, and no others.

        Args:
            trained: by name, whether a parameter of the model is trained.
        """
        for name, parameter in self.model.named_parameters():
            parameter.requires_grad_(trained[name])
        self.frozen = list(modules)

    def train(self, mode: bool = True) -> Self:
        """As in torch, but frozen modules stay in evaluation mode: their output is the same."""
        super().train(mode)
        for module in self.frozen:
            module.eval()
        return self

    @property
    def adapter(self) -> dict[str, Any] | None:
        """See `TakesAdapters`."""
        return None if self._attached is None else self._attached.about

    def check_adapter(self, adapter: NewAdapter) -> None:
        """See `TakesAdapters`."""
        check_targets(self.model, adapter, self.head_parameters())

    def adapt(self, adapter: NewAdapter) -> None:
        """See `TakesAdapters`."""
        self._attach(Attached.new(self.model, adapter, self.head_parameters()))

    def open_adapter(self, folder: Path) -> None:
        """Puts the adapter in a folder into the model that it was saved with."""
        self._attach(Attached.opened(self.model, folder, self.head_parameters()))

    def merge_adapter(self) -> None:
        """See `TakesAdapters`."""
        self._detach(merge=True)

    def drop_adapter(self) -> None:
        """See `TakesAdapters`."""
        self._detach(merge=False)

    @contextmanager
    def without_adapter(self, directory: Path) -> Iterator[Path]:
        """Has the model without its adapter meanwhile, to be saved to the folder that this gives.

        The adapter is saved to `directory`. Without one, both folders are the same.
        """
        if self._attached is None:
            directory.mkdir(parents=True, exist_ok=True)
            yield directory
            return
        folder = directory / BASE
        folder.mkdir(parents=True, exist_ok=True)
        with bare(self.model):
            yield folder
        self._attached.save(directory)

    def _attach(self, attached: Attached) -> None:
        self._attached = attached
        self.freeze([])  # what is frozen stays so, adapters in it included

    def _detach(self, merge: bool) -> None:
        if self._attached is not None:
            self._attached.remove(merge)
            self._attached = None
            self.freeze([])
