"""`xlt work`: jobs one after another in one process; launchers start it."""

from __future__ import annotations


def work() -> None:
    """Execute the jobs that standard input names, one after another (for launchers)."""
    from xlt_cli.launch.serving import serve

    serve()
