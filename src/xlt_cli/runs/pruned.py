"""Freeing what weighs most in a finished run: the models of its stages. All results stay.

Beside a stage's `model/` a folder `pruned/` is written first, with the hash of the weights, by
which stored predictions are found, and the small files that say how the model was made. Then the
model is renamed and deleted. At any moment there is a whole model or a whole `pruned/`, so that a
kill loses nothing and the stage counts as finished.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from xlt_cli.errors import RunError
from xlt_cli.runs import atomic, provenance
from xlt_cli.runs.directory import Run
from xlt_cli.runs.stage import PRUNED, fault, is_pruned

LARGEST_KEPT = 2**18
"""Bytes of the largest file that stays: configurations do, weights and vocabularies do not."""


def stages(run: Run) -> list[Path]:
    """The directories of a run's stages, in order."""
    folder = run.path / "stages"
    folders = [path for path in folder.glob("*") if path.name.isdecimal() and not path.is_symlink()]
    return sorted((path for path in folders if path.is_dir()), key=lambda path: int(path.name))


def freeable(run: Run, only: Iterable[Path] | None = None) -> int:
    """Bytes that pruning would free: models and checkpoints of finished stages."""
    chosen = stages(run) if only is None else only
    return sum(size(stage / name) for stage in chosen for name in ("model", "checkpoints"))


def prune(run: Run, only: Iterable[Path] | None = None) -> int:
    """Removes models and checkpoints of a finished run, or of some of its stages; bytes freed.

    Call it while holding the run's lock.
    """
    freed = 0
    for stage in stages(run) if only is None else only:
        model = stage / "model"
        if not model.exists() or is_pruned(stage) or fault(stage):
            continue  # pruned before, or damaged, which training mends
        freed += freeable(run, [stage])
        with atomic.new_directory(stage / PRUNED) as kept:
            for path in sorted(model.iterdir()):
                if _is_small(path):
                    shutil.copyfile(path, kept / path.name)
            weights = provenance.weights_hash(model)
            atomic.write_json(kept / provenance.PRUNED_ABOUT, {"weights": weights})
        for name in ("model", "checkpoints"):
            atomic.remove(stage / name)
    return freed


def restore(run: Run, before: int | None = None) -> None:
    """Makes pruned stages unfinished, so that training makes their models again.

    Args:
        before: only those before this stage.
    """
    for stage in stages(run):
        if is_pruned(stage) and (before is None or int(stage.name) < before):
            atomic.remove(stage / PRUNED)


def check_weights(run: Run) -> None:
    """Refuses what needs a run's weights where they were removed.

    Raises:
        RunError: training has not finished, or the weights were pruned.
    """
    check_model(run.model, run.name)


def check_model(model: Path, name: str) -> None:
    """The same of a model's folder.

    Raises:
        RunError: its weights were pruned.
    """
    if (model / provenance.PRUNED_ABOUT).is_file():
        raise RunError(
            f"the weights of '{name}' were pruned; earlier evaluations are kept",
            str(model),
            "`xlt train SPEC --restore` trains the run again and keeps its weights",
        )


def size(path: Path) -> int:
    """Bytes of all files below a path; links are not followed, and shared files count once."""
    seen: set[tuple[int, int]] = set()
    return _size(path, seen)


def _size(path: Path | str, seen: set[tuple[int, int]]) -> int:
    total = 0
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    total += _size(entry.path, seen)
                    continue
                status = entry.stat(follow_symlinks=False)
                key = (status.st_dev, status.st_ino)
                if status.st_nlink == 1 or key not in seen:
                    total += status.st_size
                if status.st_nlink > 1:
                    seen.add(key)
    except OSError:  # not there, gone meanwhile, or not to be read
        return total
    return total


def _is_small(path: Path) -> bool:
    is_text = path.suffix in (".json", ".py", ".txt") and path.name != atomic.MANIFEST
    return is_text and path.is_file() and path.stat().st_size <= LARGEST_KEPT
