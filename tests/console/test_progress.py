"""Progress for people, on stderr."""

from __future__ import annotations

import io
import time

import pytest
from rich.console import Console

from xlt_cli.console.progress import Reporter


def reporter(terminal: bool = False, quiet: bool = False) -> tuple[Reporter, io.StringIO]:
    file = io.StringIO()
    console = Console(file=file, force_terminal=terminal, width=100, highlight=False)
    return Reporter(quiet, console), file


def test_messages_go_to_stderr_and_are_shown_as_they_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = Reporter()
    found.say("run -> /runs/[bold]/:key:/x [/y]")
    found.warn("see [dim]")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "run -> /runs/[bold]/:key:/x [/y]\nnote: see [dim]\n"


def test_quiet_says_warnings_alone() -> None:
    found, file = reporter(quiet=True)
    found.say("hello")
    with found.bar("stage 1", 10, "examples") as bar:
        bar.advance(10, 100)
    assert file.getvalue() == ""
    found.warn("careful")
    assert file.getvalue() == "note: careful\n"


def test_long_messages_are_not_folded() -> None:
    found, file = reporter()
    found.say("word " * 100)
    assert file.getvalue().count("\n") == 1


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [time.monotonic()]
    monkeypatch.setattr("xlt_cli.console.progress.time.monotonic", lambda: now[0])
    return now


def test_without_a_terminal_there_is_a_line_now_and_then(clock: list[float]) -> None:
    found, file = reporter()
    with found.bar("stage 1 [x]", 100, "examples") as bar:
        for _ in range(40):
            clock[0] += 1.001
            bar.advance(1, 32, "epoch 1")
    # 32 examples a second, a step a second: 85 and 70 steps are left.
    assert file.getvalue().splitlines() == [
        "stage 1 [x]: 15/100 epoch 1 32 examples/s, 1:25 left",
        "stage 1 [x]: 30/100 epoch 1 32 examples/s, 1:10 left",
    ]


def test_the_end_is_always_said_and_speed_counts_this_session(clock: list[float]) -> None:
    found, file = reporter()
    with found.bar("stage 1", 100, "examples", done=98) as bar:
        for _ in range(2):
            clock[0] += 2
            bar.advance(1, 10)
    assert file.getvalue() == "stage 1: 100/100  5 examples/s, 0:00 left\n"


def test_time_left_is_of_the_steps_that_are_left(clock: list[float]) -> None:
    found, file = reporter()
    with found.bar("stage 1", 3700, "examples", done=50) as bar:
        clock[0] += 50
        bar.advance(50, 50)
    assert file.getvalue() == "stage 1: 100/3700  1 examples/s, 1:00:00 left\n"


def test_a_bar_without_progress_ends_well() -> None:
    for terminal in (True, False):
        with reporter(terminal)[0].bar("t", 0, "examples"):
            pass


def test_on_a_terminal_there_is_a_bar_with_note_and_title() -> None:
    found, file = reporter(terminal=True)
    with found.bar("stage [x]", 10, "examples", done=4) as bar:
        bar.advance(1, 32, "loss [0.5]")
        bar.advance(1, 32)
    text = file.getvalue()
    assert "stage [x]" in text
    assert "6/10" in text
    assert "loss [0.5]" in text


def test_an_error_inside_a_bar_comes_through() -> None:
    found, _ = reporter(terminal=True)
    with pytest.raises(KeyboardInterrupt), found.bar("t", 2, "examples"):
        raise KeyboardInterrupt
