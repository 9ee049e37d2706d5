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
