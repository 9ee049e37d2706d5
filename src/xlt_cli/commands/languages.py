"""`xlt languages`: the languages of a task, and how finely tokenizers cut their texts."""

from __future__ import annotations

from typing import Annotated

import typer

from xlt_cli.commands import completion
from xlt_cli.commands.options import (
    AsJson,
    Format,
    FormatOption,
    Offline,
    Quiet,
    format_of,
    listed,
    reporter,
)
from xlt_cli.compute.offline import go_offline


def languages(
    task: Annotated[
        str,
        typer.Option(
            "--task",
            help="A task, or '{name: TASK, path: DIR}'.",
            autocompletion=completion.tasks,
        ),
    ],
    encoder: Annotated[
        list[str] | None,
        typer.Option(
            "--encoder",
            metavar="ENCODER",
            help="Also what its tokenizer makes of the texts: a name, a hub id or a folder, or "
            "'{name: ENCODER, ...}'; repeatable.",
            autocompletion=completion.encoders,
        ),
    ] = None,
    split: Annotated[
        str,
        typer.Option("--split", help="train, dev or test.", autocompletion=completion.splits),
    ] = "test",
    codes: Annotated[
        str | None,
        typer.Option(
            "--languages",
            help="Comma-separated; default: all.",
            autocompletion=completion.languages,
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Only the first rows of each language.")
    ] = None,
    offline: Offline = False,
    quiet: Quiet = False,
    format_: FormatOption = None,
    as_json: AsJson = False,
) -> None:
    """Show the languages of a task, and how finely a tokenizer cuts their texts.

    Family, script, class of resources and rows of each language; with --encoder, pieces per word
    (fertility) and per character, and the share of unknown pieces. No model is loaded.
    """
    output = format_of(format_, as_json)
    go_offline(offline)
    from xlt_cli import formats
    from xlt_cli.interface.requests import Options
    from xlt_cli.interface.tokenizers import languages_of
    from xlt_cli.reports.languages import report

    options = Options(task=task, split=split, languages=listed(codes), limit=limit)
    tell = reporter(quiet or output is not Format.terminal)
    formats.show(report(languages_of(options, encoder or [], tell, "--")), output)
