"""Output to the terminal as text: control characters are shown and not sent.

Names, labels, paths, values of a spec and texts of errors come from outside. An escape sequence in
them could recolour the screen, rename its window or hide a line, and a character that changes the
direction of writing could disguise a name. They are shown as `\\x1b` and `\\u202e`.

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
    """The text with control characters shown as escapes, except for line feeds and tabs."""
    return STEERING.sub(_escaped, text)


def echo(text: object = "", *, err: bool = False, **style: Any) -> None:
    """Prints a line on stdout or stderr; `style` is passed to `typer.style` if colours are on."""
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
    """Whether colours and other escape sequences are turned off."""
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM", "") in ("dumb", "unknown")


def color_system() -> Literal["auto"] | None:
    """The `color_system` of a rich console; None also turns bold and dim off."""
    return None if is_plain() else "auto"


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def time_in_words(seconds: float) -> str:
    """`3:20`, or `1:02:03` with hours."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
