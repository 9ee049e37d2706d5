"""`xlt analyze ...`: why runs transfer as they do. One sub-command per analysis."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xlt_cli.commands import completion
from xlt_cli.commands.options import (
    Archived,
    ArchiveTo,
    AsJson,
    Device,
    Offline,
    Quiet,
    RunsDir,
    check_folder,
    go_offline,
    listed,
    runs_root,
)
from xlt_cli.commands.usage import Verb
from xlt_cli.errors import SpecError, UserError, did_you_mean
from xlt_cli.terminal import print_json

if TYPE_CHECKING:
    from xlt_cli.alignment.records import Analysis
    from xlt_cli.console.progress import Reporter
    from xlt_cli.runs.directory import Run

PLOTS = "no figures were drawn: matplotlib is missing; pip install 'xlt-cli[plots]'"

MEASURING = ("given", "languages", "limit", "split", "votes", "sigma", "archive_to", "device")
"""What says something of measuring, and so nothing of an archive."""

app = typer.Typer(help="Analyze finished runs: why they transfer as they do.", no_args_is_help=True)


@app.callback()
def analyses() -> None:
    """Keeps `alignment` a sub-command while it is the only one."""


@app.command("alignment", cls=Verb)
def alignment(
    context: typer.Context,
    given: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME=]RUN...",
            autocompletion=completion.runs,
            help="Finished runs; the first is the baseline. Runs of one NAME are its seeds.",
        ),
    ] = None,
    languages: Annotated[
        str | None,
        typer.Option(
            "--languages",
            help="Comma-separated; default: all.",
            autocompletion=completion.languages,
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=0, help="Source rows to probe; 0: all.")
    ] = 200,
    split: Annotated[
        str, typer.Option("--split", help="train, dev or test.", autocompletion=completion.splits)
    ] = "test",
    votes: Annotated[
        int, typer.Option("--votes", min=0, help="For the certified radius; 0: leave it out.")
    ] = 100,
    sigma: Annotated[
        float, typer.Option("--sigma", min=0.001, help="Of the votes' noise, per token.")
    ] = 0.5,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Default: analysis/alignment of the last RUN."),
    ] = None,
    archive_to: ArchiveTo = None,
    archived: Archived = None,
    device: Device = None,
    runs_dir: RunsDir = None,
    offline: Offline = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Do translations lie where the decision on the English row still holds?

    Measures per row how much noise flips the decision and how far the translation lies; compares
    robust runs with a baseline.

    On a processor this takes minutes for a hundred rows, about half of them for votes: --votes 0
    leaves them out.

    What was measured is kept in the run and not measured again.
    """
    from xlt_cli.alignment import archive as alignment_archive
    from xlt_cli.api import SPLITS
    from xlt_cli.console.progress import Reporter
    from xlt_cli.runs.archive_file import as_folder
    from xlt_cli.runs.archives import check_place
    from xlt_cli.spec import split_name

    reporter = Reporter(quiet=quiet or as_json)
    check_folder(out, "--out")
    if archived is not None:
        if any(_is_given(context, name) for name in MEASURING):
            raise SpecError(
                "an archive holds all that was measured: no RUN can stand beside it",
                "xlt analyze alignment --from",
                "give at most --out, --json and --quiet beside it",
            )
        with as_folder(archived) as folder:
            analysis = alignment_archive.read(folder)
        _show(analysis, out, reporter, as_json)
        return
    if not given:
        raise SpecError("no run is named", "xlt analyze alignment", "name runs, or an archive")
    split = split_name(split)
    if split not in SPLITS:
        raise SpecError(f"there is no split '{split}'", "--split", did_you_mean(split, SPLITS))
    if archive_to is not None:
        check_folder(archive_to, "--archive")
        check_place(archive_to, alignment_archive.CONTENTS)
    from xlt_cli.runs.pruned import check_weights

    names, runs = _named(given, runs_root(runs_dir))
    for run in runs:
        check_weights(run)  # all are asked first
    go_offline(offline)
    from xlt_cli.alignment.probe import probe
    from xlt_cli.alignment.probing import Probing
    from xlt_cli.alignment.runs import Request, analysis_of, check_same, prepare
    from xlt_cli.launch.computing import start

    runtime = start(device or runs[0].spec.device, "fp32")
    if runtime.world > 1:
        raise UserError("alignment is probed by one process", "xlt analyze alignment")
    request = Request(
        split,
        listed(languages),
        limit or None,
        Probing(sigma=sigma, samples=votes, selection=max(votes // 10, 1) if votes else 0),
    )
    subjects = [prepare(run, request, runtime) for run in runs]
    check_same(subjects)
    probed = [probe(subject, runtime, reporter) for subject in subjects]
    analysis = analysis_of(names, subjects, probed)
    _show(analysis, out or runs[-1].path / "analysis" / "alignment", reporter, as_json)
    if archive_to is not None:
        alignment_archive.write(archive_to, analysis)


def _is_given(context: typer.Context, name: str) -> bool:
    """Whether the command line says it, be it the default."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _named(given: Sequence[str], root: Path) -> tuple[list[str], list[Run]]:
    """What each run is called, and the runs.

    Raises:
        RunError: there is no such run, it is named twice, or two cannot be told apart.
        SpecError: one name has fewer runs than another.
    """
    from xlt_cli.errors import RunError
    from xlt_cli.runs.directory import find

    labels: list[str] = []
    runs: list[Run] = []
    for text in given:
        label, equals, rest = text.partition("=")
        labelled = bool(label and equals) and not Path(text).exists()
        if not text.strip() or (equals and not (label.strip() and rest)):
            raise SpecError(
                f"'{text}' lacks a name or a run", "xlt analyze alignment", "write RUN or NAME=RUN"
            )
        run = find(root, rest if labelled else text)
        if run.path.resolve() in [other.path.resolve() for other in runs]:
            raise RunError(f"the run '{run.name}' is named twice", str(run.path))
        labels.append(label if labelled else "")
        runs.append(run)
    names = [label or run.path.resolve().name for label, run in zip(labels, runs, strict=True)]
    for name, label in zip(names, labels, strict=True):
        if not label and names.count(name) > 1:
            raise RunError(f"two runs are called '{name}'", hint="give each a name: NAME=RUN")
        if names.count(name) != names.count(names[0]):
            counts = f"{names.count(names[0])} and {names.count(name)}"
            raise SpecError(
                f"'{names[0]}' and '{name}' have different numbers of runs: {counts}",
                "xlt analyze alignment",
                "compare as many seeds of each",
            )
    return names, runs


def _show(analysis: Analysis, out: Path | None, reporter: Reporter, as_json: bool) -> None:
    """Figures on stdout and, where a folder is named, in files."""
    from rich.text import Text

    from xlt_cli.alignment import export as alignment_export
    from xlt_cli.alignment import tables as alignment_tables
    from xlt_cli.alignment.measures import results
    from xlt_cli.console.screen import stdout

    found = results(analysis)
    if out is not None:
        alignment_export.write(out, found)
        _draw(out, found, analysis, reporter)
    if as_json:
        print_json(found)
        return
    console = stdout()
    console.print(alignment_tables.alignment(found))
    if out is not None:
        console.print(Text(f"written to: {out}", style="dim"), soft_wrap=True)


def _draw(out: Path, found: dict[str, Any], analysis: Analysis, reporter: Reporter) -> None:
    """Figures, where they can be drawn."""
    from importlib.util import find_spec

    if find_spec("matplotlib") is None:
        reporter.warn(PLOTS)
        return
    from xlt_cli.alignment import figures

    figures.write(out, found, analysis.probed())
