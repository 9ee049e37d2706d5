"""Whether what is printed may have colours: NO_COLOR (no-color.org) and TERM=dumb turn them off."""

from __future__ import annotations

import os
from typing import Literal


def is_plain() -> bool:
    """Whether escape sequences are unwanted."""
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM", "") in ("dumb", "unknown")


def color_system() -> Literal["auto"] | None:
    """What a rich console may use; None leaves out bold and dim as well."""
    return None if is_plain() else "auto"
