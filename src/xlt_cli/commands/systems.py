"""Systems that are compared: the points of a sweep, or runs with names."""

from __future__ import annotations

from pathlib import Path


def systems_of(given: list[str], runs_dir: Path | None, command: str) -> dict[str, list[str]]:
    """The runs of each system: of the points of one spec, or as they are named (`NAME=RUNS`).

    Raises:
        SpecError: one lacks a name or runs.
    """
    if is_spec(given):
        from xlt_cli import Experiment

        return Experiment.from_file(given[0]).systems(runs_dir=runs_dir)
    return _named(given, command)


def runs_or_systems(
    given: list[str], runs_dir: Path | None, command: str
) -> list[str] | dict[str, list[str]]:
    """The runs of the points of a spec, or as they are given: with names of systems, or without."""
    if is_spec(given) or any("=" in text for text in given):
        return systems_of(given, runs_dir, command)
    return given


def begun(
    given: list[str], runs_dir: Path | None, command: str
) -> tuple[list[str] | dict[str, list[str]], list[str]]:
    """The runs that have begun, finished or not, and what is missing, in words.

    Raises:
        RunError: no run of a spec has begun.
    """
    if not is_spec(given):
        return runs_or_systems(given, runs_dir, command), []
    from xlt_cli import Experiment
    from xlt_cli.errors import RunError

    systems: dict[str, list[str]] = {}
    missing = []
    experiment = Experiment.from_file(given[0])
    for row in experiment.plan(runs_dir=runs_dir):
        name = row["name"] or row["label"] or experiment.name
        if (Path(row["path"]) / "run.json").is_file():
            systems.setdefault(name, []).append(row["path"])
        else:
            missing.append(f"'{name}' with seed {row['seed']} has not begun")
    if not systems:
        hint = "`xlt sweep` or `xlt train` trains them"
        raise RunError(f"no run of '{given[0]}' has begun", given[0], hint)
    return systems, missing


def is_spec(given: list[str]) -> bool:
    """Whether what is given in place of runs is a spec."""
    return len(given) == 1 and "=" not in given[0] and given[0].endswith((".yaml", ".yml"))


def _named(given: list[str], command: str) -> dict[str, list[str]]:
    """The patterns of each system.

    Raises:
        SpecError: one lacks a name or a pattern.
    """
    from xlt_cli.errors import SpecError

    systems: dict[str, list[str]] = {}
    for text in given:
        name, _, pattern = text.partition("=")
        if not (name.strip() and pattern.strip()):
            raise SpecError(
                f"'{text}' lacks a name or runs",
                command,
                "write NAME=RUNS, e.g. ERM='erm-*', or one spec with a sweep, e.g. methods.yaml",
            )
        systems.setdefault(name, []).append(pattern)
    return systems
