"""Progress of a run: bars on a terminal, a line now and then elsewhere. All of it on stderr, so
that stdout holds results alone."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from xlt_cli.console.screen import stderr
from xlt_cli.terminal import time_in_words

Note = str | Callable[[], str]
"""What stands beside a bar."""

PLAIN_EVERY = 15.0
"""Seconds between two lines where there is no terminal."""


@dataclass
class Reporter:
    """Tells a person what a run is doing.

    Attributes:
        quiet: say nothing but warnings.
    """

    quiet: bool = False
    console: Console = field(default_factory=stderr)

    def say(self, message: str) -> None:
        """One line of what happened."""
        if not self.quiet:
            self.console.print(message, soft_wrap=True, markup=False)

    def warn(self, message: str) -> None:
        """One line that must not be missed."""
        self.console.print(f"note: {message}", style="yellow", soft_wrap=True, markup=False)

    @contextlib.contextmanager
    def bar(self, title: str, total: int, unit: str, done: int = 0) -> Iterator[Bar]:
        """A bar over `total` steps; `unit` names what its speed counts."""
        if self.quiet:
            yield Bar()
        elif self.console.is_interactive:
            with Progress(
                SpinnerColumn(),
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=24),
                MofNCompleteColumn(),
                _Note(),
                _Speed(unit),
                TimeElapsedColumn(),
                TextColumn("left"),
                TimeRemainingColumn(),
                console=self.console,
                transient=True,
            ) as progress:
                task = progress.add_task(title, total=total, completed=done, note="")
                yield _RichBar(progress, task)
        else:
            yield _PlainBar(self.console, title, total, unit, done)


class Bar:
    """Receives progress; this one drops it."""

    def advance(self, steps: int, items: int, note: Note = "") -> None:
        """`steps` more of the total, which held `items` examples.

        Args:
            note: what stands beside the bar; a function is asked again while the bar is shown.
        """


@dataclass
class _RichBar(Bar):
    progress: Progress
    task: int
    items: int = 0

    def advance(self, steps: int, items: int, note: Note = "") -> None:
        self.items += items
        fields = {"note": note} if note else {}
        self.progress.update(self.task, advance=steps, items=self.items, **fields)  # type: ignore[arg-type]


class _Note(ProgressColumn):
    """What stands beside the bar, asked for once a second."""

    max_refresh = 1.0

    def render(self, task: Task) -> Text:
        return Text(_text(task.fields.get("note", "")))


def _text(note: Note) -> str:
    return note() if callable(note) else note


class _Speed(ProgressColumn):
    """Examples per second since the bar began."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self.unit = unit

    def render(self, task: Task) -> Text:
        items, seconds = task.fields.get("items", 0), task.elapsed or 0.0
        return Text(f"{items / seconds:,.0f} {self.unit}/s" if items and seconds else "")


@dataclass
class _PlainBar(Bar):
    console: Console
    title: str
    total: int
    unit: str
    done: int
    items: int = 0
    began: float = field(default_factory=lambda: time.monotonic())
    said: float = field(default_factory=lambda: time.monotonic())
    first: int = field(init=False)

    def __post_init__(self) -> None:
        self.first = self.done

    def advance(self, steps: int, items: int, note: Note = "") -> None:
        self.done += steps
        self.items += items
        now = time.monotonic()
        if now - self.said < PLAIN_EVERY and self.done < self.total:
            return
        self.said = now
        seconds = max(now - self.began, 1e-9)
        left = seconds / max(self.done - self.first, 1) * (self.total - self.done)
        speed = f" {self.items / seconds:,.0f} {self.unit}/s" if self.items else ""
        self.console.print(
            f"{self.title}: {self.done}/{self.total} {_text(note)}{speed}, "
            f"{time_in_words(left)} left",
            soft_wrap=True,
            markup=False,
        )
