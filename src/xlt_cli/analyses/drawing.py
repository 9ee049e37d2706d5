"""Figures as PNG and SVG; needs matplotlib, the extra `plots`.

The same figures are the same SVG, byte by byte, and its text is text.
"""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from xlt_cli.api import Analysis, Measured
from xlt_cli.api.reports import Report
from xlt_cli.runs import atomic

MISSING = "no figures were drawn: matplotlib is missing; pip install 'xlt-cli[plots]'"

STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "xlt",
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "legend.frameon": False,
}


def can_draw() -> bool:
    """Whether matplotlib is installed."""
    return importlib.util.find_spec("matplotlib") is not None


def draw(directory: Path, analysis: Analysis, measured: Measured, report: Report) -> list[Path]:
    """Draws and writes what figures an analysis has; returns the files."""
    return save(directory, lambda: analysis.figures(measured, report))


def save(directory: Path, make: Callable[[], Mapping[str, Any]]) -> list[Path]:
    """Makes figures of matplotlib in one style, and writes each by its name; returns the files."""
    import matplotlib

    with matplotlib.rc_context(STYLE):
        return [path for name, figure in make().items() for path in _save(directory, name, figure)]


def _save(directory: Path, name: str, figure: Any) -> list[Path]:
    """Writes a figure as PNG and SVG, each atomically."""
    files = []
    for kind, metadata in (("png", {}), ("svg", {"Date": None})):
        buffer = io.BytesIO()
        figure.savefig(buffer, format=kind, dpi=200, metadata=metadata)
        path = directory / f"{name}.{kind}"
        atomic.write_bytes(path, buffer.getvalue())
        files.append(path)
    return files
