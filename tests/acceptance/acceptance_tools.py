"""Whole commands on a tiny encoder and tiny data."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from preloaded import Preloaded, suits
from typer.testing import CliRunner

THIRD_PARTY = Path(__file__).parents[1] / "third_party"
SAMPLES = Path(__file__).parents[1] / "version_1"


def call(*arguments: object) -> Any:
    """Runs `xlt` in this process."""
    from xlt_cli.cli import app

    return CliRunner().invoke(app, [str(a) for a in arguments], prog_name="xlt")


def trained_on_samples(folder: Path, name: str, spec: str) -> Path:
    """The folder with the samples' encoder and data, a spec of this name, and its finished run."""
    for part in ("encoder", "data"):
        shutil.copytree(SAMPLES / part, folder / part)
    (folder / name).write_text(spec, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        result = call("train", name, "-q")
    assert result.exit_code == 0, result.output
    return folder


def third_party(site: Path) -> str:
    """Describes `tests/third_party` in a folder as if it were installed; gives the PYTHONPATH."""
    project = tomllib.loads((THIRD_PARTY / "pyproject.toml").read_text("utf-8"))["project"]
    info = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n", "utf-8"
    )
    lines = []
    for group, members in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {target}" for name, target in members.items())]
    (info / "entry_points.txt").write_text("\n".join(lines), "utf-8")
    return os.pathsep.join([str(site), str(THIRD_PARTY)])


@dataclass
class Desk:
    """A working directory with a spec, and `xlt` as a command of its own."""

    path: Path
    spec: dict[str, Any]
    environment: dict[str, str]

    def write(self, name: str = "spec.yaml", **changes: Any) -> Path:
        """Writes the spec, with top-level fields changed."""
        path = self.path / name
        path.write_text(yaml.safe_dump({**self.spec, **changes}), "utf-8")
        return path

    def start(self, *arguments: object, runs: str = "runs", **environment: str) -> Any:
        """Starts `xlt` in a process group of its own."""
        given = [*map(str, arguments), "--runs-dir", runs]
        variables = {**self.environment, **environment}
        if suits(variables):
            return Preloaded(given, self.path, variables, self.path / "outputs")
        return subprocess.Popen(
            [sys.executable, "-m", "xlt_cli", *given],
            cwd=self.path,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def start_until(self, step: int, *arguments: object, **environment: str) -> Any:
        """Starts `xlt train` and returns it waiting at its checkpoint of `step` or the next one.

        However busy the machine is, it goes on only when there is a file `go-on` on the desk, and
        can be killed or interrupted until then.
        """
        process = self.start(*arguments, XLT_HOLD_AT=str(step), **environment)
        wait_for_step(self, process, step)
        return process

    def xlt(self, *arguments: object, runs: str = "runs", **environment: str) -> Any:
        """Runs `xlt` to its end: (exit code, stdout, stderr)."""
        process = self.start(*arguments, runs=runs, **environment)
        out, err = process.communicate(timeout=240)
        return process.returncode, out, err

    def run(self, runs: str = "runs") -> Path:
        """The one run directory."""
        found = [path.parent for path in (self.path / runs).glob("*/run.json")]
        assert len(found) == 1, found
        return found[0]

    def results(self, runs: str = "runs") -> dict[str, Any]:
        """The one evaluation's results."""
        (path,) = self.run(runs).glob("evaluations/*/results.json")
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return found


def ledger(desk: Desk, runs: str = "runs") -> list[dict[str, Any]]:
    """What was noted down of the runs of the desk's spec, in the order of time."""
    files = (desk.path / runs / ".ledger" / "spec").glob("*.jsonl")
    lines = [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]
    return sorted((line for line in lines if "run" in line), key=lambda line: line["time"])


def wait_for(condition: Callable[[], bool], process: Any, seconds: float = 120) -> None:
    """Waits until a condition holds while a process runs."""
    end = time.monotonic() + seconds
    while not condition():
        if process.poll() is not None or time.monotonic() > end:
            raise AssertionError(f"the moment never came: {process.communicate()}")
        time.sleep(0.002)


def wait_for_step(desk: Desk, process: Any, step: int) -> None:
    """Waits until the run has a checkpoint of `step` updates or more."""

    def reached() -> bool:
        return any(
            int(path.name[5:]) >= step
            for path in desk.path.glob("runs/*/stages/0/checkpoints/step-*")
        )

    wait_for(reached, process)


def last_step(run: Path) -> int:
    """The step of a run's newest checkpoint."""
    return max(int(path.name[5:]) for path in run.glob("stages/0/checkpoints/step-*"))


def kill(process: Any, number: int = signal.SIGKILL) -> tuple[str, str]:
    """Sends a signal to a process and waits for its end: (stdout, stderr)."""
    os.killpg(process.pid, number)
    out, err = process.communicate(timeout=120)
    return out, err


def wait_for_end(pids: list[int]) -> None:
    """Waits until none of the processes is at work."""

    class Nobody:
        """A process that always runs, for `wait_for`."""

        def poll(self) -> None:
            return None

    wait_for(lambda: not any(map(alive, pids)), Nobody(), seconds=60)


def alive(pid: int) -> bool:
    """Whether a process is at work; one that only waits to be reaped is not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
