"""Whole processes of `xlt` that need not import torch and transformers again.

Each is forked from a server (multiprocessing's) that has imported them and done nothing else. It is
a process like any other: with a group, an environment and files of its own, and it can be killed.
So are the jobs of a sweep, which are forked from the process that starts them (`ForkedJob`).
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from multiprocessing import forkserver
from pathlib import Path
from typing import Any, ClassVar, NoReturn, Self

import pytest

gc.disable()  # while the server imports, where little is thrown away

MODULES = [
    "preloaded",
    "encodings.cp437",
    "encodings.utf_8_sig",
    "langcodes.language_distance",
    "language_data.names",
    "pandas",
    "prepared",
    "pyarrow.pandas_compat",
    "pyarrow.parquet",
    "pyarrow.vendored.version",
    "pydantic.type_adapter",
    "sentencepiece",
    "torch.utils.serialization",
    "transformers.models.auto.modeling_auto",
    "transformers.models.auto.tokenization_auto",
    "transformers.models.bert.modeling_bert",
    "xlt_cli.__main__",
    "xlt_cli.cli",
    "xlt_cli.formats.terminal",
    "xlt_cli.interface.experiment",
    "xlt_cli.launch.computing",
    "xlt_cli.launch.local",
    "xlt_cli.launch.pipeline",
    "xlt_cli.reports.search",
    "xlt_cli.reports.sweep",
    "xlt_cli.spec.checks",
    "xlt_cli.speed.hooks",
    "xlt_cli.sweep.plan",
    "xlt_conditions.clean",
    "xlt_encoders.huggingface",
    "xlt_encoders.loading",
    "xlt_encoders.tokenizer_source",
    "xlt_tasks.pawsx",
]
"""What every training process imports."""

OWN = (
    "XLT_", "COLUMNS", "NO_COLOR", "TERM", "GREEDY_",
    "MASTER_", "RANK", "WORLD_SIZE", "LOCAL_RANK",
)  # fmt: skip
"""Variables that are read when they are needed; others are read while modules are imported."""

_popen = subprocess.Popen

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(MODULES)


@functools.cache
def start_server() -> None:
    """Starts the server with this folder among those that it imports from."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=os.pathsep)
        forkserver.ensure_running()


