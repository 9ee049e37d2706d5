"""The weights of finished stages as changes of the pretrained ones, or as ordinary files again.

A model's folder is changed in place. The new file is written and checked first, then the list of
the folder's files is replaced, and then the former file is removed. A kill on the way leaves one
file that nobody needs beside a whole model, and packing begins again where it has not ended.

The new file of a model that is still needed can be made ahead, in a thread (`made_ahead`): what is
left for the end is the list and the removal.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xlt_cli.api import PluginUse
from xlt_cli.compute import memory
from xlt_cli.errors import DamagedFile, UserError
from xlt_cli.runs import atomic, checksums
from xlt_cli.runs.directory import Run
from xlt_cli.runs.file_states import state_of
from xlt_cli.runs.pruned import stages
from xlt_cli.runs.stage import fault
from xlt_cli.runs.stage_store import RECORD, SharedStage, shared
from xlt_cli.weights import PACKED, WHOLE, packed_in
from xlt_cli.weights.packed_file import Packed

SMALLEST = 64 * 10**6
"""Bytes of a file of weights from which on it is packed."""

WORTH = 0.6
"""The share of its size that a file may have when it is packed."""

KEEP_ALL = ("all", "unpacked")
"""What a spec calls keeping the models of all stages."""

DECISION = "unpacked.json"
"""Beside a stage's model: why its weights were left as they are."""


ROOM = 3
"""How many times the weights' size must be free, on the disk and in memory, to pack them ahead."""


@dataclass(frozen=True)
class Ahead:
    """A packed file that is made, or being made, beside the whole one.

    Attributes:
        state: of the whole file when it was begun.
        made: why the weights are to be left as they are, if they are; or the error.
    """

    folder: Path
    state: str
    made: Future[str]

    def outcome(self, folder: Path) -> str | None:
        """What `made` has, once it has; None where it says nothing of this folder as it is."""
        if folder != self.folder:
            return None
        why = self.made.result()
        there = why or (folder / PACKED).is_file()
        return why if there and state_of(folder / WHOLE) == self.state else None


def unpacked(run: Run) -> list[Path]:
    """The stages with weights that may be packed: large ones of which nothing else is decided."""
    return [stage for stage in stages(run) if _large(stage) and not (stage / DECISION).exists()]


def packed(run: Run) -> list[Path]:
    """The stages with weights that are packed, or left over from being so."""
    return [stage for stage in stages(run) if any((stage / "model").rglob(PACKED))]


@contextlib.contextmanager
def made_ahead(stage: Path, encoder: PluginUse) -> Iterator[Ahead | None]:
    """Makes the packed file of a trained stage's model in a thread, while the block works.

    The block may read the model, and must change nothing of it. Call it while holding the run's
    lock. Nothing is made where packing has something to say, or disk or memory little room: that is
    for `pack`. Where the block fails, nothing is left. The pretrained weights, and the packed ones
    until they are written, are in memory beside what the block needs.

    Yields:
        What `pack` takes, which is complete once the block has ended.
    """
    from xlt_cli.weights.opening import base_of, origin_of

    wholes = _large(stage)
    if len(wholes) != 1 or (stage / DECISION).exists():
        yield None
        return
    (whole,) = wholes
    origin = base = None
    try:
        # Plugins are called here, by the thread that the block calls them from.
        origin = origin_of(encoder)
        free = min(shutil.disk_usage(whole.parent).free, memory.available())
        roomy = free >= ROOM * whole.stat().st_size
        base = base_of(origin) if origin is not None and roomy else None
        state, sha256 = state_of(whole), checksums.digests([whole])[whole]
    except (UserError, OSError, MemoryError):
        base = None
    if origin is None or base is None:
        yield None
        return
    with ThreadPoolExecutor(1, "packing", _give_way) as thread:
        made = thread.submit(_write, whole.parent, base, origin, sha256)
        del base  # the thread's alone, which frees it
        try:
            yield Ahead(whole.parent, state, made)
        except BaseException:
            made.exception()
            (whole.parent / PACKED).unlink(missing_ok=True)
            raise


def pack(run: Run, encoder: PluginUse, ahead: Ahead | None = None) -> int:
    """Packs the large weights of a finished run; the bytes that are freed.

    Call it while holding the run's lock.

    Args:
        ahead: what was made of it before.

    Raises:
        UserError: the pretrained weights are not there.
    """
    freed = 0
    for stage in unpacked(run):
        if fault(stage):
            continue  # damaged, which training mends
        for whole in _large(stage):
            folder, size = whole.parent, whole.stat().st_size
            with _in_store(run, stage, folder) as there:
                if there is not None and _same(there, folder):
                    _link(there, folder, PACKED, WHOLE)
                else:
                    twins = there is not None and _are_one(there / WHOLE, whole)
                    why = ahead.outcome(folder) if ahead is not None else None
                    why = _pack(folder, encoder) if why is None else why
                    if why:
                        atomic.write_json(stage / DECISION, {"why": why})
                        break
                    _relist(folder, PACKED, WHOLE)
                    if there is not None and (twins or _same(folder, there)):
                        _link(folder, there, PACKED, WHOLE)
                freed += size - (folder / PACKED).stat().st_size
    return freed


