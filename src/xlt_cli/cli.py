"""The command line. Each command has a file in `commands`, whose import is fast."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from xlt_cli.commands import (
    analyze,
    archive,
    bench,
    cache,
    compare,
    effective_robustness,
    evaluate,
    export,
    fetch,
    init,
    languages,
    list_plugins,
    mixed_model,
    plan,
    push,
    question,
    report,
    reproduce,
    runs,
    schema,
    show,
    stages,
    sweep,
    table,
    train,
    validate,
    work,
)
from xlt_cli.commands import run as run_command
from xlt_cli.commands.alone import EvaluationVerb
from xlt_cli.commands.errors import ErrorReporting
from xlt_cli.commands.usage import Verb
from xlt_cli.compute.importing import own_process
from xlt_cli.compute.processes import is_first_process
from xlt_cli.terminal import echo
from xlt_cli.version import __version__

app = typer.Typer(
    name="xlt",
    cls=ErrorReporting,
    help="Experiments in zero-shot cross-lingual transfer under robust training: train on one "
    "language, test in many.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: importing rich for its frames doubles the start-up
    context_settings={"help_option_names": ["-h", "--help"]},
)

VERBS: dict[str, Callable[..., None]] = {
    "init": init.init,
    "validate": validate.validate,
    "fetch": fetch.fetch,
    "languages": languages.languages,
    "train": train.train,
    "eval": evaluate.evaluate,
    "sweep": sweep.sweep,
    "plan": plan.plan,
    "run": run_command.run,
    "compare": compare.compare,
    "table": table.table,
    "mixed-model": mixed_model.mixed_model,
    "question": question.question,
    "report": report.report,
    "archive": archive.archive,
    "export": export.export,
    "push": push.push,
    "reproduce": reproduce.reproduce,
    "effective-robustness": effective_robustness.effective_robustness,
    "list-plugins": list_plugins.list_plugins,
    "show": show.show,
    "schema": schema.schema,
    "bench": bench.bench,
}
for verb, function in VERBS.items():
    # As a short help, the first line is shown in the list of commands without being cut.
    app.command(
        verb,
        cls=EvaluationVerb if verb == "eval" else Verb,
        short_help=(function.__doc__ or "").partition("\n")[0],
    )(function)
app.command("work", hidden=True)(work.work)  # for launchers
GROUPS: dict[str, typer.Typer] = {
    "runs": runs.app,
    "stages": stages.app,
    "analyze": analyze.app,
    "cache": cache.app,
}
for verb, group in GROUPS.items():
    app.add_typer(group, name=verb)


def _version(wanted: bool) -> None:
    if wanted:
        echo(f"xlt {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of any error.")
    ] = False,
) -> None:
    """Options of all commands."""


def run() -> None:
    """Runs the command line of this process."""
    # pydantic looks for plugins of its own in the metadata of every installed package; xlt uses
    # none, and the search takes longer than most commands.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    own_process()
    if not is_first_process():
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115  (open as long as the process)
    app(prog_name="xlt")
