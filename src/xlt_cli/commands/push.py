"""`xlt push`: a run's model on the Hugging Face hub."""

from __future__ import annotations

from typing import Annotated

import typer

from xlt_cli.commands import completion
from xlt_cli.commands.options import Offline, Quiet, RunsDir, runs_root
from xlt_cli.compute.offline import go_offline
from xlt_cli.terminal import echo


def push(
    run: Annotated[
        str,
        typer.Argument(metavar="RUN", help="A run.", autocompletion=completion.runs),
    ],
    repository: Annotated[
        str, typer.Argument(metavar="ORG/NAME", help="The repository; made if it is not there.")
    ],
    private: Annotated[
        bool, typer.Option("--private", help="Make a new repository private.")
    ] = False,
    revision: Annotated[
        str | None,
        typer.Option("--revision", metavar="BRANCH", help="Upload to this branch; default: main."),
    ] = None,
    stage: Annotated[
        int | None,
        typer.Option("--stage", metavar="N", help="The model of stage N, from 1; default: last."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List the files, and upload nothing.")
    ] = False,
    runs_dir: RunsDir = None,
    offline: Offline = False,
    quiet: Quiet = False,
) -> None:
    """Upload a run's model to the Hugging Face hub: weights, tokenizer and model card.

    The token is that of `hf auth login` or HF_TOKEN; HF_ENDPOINT names another hub.
    """
    from xlt_cli.reports.values import size_in_words
    from xlt_cli.runs.finding import find
    from xlt_cli.sharing import push as pushing

    go_offline(offline)
    if not dry_run:
        pushing.check_online()
    found = find(runs_root(runs_dir), run)
    sizes = pushing.upload_of(found, repository, stage).sizes()
    if dry_run or not quiet:
        for name, size in sizes.items():
            echo(f"{name}  {size_in_words(size)}")
    if dry_run:
        return
    if quiet:
        from huggingface_hub.utils import disable_progress_bars  # type: ignore[attr-defined]

        disable_progress_bars()
    echo(pushing.push(found, repository, private=private, revision=revision, stage=stage))
