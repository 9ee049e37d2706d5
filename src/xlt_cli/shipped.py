"""The folder of the experiments that are part of xlt."""

from __future__ import annotations

from pathlib import Path


def experiments() -> Path:
    """The folder of xlt's own specs: in the installed package, or in a source checkout."""
    package = Path(__file__).parent
    installed = package / "experiments"
    return installed if installed.is_dir() else package.parents[1] / "experiments"
