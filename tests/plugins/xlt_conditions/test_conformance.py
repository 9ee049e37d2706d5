"""Our own conditions keep to the contract, as the suite for plugin authors tests it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from xlt_cli.api import Condition
from xlt_cli.testing import ConditionSuite
from xlt_conditions.clean import Clean
from xlt_conditions.perturbed import Perturbed
from xlt_conditions.pgd import Pgd
from xlt_conditions.polyglots import Polyglots
from xlt_conditions.smoothing import Smoothing
from xlt_conditions.word_substitution import WordSubstitution

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


@pytest.fixture(scope="module")
def lexicons(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of word lists."""
    folder = tmp_path_factory.mktemp("lexicons")
    (folder / "en-de.tsv").write_text("dog\tHund\nbig\tgroß\nbig\triesig\nhappy\tfroh\n", "utf-8")
    (folder / "en-fr.tsv").write_text("dog\tchien\nbig\tgrand\nnew\tneuf\n", "utf-8")
    near = {"dog": ["hound", "puppy"], "big": ["large", "huge"], "happy": ["glad"]}
    (folder / "near.json").write_text(json.dumps(near), "utf-8")
    return folder


@pytest.mark.parametrize("use", ["polyglots", "beam", "neighbours", "dictionaries"])
class TestAttacksOnWords(ConditionSuite):
    @pytest.fixture
    def plugin(self, use: str, lexicons: Path) -> Condition:
        if use in ("polyglots", "beam"):
            given = {"languages": ["fr"], "queries": 9} if use == "beam" else {}
            more = {"beam": 3, "share": 0.2} if use == "beam" else {}
            return Polyglots(Polyglots.Params(dictionaries=lexicons, **given, **more))
        words = {"source": use} if use == "dictionaries" else {"neighbors": lexicons / "near.json"}
        return WordSubstitution(WordSubstitution.Params(dictionaries=lexicons, **words))


@pytest.mark.parametrize("use", USES)
class TestConditions(ConditionSuite):
    @pytest.fixture
    def plugin(self, use: str) -> Condition:
        made, params = USES[use]
        return made(made.Params.model_validate(params))
