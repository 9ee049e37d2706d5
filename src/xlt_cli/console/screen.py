"""The consoles that tables and progress are drawn on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, Any

from rich.console import Console
from rich.segment import Segment
from rich.text import Text

from xlt_cli.terminal import color_system, printable


class Screen(Console):
    """A console that shows what could steer the terminal, and takes names and paths as they are:
    `[x]` is no style in them, and `:x:` no picture."""

    def __init__(self, **options: Any) -> None:
        given = {"highlight": False, "markup": False, "emoji": False, **options}
        super().__init__(**given)

    def render_str(self, text: str, **options: Any) -> Text:
        # Here, so that the columns of a table are as wide as what is shown.
        return super().render_str(printable(text), **options)

    def _render_buffer(self, buffer: Iterable[Segment]) -> str:
        # All output comes through here; rich's own movements of the cursor are control segments.
        return super()._render_buffer(
            segment if segment.control else Segment(printable(segment.text), segment.style)
            for segment in buffer
        )


def stdout() -> Screen:
    """A console that does not fold tables when it writes to a file or a pipe."""
    console = Screen(color_system=color_system())
    if not console.is_terminal:
        console.width = 200
    return console


def stderr() -> Screen:
    """The console of progress and notes."""
    return Screen(stderr=True, color_system=color_system())


def in_memory(file: IO[str], width: int) -> Screen:
    """A console that writes plain text into a file."""
    return Screen(file=file, width=width)
