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
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from xlt_cli.api import Example, Split, Task
from xlt_cli.data.hashing import row_hashes
from xlt_cli.data.rows import RowStore, task_key
from xlt_cli.data.training_rows import training_rows
from xlt_cli.errors import DamagedFile, PluginError, UserError
from xlt_cli.runs import atomic
from xlt_cli.runs.directory import Run
from xlt_cli.spec import ResolvedRows, ResolvedStage, Stage
from xlt_cli.spec.seen_languages import trained_languages

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
        texts: hashes of their texts, and of their items where tasks share these, sorted; None where
            they were not recorded.
        files: task, split and language -> hash of all their rows, as far as known.
    """

    how: How
    task: str
    split: Split
    languages: tuple[str, ...]
    limit: int | None
    texts: np.ndarray | None
    files: Mapping[str, str]


StageOf = tuple[Stage, ResolvedStage | None]
"""A stage as it is written and resolved; None where its plugins cannot be built any more."""


def record(stage: Path, uses: Sequence[Used]) -> None:
    """Keeps hashes of the texts that a stage uses in its directory, unless they are there."""
    path = stage / FILE
    if not path.exists():
        texts = {use.how: use.texts for use in uses if use.texts is not None}
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **texts)  # type: ignore[arg-type]
        atomic.write_bytes(path, buffer.getvalue())


def used_by_stage(run: Run, stages: Sequence[StageOf], rows: RowStore) -> list[list[Used]]:
    """What each stage of a run is trained and selected on: as its files say, or told from rows that
    are loaded."""
    fingerprints = atomic.read_json(run.path / "fingerprints.json") or {}
    uses: list[list[Used]] = []
    for index, (stage, resolved) in enumerate(stages):
        kept = _read(run.stage(index) / FILE)
        parts = _parts(stage, resolved, rows, fingerprints, run.seed, kept)
        uses.append([replace(part, texts=kept.get(part.how, part.texts)) for part in parts])
    return uses


def used(run: Run, stages: Sequence[StageOf], rows: RowStore) -> list[Used]:
    """The same for all stages together."""
    return [use for uses in used_by_stage(run, stages, rows) for use in uses]


def warnings(plan: Plan, uses: Sequence[Used]) -> list[dict[str, Any]]:
    """Which rows of an evaluation are not held out, as values of `reports.validity`."""
    evaluated = {language: _load(plan, language) or () for language in plan.languages}
    beside = _beside(plan, uses) if plan.task.aligned else {}
    hashes = {
        language: _hashes(plan, language, examples)
        for language, examples in {**beside, **evaluated}.items()
    }
    collected: list[dict[str, Any]] = []
    for use in uses:
        kept = hashes
        if plan.task.aligned and _of_one_task(use, plan.task) and set(use.languages) <= set(hashes):
            # The texts decide: rows of other files can have the ids of the task's items.
            kept = {language: rows[:, :1] for language, rows in hashes.items()}
        if use.texts is None and not use.files:
            if (use.task, use.split) == (plan.task.name, plan.evaluation.split):
                collected.append({"kind": "perhaps_not_held_out", "how": use.how, "cells": []})
            continue
        seen = {
            language: _seen(plan, use, language, examples, kept[language])
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
            if warning not in collected:
                collected.append(warning)
    return collected


def check(plan: Plan, uses: Sequence[Used]) -> None:
    """Refuses to evaluate on rows that were trained on, unless the evaluation allows it.

    Raises:
        UserError: the message says how many rows, in which languages.
    """
    if plan.evaluation.allow_overlap:
        return
    split, name = plan.evaluation.split, plan.task.name
    for warning in warnings(plan, uses):
        if warning["kind"] != "not_held_out" or warning["how"] != "trained":
            continue
        cells = list(zip(warning["cells"], warning["rows"], warning["of"], strict=True))
        language, rows, of = max(cells, key=lambda cell: cell[1])
        more = f", and rows of {len(cells) - 1} more languages" if len(cells) > 1 else ""
        raise UserError(
            f"{rows:,} of {of:,} rows of '{name}' ({split}, {language}){more} were trained on, or "
            "are translations of rows that were",
            "evaluations",
            "exclude them from training (in the stage: `exclude: "
            f"[{{task: {name}, split: {split}}}]`), or evaluate anyway with `allow_overlap: "
            "true` (`xlt eval --allow-overlap`)",
        )


def _parts(
    stage: Stage,
    resolved: ResolvedStage | None,
    rows: RowStore,
    fingerprints: Mapping[str, Any],
    seed: int,
    kept: Collection[str] = (),
) -> list[Used]:
    """What a stage uses: hashes of rows that are loaded, and of files that are recorded.

    Args:
        kept: the uses whose texts are recorded, and need not be hashed.
    """
    wanted: list[tuple[How, Split, Sequence[str], int | None, Sequence[ResolvedRows]]] = [
        (
            "trained",
            stage.split,
            trained_languages(stage),
            stage.limit,
            resolved.sources if resolved else (),
        )
    ]
    dev = stage.dev
    if dev is not None and (stage.select == "best" or stage.patience is not None):
        codes = tuple(dev.languages or ())
        of_dev = [ResolvedRows(resolved.task, dev.split, codes, dev.limit)] if resolved else []
        wanted.append(("selected", dev.split, codes, dev.limit, of_dev))
    parts = []
    for how, split, languages, limit, sources in wanted:
        files = {key: sha256 for source in sources for key, sha256 in _files(source, fingerprints)}
        texts = None
        if resolved and how not in kept and _at_hand(sources, rows, files):
            if how == "trained":
                groups = training_rows(resolved, rows, seed).groups
                by_task = [(group.task, group.examples) for group in groups]
            else:
                by_task = [(source.task, _loaded(source, rows)) for source in sources]
            hashes = [row_hashes(task, examples).ravel() for task, examples in by_task]
            texts = np.unique(np.concatenate(hashes))
        parts.append(Used(how, stage.task.name, split, tuple(languages), limit, texts, files))
    return parts


def _loaded(source: ResolvedRows, rows: RowStore) -> tuple[Example, ...]:
    return tuple(
        example
        for language in source.languages
        for example in rows.load(source.task, source.split, language, source.limit)
    )


def _at_hand(sources: Sequence[ResolvedRows], rows: RowStore, files: Mapping[str, str]) -> bool:
    """Whether rows are loaded that are known to be those of the stage."""
    return all(
        rows.loaded(source.task, source.split, language)
        and rows.about(source.task, source.split, language)["sha256"]
        == files.get(_key(source, language))
        for source in sources
        for language in source.languages
    )


def _files(source: ResolvedRows, fingerprints: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The hashes of the files of rows that were used, as far as they are recorded."""
    for language in source.languages:
        key = _key(source, language)
        sha256 = fingerprints.get(key, {}).get("sha256")
        if sha256:
            yield key, sha256


