"""What a checkpoint calls its outputs: `id2label` and `label2id` of its config.json.

The file is read as it is: transformers fills in names of its own where one of the two is missing.
"""

from __future__ import annotations

import json
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xlt_cli.api import ResultWarning, UserError
from xlt_cli.problems.label_names import folded, unnamed

INFO_FILE = "xlt_head.json"  # describes the head of a checkpoint of xlt's own
_DEFAULT = 2  # outputs of a config that says nothing (transformers)


@dataclass(frozen=True)
class Outputs:
    """The outputs that a config describes.

    Attributes:
        count: how many there are.
        names: one for each, in order; None if the config names none of them, or only counts them.
        numbers: what it counts them with (LABEL_0, ... or 0, ...), where it does.
    """

    count: int
    names: tuple[str, ...] | None
    numbers: tuple[str, ...] | None = None


@dataclass
class _Table:
    """One of the two mappings as (id, name) pairs, and what is wrong with it."""

    pairs: list[tuple[int, str]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for _, name in sorted(self.pairs))

    @property
    def generic(self) -> bool:
        return unnamed(self.names)


def read_outputs(folder: Path) -> Outputs:
    """The outputs of a checkpoint; names in `label2id` count where `id2label` has none.

    Raises:
        UserError: the two are malformed or contradict each other; the error lists everything.
    """
    config = _config(folder)
    by_id, by_name = _tables(config)
    wrong = [*by_id.wrong, *by_name.wrong]
    if not wrong:
        wrong = _contradictions(by_id, by_name)
    if wrong:
        raise UserError(
            "the labels in the checkpoint's config are inconsistent",
            str(folder / "config.json"),
            f"{'; '.join(wrong)}. Correct the file, or state the outputs in order with --labels",
        )
    named = next((t.names for t in (by_id, by_name) if t.pairs and not t.generic), None)
    numbers = next((t.names for t in (by_id, by_name) if t.pairs), None)
    return Outputs(_count(config, by_id, by_name) or _DEFAULT, named, numbers)


def output_names(folder: Path, stated: Sequence[str] | None) -> Sequence[str]:
    """The names of a checkpoint's outputs, in order; those that the user states come first.

    Outputs that the config only counts are called as it does (the labels of a task may be 0 and 1);
    those that it does not speak of are LABEL_0, LABEL_1, ...

    Raises:
        UserError: not as many are stated as there are, or what the config says is not clear.
    """
    if stated is None:
        outputs = read_outputs(folder)
        counted = outputs.numbers or [f"LABEL_{i}" for i in range(outputs.count)]
        return outputs.names or counted
    config = _config(folder)
    count = _count(config, *_tables(config))
    own = _clear_names(folder)
    if count is not None and count != len(stated):
        raise UserError(
            f"{len(stated)} labels are stated for the {count} outputs of the checkpoint",
            str(folder),
            f"stated: {', '.join(stated)}" + (f"; its own: {', '.join(own)}" if own else ""),
        )
    if own is not None and [folded(name) for name in own] != [folded(name) for name in stated]:
        warnings.warn(
            f"the outputs are, as stated: {', '.join(stated)}; their names in the checkpoint "
            f"are: {', '.join(own)}",
            ResultWarning,
            stacklevel=2,
        )
    return stated


def check_labels(folder: Path) -> None:
    """Raises UserError if the labels of a checkpoint of others are not clear."""
    if (folder / "config.json").is_file() and not (folder / INFO_FILE).is_file():
        read_outputs(folder)


def _clear_names(folder: Path) -> tuple[str, ...] | None:
    try:
        return read_outputs(folder).names
    except UserError:
        return None


def _config(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(config, dict):
            raise ValueError("it is not a mapping")
    except (OSError, ValueError) as problem:
        raise UserError("the model's config cannot be read", str(path), str(problem)) from None
    return config


def _tables(config: dict[str, Any]) -> tuple[_Table, _Table]:
    return _table(config, "id2label", 0), _table(config, "label2id", 1)


def _table(config: dict[str, Any], field_name: str, id_at: int) -> _Table:
    """Reads one mapping; `id_at` is 0 where its keys are the ids, and 1 where its values are."""
    table, raw = _Table(), config.get(field_name)
    if raw is None:
        return table
    if isinstance(raw, list) and id_at == 0:
        raw = dict(enumerate(raw))
    if not isinstance(raw, dict):
        table.wrong.append(f"{field_name} is not a mapping")
        return table
    for item in raw.items():
        number, name = _number(item[id_at]), item[1 - id_at]
        if number is None:
            table.wrong.append(f"{field_name} has {item[id_at]!r} where an id is expected")
        elif isinstance(name, bool) or not isinstance(name, str | int | float):
            table.wrong.append(f"{field_name} has {name!r} where a label is expected")
        else:
            table.pairs.append((number, str(name)))
    if not table.wrong:
        table.wrong = [f"{field_name} {text}" for text in _gaps(table.pairs)]
    return table


def _gaps(pairs: list[tuple[int, str]]) -> list[str]:
    """Ids and names that stand twice, and ids that are missing."""
    ids, names = Counter(i for i, _ in pairs), Counter(name for _, name in pairs)
    wrong = [f"has the label '{name}' {n} times" for name, n in names.items() if n > 1]
    wrong += [f"has the id {i} {n} times" for i, n in ids.items() if n > 1]
    missing = sorted(set(range(len(ids))) - set(ids))
    if missing:
        wrong.append(f"has no id {', '.join(map(str, missing))} (it has {_listed(sorted(ids))})")
    return wrong


def _contradictions(by_id: _Table, by_name: _Table) -> list[str]:
    if not by_id.pairs or not by_name.pairs:
        return []
    if len(by_id.pairs) != len(by_name.pairs):
        what = f"{len(by_id.pairs)} and {len(by_name.pairs)} labels"
    elif by_id.generic or by_name.generic:
        return []
    elif [folded(name) for name in by_id.names] != [folded(name) for name in by_name.names]:
        what = "different labels"
    else:
        return []
    return [
        f"id2label and label2id have {what} (id2label: {_listed(by_id.names)}; "
        f"label2id: {_listed(by_name.names)})"
    ]


def _count(config: dict[str, Any], by_id: _Table, by_name: _Table) -> int | None:
    """How many outputs the config states, in whatever way; None if it does not."""
    stated = _number(config.get("num_labels"))
    return len(by_id.pairs) or len(by_name.pairs) or stated


def _number(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        return int(value)
    return value if isinstance(value, int) else None


def _listed(values: Any) -> str:
    return ", ".join(f"{value}" for value in values)
