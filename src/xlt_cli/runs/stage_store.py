"""Trained stages by content, shared by all runs of a folder that begin with the same stages.

    RUNS/.stages/KEY/        a stage: what `stages/N` of a run holds, and `stage.json`
    RUNS/.stages/KEY.lock    held by the process that trains it, or takes it
    RUNS/.stages/KEY.holder.json    while it is held: that process, and when it last reported

While a stage is being trained, `stages/N` of each run that needs it is a link to the shared one:
whoever holds the lock goes on from its checkpoints, also from those that a killed process left.
Once it is trained, a run takes it over: its `stages/N` becomes a directory of its own whose files
are hard links to the shared ones, so that they use no further space, and stay whatever becomes of
the store. Where a file system has no hard links, they are copied; where it has no symbolic links,
runs share nothing.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xlt_cli.errors import RunError, RunTaken
from xlt_cli.runs import atomic
from xlt_cli.runs import stage as stages
from xlt_cli.runs.holding import Holder, Place, Taken, stale_after
from xlt_cli.runs.pruned import size

FOLDER = ".stages"
RECORD = "stage.json"
FORMAT = 1
"""Of stage.json."""

_NOT_SHARED = ("checkpoints",)
_REMOVED = ".removed-"


@dataclass(frozen=True)
class SharedStage:
    """A stage of the store, trained, in training, or only begun."""

    path: Path

    @property
    def key(self) -> str:
        return self.path.name

    @property
    def record(self) -> dict[str, Any]:
        """What stage.json says of it; empty if it cannot be read."""
        with contextlib.suppress(RunError, OSError, ValueError):
            return atomic.read_json(self.path / RECORD) or {}
        return {}

    @property
    def is_trained(self) -> bool:
        """Whether it has a result and the whole model that belongs to it."""
        return stages.result_of(self.path) is not None and not stages.fault(self.path)

    @property
    def state(self) -> str:
        """`trained`, `training` (a process holds it), `interrupted` or `begun`."""
        if self.is_trained:
            return "trained"
        if self.busy():
            return "training"
        return "interrupted" if any((self.path / "checkpoints").glob("step-*")) else "begun"

    def busy(self) -> bool:
        """Whether a process trains it, or is taking it."""
        return self._place().is_taken()

    @contextlib.contextmanager
    def locked(self, waiting: Callable[[Holder | None], None] = lambda _: None) -> Iterator[None]:
        """Holds the stage for this process; the operating system frees it however that ends.

        Of another process the end is waited for. One of this machine that was stopped is ended
        when it has not reported for too long (`holding`).

        Args:
            waiting: called once if another process holds it.

        Raises:
            RunError: the lock cannot be made, or is that of another machine and not seen here.
        """
        try:
            with self._place().held(None, waiting):
                atomic.remove_partials(self.path)
                yield
        except Taken as taken:
            raise RunTaken(
                f"{taken.holder} trains the same stage, and this file system does not show the "
                "locks of other machines",
                str(self._place().record),
                "wait for it to end; if it has ended, remove this file",
            ) from None

    def _place(self) -> Place:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lock, record = (self.path.with_name(f"{self.key}.{end}") for end in ("lock", "holder.json"))
        return Place(lock, record, "stage")


def shared(root: Path, key: str) -> SharedStage:
    """The stage of a key in the store of a runs folder; there may be nothing of it yet."""
    return SharedStage(root / FOLDER / key)


def all_shared(root: Path) -> list[SharedStage]:
    """All stages of a store, oldest first."""
    paths = [path for path in (root / FOLDER).glob("*") if path.is_dir()]
    whole = [path for path in paths if not path.name.startswith(".")]
    return [SharedStage(path) for path in sorted(whole, key=lambda p: p.stat().st_mtime)]


def attach(stage: Path, entry: SharedStage, record: dict[str, Any]) -> None:
    """Lets a run's stage be trained in the store, where the run has nothing of it yet.

    Call it while holding the entry.

    Args:
        stage: the run's `stages/N`.
        record: what stage.json is to say.
    """
    if stage.is_symlink() and stage.resolve() != entry.path.resolve():
        stage.unlink()  # of data or a plugin that have changed since
    if stage.is_symlink() or not stage.exists():
        entry.path.mkdir(parents=True, exist_ok=True)
        _write_record(entry.path, entry.key, record)
        if not stage.is_symlink():
            stage.parent.mkdir(parents=True, exist_ok=True)
            target = os.path.relpath(entry.path.resolve(), stage.parent.resolve())
            try:
                stage.symlink_to(target, target_is_directory=True)
            except OSError:  # no links here: the run trains it for itself
                stage.mkdir(exist_ok=True)
    if not stage.is_symlink():
        _write_record(stage, entry.key, record)


def take(stage: Path, entry: SharedStage) -> None:
    """Makes a trained stage of the store the run's own; call it while holding the entry.

    What the run's directory held of it (a damaged model, say) makes way.
    """
    partial = stage.with_name(f".{stage.name}.{os.getpid()}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    _link_all(entry.path, partial)
    if stage.exists() or stage.is_symlink():
        atomic.remove(stage)
    partial.rename(stage)


def offer(stage: Path, entry: SharedStage) -> None:
    """Puts a stage that a run trained in its own directory into the store, if there is none yet."""
    if entry.is_trained:
        return
    partial = entry.path.with_name(f".{entry.key}.{os.getpid()}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    _link_all(stage, partial)
    atomic.remove(entry.path)
    partial.rename(entry.path)


def users(root: Path) -> dict[str, list[str]]:
    """The names of the runs that use each stage of a store: to train with it, or with its model."""
    names: dict[str, list[str]] = {}
    for path in root.glob("*/run.json"):
        for stage in sorted((path.parent / "stages").glob("*")):
            key = _used_by(stage)
            if key:
                names.setdefault(key, []).append(path.parent.name)
    return names


def _used_by(stage: Path) -> str:
    """The key of the shared stage that a run's stage needs, or has; empty for none."""
    return key_of(stage) if stage.is_symlink() or (stage / "model").exists() else ""


