"""All that goes to the terminal as text: what may steer it is shown, not sent.

Names, labels, paths, values of a spec and texts of errors are written by others. An escape sequence
in them could recolour the screen, rename its window or hide a line; a sign that turns the direction
of writing could make a name read as another. They are shown as `\\x1b` and `\\u202e`.

NO_COLOR (no-color.org) and TERM=dumb turn colours off.
"""

from __future__ import annotations

import json
import os
import re
from typing import Any, Literal

STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 without tab and line feed, DEL, C1
    "\u202a-\u202e\u2066-\u2069"  # signs that turn the direction of writing
    "\ud800-\udfff]"  # bytes of file names that are no UTF-8: they cannot be printed
)


def printable(text: str) -> str:
    """The text with all that steers a terminal shown as an escape; line feeds and tabs stay."""
    return STEERING.sub(_escaped, text)


def echo(text: object = "", *, err: bool = False, **style: Any) -> None:
    """A line on stdout or stderr; `style` as `typer.style` takes it, where colours are wanted."""
    import typer

    line = printable(str(text))
    if style:
        typer.secho(line, err=err, color=False if is_plain() else None, **style)
    else:
        typer.echo(line, err=err)


def print_json(value: Any) -> None:
    """JSON on stdout, nothing else."""
    import typer

    # In JSON such characters can only stand in strings, where they may be written as escapes.
    text = json.dumps(value, indent=2, ensure_ascii=False)
    typer.echo(STEERING.sub(lambda match: f"\\u{ord(match[0]):04x}", text))


def is_plain() -> bool:
    """Whether escape sequences are unwanted."""
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM", "") in ("dumb", "unknown")


def color_system() -> Literal["auto"] | None:
    """What a rich console may use; None leaves out bold and dim as well."""
    return None if is_plain() else "auto"


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
