"""`xlt export`: a run's model as an ordinary folder of transformers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xlt_cli.commands import completion
from xlt_cli.commands.options import Offline, Quiet, RunsDir, runs_root
from xlt_cli.compute.offline import go_offline
from xlt_cli.terminal import echo


def export(
    run: Annotated[
        str,
        typer.Argument(metavar="RUN", help="A run.", autocompletion=completion.runs),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="A folder that is made for it.")
    ],
    stage: Annotated[
        int | None,
        typer.Option("--stage", metavar="N", help="The model of stage N, from 1; default: last."),
    ] = None,
    runs_dir: RunsDir = None,
    offline: Offline = False,
    quiet: Quiet = False,
) -> None:
    """Write a run's model to a folder that transformers opens: weights, tokenizer and model card.

    Packed weights become ordinary ones, which needs the encoder that the run was trained from.
    """
    from xlt_cli.reports.values import size_in_words
    from xlt_cli.runs.finding import find
    from xlt_cli.sharing import files

    go_offline(offline)
    sizes = files.export(find(runs_root(runs_dir), run), out, stage)
    for name, size in sizes.items() if not quiet else ():
        echo(f"{name}  {size_in_words(size)}")
    echo(str(out))
