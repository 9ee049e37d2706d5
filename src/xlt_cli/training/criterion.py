"""The loss of a stage's predictions, as its spec states it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

import torch

from xlt_cli.api import IGNORED, Criterion
from xlt_cli.problems import Feature, Problem
from xlt_cli.spec import Stage


def criterion_of(
    stage: Stage, problem: Problem, rows: Callable[[], Iterable[Feature]], device: torch.device
) -> Criterion:
    """The criterion of a stage.

    Args:
        rows: the clean inputs that it trains on; asked for where labels have to be counted.
    """
    weights: Sequence[float] | None = None
    if stage.class_weights == "balanced":
        drawn, begin = list(_targets(rows())), 0
        weights = []
        for group in problem.label_groups:
            own = [target - begin for target in drawn if 0 <= target - begin < len(group)]
            weights += balanced(own, len(group))
            begin += len(group)
    elif stage.class_weights is not None:
        weights = [stage.class_weights.get(label, 1.0) for label in problem.labels]
    factors = None if weights is None else torch.tensor(weights, device=device)
    return Criterion(stage.label_smoothing, factors, stage.focal_gamma)


def balanced(targets: Iterable[int], classes: int) -> list[float]:
    """rows / (classes that occur * rows of the class), as in scikit-learn; 1 for what is absent."""
    import numpy as np
    from sklearn.utils.class_weight import compute_class_weight

    drawn = np.fromiter(targets, dtype=np.int64)
    present = np.unique(drawn)
    weights = np.ones(classes)
    if len(present):
        weights[present] = compute_class_weight("balanced", classes=present, y=drawn)
    return [float(weight) for weight in weights]


def described(criterion: Criterion, problem: Problem) -> str:
    """The class weights, to be said; empty where there are none."""
    if criterion.class_weights is None:
        return ""
    pairs = zip(problem.labels, criterion.class_weights.tolist(), strict=True)
    return "class weights: " + ", ".join(f"{label} {weight:.3g}" for label, weight in pairs)


def _targets(features: Iterable[Feature]) -> Iterator[int]:
    """Everything that the inputs ask for."""
    own = (f.target if isinstance(f.target, list | tuple) else (f.target,) for f in features)
    return (target for target in chain.from_iterable(own) if target not in (None, IGNORED))
