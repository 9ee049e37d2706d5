"""Which rows of an evaluation its model was trained or selected on: told by content.

A row is known again by its texts (or words), wherever it stands and whatever its label, and in an
aligned task by its translations. Names of tasks, folders and splits decide nothing.

A stage leaves hashes of its rows' texts in its directory (`texts.npz`). Runs of older versions have
only the hashes of whole files.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from xlt_cli.api import Example, Split, Task
from xlt_cli.data.hashing import text_hash
from xlt_cli.data.rows import RowStore, task_key
from xlt_cli.errors import DamagedFile, PluginError, UserError
from xlt_cli.runs import atomic
from xlt_cli.runs.directory import Run
from xlt_cli.spec import Stage

if TYPE_CHECKING:
    from xlt_cli.evaluation.plan import Plan

FILE = "texts.npz"

How = Literal["trained", "selected"]

_UNREADABLE = (
    ValueError,
    EOFError,
    OSError,
    AttributeError,
    LookupError,
    RuntimeError,
    MemoryError,
    SyntaxError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What reading a damaged archive may raise."""


@dataclass(frozen=True)
class Used:
    """Rows that a stage was trained on, or that its checkpoint was selected on.

    Attributes:
        task: the name of their task.
        limit: so many of each language, the first ones.
        texts: hashes of their texts, sorted; None where they were not recorded.
        files: language -> hash of all rows of the split, as far as known.
    """

    how: How
    task: str
    split: Split
    languages: tuple[str, ...]
    limit: int | None
    texts: np.ndarray | None
    files: Mapping[str, str]


StageOf = tuple[Stage, Task | None]
"""A stage and its task; None where the task cannot be built any more."""


def record(run: Run, stages: Sequence[StageOf], rows: RowStore) -> None:
    """Keeps hashes of the texts that each stage uses; `rows` has loaded them."""
    for index, (stage, task) in enumerate(stages):
        path = run.stage(index) / FILE
        if not path.exists():
            found = {part.how: part for part in _parts(stage, task, rows, rows.fingerprints)}
            texts = {how: part.texts for how, part in found.items() if part.texts is not None}
            buffer = io.BytesIO()
            np.savez_compressed(buffer, **texts)  # type: ignore[arg-type]
            atomic.write_bytes(path, buffer.getvalue())


def used(run: Run, stages: Sequence[StageOf], rows: RowStore) -> list[Used]:
    """What the stages of a run were trained and selected on, as far as its files say."""
    fingerprints = atomic.read_json(run.path / "fingerprints.json") or {}
    found: list[Used] = []
    for index, (stage, task) in enumerate(stages):
        kept = _read(run.stage(index) / FILE)
        for part in _parts(stage, task, rows, fingerprints):
            texts = kept.get(part.how, part.texts)
            found.append(Used(**{**vars(part), "texts": texts}))
    return found


def warnings(plan: Plan, uses: Sequence[Used]) -> list[dict[str, Any]]:
    """Which rows of an evaluation are not held out, as values of `reports.validity`."""
    evaluated = {language: _load(plan, language) or () for language in plan.languages}
    beside = _beside(plan, uses) if plan.task.aligned else {}
    hashes = {
        language: np.array([text_hash(example) for example in examples], dtype=np.uint64)
        for language, examples in {**beside, **evaluated}.items()
    }
    found: list[dict[str, Any]] = []
    for use in uses:
        if use.texts is None and not use.files:
            if (use.task, use.split) == (plan.task.name, plan.evaluation.split):
                found.append({"kind": "perhaps_not_held_out", "how": use.how, "cells": []})
            continue
        seen = {
            language: _seen(plan, use, language, examples, hashes[language])
            for language, examples in {**beside, **evaluated}.items()
        }
        if plan.task.aligned:
            # An item that was seen in one language was seen in all.
            items = set().union(*seen.values())
            seen = {x: {e.id for e in rows} & items for x, rows in evaluated.items()}
        cells = [language for language in evaluated if seen[language]]
        if cells:
            warning = {
                "kind": "not_held_out",
                "how": use.how,
                "cells": cells,
                "rows": [len(seen[language]) for language in cells],
                "of": [len(evaluated[language]) for language in cells],
            }
            if warning not in found:
                found.append(warning)
    return found


