"""Which rows a stage trains on: those of its tasks and languages, less what its spec leaves out.

The choice depends on the spec, the rows and the seed alone, never on their order in memory, so that
a stage that goes on from a checkpoint trains on the same rows.
"""

from __future__ import annotations

import hashlib
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from xlt_cli.api import DataError, Example
from xlt_cli.data.groups import Group, item_of
from xlt_cli.data.hashing import text_hash
from xlt_cli.data.rows import RowStore
from xlt_cli.data.shuffled import shuffled
from xlt_cli.errors import PluginError, UserError
from xlt_cli.registry.guard import problem_of
from xlt_cli.spec import ResolvedRows, ResolvedStage


@dataclass(frozen=True)
class TrainingRows:
    """The rows of a stage.

    Attributes:
        groups: task by task, in the order of their languages; those without rows are left out.
        excluded: how many rows `exclude` left out.
    """

    groups: tuple[Group, ...]
    excluded: int = 0

    @property
    def examples(self) -> list[Example]:
        """All rows, in order."""
        return [example for group in self.groups for example in group.examples]

    @property
    def by_language(self) -> dict[str, list[Example]]:
        """The rows of each language."""
        rows: dict[str, list[Example]] = defaultdict(list)
        for group in self.groups:
            rows[group.language] += group.examples
        return dict(rows)


def training_rows(stage: ResolvedStage, rows: RowStore, seed: int) -> TrainingRows:
    """The rows that a stage trains on with a seed.

    Raises:
        DataError: nothing is left, or nothing that can be trained on, or a list of ids has one that
            no row has.
    """
    spec = stage.spec
    groups = [
        Group(source.task, language, tuple(rows.load(source.task, source.split, language, limit)))
        for source in stage.sources
        for limit in (source.limit,)
        for language in source.languages
    ]
    before = sum(len(group.examples) for group in groups)
    groups = _without_excluded(stage, groups, rows)
    excluded = before - sum(len(group.examples) for group in groups)
    if spec.shots is not None:
        groups = [_few(group, spec.shots, spec.shot_sample) for group in groups]
    if spec.sampling == "one-per-item":
        groups = _one_per_item(groups, seed)
    if spec.labels == "shuffled":
        groups = shuffled(groups, seed)
    groups = [group for group in groups if group.examples]
    if not groups:
        raise DataError(
            f"there are no rows of '{stage.task.name}' left to train on",
            hint="`exclude` excludes all of them",
        )
    chosen = TrainingRows(tuple(groups), excluded)
    try:
        problem_of(stage.task).check_rows(chosen.examples, training=True)
    except DataError as error:
        raise replace(error, where=f"task '{stage.task.name}'") from None
    return chosen


def consulted(stage: ResolvedStage) -> Iterator[ResolvedRows]:
    """The rows beside its own that decide what a stage trains on: those that it leaves out, and the
    languages in which these may be translations of its own."""
    others = [each.rows for each in stage.exclusions if each.rows is not None]
    yield from others
    if others:
        for source in stage.sources:
            if source.task.aligned:
                yield replace(source, languages=_languages(source))


def list_fingerprints(stage: ResolvedStage) -> dict[str, dict[str, str]]:
    """The hash of each list of ids that a stage excludes, as fingerprints of a run."""
    lists = [exclusion.spec.ids for exclusion in stage.exclusions if exclusion.spec.ids]
    return {
        f"exclude/{Path(name).name}": {
            "sha256": hashlib.sha256(Path(name).read_bytes()).hexdigest(),
            "source": name,
        }
        for name in lists
    }


def _keeping(group: Group, kept: Sequence[Example]) -> Group:
    return replace(group, examples=tuple(kept))


