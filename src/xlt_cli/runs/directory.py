"""The directory of one run (one spec, one seed).

run.json            identity, the resolved spec, what was passed, where its plugins come from;
                    `format` is the number of the whole directory's format (1 had none)
spec.yaml           the spec file as it was written
status.json         created, started, success, cancelled, stopped or error; who works on it since
holder.json         while a process works on it: that process, and when it last reported
environment.jsonl   a line per session: versions, git revision, hardware, command line, update path
fingerprints.json   hashes and sources of encoder and data, with what was left out
timing.jsonl        speeds, and how updates were made
trackers.json       what trackers were sent; tensorboard/ is what TensorBoard reads
stages/N/metrics.jsonl  losses and dev scores; the same bytes for the same run on the same CPU
stages/N/model/     the selected model: safetensors, or once the run has finished packed ones
stages/N/unpacked.json  why large weights were not packed
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
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from xlt_cli.errors import DamagedFile, RunError, RunTaken
from xlt_cli.runs import atomic, metrics
from xlt_cli.runs import stage as stages
from xlt_cli.runs.holding import Holder, Place, Taken
from xlt_cli.runs.plugins import remember
from xlt_cli.spec import ExperimentSpec
from xlt_cli.spec.identity import FORMAT

State = Literal["created", "started", "success", "cancelled", "stopped", "error"]

STATES = {
    "created": "pending",
    "started": "running",
    "success": "done",
    "cancelled": "interrupted",
    "stopped": "stopped early",
    "error": "failed",
}
"""What is shown for the states that status.json has."""

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
    def weights(self) -> str:
        """The hash of the weights that the last stage ended with, also where they are gone.

        Raises:
            DamagedFile: the model is there, and is not what the stage ended with.
            RunError: training has not finished.
        """
        return stages.weights(self.stage(len(self.spec.stages) - 1), self.name, self.state)

    @property
    def status(self) -> dict[str, Any]:
        try:
            return atomic.read_json(self.path / "status.json") or {"state": "created"}
        except ValueError:
            return {"state": "created"}

    @property
    def state(self) -> str:
        """`pending`, `running`, `done`, `failed`, `interrupted` or `stopped early`.

        A run that says started is interrupted if no process holds it, or if the one that does has
        not reported for too long (`holding`).
        """
        state = str(self.status.get("state", "created"))
        if state == "started" and not self.place.is_worked_in():
            return "interrupted"
        return STATES.get(state, state)

    @property
    def place(self) -> Place:
        """The lock of the directory."""
        return Place(self.path / "lock", self.path / "holder.json", "run")

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
        """Whether a process holds the lock, be it at work or stopped."""
        return self.place.is_taken()

    @contextlib.contextmanager
    def locked(
        self, take_over: bool = False, waiting: Callable[[Holder | None], None] = lambda _: None
    ) -> Iterator[None]:
        """Holds the run's lock; the operating system frees it however the process ends.

        Args:
            take_over: wait for a process of this machine that is stopped, and end it when it has
                not reported for too long (`holding`).
            waiting: called once if such a process is waited for.

        Raises:
            RunTaken: another process works on this run.
            RunError: the run cannot be locked.
        """
        try:
            # `busy`, asked by another process, holds the lock for an instant: try more than once.
            with self.place.held(PATIENCE, waiting, take_over):
                atomic.remove_partials(self.path)
                yield
        except Taken as taken:
            raise self._taken(taken) from None

    def _taken(self, taken: Taken) -> RunTaken:
        status, holder = self.status, taken.holder
        if holder is not None and taken.unsure:
            return RunTaken(
                f"{holder} was working on this run and has not reported for "
                f"{holder.silent:,.0f} s; whether it has ended cannot be seen here",
                str(self.path),
                "this file system does not show the locks of other machines; if that process has "
                f"ended, remove {self.place.record.name} there, and the run continues",
            )
        # Evaluations leave the status of training as it is: its process is long gone.
        at_work = status.get("state") == "started"
        who = f" (pid {status.get('pid')} on {status.get('host')})" if at_work else ""
        who = f" ({holder})" if holder is not None else who
        return RunTaken(
            f"another process is working on this run{who}",
            str(self.path),
            "wait for it to end, or stop it; nothing was changed",
        )

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
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _content(fingerprint: dict[str, Any]) -> Any:
    """What must stay: the hash, wherever it was read from; without one, all that is known."""
    return fingerprint.get("sha256") or fingerprint


def _short(fingerprint: dict[str, Any]) -> str:
    return str(fingerprint.get("sha256") or fingerprint.get("commit") or fingerprint)[:12]
