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

from xlt_cli.compute.devices import resolve_precision
from xlt_cli.errors import DamagedFile, RunError, UserError, did_you_mean
from xlt_cli.runs import atomic, former, metrics
from xlt_cli.runs import stage as stages
from xlt_cli.runs.plugins import plugins_of, remember
from xlt_cli.spec import ExperimentSpec
from xlt_cli.spec.identity import FORMAT, identity

State = Literal["created", "started", "success", "cancelled", "error"]

PATIENCE = 0.5
"""Seconds that a command waits for a run's lock before it says that the run is taken."""


def default_root() -> Path:
    """Where runs live: `$XLT_RUNS_DIR`, or `runs` in the working directory."""
    return Path(os.environ.get("XLT_RUNS_DIR") or "runs")


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
                "not a run directory: it has no run.json, or not a run's", str(self.path)
            )
        written = record.get("format", 1)
        if not isinstance(written, int) or written > FORMAT:
            raise RunError(
                f"the run's directory is of format {written}, and this version of xlt reads "
                f"formats up to {FORMAT}",
                str(self.path),
                "a later version of xlt wrote it: use that one, or another runs directory",
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
                f"'{self.name}' holds evaluations of a model that xlt did not train",
                str(self.path),
                f"name the model itself: `xlt eval --model {record.get('model', 'DIR')}`",
            )
        remember(record)
        try:
            return ExperimentSpec.model_validate(record["spec"])
        except ValidationError as error:
            fault = error.errors()[0]
            where = ".".join(map(str, fault["loc"]))
            raise DamagedFile(
                f"run.json holds a spec that xlt cannot read: {where}: {fault['msg']}",
                str(self.path / "run.json"),
                "bring it back from a copy, or use the version of xlt that wrote it",
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
            "time": _now(),
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
                f"another process{who} works on this run",
                str(self.path),
                "wait for it to end, or stop it; nothing was changed",
            ) from None
        except (OSError, NotImplementedError) as error:
            raise RunError(
                f"the run cannot be locked: {getattr(error, 'strerror', None) or error}",
                str(self.path / "lock"),
                "choose a place that can be written and locked, with --runs-dir",
            ) from None
        try:
            atomic.remove_partials(self.path)
            yield
        finally:
            lock.release()

    def add_fingerprints(self, found: dict[str, Any]) -> None:
        """Merges fingerprints into fingerprints.json.

        Raises:
            RunError: the run began with other data or another encoder.
        """
        path = self.path / "fingerprints.json"
        known = atomic.read_json(path) or {}
        for key, value in found.items():
            before = known.get(key)
            if before is not None and _content(before) != _content(value):
                raise RunError(
                    f"'{key}' is not what this run began with: "
                    f"{_short(before)} then, {_short(value)} now",
                    str(path),
                    "bring the old data back, or start a new run (another --runs-dir or name)",
                )
        merged = {**known, **found}
        if merged != known:
            atomic.write_json(path, merged)


def planned(root: Path, spec: ExperimentSpec, seed: int) -> Run:
    """The run that a spec and a seed have or will have; nothing is made."""
    precision = resolve_precision(spec.device, spec.precision)
    key = identity(spec, seed, precision)
    run = Run(root / f"{spec.name}-s{seed}-{key[:8]}")
    if (run.path / "run.json").exists():
        _check_same(run, spec, seed, key)
        return run
    return Run(former.run_of(root, str(spec.name), seed, key, precision) or run.path)


def _check_same(run: Run, spec: ExperimentSpec, seed: int, key: str) -> None:
    """Refuses the directory of a run that has this name and was another training.

    A name leaves out what is at its default: another default is another training.
    """
    today = former.name_of(run.path)
    if today is None or today == (spec.name, seed, key):
        return
    raise RunError(
        f"'{run.name}' was trained with other values of what this spec leaves at its defaults: a "
        "plugin has changed its defaults since",
        str(run.path),
        _changed(run.record["spec"], spec.model_dump(mode="json"))
        + "write the former value into the spec to go on with that run, or choose another name or "
        "another --runs-dir for a new one",
    )


