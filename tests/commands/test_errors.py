"""Exit codes, and what stands on stderr."""

from __future__ import annotations

import errno
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from xlt_cli import registry
from xlt_cli.commands.errors import complain
from xlt_cli.errors import UserError

Cli = Callable[..., Result]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch, xlt: Cli) -> Callable[..., Result]:
    """Runs `xlt list-plugins`, which then raises this."""

    def run(error: BaseException, *options: str) -> Result:
        def fail(kind: object) -> None:
            raise error

        monkeypatch.setattr(registry, "entries", fail)
        return xlt(*options, "list-plugins")

    return run


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-verb"],
        ["validate"],
        ["validate", "a", "b"],
        ["list-plugins", "--nonsense"],
        ["--nonsense"],
        ["train", "spec.yaml", "--seed", "one"],
        ["eval", "--limit", "0"],
    ],
)
def test_a_wrong_usage_ends_with_2_and_no_traceback(xlt: Cli, arguments: list[str]) -> None:
    result = xlt(*arguments)
    assert result.exit_code == 2
    assert "Usage:" in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize("option", ["--help", "-h", "--version"])
def test_help_and_version_end_with_0(xlt: Cli, option: str) -> None:
    assert xlt(option).exit_code == 0


def test_the_version_is_the_packages(xlt: Cli) -> None:
    from xlt_cli import __version__

    assert xlt("--version").stdout == f"xlt {__version__}\n"


def test_a_users_error_ends_with_2_and_says_what_where_and_what_to_do(
    failing: Callable[..., Result],
) -> None:
    result = failing(UserError("it is wrong", "spec.yaml:3", "mend it\nor leave it"))
    assert result.exit_code == 2
    assert result.stderr == (
        "error: it is wrong\n  spec.yaml:3\n  mend it\n  or leave it\n"
    )  # fmt: skip
    assert result.stdout == ""


def test_a_failure_ends_with_1_and_says_how_to_see_more(failing: Callable[..., Result]) -> None:
    result = failing(ZeroDivisionError("by zero"))
    assert result.exit_code == 1
    assert result.stderr.startswith("failed: ZeroDivisionError: by zero\n")
    assert "xlt --debug" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_failure_for_want_of_memory_says_what_takes_less(failing: Callable[..., Result]) -> None:
    result = failing(RuntimeError("CUDA error: out of memory\nwith details"))
    assert result.exit_code == 1
    assert result.stderr.startswith("failed: out of memory: CUDA error: out of memory\n")
    assert "a smaller batch_size" in result.stderr


@pytest.mark.parametrize("error", [UserError("it is wrong"), ZeroDivisionError("by zero")])
def test_debug_shows_the_traceback_and_keeps_message_and_exit_code(
    failing: Callable[..., Result], error: Exception
) -> None:
    plain, debugged = failing(error), failing(error, "--debug")
    assert "Traceback (most recent call last)" in debugged.stderr
    assert debugged.stderr.endswith(plain.stderr)
    assert debugged.exit_code == plain.exit_code


def test_an_interruption_ends_with_130(failing: Callable[..., Result]) -> None:
    result = failing(KeyboardInterrupt())
    assert result.exit_code == 130
    assert "interrupted" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device", "runs/a"),
        RuntimeError("I/O error: No space left on device (os error 28)"),
    ],
)
def test_a_full_disk_is_the_users_to_mend(failing: Callable[..., Result], error: Exception) -> None:
    result = failing(error)
    assert result.exit_code == 2
    assert result.stderr.startswith("error: the disk is full\n")
    assert "free some space" in result.stderr


def test_a_lack_of_permission_names_the_path(failing: Callable[..., Result]) -> None:
    result = failing(PermissionError(errno.EACCES, "Permission denied", "/data/x"))
    assert result.exit_code == 2
    assert result.stderr == "error: no permission\n  /data/x\n"


def test_an_error_is_printed_as_it_is_whatever_brackets_it_has(
    capsys: pytest.CaptureFixture[str],
) -> None:
    complain(UserError("[bold]not markup[/bold] [/]", "a[0]", "{b}"))
    assert capsys.readouterr().err == (
        "error: [bold]not markup[/bold] [/]\n  a[0]\n  {b}\n"
    )  # fmt: skip


def test_an_error_without_place_and_hint_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    complain(UserError("wrong"))
    assert capsys.readouterr().err == "error: wrong\n"


@pytest.mark.parametrize("arguments", ["schema", "validate --json", "list-plugins", "--help"])
def test_a_reader_that_goes_away_is_not_complained_about(arguments: str) -> None:
    spec = Path(__file__).parents[2] / "experiments" / "quickstart.yaml"
    command = f"{sys.executable} -m xlt_cli {arguments} {spec if 'val' in arguments else ''}| true"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stderr == ""