def _key(source: ResolvedRows, language: str) -> str:
    return f"{task_key(source.task)}/{source.split}/{language}"


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


def _hashes(plan: Plan, language: str, examples: Sequence[Example]) -> np.ndarray:
    """What an evaluation's rows are known again by, [N, 1 or 2]; none where none are loaded."""
    if not examples:
        return row_hashes(plan.task, ())
    return plan.rows.hashes(plan.task, plan.evaluation.split, language, len(examples))


def _of_one_task(use: Used, task: Task) -> bool:
    """Whether all rows that were used are known to be a task's own, whichever files it reads."""
    read = {key.rsplit("/", 2)[0] for key in use.files}
    return use.task == task.name and len(read) == 1


def _seen(
    plan: Plan, use: Used, language: str, examples: Sequence[Example], hashes: np.ndarray
) -> set[str]:
    """The ids of rows that were used."""
    if use.texts is not None:
        known = _among(hashes, use.texts).any(axis=1)
        return {examples[int(row)].id for row in np.flatnonzero(known)}
    about = plan.rows.about(plan.task, plan.evaluation.split, language)
    if about["sha256"] not in use.files.values():
        return set()
    return {example.id for example in examples[: use.limit]}


def _among(hashes: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Which hashes are among known ones, which are sorted, as `hashes` is shaped."""
    if not len(known):
        return np.zeros(hashes.shape, dtype=bool)
    places = np.searchsorted(known, hashes)
    found: np.ndarray = known[np.minimum(places, len(known) - 1)] == hashes
    return found


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
                raise ValueError(f"it contains {', '.join(kept)}")
            return kept
    except _UNREADABLE:
        raise DamagedFile(
            f"{path.name} is damaged: the hashes of training texts cannot be read",
            str(path),
            "restore it from a copy, or remove it: the rows that the model was trained on are "
            "then determined by the hashes of whole files",
        ) from None
