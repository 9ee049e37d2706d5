"""The directory of one run (one spec, one seed).

run.json            identity, the resolved spec, what was passed, where its plugins come from;
                    `format` is the number of the whole directory's format (1 had none)
spec.yaml           the spec file as it was written
status.json         created, started, success, cancelled or error; who works on it since when
environment.jsonl   a line per session: versions, git revision, hardware, command line, update path
fingerprints.json   hashes and sources of encoder and data, with what was left out
timing.jsonl        speeds, and how updates were made
stages/N/metrics.jsonl  losses and dev scores; the same bytes for the same run on the same CPU
stages/N/model/     the selected model: safetensors, opens with AutoModelFor...
stages/N/texts.npz      hashes of the texts that it was trained and selected on
stages/N/result.json    which checkpoint was selected, by what rule; hashes of its weights
stages/N/pruned/        in place of a model whose weights were removed: their hash, its settings
stages/N/checkpoints/   what an interrupted stage goes on from
evaluations/KEY/    cells.jsonl, predictions/*.parquet, results.json, results.csv
"""

from __future__ import annotations

import contextlib
import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout
from pydantic import ValidationError

from xlt_cli.errors import DamagedFile, RunError
from xlt_cli.runs import atomic, metrics
from xlt_cli.runs import stage as stages
from xlt_cli.runs.plugins import remember
from xlt_cli.spec import ExperimentSpec
from xlt_cli.spec.identity import FORMAT

State = Literal["created", "started", "success", "cancelled", "error"]

PATIENCE = 0.5
"""Seconds that a command waits for a run's lock before it says that the run is taken."""


@dataclass(frozen=True)
class Run:
    """A run directory."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.absolute().name

    @property
    def curve(self) -> list[dict[str, Any]]:
        """Losses and dev scores of all stages, in order."""
        return metrics.read(self.path)

    @property
    def timing(self) -> Path:
        return self.path / "timing.jsonl"

    @property
    def evaluations(self) -> Path:
        return self.path / "evaluations"

    def stage(self, index: int) -> Path:
        """The directory of a stage."""
        return self.path / "stages" / str(index)

    @property
    def record(self) -> dict[str, Any]:
        """The content of run.json."""
        record = atomic.read_json(self.path / "run.json")
        if not isinstance(record, dict) or "identity" not in record:
            raise RunError(
                "not a run directory: it has no run.json, or that of something else", str(self.path)
            )
        written = record.get("format", 1)
        if not isinstance(written, int) or written > FORMAT:
            raise RunError(
                f"the format of the run's directory is {written}, and this version of xlt "
                f"reads formats up to {FORMAT}",
                str(self.path),
                "it was written by a later version of xlt: use that version, or another runs "
                "directory",
            )
        return record

    @property
    def spec(self) -> ExperimentSpec:
        """The resolved spec.

        Raises:
            RunError: there is none; these are evaluations of a model that xlt did not train.
        """
        record = self.record
        if "spec" not in record:
            raise RunError(
                f"'{self.name}' contains evaluations of a model that was not trained with xlt",
                str(self.path),
                f"give the model itself: `xlt eval --model {record.get('model', 'DIR')}`",
            )
        remember(record)
        try:
            return ExperimentSpec.model_validate(record["spec"])
        except ValidationError as error:
            fault = error.errors()[0]
            where = ".".join(map(str, fault["loc"]))
            raise DamagedFile(
                f"run.json contains a spec that xlt cannot read: {where}: {fault['msg']}",
                str(self.path / "run.json"),
                "restore it from a copy, or use the version of xlt that wrote it",
            ) from None

    @property
    def seed(self) -> int:
        return int(self.record["seed"])

    @property
    def precision(self) -> str:
        """What it is trained in; what the spec says where the record is of an earlier version."""
        return str(self.record.get("precision") or self.spec.precision)

    @property
    def model(self) -> Path:
        """The model that the last stage ended with, or what is left of it where it was pruned.

        Raises:
            DamagedFile: it is there, and is not what the stage ended with.
            RunError: training has not finished.
        """
        return stages.check(self.stage(len(self.spec.stages) - 1), self.name, self.state)

    @property
    def status(self) -> dict[str, Any]:
        try:
            return atomic.read_json(self.path / "status.json") or {"state": "created"}
        except ValueError:
            return {"state": "created"}

    @property
    def state(self) -> str:
        """The state; `interrupted` where it says started and nobody works on it."""
        state = str(self.status.get("state", "created"))
        return "interrupted" if state == "started" and not self.busy() else state

    def set_state(self, state: State, message: str = "") -> None:
        """Writes status.json."""
        value = {
            "state": state,
            "message": message,
            "pid": os.getpid(),
            "host": platform.node(),
            "time": now(),
        }
        atomic.write_json(self.path / "status.json", value)

    def busy(self) -> bool:
        """Whether a process holds the lock."""
        if not (self.path / "lock").exists():
            return False
        lock = FileLock(self.path / "lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return True
        except OSError:
            return False
        lock.release()
        return False

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Holds the run's lock; the operating system frees it however the process ends.

        Raises:
            RunError: another process works on this run.
        """
        lock = FileLock(self.path / "lock")
        try:
            # `busy`, asked by another process, holds the lock for an instant: try more than once.
            lock.acquire(timeout=PATIENCE, poll_interval=PATIENCE / 10)
        except Timeout:
            status = self.status
            # Evaluations leave the status of training as it is: its process is long gone.
            at_work = status.get("state") == "started"
            who = f" (pid {status.get('pid')} on {status.get('host')})" if at_work else ""
            raise RunError(
                f"another process{who} is working on this run",
                str(self.path),
                "wait for it to end, or stop it; nothing was changed",
            ) from None
        except (OSError, NotImplementedError) as error:
            raise RunError(
                f"the run cannot be locked: {getattr(error, 'strerror', None) or error}",
                str(self.path / "lock"),
                "choose a writable place that supports file locks, with --runs-dir",
            ) from None
        try:
            atomic.remove_partials(self.path)
            yield
        finally:
            lock.release()

    def add_fingerprints(self, fingerprints: dict[str, Any]) -> None:
        """Merges fingerprints into fingerprints.json.

        Raises:
            RunError: the run began with other data or another encoder.
        """
        path = self.path / "fingerprints.json"
        known = atomic.read_json(path) or {}
        for key, value in fingerprints.items():
            before = known.get(key)
            if before is not None and _content(before) != _content(value):
                raise RunError(
                    f"'{key}' has changed since this run began: {_short(before)} then, "
                    f"{_short(value)} now",
                    str(path),
                    "restore the old data, or start a new run (another --runs-dir or name)",
                )
        merged = {**known, **fingerprints}
        if merged != known:
            atomic.write_json(path, merged)


def now() -> str:
    """The time, as records have it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _content(fingerprint: dict[str, Any]) -> Any:
    """What must stay: the hash, wherever it was read from; without one, all that is known."""
    return fingerprint.get("sha256") or fingerprint


def _short(fingerprint: dict[str, Any]) -> str:
    return str(fingerprint.get("sha256") or fingerprint.get("commit") or fingerprint)[:12]
