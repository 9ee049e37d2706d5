"""The entry point of `xlt` and of `python -m xlt_cli`.

It imports nothing of its own, so that Ctrl-C is answered from the first import on.
"""

import sys


def main() -> None:
    """Runs `xlt`; interrupted while it still starts, it ends with 130 and no traceback."""
    try:
        from xlt_cli.cli import run

        run()
    except KeyboardInterrupt:
        sys.exit(130)  # errors.EXIT_INTERRUPTED, which may not be importable yet


if __name__ == "__main__":
    main()
