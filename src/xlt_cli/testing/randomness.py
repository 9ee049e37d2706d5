"""Random number generators that belong to the process, which no plugin may draw from."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from typing import Any


def draws_from_the_process(call: Callable[[], object]) -> str:
    """Which of the process's generators a call draws from; empty if none."""
    before = _states()
    call()
    after = _states()
    moved = [name for name, state in after.items() if name in before and before[name] != state]
    return " and ".join(moved)


def disturb(seed: int) -> None:
    """Seeds the process's generators, as whatever ran before would have left them elsewhere."""
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


def _states() -> dict[str, Any]:
    states: dict[str, Any] = {"random": random.getstate()}
    if "numpy" in sys.modules:
        kind, keys, *rest = sys.modules["numpy"].random.get_state()
        states["numpy.random"] = (kind, keys.tobytes(), *rest)
    if "torch" in sys.modules:
        states["torch"] = sys.modules["torch"].get_rng_state().numpy().tobytes()
    return states