def _without_excluded(stage: ResolvedStage, groups: Sequence[Group], rows: RowStore) -> list[Group]:
    """The groups without what `exclude` names."""
    listed = _listed_ids(stage, rows)
    others = [each.rows for each in stage.exclusions if each.rows is not None]
    if not listed and not others:
        return list(groups)
    hashes = {text_hash(example) for other in others for example in _loaded(other, rows)}
    items = {
        item_of(other.task, example)
        for other in others
        if other.task.items
        for example in _loaded(other, rows)
    }
    split_items = {
        item
        for source in stage.sources
        if source.task.aligned
        for item in _seen_items(source, hashes, rows)
    }
    left = []
    for group in groups:
        own, task = group.task is stage.task, group.task
        left.append(
            _keeping(
                group,
                [
                    example
                    for example in group.examples
                    if not (own and example.id in listed)
                    and text_hash(example) not in hashes
                    and not (task.aligned and item_of(task, example) in split_items)
                    and not (task.items and item_of(task, example) in items)
                ],
            )
        )
    return left


def _seen_items(
    source: ResolvedRows, hashes: set[int], rows: RowStore
) -> Iterator[tuple[str, str]]:
    """The items of an aligned source that have one of these texts in any language at hand."""
    for language in _languages(source):
        for example in rows.load(source.task, source.split, language):
            if text_hash(example) in hashes:
                yield item_of(source.task, example)


def _languages(source: ResolvedRows) -> tuple[str, ...]:
    """All languages of a split: what was excluded may be a translation of a row."""
    try:
        return source.task.languages(source.split)
    except PluginError:
        raise
    except UserError:
        return source.languages


def _loaded(source: ResolvedRows, rows: RowStore) -> Iterator[Example]:
    for language in source.languages or source.task.languages(source.split):
        yield from rows.load(source.task, source.split, language, source.limit)


def _listed_ids(stage: ResolvedStage, rows: RowStore) -> set[str]:
    """The ids in the files that `exclude` names; also of rows that `limit` leaves out.

    Raises:
        DataError: a file cannot be read, or has an id that no row of the stage's task has.
    """
    listed: set[str] = set()
    known = _known_ids(stage, rows) if any(each.spec.ids for each in stage.exclusions) else set()
    for exclusion in stage.exclusions:
        if exclusion.spec.ids is None:
            continue
        try:
            lines = Path(exclusion.spec.ids).read_text(encoding="utf-8-sig").splitlines()
        except (OSError, ValueError) as error:
            raise DataError(f"cannot read the list of ids: {error}", exclusion.spec.ids) from None
        ids = {line.strip() for line in lines if line.strip()}
        strange = sorted(ids - known)
        if strange:
            raise DataError(
                f"{len(strange)} of {len(ids)} ids do not belong to a row of "
                f"'{stage.task.name}', for example '{strange[0]}'",
                exclusion.spec.ids,
                f"its ids look like '{min(known)}'" if known else "",
            )
        listed |= ids
    return listed


def _known_ids(stage: ResolvedStage, rows: RowStore) -> set[str]:
    """The ids of all rows of a stage's own task in its languages."""
    (own, *_) = stage.sources
    each = (rows.load(own.task, own.split, language) for language in own.languages)
    return {example.id for examples in each for example in examples}


def _few(group: Group, shots: int, sample: int) -> Group:
    """The same sample of items in each language; more shots include fewer ones."""

    def rank(example: Example) -> bytes:
        return hashlib.blake2b(f"{sample}/{example.id}".encode(), digest_size=16).digest()

    labels = frozenset(group.task.labels)  # none where rows have numbers, not labels
    taken: dict[str | None, int] = defaultdict(int)
    kept = set()
    for example in sorted(group.examples, key=rank):
        label = example.shared_label() if labels else None
        if taken[label] < shots:
            taken[label] += 1
            kept.add(example.id)
    return _keeping(group, [example for example in group.examples if example.id in kept])


def _one_per_item(groups: Sequence[Group], seed: int) -> list[Group]:
    """Each item in one of the languages that have it."""
    places: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, group in enumerate(groups):
        for example in group.examples:
            places[item_of(group.task, example)].append(number)
    chosen = {
        item: random.Random(f"{seed}/language/{item[1]}").choice(there)
        for item, there in places.items()
    }
    return [
        _keeping(
            group,
            [e for e in group.examples if chosen[item_of(group.task, e)] == number],
        )
        for number, group in enumerate(groups)
    ]
