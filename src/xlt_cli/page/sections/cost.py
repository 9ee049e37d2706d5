"""What the runs cost: time, an estimate of energy, disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xlt_cli.api.reports import Column, Figure, Row, Table, Text, Value
from xlt_cli.page.blocks import Block, Details, Section
from xlt_cli.page.content import Content, Ran

TITLE = "Cost"

RATED = {
    "B200": 1000, "H200": 700, "H100": 700, "A100": 400, "V100": 300, "L40S": 350, "L40": 300,
    "L4": 72, "T4": 70, "A40": 300, "A10": 150, "RTX 5090": 575, "RTX 4090": 450, "RTX 3090": 350,
    "RTX 6000 Ada": 300, "MI300X": 750, "MI250": 500,
}  # fmt: skip
"""Rated power of boards in watts, by a part of their name; the first that fits counts."""


def section(content: Content) -> Section:
    """A row for each system, and for each run below."""
    seconds = {run.run: trained_seconds(run.about.get("timing") or []) for run in content.runs}
    if not any(seconds.values()) and all(run.disk is None for run in content.runs):
        return Section("cost", TITLE, [], "no run has a record of its time")
    blocks: list[Block] = [_systems(content, seconds)]
    blocks.append(Details("Cost of each run", [_runs(content, seconds)]))
    left = ""
    if any(_watts(run) is None for run in content.runs):
        left = "no estimate of energy where the rated power of the device is not known"
    else:
        blocks.append(
            Text(
                "Energy is the rated power of the GPU times the time of training. It is an upper "
                "estimate for the board: runs that shared one count it in full each. Evaluation, "
                "host and cooling are not in it.",
                "muted",
            )
        )
    if all(run.disk is None for run in content.runs):
        left = "; ".join(
            [*([left] if left else []), "an archive does not say the disk of its runs"]
        )
    return Section("cost", TITLE, blocks, left)


def trained_seconds(timing: Sequence[Mapping[str, Any]]) -> float:
    """The time of training over all sessions and stages, also of sessions that were interrupted."""
    total, last, stage = 0.0, 0.0, None
    for line in timing:
        seconds = float(line["seconds_this_session"])
        if line["stage"] != stage or seconds < last:
            total += last
        last, stage = seconds, line["stage"]
    return total + last


def device_of(run: Ran) -> str:
    """The device that a run was trained on last; empty if it is not known."""
    for session in reversed(run.about.get("environment") or []):
        hardware = session.get("hardware") or {}
        if hardware:
            return str(hardware.get("gpu") or hardware.get("cpu") or "")
    return ""


def _watts(run: Ran) -> int | None:
    device = device_of(run)
    return next((watts for name, watts in RATED.items() if name in device), None)


def _energy(runs: Sequence[Ran], seconds: Mapping[str, float]) -> Figure | None:
    watts = [_watts(run) for run in runs]
    if None in watts or not any(seconds[run.run] for run in runs):
        return None
    pairs = zip(runs, watts, strict=True)
    joules = sum(seconds[run.run] * (w or 0) for run, w in pairs)
    return Figure(joules / 3.6e6, unit="number", digits=3)


def _disk(runs: Sequence[Ran]) -> Figure | None:
    known = [run.disk for run in runs if run.disk is not None]
    return Figure(sum(known) / 1e6, unit="number", digits=1) if known else None


def _time(seconds: float) -> Figure | None:
    return Figure(seconds / 60, unit="number", digits=1) if seconds else None


def _systems(content: Content, seconds: Mapping[str, float]) -> Table:
    rows = []
    for system in content.systems:
        runs = content.of(system)
        rows.append(Row([system, len(runs), *_cells(runs, seconds)]))
    rows.append(Row(["all", len(content.runs), *_cells(content.runs, seconds)], strong=True))
    columns = [Column("system"), Column("runs", "right"), *_COLUMNS]
    return Table("Cost of each system", columns, rows)


def _cells(runs: Sequence[Ran], seconds: Mapping[str, float]) -> list[Value]:
    devices = ", ".join(dict.fromkeys(filter(None, map(device_of, runs))))
    total = sum(seconds[run.run] for run in runs)
    return [_time(total), _energy(runs, seconds), _disk(runs), devices]


def _runs(content: Content, seconds: Mapping[str, float]) -> Table:
    rows = [Row([run.run, run.system, *_cells([run], seconds)]) for run in content.runs]
    return Table("Cost of each run", [Column("run"), Column("system"), *_COLUMNS], rows)


_COLUMNS = (
    Column("training, minutes", "right"),
    Column("energy, kWh", "right"),
    Column("disk, MB", "right"),
    Column("device"),
)