def _changed(former_spec: Any, spec: Any, path: str = "") -> str:
    """The fields that differ, with both values."""
    if isinstance(former_spec, dict) and isinstance(spec, dict):
        return "".join(
            _changed(former_spec[name], spec[name], f"{path}{name}.")
            for name in former_spec
            if name in spec and (path or name in ("encoder", "stages", "max_length"))
        )
    if isinstance(former_spec, list) and isinstance(spec, list) and len(former_spec) == len(spec):
        pairs = zip(former_spec, spec, strict=True)
        return "".join(_changed(a, b, f"{path}{index}.") for index, (a, b) in enumerate(pairs))
    return "" if former_spec == spec else f"{path[:-1]} was {former_spec} and is {spec}; "


def create(root: Path, spec: ExperimentSpec, seed: int, text: str, overrides: list[str]) -> Run:
    """The run of a spec and a seed: a new directory, or the existing one.

    What is trained is the same then; evaluations are brought up to date. A run that an earlier
    version made keeps the name of its directory.
    """
    precision = resolve_precision(spec.device, spec.precision)
    key = identity(spec, seed, precision)
    run = planned(root, spec, seed)
    try:
        run.path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(
            f"cannot make the run's directory: {error.strerror}", str(run.path)
        ) from None
    record = atomic.read_json(run.path / "run.json")
    if record is not None:
        record = run.record  # or it is refused
    if record is not None and record.get("spec") == spec.model_dump(mode="json"):
        return run
    with run.locked():
        atomic.write_text(run.path / "spec.yaml", text)
        atomic.write_json(
            run.path / "run.json",
            {
                "format": FORMAT,
                "identity": key,
                "precision": precision,
                "name": spec.name,
                "seed": seed,
                "overrides": overrides,
                "created": record["created"] if record else _now(),
                "spec": spec.model_dump(mode="json"),
                "plugins": plugins_of(spec),
            },
        )
        if record is None:
            run.set_state("created")
    return run


def create_for_model(root: Path, name: str, key: str, record: dict[str, Any]) -> Run:
    """The directory for evaluations of a model that xlt did not train."""
    run = Run(root / f"{name}-{key[:8]}")
    if atomic.read_json(run.path / "run.json") is None:
        atomic.write_json(
            run.path / "run.json",
            {
                "format": FORMAT,
                "identity": key,
                "name": name,
                "created": _now(),
                **record,
            },
        )
        run.set_state("created")
    return run


def all_runs(root: Path) -> list[Run]:
    """The runs under a root, oldest first."""
    if not root.is_dir():
        return []
    found = [Run(path.parent) for path in root.glob("*/run.json")]
    return sorted(found, key=_created)


def _created(run: Run) -> str:
    try:
        return str(run.record.get("created", ""))
    except (UserError, ValueError):
        return ""


def find(root: Path, wanted: str) -> Run:
    """A run by its path, its name, or the unambiguous beginning of its name.

    Raises:
        RunError: there is no such run, or several.
    """
    path = Path(wanted)
    if (path / "run.json").is_file():
        return Run(path)
    runs = {run.name: run for run in all_runs(root)}
    if wanted in runs:
        return runs[wanted]
    matches = [name for name in runs if name.startswith(wanted)]
    if len(matches) == 1:
        return runs[matches[0]]
    if matches:
        raise RunError(f"'{wanted}' fits several runs", str(root), ", ".join(sorted(matches)))
    hint = did_you_mean(wanted, runs) or "`xlt train SPEC` makes runs; `xlt runs` lists them"
    raise RunError(f"there is no run '{wanted}'", str(root), hint)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _content(fingerprint: dict[str, Any]) -> Any:
    """What must stay: the hash, wherever it was read from; without one, all that is known."""
    return fingerprint.get("sha256") or fingerprint


def _short(fingerprint: dict[str, Any]) -> str:
    return str(fingerprint.get("sha256") or fingerprint.get("commit") or fingerprint)[:12]
