"""Our own conditions keep to the contract, as the suite for plugin authors tests it."""

from __future__ import annotations

from typing import Any

import pytest

from xlt_cli.api import Condition
from xlt_cli.testing import ConditionSuite
from xlt_conditions.clean import Clean
from xlt_conditions.perturbed import Perturbed
from xlt_conditions.pgd import Pgd
from xlt_conditions.smoothing import Smoothing

GAUSSIAN = {"name": "random-perturbation", "distribution": "gaussian", "radius": 0.5}
USES: dict[str, tuple[type[Condition], dict[str, Any]]] = {
    "clean": (Clean, {}),
    "perturbed text": (Perturbed, {"perturbation": "typos", "strength": 0.3}),
    "perturbed segmentation": (Perturbed, {"perturbation": "bpe-sampling"}),
    "perturbed embeddings": (Perturbed, {"perturbation": GAUSSIAN, "strength": 1.0}),
    "adversarial": (Perturbed, {"perturbation": "adversarial"}),
    "pgd": (Pgd, {"radii": [0.05, 0.2], "steps": 2, "restarts": 2}),
    "smoothing": (Smoothing, {"noise": GAUSSIAN, "samples": 20, "selection": 5, "alpha": 0.05}),
}


@pytest.mark.parametrize("use", USES)
class TestConditions(ConditionSuite):
    @pytest.fixture
    def plugin(self, use: str) -> Condition:
        made, params = USES[use]
        return made(made.Params.model_validate(params))
