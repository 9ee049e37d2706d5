"""Options that several commands share."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xlt_cli.commands import completion
from xlt_cli.compute.processes import is_first_process

if TYPE_CHECKING:
    from xlt_cli.console.progress import Reporter

SpecFile = Annotated[Path, typer.Argument(metavar="SPEC", help="The experiment spec (YAML).")]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="PATH=VALUE", help="Override a field, e.g. stages.0.epochs=1; repeatable."
    ),
]
RunsDir = Annotated[
    Path | None,
    typer.Option("--runs-dir", help="The runs directory. Default: $XLT_RUNS_DIR, or ./runs."),
]
Plain = Annotated[
    bool, typer.Option("--plain", help="Train without accelerations: slower, the same training.")
]
Jobs = Annotated[
    str,
    typer.Option(
        "--jobs",
        metavar="N|auto",
        help="Number of runs at once, each in a process of its own, if there is enough memory; "
        "auto: as many as cores and memory allow.",
    ),
]

Launcher = Annotated[
    str | None,
    typer.Option(
        "--launcher",
        metavar="NAME",
        help="The launcher: local (in this process, one after another), processes (the one of "
        "--jobs), slurm, ray, or another plugin; '{name: ..., ...}' gives parameters.",
        autocompletion=completion.launchers,
    ),
]


def device_name(given: str | None) -> str | None:
    """The name of the device in torch; `gpu` is accepted for `cuda`.

    Raises:
        SpecError: there is no such kind of device.
    """
    if given is None:
        return None
    name = re.sub("^gpu", "cuda", given.lower())
    if not re.fullmatch(r"auto|cpu|mps|cuda(:[0-9]+)?", name):
        from xlt_cli.errors import SpecError

        hint = "known: auto, cpu, mps, cuda, cuda:N"
        raise SpecError(f"unknown device '{given}'", "--device", hint)
    return name


Device = Annotated[
    str | None,
    typer.Option(
        "--device",
        help="auto, cpu, cuda, cuda:N or mps.",
        callback=device_name,
        autocompletion=completion.devices,
    ),
]
Offline = Annotated[
    bool, typer.Option("--offline", help="Do not use the network; missing files are an error.")
]
Trackers = Annotated[
    list[str] | None,
    typer.Option(
        "--tracker",
        metavar="NAME",
        help="Also send losses and figures to tensorboard, mlflow, wandb or trackio; repeatable. "
        "Default: $XLT_TRACKERS.",
    ),
]
ArchiveTo = Annotated[
    Path | None,
    typer.Option(
        "--archive",
        metavar="DIR",
        help="Also write an archive of everything that the figures need.",
    ),
]
Archived = Annotated[
    Path | None,
    typer.Option(
        "--from",
        metavar="ARCHIVE",
        help="Make the report from an archive, a folder or a file (.tar.xz, .zip); run nothing.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]


class Format(StrEnum):
    """How a report is printed on stdout; `xlt_cli.formats` renders them."""

    terminal = "terminal"
    json = "json"
    csv = "csv"
    markdown = "markdown"
    latex = "latex"


FormatOption = Annotated[
    Format | None,
    typer.Option("--format", help="Format of the report. Default: terminal."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print results only, no progress.")]


def format_of(given: Format | None, as_json: bool) -> Format:
    """The format that `--format` and `--json` ask for.

    Raises:
        SpecError: they ask for two.
    """
    from xlt_cli.errors import SpecError

    if as_json and given not in (None, Format.json):
        raise SpecError(
            f"--json and --format {given} contradict each other", "--format", "give one"
        )
    return Format.json if as_json else given or Format.terminal


def check_folder(path: Path | None, option: str) -> None:
    """Refuses a path that cannot be a folder, before anything is computed.

    Raises:
        SpecError: the path, or a folder above it, is a file.
    """
    from xlt_cli.errors import SpecError

    for place in [path, *path.parents] if path is not None else []:
        if place.exists() and not place.is_dir():
            raise SpecError(f"'{place}' is a file", option, "name a folder")


def check_file(path: Path | None, option: str) -> None:
    """Refuses a path that cannot be a file, before anything is computed.

    Raises:
        SpecError: the path is a folder, or a folder above it is a file.
    """
    from xlt_cli.errors import SpecError

    if path is None:
        return
    if path.is_dir():
        raise SpecError(f"'{path}' is a folder", option, "name a file")
    check_folder(path.parent, option)


def jobs_at_once(text: str) -> int | None:
    """The value of --jobs; None for `auto`.

    Raises:
        SpecError: it is neither.
    """
    from xlt_cli.errors import SpecError

    if text == "auto":
        return None
    if not (text.isascii() and text.isdecimal() and int(text) > 0):
        raise SpecError(
            f"a number of runs is 1 or more, or 'auto', not '{text}'", "--jobs", "e.g. --jobs 4"
        )
    return int(text)


def seeds(given: list[str] | None) -> list[str] | None:
    """The seeds of `--seed 1,2 --seed 3`; a usage error if one is no whole number."""
    parts = [part.strip() for text in given or [] for part in text.split(",") if part.strip()]
    for part in parts:
        if not (part.isascii() and part.isdecimal()):
            raise typer.BadParameter(f"a seed is a whole number, at least 0, not '{part}'")
    return parts or None


def runs_root(given: Path | None) -> Path:
    """The runs directory."""
    from xlt_cli.runs.finding import default_root

    return given or default_root()


def reporter(quiet: bool) -> Reporter:
    """Shows progress on stderr, unless `quiet` or another process shows it."""
    from xlt_cli.console.progress import Reporter

    return Reporter(quiet=quiet or not is_first_process())


def use_trackers(names: list[str] | None) -> None:
    """Has this process, and those that it starts, write to trackers; checks them.

    Raises:
        UserError: one is unknown, or not installed.
    """
    from xlt_cli.tracking import choice

    if names:
        choice.choose(names)
    choice.chosen()


def listed(text: str | None) -> list[str] | None:
    """The parts of a comma-separated option; None if it is not given."""
    if text is None:
        return None
    return [part.strip() for part in text.split(",") if part.strip()]
