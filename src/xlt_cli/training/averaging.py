"""The mean of a model's weights over a training: `select: average`.

One run's models at several moments of its training, averaged, often transfer better than any of
them, and none has to be chosen, which on English dev is a gamble and on target languages no longer
zero-shot (Schmidt, Vulić and Glavaš 2023, *Free Lunch: Robust Cross-Lingual Transfer via Model
Checkpoint Averaging*).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

from xlt_cli.api import EncoderModel

FILE = "average.pt"


class Average:
    """The running mean of a model's parameters, in float32.

    Attributes:
        count: how many models it is the mean of.
        means: of each parameter, by name.
    """

    def __init__(self) -> None:
        self.count = 0
        self.means: dict[str, torch.Tensor] = {}

    @torch.no_grad()
    def add(self, model: EncoderModel) -> None:
        """Takes the model as it is now into the mean."""
        assert isinstance(model, nn.Module)
        self.count += 1
        for name, parameter in model.named_parameters():
            if self.count == 1:
                self.means[name] = parameter.detach().float().clone()
            else:
                self.means[name].lerp_(parameter.detach().float(), 1 / self.count)

    @torch.no_grad()
    def adopt(self, model: EncoderModel) -> None:
        """Gives the model the mean as its weights."""
        assert isinstance(model, nn.Module)
        for name, parameter in model.named_parameters():
            parameter.copy_(self.means[name])

    def save(self, directory: Path) -> None:
        """Writes it beside a checkpoint's other files."""
        state = {"count": self.count, "means": self.means}
        with (directory / FILE).open("wb") as file:
            torch.save(state, file)

    @classmethod
    def restored(cls, directory: Path, device: torch.device) -> Average:
        """As `save` wrote it."""
        state: Any = torch.load(directory / FILE, map_location=device, weights_only=True)
        average = cls()
        average.count, average.means = state["count"], state["means"]
        return average