def key_of(stage: Path) -> str:
    """The key of the shared stage that a run's stage is, or was; empty if that is not known."""
    if stage.is_symlink():
        return Path(os.readlink(stage)).name
    with contextlib.suppress(RunError, OSError, ValueError):
        return str((atomic.read_json(stage / RECORD) or {}).get("key", ""))
    return ""


def unused(root: Path, only: Collection[str] | None = None) -> list[tuple[SharedStage, int]]:
    """The stages that no run uses and no process holds, each with its bytes; of some keys."""
    used = users(root)
    return [
        (entry, size(entry.path))
        for entry in all_shared(root)
        if entry.key not in used and (only is None or entry.key in only) and not entry.busy()
    ]


def collect(root: Path, only: Collection[str] | None = None) -> list[tuple[SharedStage, int]]:
    """Removes the stages that no run uses and no process holds; each with the bytes that it had.

    A run that asks for one meanwhile either holds it, so that it stays, or finds nothing of it and
    trains it.

    Args:
        only: keys; other stages stay.
    """
    for path in (root / FOLDER).glob(f"{_REMOVED}*"):
        shutil.rmtree(path, ignore_errors=True)
    _remove_old_partials(root / FOLDER)
    gone: list[tuple[SharedStage, int]] = []
    for entry, held in unused(root, only):
        with contextlib.suppress(RunError, OSError), entry.locked():  # where nothing can be written
            if entry.key in users(root):
                continue
            aside = entry.path.with_name(f"{_REMOVED}{entry.key}-{os.getpid()}")
            shutil.rmtree(aside, ignore_errors=True)
            entry.path.rename(aside)
            gone.append((entry, held))
            shutil.rmtree(aside, ignore_errors=True)
    return gone


def _remove_old_partials(directory: Path) -> None:
    """Removes what killed processes left half written; a process may be writing what is recent."""
    for path in atomic.partials(directory, deep=False):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > stale_after():
                path.unlink()


def _write_record(directory: Path, key: str, record: dict[str, Any]) -> None:
    if not (directory / RECORD).exists():
        atomic.write_json(directory / RECORD, {"format": FORMAT, "key": key, **record})


def _link_all(source: Path, target: Path) -> None:
    """A copy of a directory whose files are hard links, where these can be made."""
    shutil.copytree(
        source,
        target,
        copy_function=atomic.link_or_copy,
        ignore=shutil.ignore_patterns(*_NOT_SHARED, ".*"),
    )
