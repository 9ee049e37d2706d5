"""Which runs are analysed, and what each is called: `RUN` or `NAME=RUN`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from xlt_cli.errors import RunError, SpecError
from xlt_cli.runs.directory import Run
from xlt_cli.runs.finding import find


def named(given: Sequence[str], root: Path, where: str) -> tuple[list[str], list[Run]]:
    """What each run is called, and the runs.

    Args:
        where: names who asks.

    Raises:
        RunError: there is no such run, it is named twice, or two cannot be told apart.
        SpecError: one name has fewer runs than another.
    """
    labels: list[str] = []
    runs: list[Run] = []
    for text in given:
        label, equals, rest = text.partition("=")
        labelled = bool(label and equals) and not Path(text).exists()
        if not text.strip() or (equals and not (label.strip() and rest)):
            raise SpecError(f"'{text}' lacks a name or a run", where, "write RUN or NAME=RUN")
        run = find(root, rest if labelled else text)
        if run.path.resolve() in [other.path.resolve() for other in runs]:
            raise RunError(f"the run '{run.name}' is given twice", str(run.path))
        labels.append(label if labelled else "")
        runs.append(run)
    names = [label or run.path.resolve().name for label, run in zip(labels, runs, strict=True)]
    for name, label in zip(names, labels, strict=True):
        if not label and names.count(name) > 1:
            raise RunError(f"two runs have the name '{name}'", hint="give each a name: NAME=RUN")
        if names.count(name) != names.count(names[0]):
            counts = f"{names.count(names[0])} and {names.count(name)}"
            raise SpecError(
                f"'{names[0]}' and '{name}' have different numbers of runs: {counts}",
                where,
                "compare the same number of seeds of each",
            )
    return names, runs
