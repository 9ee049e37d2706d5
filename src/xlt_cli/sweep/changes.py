"""Whether a sweep is the one that its ledger knows: runs may be added, and none may go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from xlt_cli.launch.jobs import PlannedRun
from xlt_cli.launch.ledger import PLANNED, Ledger, Writer
from xlt_cli.runs.making import planned
from xlt_cli.spec import ExperimentSpec

MOST_SHOWN = 20
"""Fields, and runs, that a message lists."""

ACCEPT = "--accept-changes"
_NONE = object()


def changes(root: Path, base: ExperimentSpec, jobs: Sequence[PlannedRun]) -> str:
    """What has changed since the sweep was last planned, if a run of it is planned no more.

    Args:
        base: the spec without the values of a point.

    Returns:
        Lines for a message; empty if runs were only added, or none were planned before.
    """
    plans = Ledger.read(root, str(base.name)).plans
    if not plans:
        return ""
    before, runs = plans[-1], _runs(root, jobs)
    gone = {run: title for run, title in before["runs"].items() if run not in runs}
    if not gone:
        return ""
    fields = list(differences(before["spec"], base.model_dump(mode="json"))) or [
        "no field has: a plugin, or the precision that 'auto' is on this device"
    ]
    former = [f"{run}  {title}" for run, title in gone.items()]
    lines = [
        f"{len(gone)} of {len(before['runs'])} runs are planned no more; what has changed:",
        *indented(fields),
        "the runs:",
        *indented(former),
    ]
    return "\n".join(lines)


def record(root: Path, base: ExperimentSpec, jobs: Sequence[PlannedRun]) -> None:
    """Notes down what is planned, where it is not what was planned last."""
    plans = Ledger.read(root, str(base.name)).plans
    content = {"spec": base.model_dump(mode="json"), "runs": _runs(root, jobs)}
    if plans and all(plans[-1].get(name) == value for name, value in content.items()):
        return
    number = plans[-1].get("number", 0) + 1 if plans else 1
    Writer(root).add(str(base.name), {"event": PLANNED, "number": number, **content})


def _runs(root: Path, jobs: Sequence[PlannedRun]) -> dict[str, str]:
    return {planned(root, job.spec, job.seed).name: job.title for job in jobs}


def indented(lines: Sequence[str]) -> Iterator[str]:
    """Indented, and not too many."""
    yield from (f"  {line}" for line in lines[:MOST_SHOWN])
    if len(lines) > MOST_SHOWN:
        yield f"  and {len(lines) - MOST_SHOWN} more"


def differences(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """`stages.0.epochs: 1 -> 2`, for each value that is another."""
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        pairs = [(name, before.get(name, _NONE), after.get(name, _NONE)) for name in before]
        pairs += [(name, _NONE, value) for name, value in after.items() if name not in before]
    elif _is_nested(before) and _is_nested(after) and len(before) == len(after):
        pairs = [(n, *both) for n, both in enumerate(zip(before, after, strict=True))]
    else:
        yield f"{path}: {_shown(before)} -> {_shown(after)}"
        return
    for name, one, other in pairs:
        yield from differences(one, other, f"{path}.{name}" if path else str(name))


def _is_nested(value: Any) -> bool:
    """Whether it is a list of mappings or lists, whose items are compared one by one."""
    return isinstance(value, list) and any(isinstance(item, dict | list) for item in value)


def _shown(value: Any) -> str:
    return "(none)" if value is _NONE else str(value)
