"""Randomness derived from names, never from history.

Every draw is seeded by what it is for (seed, stage, epoch, update, ...). Nothing has to be
carried through a checkpoint, so a resumed run draws exactly what the uninterrupted one would.
"""

from __future__ import annotations

import hashlib


def derive(*names: object) -> int:
    """A 63-bit seed for a purpose, e.g. `derive(seed, "stage", 0, "update", 17)`."""
    text = "/".join(str(name) for name in names)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
