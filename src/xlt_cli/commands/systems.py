"""Systems that are compared: the points of a sweep, or runs with names; also of an archive."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Annotated

import typer

from xlt_cli.commands import completion

MOST_SHOWN = 10
"""Of the runs of an archive, in a message."""

ArchivedRuns = Annotated[
    Path | None,
    typer.Option(
        "--from",
        metavar="ARCHIVE",
        help="Read the runs of an archive that `xlt archive` wrote; default: all of them.",
    ),
]
GivenSystems = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[NAME=RUNS]...|SPEC",
        help="A system and its runs, one for each seed: a name or path, perhaps with *; "
        "several runs by naming the system again. Or a spec: the points of its sweep.",
        autocompletion=completion.runs,
    ),
]
Systems = dict[str, list[str]]


@contextlib.contextmanager
def compared(
    given: list[str] | None, archive: Path | None, runs_dir: Path | None, command: str
) -> Iterator[tuple[Systems | list[str], Path | None]]:
    """The runs that a command is given, by name or without, and their runs directory.

    Args:
        given: as `runs_of` has them; none for all runs of an archive.

    Raises:
        UserError: what is given is no runs, or no archive.
    """
    if archive is not None:
        with in_archive(archive, runs_dir) as (root, systems):
            if given and not is_spec(given):
                given = [path for one in given for path in inside(root, one)]
            yield runs_of(given, root, command) if given else systems or all_in(root), root
        return
    yield runs_of(check_given(given, command), runs_dir, command), runs_dir


def check_given(given: list[str] | None, command: str) -> list[str]:
    """What is given, if anything is.

    Raises:
        SpecError: nothing is.
    """
    if not given:
        from xlt_cli.errors import SpecError

        hint = f"e.g. {command} A='a-*' B='b-*'; or read all runs of an archive: --from ARCHIVE"
        raise SpecError("there are no runs to read", command, hint)
    return given


@contextlib.contextmanager
def in_archive(archive: Path, runs_dir: Path | None) -> Iterator[tuple[Path, Systems]]:
    """The runs directory of an archive, and the paths of the runs of its systems.

    Raises:
        UserError: it is no archive, or a runs directory is given as well.
    """
    from xlt_cli.errors import SpecError
    from xlt_cli.runs import run_archive

    if runs_dir is not None:
        raise SpecError("--from and --runs-dir contradict each other", "--from", "give one")
    with run_archive.opened(archive) as opened:
        root, systems = opened.root, opened.systems.items()
        yield root, {name: [str(root / run) for run in own] for name, own in systems}


def runs_of(given: list[str], runs_dir: Path | None, command: str) -> Systems | list[str]:
    """The runs of the points of a spec, or as they are given: with names, or all without.

    Raises:
        SpecError: one lacks a name or runs.
    """
    if is_spec(given) or any("=" in text for text in given):
        return systems_of(given, runs_dir, command)
    return given


def systems_of(given: list[str], runs_dir: Path | None, command: str) -> Systems:
    """The runs of each system: of the points of one spec, or as they are named (`NAME=RUNS`).

    Raises:
        SpecError: one lacks a name or runs.
    """
    if is_spec(given):
        from xlt_cli import Experiment

        return Experiment.from_file(given[0]).systems(runs_dir=runs_dir)
    return _named(given, command)


def begun(
    given: list[str], runs_dir: Path | None, command: str
) -> tuple[Systems | list[str], list[str]]:
    """The runs that have begun, finished or not, and what is missing, in words.

    Raises:
        RunError: no run of a spec has begun.
    """
    if not is_spec(given):
        return runs_of(given, runs_dir, command), []
    from xlt_cli import Experiment
    from xlt_cli.errors import RunError

    systems: Systems = {}
    missing = []
    experiment = Experiment.from_file(given[0])
    for row in experiment.plan(runs_dir=runs_dir, any_precision=True):
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


def _named(given: list[str], command: str) -> Systems:
    """The patterns of each system.

    Raises:
        SpecError: one lacks a name or a pattern.
    """
    from xlt_cli.errors import SpecError

    systems: Systems = {}
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


def all_in(root: Path) -> list[str]:
    """The paths of the runs of an archive."""
    return sorted(str(path.parent) for path in root.glob("*/run.json"))


def inside(root: Path, given: str) -> list[str]:
    """The paths of the runs that `[NAME=]PATTERN` names in an archive, each with its `NAME=`.

    A run of the same name in the working directory is not meant.

    Raises:
        RunError: the archive has no such run.
    """
    from xlt_cli.errors import RunError

    system, equals, pattern = given.rpartition("=")
    names = [Path(path).name for path in all_in(root)]
    begin = [name for name in names if name.startswith(pattern)]
    found = [name for name in names if fnmatch(name, pattern)] or (begin if pattern else [])
    if not found or (len(found) > 1 and found == begin and not set(pattern) & set("*?[")):
        what = f"several runs of the archive begin with '{pattern}'" if found else (
            f"the archive has no run '{pattern}'"
        )  # fmt: skip
        shown = found or names
        more = f" and {len(shown) - MOST_SHOWN} more" if len(shown) > MOST_SHOWN else ""
        hint = f"its runs: {', '.join(shown[:MOST_SHOWN])}{more}"
        raise RunError(what, str(root.parent), hint)
    return [f"{system}{equals}{root / name}" for name in found]
