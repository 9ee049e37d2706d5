"""Randomness derived from names, never from history.

Every draw is seeded by what it is for (seed, stage, epoch, update, ...). Nothing has to be
carried through a checkpoint, so a resumed run draws exactly what the uninterrupted one would.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def derive(*names: object) -> int:
    """A 63-bit seed for a purpose, e.g. `derive(seed, "stage", 0, "update", 17)`."""
    text = "/".join(str(name) for name in names)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def seed_generators(seed: int, device: torch.device) -> None:
    """Seeds torch's global generators as `torch.manual_seed` does, for work on a device.

    For work on the processor it seeds that generator alone: `torch.manual_seed` would note the
    seed for each kind of device that has not been started, with a stack trace, and keep them all.
    """
    import torch

    if device.type == "cpu":
        torch.default_generator.manual_seed(seed)
    else:
        torch.manual_seed(seed)
