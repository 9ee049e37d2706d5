"""`xlt stages`: the trained stages that runs share; removing those that no run uses."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xlt_cli.commands.options import AsJson, Format, FormatOption, RunsDir, format_of, runs_root
from xlt_cli.commands.usage import Verb
from xlt_cli.terminal import echo

app = typer.Typer(
    short_help="List the trained stages that runs share; remove those that no run uses.",
    invoke_without_command=True,
)


@app.callback()
def stages(
    context: typer.Context,
    runs_dir: RunsDir = None,
    format_: FormatOption = None,
    as_json: AsJson = False,
) -> None:
    """List the trained stages that runs share, with their size and the runs that use them.

    Runs that begin with the same stages (same data, encoder, settings and seed) train them once.
    `gc` removes those that no run uses.
    """
    if context.invoked_subcommand is not None:
        return
    from xlt_cli import formats
    from xlt_cli.reports.stages import report
    from xlt_cli.runs.pruned import size
    from xlt_cli.runs.stage_store import all_shared, users

    output, root = format_of(format_, as_json), runs_root(runs_dir)
    used_by = users(root)
    listed = [
        {
            "key": entry.key,
            "state": entry.state,
            **{name: entry.record.get(name) for name in ("encoder", "task", "languages")},
            **{name: entry.record.get(name) for name in ("perturbations", "seed", "parent")},
            "bytes": size(entry.path),
            "runs": used_by.get(entry.key, []),
        }
        for entry in all_shared(root)
    ]
    if listed or output in (Format.json, Format.csv):
        formats.show(report(listed), output)
    else:
        echo(f"no shared stages in {root}; `xlt train SPEC` makes them")


@app.command("gc", cls=Verb)
def collect_unused(
    context: typer.Context,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would go; remove nothing.")
    ] = False,
    runs_dir: RunsDir = None,
) -> None:
    """Remove the shared stages that no run uses and no process trains.

    Runs keep the stages that they have trained: those are theirs, whatever goes here.
    """
    from xlt_cli.reports.values import size_in_words
    from xlt_cli.runs import stage_store

    above = context.parent.params.get("runs_dir") if context.parent else None
    root = runs_root(runs_dir or (Path(above) if above else None))
    chosen = stage_store.unused(root) if dry_run else stage_store.collect(root)
    verb = "would remove" if dry_run else "removed"
    for entry, size in chosen:
        task = entry.record.get("task") if dry_run else ""
        echo(f"{verb} {entry.key}{f' ({task})' if task else ''}, {size_in_words(size)}")
    total = sum(size for _, size in chosen)
    echo(f"{verb} {len(chosen)} shared stages, {size_in_words(total)} in all")
