"""The entry point of `xlt` and of `python -m xlt_cli`.

It imports nothing of its own, so that Ctrl-C is answered from the first import on.
"""

import os
import sys


def main() -> None:
    """Runs `xlt`; interrupted while it still starts, it ends with 130 and no traceback."""
    # Processes that are started from here look for no module in the working directory either.
    os.environ.setdefault("PYTHONSAFEPATH", "1")
    try:
        from xlt_cli.cli import run

        run()
    except KeyboardInterrupt:
        sys.exit(130)  # errors.EXIT_INTERRUPTED, which may not be importable yet


def _forget_working_directory() -> None:
    """Takes the working directory, which `-m` puts first, from the places to import from.

    A file of a user's that is named like a library (`typer.py`, `torch.py`) would run in its place.
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