def unpack(run: Run) -> int:
    """Makes ordinary files of packed weights; the bytes that these have.

    Call it while holding the run's lock.

    Raises:
        UserError: the pretrained weights are not there, or are others.
    """
    from xlt_cli.weights.opening import write_whole

    used = 0
    for stage in packed(run):
        if fault(stage):
            continue
        for file in sorted((stage / "model").rglob(PACKED)):
            folder = file.parent
            if packed_in(folder) is not None:
                with _partial(folder, WHOLE, file) as partial:
                    write_whole(Packed(file), partial)
                used += (folder / WHOLE).stat().st_size
            _relist(folder, WHOLE, PACKED)
    return used


def _give_way() -> None:
    """Has the calling thread, and those that it starts, wait for threads that have more to do.

    With few processors the block would otherwise be slow: threads that share a matrix product wait
    for one another.
    """
    if sys.platform == "linux":  # elsewhere, this is of the whole process
        with contextlib.suppress(OSError):
            os.nice(19)


def _large(stage: Path) -> list[Path]:
    """The files of weights of a stage's model that are large enough."""
    found = sorted((stage / "model").rglob(WHOLE))
    with contextlib.suppress(FileNotFoundError):
        return [path for path in found if path.stat().st_size >= SMALLEST]
    return []


def _pack(folder: Path, encoder: PluginUse) -> str:
    """Makes the packed file of the weights in a folder, or says why they are left as they are."""
    from xlt_cli.weights.opening import base_of, origin_of

    origin = origin_of(encoder)
    if origin is None:
        return f"nothing names the pretrained weights of the encoder '{encoder.name}' for good"
    whole = folder / WHOLE
    return _write(folder, base_of(origin), origin, checksums.digests([whole])[whole])


def _write(folder: Path, base: Mapping[str, Any], origin: Mapping[str, Any], sha256: str) -> str:
    """The same from what it needs: no plugin is called, and no other file written.

    Args:
        base: the pretrained tensors that `origin` names; they are written into.
        sha256: of the whole file.
    """
    from xlt_cli.weights.packed_file import pack as write

    whole = folder / WHOLE
    with _partial(folder, PACKED, whole) as partial:
        write(whole, partial, base, origin, sha256)
        share = partial.stat().st_size / whole.stat().st_size
        if share > WORTH:
            partial.unlink()
            return f"packed, they would have {share:.0%} of their size"
        try:
            Packed(partial).check(whole, base)
        except DamagedFile as error:
            partial.unlink()
            return f"packed, they would not be the same: {error.what}"
    return ""


@contextlib.contextmanager
def _partial(folder: Path, name: str, like: Path) -> Iterator[Path]:
    """A file to write, which gets its name when the block ends well; none if it is removed.

    Args:
        like: the file that has the permissions that it is to have.
    """
    partial = folder / f".{name}.{os.getpid()}.partial"
    try:
        yield partial
        if partial.exists():
            shutil.copymode(like, partial)  # safetensors makes files the owner's alone
            with partial.open("rb+") as file:
                os.fsync(file.fileno())
            partial.replace(folder / name)
    finally:
        partial.unlink(missing_ok=True)


def _relist(folder: Path, new: str, former: str) -> None:
    """Puts a new file into the list of a model's files in place of another, which is removed."""
    listing = _list_of(folder)
    place = folder.relative_to(listing.parent)
    record: dict[str, Any] = atomic.read_json(listing)
    files = record["files"]
    with (folder / new).open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    files.pop((place / former).as_posix(), None)
    files[(place / new).as_posix()] = {
        "size": (folder / new).stat().st_size,
        "sha256": sha256,
    }
    atomic.write_json(listing, {**record, "files": dict(sorted(files.items()))})
    (folder / former).unlink(missing_ok=True)


def _list_of(folder: Path) -> Path:
    """The list of files that a folder's are in: its own, or that of the folder above."""
    own = folder / atomic.MANIFEST
    return own if own.is_file() else folder.parent / atomic.MANIFEST


@contextlib.contextmanager
def _in_store(run: Run, stage: Path, folder: Path) -> Iterator[Path | None]:
    """The same folder of the stage in the store of shared stages, held meanwhile.

    None where it is not there, or still to be trained. Another run that packs it is waited for.
    """
    entry = _entry(run, stage)
    if entry is None or not entry.is_trained:
        yield None
        return
    with entry.locked():
        there = entry.path / folder.relative_to(stage)
        yield there if entry.is_trained and there.is_dir() else None


def _entry(run: Run, stage: Path) -> SharedStage | None:
    key = (atomic.read_json(stage / RECORD) or {}).get("key", "")
    return shared(run.path.absolute().parent, key) if key else None


def _same(packed: Path, whole: Path) -> bool:
    """Whether one folder has, packed, the weights that are an ordinary file in the other."""
    found, file = packed_in(packed), whole / WHOLE
    return found is not None and file.exists() and checksums.digests([file])[file] == found.sha256


def _are_one(one: Path, other: Path) -> bool:
    """Whether two names are those of one file."""
    with contextlib.suppress(OSError):
        return one.samefile(other)
    return False


def _link(source: Path, target: Path, new: str, former: str) -> None:
    """Gives a folder the file of another one in place of its own."""
    with _partial(target, new, source / new) as partial:
        atomic.link_or_copy(source / new, partial)
    _relist(target, new, former)
