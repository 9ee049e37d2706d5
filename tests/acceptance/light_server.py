"""Processes of `xlt` that have imported what every command imports, without torch."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path

from preloaded import become, search_path


class LightServer:
    """A process that has imported what every command imports, without torch, and forks others."""

    def __init__(self) -> None:
        here = os.pathsep.join([str(Path(__file__).parent), *search_path(os.environ)])
        self._process = subprocess.Popen(
            [sys.executable, "-c", "import light_server; light_server.serve()"],
            env={**os.environ, "PYTHONPATH": here},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(
        self, arguments: Sequence[str] | str, environment: Mapping[str, str], folder: Path
    ) -> tuple[int, str, str]:
        """Runs `xlt ARGUMENTS`, or Python code, in a folder: (exit code, stdout, stderr)."""
        assert self._process.stdin
        assert self._process.stdout
        with tempfile.TemporaryDirectory() as files:
            outputs = [f"{files}/{name}" for name in ("out", "err")]
            for output in outputs:
                Path(output).touch()
            request = (arguments, str(folder), dict(environment), outputs)
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            code = int(self._process.stdout.readline())
            out, err = (Path(output).read_text("utf-8") for output in outputs)
        return code, out, err

    def close(self) -> None:
        self._process.communicate(timeout=60)


def serve() -> None:
    """What `LightServer` starts: runs what is asked for on stdin, one after another."""
    import typer.main

    import xlt_cli.__main__
    import xlt_cli.cli
    import xlt_cli.sweep.plan
    from xlt_cli.registry import KINDS

    for kind in KINDS.values():
        for point in metadata.entry_points(group=kind.group):
            point.load()
    # Each process would make all commands for itself.
    typer.main.get_command = functools.cache(typer.main.get_command)
    typer.main.get_command(xlt_cli.cli.app)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            become(*json.loads(line))
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