def _parts(
    stage: Stage, task: Task | None, rows: RowStore, fingerprints: Mapping[str, Any]
) -> list[Used]:
    """What a stage uses: hashes of rows that are loaded, and of files that are recorded."""
    wanted: list[tuple[How, Split, list[str], int | None]] = [
        ("trained", stage.split, stage.languages or [], stage.limit)
    ]
    dev = stage.dev
    if dev is not None and (stage.select == "best" or stage.patience is not None):
        wanted.append(("selected", dev.split, dev.languages or [], dev.limit))
    parts = []
    for how, split, languages, limit in wanted:
        texts = None
        files: dict[str, str] = {}
        if task is not None:
            files = _files(task, split, languages, fingerprints)
            if all(_at_hand(rows, task, split, x, files.get(x)) for x in languages):
                examples = [e for x in languages for e in rows.load(task, split, x, limit)]
                texts = np.unique(np.array([text_hash(e) for e in examples], dtype=np.uint64))
        parts.append(Used(how, stage.task.name, split, tuple(languages), limit, texts, files))
    return parts


def _at_hand(rows: RowStore, task: Task, split: Split, language: str, sha256: str | None) -> bool:
    """Whether rows are loaded that are known to be those of the stage."""
    loaded = rows.loaded(task, split, language)
    return loaded and rows.about(task, split, language)["sha256"] == sha256


def _files(
    task: Task, split: Split, languages: Sequence[str], fingerprints: Mapping[str, Any]
) -> dict[str, str]:
    keys = {language: f"{task_key(task)}/{split}/{language}" for language in languages}
    known = {language: fingerprints.get(key, {}).get("sha256") for language, key in keys.items()}
    return {language: sha256 for language, sha256 in known.items() if sha256}


def _beside(plan: Plan, uses: Sequence[Used]) -> dict[str, Sequence[Example]]:
    """The evaluation's rows in languages that were used and are not evaluated, where there are
    some: their translations are."""
    wanted = {x for use in uses for x in use.languages} - set(plan.languages)
    loaded = {language: _load(plan, language) for language in sorted(wanted)}
    return {language: examples for language, examples in loaded.items() if examples is not None}


def _load(plan: Plan, language: str) -> Sequence[Example] | None:
    evaluation = plan.evaluation
    try:
        return plan.rows.load(plan.task, evaluation.split, language, evaluation.limit)
    except PluginError:
        raise
    except UserError:
        return None


def _seen(
    plan: Plan, use: Used, language: str, examples: Sequence[Example], hashes: np.ndarray
) -> set[str]:
    """The ids of rows that were used."""
    if use.texts is not None:
        known = np.isin(hashes, use.texts)
        return {e.id for e, is_known in zip(examples, known, strict=True) if is_known}
    about = plan.rows.about(plan.task, plan.evaluation.split, language)
    if about["sha256"] not in use.files.values():
        return set()
    return {example.id for example in examples[: use.limit]}


def _read(path: Path) -> dict[str, np.ndarray]:
    """The recorded hashes; none if the run is of an older version.

    Raises:
        DamagedFile: they cannot be read. Without them, rows that the model was trained on could
            pass for held out.
    """
    if not path.exists():
        return {}
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
            kept = {name: arrays[name] for name in arrays.files}
            if not set(kept) <= set(get_args(How)):
                raise ValueError(f"it holds {', '.join(kept)}")
            return kept
    except _UNREADABLE:
        raise DamagedFile(
            f"{path.name} is damaged: the hashes of training texts cannot be read",
            str(path),
            "bring it back from a copy, or remove it: which rows the model was trained on is then "
            "told by the hashes of whole files",
        ) from None
