"""Which of several processes this is; known without torch."""

from __future__ import annotations

import os


def is_first_process() -> bool:
    """Whether this is the process that talks, where torchrun or accelerate started several."""
    return os.environ.get("RANK", "0") == "0"
