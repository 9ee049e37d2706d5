"""What a stage makes of the cross-entropy of a prediction: smoothed, weighed by class, focal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

IGNORED = -100
"""Target of a position where nothing is to be predicted (torch's own convention)."""


@dataclass(frozen=True)
class Criterion:
    """The loss of a prediction of one class among several, from its logits.

    By default the cross-entropy. A stage states another one, and its problem's `losses` call it;
    scores on dev and evaluations know nothing of it.

    Attributes:
        label_smoothing: the share of a target that is spread over all classes.
        class_weights: a factor for each class, [C], on the device of the logits; None: all 1.
        focal_gamma: the loss is multiplied by (1 - p) ** gamma, where p is the probability of the
            right class (Lin et al. 2017); it is not combined with label smoothing.
    """

    label_smoothing: float = 0.0
    class_weights: torch.Tensor | None = None
    focal_gamma: float = 0.0

    def __call__(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """The loss of each prediction, of the shape of `targets`; 0 where they are `IGNORED`.

        Nothing is divided by class weights: the mean over a batch is over its predictions.

        Args:
            logits: the classes in dimension 1: [B, C] or [B, C, L].
            targets: ids of classes, [B] or [B, L].
        """
        from torch.nn.functional import cross_entropy

        losses = cross_entropy(
            logits.float(),
            targets,
            weight=self.class_weights,
            ignore_index=IGNORED,
            reduction="none",
            label_smoothing=self.label_smoothing,
        )
        return losses * self._focus(logits, targets) if self.focal_gamma else losses

    def _focus(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """(1 - p) ** gamma of each prediction."""
        at = targets.clamp(min=0).unsqueeze(1)
        log_p = logits.float().log_softmax(dim=1).gather(1, at).squeeze(1)
        # Where p rounds to 1, the power's gradient would be infinite for a gamma below 1.
        missing: torch.Tensor = (-log_p.expm1()).clamp(min=1e-12)
        return missing**self.focal_gamma
