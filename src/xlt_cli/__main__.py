"""The entry point of `xlt` and of `python -m xlt_cli`.

It imports nothing of xlt at the top, so that Ctrl-C is handled from the first import on.
"""

import os
import sys


def main() -> None:
    """Runs `xlt`; if it is interrupted during start-up, it exits with 130 and no traceback."""
    # Child processes do not import modules from the working directory either.
    os.environ.setdefault("PYTHONSAFEPATH", "1")
    try:
        from xlt_cli.cli import run

        run()
    except KeyboardInterrupt:
        sys.exit(130)  # errors.EXIT_INTERRUPTED, which may not be importable yet


def _forget_working_directory() -> None:
    """Removes the working directory, which `-m` puts first, from `sys.path`.

    Otherwise a user's file with the name of a library (`typer.py`, `torch.py`) would be imported.
    """
    try:
        here = os.getcwd()
    except OSError:  # it was removed
        here = ""
    if not sys.flags.safe_path and sys.path and sys.path[0] in ("", here):
        del sys.path[0]


if __name__ == "__main__":
    _forget_working_directory()
    main()
