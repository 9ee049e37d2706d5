"""Whole processes of `xlt` that need not import torch and transformers again.

Each is forked from a server (multiprocessing's) that has imported them and done nothing else. It is
a process like any other: with a group, an environment and files of its own, and it can be killed.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

MODULES = [
    "xlt_cli.cli",
    "xlt_cli.launch.pipeline",
    "xlt_cli.launch.computing",
    "xlt_cli.speed.hooks",
    "xlt_encoders.huggingface",
    "xlt_encoders.loading",
]
"""What every training process imports."""

OWN = ("XLT_", "COLUMNS", "NO_COLOR", "TERM")
"""Variables that are read when they are needed; others are read while modules are imported."""

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(MODULES)


def suits(environment: Mapping[str, str]) -> bool:
    """Whether a process with this environment can be forked from one with this test's."""
    given = {key: value for key, value in environment.items() if not key.startswith(OWN)}
    here = {key: value for key, value in os.environ.items() if not key.startswith(OWN)}
    here.setdefault("HF_HUB_OFFLINE", "1")
    given.setdefault("HF_HUB_OFFLINE", "1")
    ignored = {"PYTEST_CURRENT_TEST"}
    return {k: v for k, v in given.items() if k not in ignored} == {
        k: v for k, v in here.items() if k not in ignored
    }


class Preloaded:
    """A running `xlt`, with what the tests use of `subprocess.Popen`."""

    def __init__(
        self, arguments: Sequence[str], cwd: Path, environment: Mapping[str, str], files: Path
    ) -> None:
        number = len(list(files.iterdir())) if files.is_dir() else 0
        files.mkdir(exist_ok=True)
        self._files = [files / f"{number}.{name}" for name in ("out", "err")]
        for file in self._files:
            file.touch()
        outputs = [str(file) for file in self._files]
        self._process: Any = _context.Process(
            target=_run, args=(list(arguments), str(cwd), dict(environment), outputs)
        )
        self._process.start()
        self.pid: int = self._process.pid
        while self.poll() is None and os.getpgid(self.pid) != self.pid:  # it has yet to begin
            time.sleep(0.001)

    @property
    def returncode(self) -> int | None:
        code: int | None = self._process.exitcode
        return code

    def poll(self) -> int | None:
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired("xlt", timeout or 0)
        out, err = (file.read_text("utf-8") for file in self._files)
        return out, err


def _run(arguments: list[str], cwd: str, environment: dict[str, str], outputs: list[str]) -> None:
    """What the forked process does: what `python -m xlt_cli` would."""
    os.setsid()
    for descriptor, path in zip((1, 2), outputs, strict=True):
        os.dup2(os.open(path, os.O_WRONLY | os.O_TRUNC), descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["xlt", *arguments]
    code: Any = 0
    try:
        from xlt_cli.__main__ import main

        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
