"""`xlt runs`: lists runs with their states and results, and removes them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from xlt_cli.commands import completion
from xlt_cli.commands.options import AsJson, Format, FormatOption, RunsDir, format_of, runs_root
from xlt_cli.commands.systems import ArchivedRuns, in_archive
from xlt_cli.commands.usage import Verb
from xlt_cli.terminal import echo

app = typer.Typer(
    short_help="List the runs with their results; remove runs or their weights.",
    invoke_without_command=True,
)


class State(StrEnum):
    """What a run's directory says of it."""

    pending = "pending"
    running = "running"
    done = "done"
    failed = "failed"
    interrupted = "interrupted"
    stopped_early = "stopped early"
    damaged = "damaged"


class Sort(StrEnum):
    """The orders of the list."""

    date = "date"
    name = "name"
    dev = "dev"
    zero_shot = "zero-shot"
    size = "size"


class Keep(StrEnum):
    """The weights that pruning keeps."""

    best = "best"
    none = "none"


Named = Annotated[
    list[str],
    typer.Argument(
        metavar="RUN...", help="Whole names, or directories.", autocompletion=completion.runs
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Report what would be removed, and remove nothing.")
]


@app.callback()
def runs(
    context: typer.Context,
    name: Annotated[
        str, typer.Option("--name", metavar="PREFIX", help="Only runs whose names begin with this.")
    ] = "",
    task: Annotated[
        str,
        typer.Option(
            "--task", help="Only runs trained on this task.", autocompletion=completion.tasks
        ),
    ] = "",
    method: Annotated[
        str, typer.Option("--method", help="Only runs with this perturbation; ERM: without any.")
    ] = "",
    state: Annotated[State | None, typer.Option("--state", help="Only runs in this state.")] = None,
    sort: Annotated[
        Sort, typer.Option("--sort", help="Oldest, or best, or largest first.")
    ] = Sort.date,
    archived: ArchivedRuns = None,
    runs_dir: RunsDir = None,
    format_: FormatOption = None,
    as_json: AsJson = False,
) -> None:
    """List the runs: what each is, its state, its size on disk and its headline figures.

    `rm` removes runs, `prune` the weights of finished ones.
    """
    if context.invoked_subcommand is not None:
        if archived is not None:
            raise typer.BadParameter("the runs of an archive are only listed", param_hint="--from")
        return
    from xlt_cli import formats
    from xlt_cli.reports.runs import report
    from xlt_cli.runs.finding import all_runs
    from xlt_cli.sweep.listing import row

    output, wanted = format_of(format_, as_json), _filter(task, method, state)
    with _listed(archived, runs_dir) as root:
        every = all_runs(root)
        rows = [about for run in every if run.name.startswith(name) for about in [row(run)]]
        rows = _sorted([_with_size(about) for about in rows if wanted(about)], sort)
    if archived is not None:
        rows = [{**about, "path": str(archived)} for about in rows]
        root = archived
    if rows or output in (Format.json, Format.csv):
        formats.show(report(rows), output)
    elif not every:
        echo(f"no runs in {root}; `xlt train SPEC` starts one")
    else:
        echo(f"none of the {len(every)} runs in {root} matches")


@app.command("rm", cls=Verb)
def remove(
    context: typer.Context, names: Named, dry_run: DryRun = False, runs_dir: RunsDir = None
) -> None:
    """Remove runs with all their results.

    All of them are removed, or none: it is an error if a process is working on one of them, or if
    another run started from its model. Files that xlt did not write are kept.
    """
    from xlt_cli.commands import runs_removal

    runs_removal.remove(_root(context, runs_dir), names, dry_run)


@app.command("prune", cls=Verb)
def prune(
    context: typer.Context,
    keep: Annotated[
        Keep,
        typer.Option(
            "--keep", help="best: keep the weights of each spec's best run on dev; none: keep none."
        ),
    ],
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RUN]...", help="Default: all runs.", autocompletion=completion.runs
        ),
    ] = None,
    dry_run: DryRun = False,
    runs_dir: RunsDir = None,
) -> None:
    """Remove the weights of finished runs; results and predictions are kept.

    `xlt train SPEC --restore` trains the weights again.
    """
    from xlt_cli.commands import runs_removal

    runs_removal.prune(_root(context, runs_dir), names or [], keep.value, dry_run)


def _root(context: typer.Context, given: Path | None) -> Path:
    """The runs directory, given before the subcommand or after it."""
    above = context.parent.params.get("runs_dir") if context.parent else None
    return runs_root(given or (Path(above) if above else None))


@contextlib.contextmanager
def _listed(archived: Path | None, runs_dir: Path | None) -> Iterator[Path]:
    """The runs directory, or that of an archive."""
    if archived is None:
        yield runs_root(runs_dir)
        return
    with in_archive(archived, runs_dir) as (root, _):
        yield root


def _filter(task: str, method: str, state: State | None) -> Callable[[dict[str, Any]], bool]:
    def is_wanted(row: dict[str, Any]) -> bool:
        used = [name for methods in row["methods"] for name in methods.split(" + ")]
        return (
            (not task or task in row["tasks"])
            and (not method or method.lower() in [name.lower() for name in used])
            and (state is None or state == row["state"])
        )

    return is_wanted


def _with_size(row: dict[str, Any]) -> dict[str, Any]:
    from xlt_cli.runs.pruned import size

    return {**row, "bytes": size(Path(row["path"]))}


def _sorted(rows: list[dict[str, Any]], by: Sort) -> list[dict[str, Any]]:
    """Rows in order; those without a figure, and collapsed ones, come last."""
    from xlt_cli.reports.runs import collapsed, zero_shot

    def falling(figure: float | None, row: dict[str, Any]) -> tuple[bool, bool, float]:
        return figure is None, collapsed(row), -(figure or 0.0)

    if by is Sort.name:
        return sorted(rows, key=lambda row: row["run"])
    if by is Sort.size:
        return sorted(rows, key=lambda row: -row["bytes"])
    if by is Sort.dev:
        return sorted(rows, key=lambda row: falling(_goodness(row["dev"] or {}), row))
    if by is Sort.zero_shot:
        return sorted(rows, key=lambda row: falling(zero_shot(row), row))
    return rows


def _goodness(dev: dict[str, Any]) -> float | None:
    """The score on dev, negated if lower is better."""
    score = dev.get("score")
    return -score if score is not None and dev.get("better") == "lower" else score
