"""`xlt runs rm` and `xlt runs prune`: remove runs or their weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from xlt_cli.commands.errors import note
from xlt_cli.errors import RunError
from xlt_cli.reports.values import size_in_words
from xlt_cli.runs import pruned, removal, stage_store
from xlt_cli.runs.finding import all_runs
from xlt_cli.sweep import pruning
from xlt_cli.terminal import echo


def remove(root: Path, names: Sequence[str], dry_run: bool) -> None:
    """Removes runs, all or none.

    Raises:
        RunError: a run does not exist, a process is working on it, or another run started from it.
    """
    chosen = removal.named(root, names)
    every = pruning.others(all_runs(root), chosen)
    going = {run.path.resolve() for run in chosen}
    staying = removal.starts([run for run in every if run.path.resolve() not in going])
    for run in chosen:
        if run.busy():
            what = f"a process is working on '{run.name}': nothing was removed"
            raise RunError(what, str(run.path), "wait for it to end, or stop it")
        users = removal.needed_by(run, staying)
        if users:
            raise RunError(
                f"{', '.join(users)} started from a model of '{run.name}': nothing was removed",
                str(run.path),
                "remove them in the same command",
            )
    for run in chosen:
        size = size_in_words(pruned.size(run.path))
        if dry_run:
            echo(f"would remove {run.name} ({size})")
            continue
        left = removal.remove(run)
        echo(f"removed {run.name} ({size})")
        if left:
            note(f"{run.path} is kept because of files that xlt did not write: {', '.join(left)}")
    if not dry_run:
        removal.remove_leftovers(root)
        stage_store.collect(root)


def prune(root: Path, names: Sequence[str], keep: Literal["best", "none"], dry_run: bool) -> None:
    """Removes the weights of finished runs, and reports why others are kept.

    Raises:
        RunError: there is no such run.
    """
    given = removal.named(root, names) if names else all_runs(root)
    chosen, left = pruning.choose(given, pruning.others(all_runs(root), given), keep)
    total = 0
    for run in chosen:
        try:
            freed = pruned.freeable(run) if dry_run else pruning.prune(run)
        except RunError as error:
            left[run.name] = error.what
            continue
        total += freed
        echo(f"{'would free' if dry_run else 'freed'} {size_in_words(freed)} of {run.name}")
    if not dry_run:
        stage_store.collect(root)
    for name, reason in left.items():
        echo(f"kept {name}: {reason}")
    echo(f"{'would free' if dry_run else 'freed'} {size_in_words(total)} in all")
