"""What an analysis leaves in a folder: results.json, results.csv, and figures."""

from __future__ import annotations

from pathlib import Path

from xlt_cli import registry
from xlt_cli.analyses import drawing
from xlt_cli.api import Analysis, Measured
from xlt_cli.api.reports import Report
from xlt_cli.console.progress import Reporter
from xlt_cli.formats import csv, json
from xlt_cli.runs import atomic


def write(directory: Path, report: Report) -> None:
    """Writes the report as JSON and as CSV."""
    atomic.write_json(directory / "results.json", json.value(report), sealed=False)
    atomic.write_text(directory / "results.csv", csv.text(report))


def draw(
    directory: Path, analysis: Analysis, measured: Measured, report: Report, reporter: Reporter
) -> None:
    """Draws what figures the analysis has, where they can be drawn."""
    plugin = registry.get("analysis", analysis.name)
    if plugin.figures is Analysis.figures:
        return
    if drawing.can_draw():
        drawing.draw(directory, analysis, measured, report)
    else:
        reporter.warn(drawing.MISSING)
