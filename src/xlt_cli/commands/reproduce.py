"""`xlt reproduce NAME`: runs a paper's comparison and judges its claims."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xlt_cli.commands import completion
from xlt_cli.commands.options import (
    Archived,
    ArchiveTo,
    AsJson,
    Device,
    Format,
    FormatOption,
    Jobs,
    Launcher,
    Offline,
    Overrides,
    Quiet,
    RunsDir,
    check_folder,
    format_of,
    jobs_at_once,
    listed,
    runs_root,
)
from xlt_cli.commands.printing import print_report
from xlt_cli.compute.offline import go_offline
from xlt_cli.compute.processes import is_first_process

if TYPE_CHECKING:
    from xlt_cli.console.progress import Reporter


def reproduce(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="What to reproduce: robust-xlt, or a folder.")
    ],
    encoder: Annotated[
        str | None,
        typer.Option(
            "--encoder",
            metavar="NAME",
            help="Encoder plugin. Default: the first that it has specs for.",
            autocompletion=completion.encoders,
        ),
    ] = None,
    seeds: Annotated[
        int | None,
        typer.Option("--seeds", min=1, help="Seeds 1 to N. Default: those of the specs."),
    ] = None,
    quick: Annotated[
        bool,
        typer.Option("--quick", help="A trial run of a few minutes; its figures mean nothing."),
    ] = False,
    overrides: Overrides = None,
    tasks: Annotated[
        list[str] | None,
        typer.Option(
            "--task",
            metavar="TASK",
            help="Only this task; repeatable. Default: all.",
            autocompletion=completion.tasks,
        ),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            "--baseline", metavar="METHOD", help="Baseline of gains. Default: the first method."
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            "--by",
            metavar="FACT,...",
            help="Also gains by groups of languages: family, script, resource or language.",
            autocompletion=completion.groupings,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="Folder of the report. Default: in the runs directory."
        ),
    ] = None,
    archive_to: ArchiveTo = None,
    archived: Archived = None,
    jobs_option: Jobs = "1",
    launcher_option: Launcher = None,
    device: Device = None,
    runs_dir: RunsDir = None,
    offline: Offline = False,
    quiet: Quiet = False,
    format_: FormatOption = None,
    as_json: AsJson = False,
) -> None:
    """Run a paper's comparison and say which of its claims the results confirm.

    The same command continues where it stopped; once all runs are finished, it only reports.
    """
    at_once, output = jobs_at_once(jobs_option), format_of(format_, as_json)
    check_folder(out, "--out")
    check_folder(archive_to, "--archive")
    go_offline(offline)
    from xlt_cli.compute.devices import cores
    from xlt_cli.console.progress import Reporter
    from xlt_cli.interface.requests import extras_of
    from xlt_cli.launch.choice import launcher as chosen
    from xlt_cli.reproduce import archive, trials
    from xlt_cli.reproduce import definition as reproduction
    from xlt_cli.reproduce.report import baseline_of, report
    from xlt_cli.runs.archive_file import as_folder

    grouped = extras_of({"by": listed(by)}, "--").by
    launcher = chosen(launcher_option, at_once)
    readers = at_once or cores()
    reporter = Reporter(quiet=quiet or output is not Format.terminal or not is_first_process())
    changes = [*(overrides or []), *([f"device={device}"] if device else [])]
    if archived is not None:
        if any((encoder, seeds, quick, changes, tasks, archive_to)):
            raise _nothing_beside_from()
        with as_folder(archived) as folder:
            kept = archive.read(reproduction.name_of(name), folder)
            reported = report(*kept, reporter, baseline, readers, grouped)
        _show(reported, _written(reported, out, reporter) if out else None, output)
        return
    shipped = reproduction.read(name)
    baseline_of(shipped, baseline)  # refused now, not after days of runs
    choice = trials.Choice(encoder, seeds, quick, changes, list(dict.fromkeys(tasks or [])))
    planned = trials.plan(shipped, choice)
    if archive_to is not None:
        archive.check_place(archive_to, shipped, choice)

    from xlt_cli.errors import EXIT_FAILURE
    from xlt_cli.launch.launching import run_jobs
    from xlt_cli.reproduce.records import of_run

    if quick and is_first_process():
        reporter.warn("--quick: this is a trial run; its figures mean nothing")
    root = runs_root(runs_dir)
    jobs = [trial.job for trial in planned]
    if launcher_option is None and len(jobs) == 1:
        launcher = None  # --jobs has nothing to share
    outcomes = run_jobs(jobs, root, reporter, keep_going=True, launcher=launcher, offline=offline)
    failed = any(outcome.error for outcome in outcomes)
    if is_first_process():
        records = [of_run(*ran) for ran in zip(planned, outcomes, strict=True)]
        values = report(shipped, choice, records, reporter, baseline, readers, grouped)
        folder = _written(values, out or root / "reproductions" / _label(values), reporter)
        _show(values, folder, output)
        if archive_to is not None:
            runs = [outcome.run for outcome in outcomes]
            place = archive.write(archive_to, shipped, choice, records, runs, reporter, readers)
            _say_place(place, archive_to, "an archive", reporter)
    if failed:
        raise typer.Exit(EXIT_FAILURE)


def _nothing_beside_from() -> Exception:
    """The error for options with --from that an archive does not allow."""
    from xlt_cli.errors import SpecError

    return SpecError(
        "an archive contains finished runs, which cannot be changed or run",
        "xlt reproduce --from",
        "give NAME, and at most --baseline, --by, --out, --jobs, --format, --json and --quiet in "
        "addition",
    )


def _label(values: dict[str, Any]) -> str:
    """The name of the report's folder: special reports do not replace ordinary ones."""
    parts = [values["reproduction"], values["encoder"], *values["only"]]
    label = "-".join([*parts, "quick"] if values["quick"] else parts)
    if values["baseline"] == values["methods"][0]:
        return label
    return f"{label}-over-" + re.sub(r"[^a-z0-9]+", "-", values["baseline"].lower()).strip("-")


def _written(values: dict[str, Any], folder: Path, reporter: Reporter) -> Path:
    """Writes the report, and reports if its folder is not the expected one."""
    from xlt_cli.reproduce import files

    place = files.write(folder, values)
    _say_place(place, folder, "a report", reporter)
    return place


def _say_place(place: Path, folder: Path, what: str, reporter: Reporter) -> None:
    if place != folder:
        reporter.warn(
            f"{folder} contains {what} over more finished runs and is kept; "
            f"this one is written to {place}"
        )


def _show(values: dict[str, Any], folder: Path | None, output: Format) -> None:
    """The report on stdout."""
    from xlt_cli.reports.reproduction import report

    print_report(report(values), output, f"written to {folder}" if folder is not None else "")
