"""The files of a run's model as others get them: ordinary ones, with no paths of this machine."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from xlt_cli.errors import DataError, SpecError
from xlt_cli.runs import atomic, pruned
from xlt_cli.runs import stage as stages
from xlt_cli.runs.directory import Run
from xlt_cli.runs.portable import without_paths
from xlt_cli.sharing.card import FILE, card
from xlt_cli.weights import PACKED, WHOLE
from xlt_cli.weights.packed_file import Packed

Content = Path | bytes | Packed
"""A file; the content of one that is made; or packed weights, for the file that they stand for."""

_WITH_PATHS = ("config.json", "tokenizer_config.json", "adapter_config.json", stages.ABOUT)
"""Files in which libraries note where a model was read from."""


def files_of(run: Run, repository: str, stage: int | None = None) -> dict[str, Content]:
    """The files of a stage's model: its card, and what stands in its folder.

    Args:
        repository: on the hub, which the card names; empty if there is none.
        stage: counted from 1; None for the last.

    Raises:
        SpecError: there is no such stage.
        RunError: the stage has not finished, or its weights were pruned.
        DamagedFile: the model is not what the stage ended with.
    """
    count = len(run.spec.stages)
    if stage is not None and not 1 <= stage <= count:
        raise SpecError(
            f"'{run.name}' has no stage {stage}", "--stage", f"its stages: 1 to {count}"
        )
    index = (stage or count) - 1
    model = stages.check(run.stage(index), run.name, run.state)
    pruned.check_model(model, run.name)
    names = [name for name in atomic.manifest(model) or {} if name not in (FILE, atomic.MANIFEST)]
    files: dict[str, Content] = {FILE: card(run, index, repository).encode("utf-8")}
    for name in sorted(names):
        path = model / name
        if path.name == PACKED:
            files[name.removesuffix(PACKED) + WHOLE] = Packed(path)
        else:
            files[name] = _portable(path)
    return files


def size_of(content: Content) -> int:
    """The bytes of a file."""
    if isinstance(content, bytes):
        return len(content)
    return content.size if isinstance(content, Packed) else content.stat().st_size


def export(run: Run, folder: Path, stage: int | None = None) -> dict[str, int]:
    """Writes the files of a run's model into a new folder; the bytes of each.

    Raises:
        DataError: the folder has files already.
        UserError: as `files_of`; or the pretrained weights, which packed ones need, are not there.
    """
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise DataError("this exists, and is not an empty folder", str(folder), "name another one")
    files = files_of(run, "", stage)
    partial = folder.absolute().with_name(f".{folder.absolute().name}.{os.getpid()}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        for name, content in files.items():
            (partial / name).parent.mkdir(parents=True, exist_ok=True)
            _write(content, partial / name)
        if folder.is_dir():
            folder.rmdir()
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return {name: size_of(content) for name, content in files.items()}


def _write(content: Content, path: Path) -> None:
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif isinstance(content, Packed):
        from xlt_cli.weights.opening import write_whole

        write_whole(content, path)
    else:
        shutil.copyfile(content, path)


def _portable(file: Path) -> Path | bytes:
    """A file, or its content without paths of this machine where it has any."""
    if file.name not in _WITH_PATHS:
        return file
    content = json.loads(file.read_text("utf-8"))
    bare = without_paths(content)
    if bare == content:
        return file
    bare.pop(atomic.CHECKSUM, None)  # it is of what was written
    return atomic.json_bytes(bare, indent=2) + b"\n"
