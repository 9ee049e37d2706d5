"""How errors are shown to the user, and the exit codes.

2: a mistake that the user can correct (including usage errors); 1: a failure; 130: interrupted.
"""

from __future__ import annotations

import sys
import traceback
from typing import Any

from typer.core import TyperGroup

from xlt_cli.commands.usage import improve
from xlt_cli.errors import EXIT_FAILURE, EXIT_INTERRUPTED, EXIT_USER_ERROR, PluginFailure, UserError
from xlt_cli.terminal import echo, printable


class ErrorReporting(TyperGroup):
    """A command group that turns exceptions into messages and exit codes."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        given = list(args)
        try:
            return super().parse_args(ctx, args)
        except Exception as error:
            if hasattr(error, "message"):
                improve(error, ctx.command_path, set(), given, list(self.commands))
            _make_printable(error)
            raise

    def invoke(self, ctx: Any) -> Any:
        debug = bool(ctx.params.get("debug"))
        try:
            return super().invoke(ctx)
        except UserError as error:
            if debug:
                echo(traceback.format_exc(), err=True)
            sys.exit(_ended(error))
        except KeyboardInterrupt:
            _say("interrupted; the same command continues where it stopped", fg="yellow")
            sys.exit(EXIT_INTERRUPTED)
        except BrokenPipeError:
            # The reader (head, less) has gone; nothing is wrong.
            sys.stderr.close()
            sys.exit(EXIT_FAILURE)
        except Exception as error:
            if is_usage_or_exit(error):
                _make_printable(error)
                raise
            if debug:
                echo(traceback.format_exc(), err=True)
            sys.exit(_failure(error))


def _say(text: str, **style: Any) -> None:
    """A line on stderr, in colour where colours are wanted."""
    echo(text, err=True, **style)


def _make_printable(error: Exception) -> None:
    """Typer prints its own usage errors, which repeat what was typed."""
    for name in ("message", "param_hint", "option_name"):
        value = getattr(error, name, None)
        if isinstance(value, str):
            setattr(error, name, printable(value))


def note(text: str) -> None:
    """Prints a note on stderr; the command continues."""
    _say(f"note: {text}", fg="yellow")


def is_usage_or_exit(error: Exception) -> bool:
    """Whether an exception is Typer's own (usage errors, Exit, Abort), which it handles itself."""
    return hasattr(error, "exit_code") or type(error).__name__ in ("Abort", "Exit")


def complain(error: UserError) -> None:
    """Prints a user's error: what, where, what to do."""
    for single in (error, *error.further):
        _say(f"error: {single.what}", fg="red", bold=True)
        for part in (single.where, single.hint):
            for line in part.splitlines():
                echo(f"  {line}", err=True)


def _ended(error: UserError) -> int:
    """Prints an error of the user or of a plugin, and returns the exit code."""
    if not isinstance(error, PluginFailure):
        complain(error)
        return EXIT_USER_ERROR
    from xlt_cli.launch.memory import out_of_memory
    from xlt_cli.runs.atomic import is_disk_full

    cause = error.__cause__
    if cause is not None and (is_disk_full(cause) or out_of_memory(cause)):
        return _failure(error)
    complain(error)
    return EXIT_FAILURE


def _failure(error: Exception) -> int:
    from xlt_cli.launch.memory import REMEDY, out_of_memory
    from xlt_cli.runs.atomic import is_disk_full

    if is_disk_full(error):
        complain(
            UserError(
                "the disk is full",
                getattr(error, "filename", None) or str(error),
                "free some space and run the same command again: it continues from the last "
                "checkpoint",
            )
        )
        return EXIT_USER_ERROR
    if isinstance(error, PermissionError) and error.filename:
        complain(UserError("no permission", str(error.filename)))
        return EXIT_USER_ERROR
    if out_of_memory(error):
        what = str(error).splitlines()[0] if str(error) else type(error).__name__
        _say(f"failed: out of memory: {what}", fg="red", bold=True)
        echo(f"  {REMEDY}", err=True)
        return EXIT_FAILURE
    _say(f"failed: {type(error).__name__}: {error}", fg="red", bold=True)
    echo("  `xlt --debug ...` shows the traceback; that of a run is in its error.txt", err=True)
    return EXIT_FAILURE
