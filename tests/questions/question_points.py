"""A question about arms of several points, and what its runs answered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from question_runs import SEEDS, Ask, Right

POINTS = {"sw": 0.62, "ur": 0.7, "qu": 0.66, "wo": 0.75, "yo": 0.58}
FERTILITY = {"swh": 1.6, "ur": 1.4, "qu": 3.0, "yo": 2.7}
ALONE = {
    "name": "alone",
    "arms": {
        "plain": {"sweep": "plain", "seeds": 4},
        "each": {"sweep": "alone", "points": list(POINTS), "seeds": 4},
        "some": {"sweep": "alone", "points": ["ur", "qu", "yo"], "seeds": 4},
        "low": {"sweep": "alone", "points": ["sw", "wo"], "seeds": 4},
    },
    "contrasts": [
        {
            "of": "each",
            "over": "plain",
            "primary": True,
            "by_property": ["fertility", "script", "resource"],
        },
        {"of": "plain", "over": "each"},
        {"of": "some", "over": "low"},
    ],
}
Answers = dict[tuple[str, int], Right]


def asked(ask: Ask, root: Path, **changes: Any) -> dict[str, Any]:
    values = ask(
        root,
        comparisons=[{**ALONE, **changes.pop("alone", {})}],
        properties={"fertility": FERTILITY},
        **changes,
    )
    (found,) = values["comparisons"]
    return found  # type: ignore[no-any-return]


def in_german(answers: Answers, arm: str, points: tuple[str, ...] = tuple(POINTS)) -> np.ndarray:
    """Which rows are right, [points, seeds, rows]; zero-shot is German and French."""
    own = points if arm == "alone" else ("plain",)
    return np.array(
        [
            [
                np.mean([answers[x, s][lang, ""] * 1.0 for lang in ("de", "fr")], axis=0)
                for s in SEEDS
            ]
            for x in own
        ]
    )
