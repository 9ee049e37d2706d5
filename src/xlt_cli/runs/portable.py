"""What a run's directory says of it, as one value that can leave the machine.

Paths keep their last two parts; names of machines and numbers of processes are left out. Losses,
learning rates and norms of training updates are rounded to six digits; all else is as it was.
"""

from __future__ import annotations

import re
from typing import Any

from xlt_cli.runs import atomic
from xlt_cli.runs.directory import Run

DIGITS = 6
OF_A_MACHINE = ("working_directory", "pid", "host")
"""What sessions and states say of the machine."""
_PATH = re.compile(r"(^|=)/(?:[^/]+/)*([^/]+/[^/]+)$")
_INSIDE = re.compile(
    r"""(?<![\w.:/~\\])(?:/[^\s/'"`<>|,;:()\[\]{}]+)*(/[^\s/'"`<>|,;:()\[\]{}]+){2}"""
)


def portable(run: Run) -> dict[str, Any]:
    """Record, spec file, environment, fingerprints, stages, training curve and timing."""
    environment = [
        {name: value for name, value in session.items() if name not in OF_A_MACHINE}
        for session in atomic.read_lines(run.path / "environment.jsonl")
    ]
    stages = range(len(run.spec.stages))
    return {
        "record": without_paths(run.record),
        "spec_file": (run.path / "spec.yaml").read_text("utf-8"),
        "environment": without_paths(environment),
        "fingerprints": without_paths(atomic.read_json(run.path / "fingerprints.json")),
        "stages": [atomic.read_json(run.stage(index) / "result.json") for index in stages],
        "metrics": [_rounded(line) for line in run.curve],
        "timing": atomic.read_lines(run.timing),
    }


def without_paths(value: Any) -> Any:
    """The same with `.../data/mine` for `/home/me/data/mine`, also after a `=`."""
    if isinstance(value, dict):
        return {name: without_paths(part) for name, part in value.items()}
    if isinstance(value, list):
        return [without_paths(part) for part in value]
    return _PATH.sub(r"\1.../\2", value) if isinstance(value, str) else value


def bare(value: Any) -> Any:
    """The same as `without_paths`, and of paths within texts and names as well."""
    if isinstance(value, dict):
        return {bare_text(str(name)): bare(part) for name, part in value.items()}
    if isinstance(value, list):
        return [bare(part) for part in value]
    return bare_text(str(without_paths(value))) if isinstance(value, str) else value


def bare_text(text: str) -> str:
    """A text in which absolute paths keep their last two parts."""
    return _INSIDE.sub(lambda found: ".../" + "/".join(found[0].split("/")[-2:]), text)


def _rounded(line: dict[str, Any]) -> dict[str, Any]:
    if line.get("kind") != "train":
        return line
    return {
        name: float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value
        for name, value in line.items()
    }