def suits(environment: Mapping[str, str]) -> bool:
    """Whether a process with this environment can be forked from one with this test's."""
    if any((Path(path) / "xlt_cli").exists() for path in search_path(environment)):
        return False  # it imports another xlt
    ignored = {"PYTEST_CURRENT_TEST", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE"}
    given, here = (
        {k: v for k, v in variables.items() if k not in ignored and not k.startswith(OWN)}
        for variables in (environment, os.environ)
    )
    here.setdefault("HF_HUB_OFFLINE", "1")
    given.setdefault("HF_HUB_OFFLINE", "1")
    return given == here


def run_code(code: str, environment: Mapping[str, str], cwd: Path, files: Path) -> Any:
    """Runs `python -c CODE` to its end: (exit code, stdout, stderr)."""
    process = Preloaded(code, cwd, environment, files)
    out, err = process.communicate(timeout=240)
    return process.returncode, out, err


def search_path(environment: Mapping[str, str]) -> list[str]:
    """The folders of a process with this environment that come before those of Python."""
    return [path for path in environment.get("PYTHONPATH", "").split(os.pathsep) if path]


class Preloaded:
    """A running `xlt`, or Python code, with what the tests use of `subprocess.Popen`."""

    def __init__(
        self,
        arguments: Sequence[str] | str,
        cwd: Path,
        environment: Mapping[str, str],
        files: Path,
    ) -> None:
        number = len(list(files.iterdir())) if files.is_dir() else 0
        files.mkdir(exist_ok=True)
        self._files = [files / f"{number}.{name}" for name in ("out", "err")]
        for file in self._files:
            file.touch()
        outputs = [str(file) for file in self._files]
        start_server()
        self._process: Any = _context.Process(
            target=become, args=(arguments, str(cwd), dict(environment), outputs)
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

    def said(self) -> str:
        """What it has written to stderr until now."""
        return self._files[1].read_text("utf-8")

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired("xlt", timeout or 0)
        out, err = (file.read_text("utf-8") for file in self._files)
        return out, err


def become(
    arguments: Sequence[str] | str, cwd: str, environment: dict[str, str], outputs: list[str]
) -> None:
    """What the forked process does: what `python -m xlt_cli` or `python -c` would."""
    os.setsid()
    for descriptor, path in zip((1, 2), outputs, strict=True):
        os.dup2(os.open(path, os.O_WRONLY | os.O_TRUNC), descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    os.chdir(cwd)
    subprocess.Popen = _start  # type: ignore[assignment, misc]
    _main(arguments, environment)


def _start(command: Any, *others: Any, **options: Any) -> Any:
    """In the place of `subprocess.Popen`: forks a job of a sweep, and starts all else."""
    words = list(command) if isinstance(command, list | tuple) else []
    niceness = 0
    if words[:2] == ["nice", "-n"]:
        niceness, words = int(words[2]), words[3:]
    known = set(options) - {"env"} == {"stdin", "stdout", "stderr", "start_new_session"}
    if known and words[:4] == [sys.executable, "-P", "-m", "xlt_cli"]:
        return ForkedJob(words[4:], {"env": dict(os.environ), **options}, niceness)
    return _popen(command, *others, **options)


class ForkedJob:
    """A job of a sweep, with what launchers use of `subprocess.Popen`."""

    _pipes: ClassVar[list[Any]] = []

    def __init__(self, arguments: list[str], options: Mapping[str, Any], niceness: int = 0) -> None:
        self.returncode: int | None = None
        self.stdout = None
        asked, ask = os.pipe()
        said, say = os.pipe() if options["stdout"] == subprocess.PIPE else (None, None)
        self.pid = os.fork()
        if self.pid == 0:
            os.close(ask)
            for pipe in ForkedJob._pipes:  # or the others would not see that theirs are closed
                with contextlib.suppress(OSError):
                    os.close(pipe.fileno() if not pipe.closed else -1)
            os.setsid()
            os.nice(niceness)
            os.dup2(asked, 0)
            os.dup2(options["stdout"].fileno() if say is None else say, 1)
            os.dup2(options["stderr"].fileno(), 2)
            _main(arguments, options["env"])
        os.close(asked)
        self.stdin = os.fdopen(ask, "wb")
        ForkedJob._pipes.append(self.stdin)
        if said is not None and say is not None:
            os.close(say)
            self.stdout = os.fdopen(said, "rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.stdin.close()
        self.wait()

    def poll(self) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        end = time.monotonic() + (timeout or float("inf"))
        while self.poll() is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired("xlt", timeout or 0)
            time.sleep(0.005)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _main(arguments: Sequence[str] | str, environment: Mapping[str, str]) -> NoReturn:
    """What `python -m xlt_cli` or `python -c` does, then the end of the process.

    It does not wait for the disk: a process that is killed leaves what it wrote. The collector
    leaves out what was imported before, and comes by less often.
    """
    gc.freeze()
    gc.set_threshold(20_000)
    gc.enable()
    os.fsync = lambda _: None
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    kept = dict(environment)
    os.environ.clear()
    os.environ.update(kept)
    sys.path[:0] = [path for path in search_path(environment) if path not in sys.path]
    if step := environment.get("XLT_HOLD_AT"):
        _hold_at(int(step))
    code: Any = 0
    try:
        if isinstance(arguments, str):
            exec(arguments, {"__name__": "__main__"})  # noqa: S102
        else:
            from xlt_cli.__main__ import main

            sys.argv = ["xlt", *arguments]
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


def _hold_at(step: int) -> None:
    """Lets training wait at its first checkpoint of `step` updates or more, for a signal or for a
    file `go-on` in the working directory."""
    from xlt_cli.training.loop import StageTrainer

    checkpoint = StageTrainer._checkpoint

    def held(trainer: StageTrainer) -> None:
        checkpoint(trainer)
        if trainer.position.step >= step:
            trainer.writer.wait()
        while trainer.position.step >= step and not Path("go-on").exists():
            time.sleep(0.01)

    StageTrainer._checkpoint = held  # type: ignore[method-assign, assignment]
