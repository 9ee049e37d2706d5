"""`xlt analyze NAME ...`: one sub-command for each installed analysis.

Its options are those of every analysis and, generated from its `Params`, its own.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from xlt_cli.commands import completion
from xlt_cli.commands.options import (
    Archived,
    ArchiveTo,
    AsJson,
    Device,
    Format,
    FormatOption,
    Offline,
    Quiet,
    RunsDir,
    check_folder,
    format_of,
    listed,
    runs_root,
)
from xlt_cli.commands.usage import Verb
from xlt_cli.compute.offline import go_offline
from xlt_cli.errors import PluginError, SpecError, did_you_mean

if TYPE_CHECKING:
    from xlt_cli.api import Analysis, Measured
    from xlt_cli.console.progress import Reporter

BESIDE_ARCHIVE = ("out", "format", "json")
"""The options that every analysis accepts together with --from."""

MEASURING = ("given", "languages", "limit", "split", "task", "archive_to", "device")
"""The options of the measurement, which are refused together with --from."""

Given = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[NAME=]RUN...",
        autocompletion=completion.runs,
        help="Finished runs; the first is the baseline. Runs with the same NAME are its seeds.",
    ),
]
Languages = Annotated[
    str | None,
    typer.Option(
        "--languages", help="Comma-separated; default: all.", autocompletion=completion.languages
    ),
]
Limit = Annotated[
    int, typer.Option("--limit", min=0, help="Only the first rows of each language; 0: all.")
]
Split = Annotated[
    str, typer.Option("--split", help="train, dev or test.", autocompletion=completion.splits)
]
Task = Annotated[
    str | None,
    typer.Option(
        "--task",
        metavar="NAME",
        help="An evaluated task, or '{name: TASK, ...}' with its parameters. Default: that of the "
        "run.",
        autocompletion=completion.tasks,
    ),
]


class Analyses(TyperGroup):
    """The installed analyses, which are imported when they are used or listed."""

    def list_commands(self, ctx: Any) -> list[str]:
        from xlt_cli import registry

        return registry.names("analysis")

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        from xlt_cli import registry

        try:
            plugin = registry.get("analysis", cmd_name, "xlt analyze")
        except PluginError as error:
            if cmd_name not in registry.names("analysis"):
                raise
            return _broken(cmd_name, error)
        return _command(cmd_name, _function(plugin), plugin.summary)


app = typer.Typer(
    cls=Analyses, help="Analyze runs: errors, alignment and others.", no_args_is_help=True
)


def _command(name: str, function: Callable[..., None], summary: str) -> Any:
    own = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)
    own.command(name, cls=Verb, short_help=summary)(function)
    return typer.main.get_command(own)


def _broken(name: str, error: PluginError) -> Any:
    """A sub-command for an analysis that cannot be used, which raises its error."""

    def broken(arguments: Annotated[list[str] | None, typer.Argument()] = None) -> None:
        raise error

    return _command(
        name, broken, f"cannot be used; `xlt list-plugins --check` gives the reason ({name})"
    )


def _function(plugin: type[Analysis]) -> Callable[..., None]:
    """The sub-command of an analysis, with its options as its signature."""
    from xlt_cli.api import ModelAnalysis
    from xlt_cli.commands.analysis_options import generated

    def command(**values: Any) -> None:
        _analyze(plugin, **values)

    own = {name: (option, None) for name, option in generated(plugin.Params).items()}
    models = issubclass(plugin, ModelAnalysis)
    parameters: dict[str, tuple[Any, Any]] = {
        "context": (typer.Context, inspect.Parameter.empty),
        "given": (Given, None),
        "languages": (Languages, None),
        "limit": (Limit, plugin.limit),
        "split": (Split, "test"),
        **({} if models else {"task": (Task, None)}),
        **own,
        "out": (
            Annotated[
                Path | None,
                typer.Option(
                    "--out",
                    metavar="DIR",
                    help=f"Default: analysis/{plugin.name} of the last RUN.",
                ),
            ],
            None,
        ),
        "archive_to": (ArchiveTo, None),
        "archived": (Archived, None),
        **({"device": (Device, None)} if models else {}),
        "runs_dir": (RunsDir, None),
        "offline": (Offline, False),
        "quiet": (Quiet, False),
        "format_": (FormatOption, None),
        "as_json": (AsJson, False),
    }
    command.__doc__ = inspect.cleandoc(plugin.__doc__ or plugin.summary)
    command.__annotations__ = {name: kind for name, (kind, _) in parameters.items()}
    command.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind
            )
            for name, (kind, default) in parameters.items()
        ]
    )
    return command


def _analyze(
    plugin: type[Analysis],
    *,
    context: typer.Context,
    given: list[str] | None,
    languages: str | None,
    limit: int,
    split: str,
    out: Path | None,
    archive_to: Path | None,
    archived: Path | None,
    runs_dir: Path | None,
    offline: bool,
    quiet: bool,
    format_: Format | None,
    as_json: bool,
    task: str | None = None,
    device: str | None = None,
    **own: str | bool | None,
) -> None:
    from xlt_cli.analyses import archive
    from xlt_cli.api import SPLITS
    from xlt_cli.commands.analysis_options import build
    from xlt_cli.console.progress import Reporter
    from xlt_cli.runs.archive_file import as_folder
    from xlt_cli.runs.archives import check_place
    from xlt_cli.spec import split_name

    where = f"xlt analyze {plugin.name}"
    output = format_of(format_, as_json)
    reporter = Reporter(quiet=quiet or output is not Format.terminal)
    check_folder(out, "--out")
    if archived is not None:
        measuring = [*MEASURING, *(name for name in own if name not in plugin.reporting)]
        if any(_is_given(context, name) for name in measuring):
            raise SpecError(
                "with an archive, no RUN and no option of the measurement can be given",
                f"{where} --from",
                "give at most "
                f"{', '.join(f'--{n}' for n in (*BESIDE_ARCHIVE, *plugin.reporting))} and --quiet "
                "in addition",
            )
        with as_folder(archived) as folder:
            measured, params = archive.read(folder, plugin.name)
        _show(build(plugin, own, params), measured, out, reporter, output)
        return
    if not given:
        raise SpecError("no run is given", where, "name runs, or an archive with --from")
    split = split_name(split)
    if split not in SPLITS:
        raise SpecError(f"there is no split '{split}'", "--split", did_you_mean(split, SPLITS))
    analysis = build(plugin, own)
    if archive_to is not None:
        check_folder(archive_to, "--archive")
        check_place(archive_to, archive.contents(plugin.name))
    go_offline(offline)
    from xlt_cli.analyses.naming import named
    from xlt_cli.analyses.perform import perform
    from xlt_cli.analyses.subjects import Request

    names, runs = named(given, runs_root(runs_dir), where)
    request = Request(split, listed(languages), limit or None, task)
    measured = perform(analysis, names, runs, request, device, reporter)
    place = out or runs[-1].path / "analysis" / plugin.name
    _show(analysis, measured, place, reporter, output)
    if archive_to is not None:
        archive.write(archive_to, analysis, measured)


def _is_given(context: typer.Context, name: str) -> bool:
    """Whether an option is given on the command line, even with its default value."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _show(
    analysis: Analysis, measured: Measured, out: Path | None, reporter: Reporter, output: Format
) -> None:
    """Prints the report and, if a folder is given, writes it to files."""
    from xlt_cli.analyses import files
    from xlt_cli.commands.printing import print_report

    report = analysis.report(measured)
    if out is not None:
        files.write(out, report)
        files.draw(out, analysis, measured, report, reporter)
    print_report(report, output, f"written to: {out}" if out is not None else "")
