"""What makes figures worthless: rows of one label, one answer to every row, too few rows.

Everything is told from labels and answers, so that stored predictions of any age can be judged.
A cell is a language, or a pair of languages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xlt_cli.languages import written_twice
from xlt_cli.problems import Prediction
from xlt_cli.reports.values import MARK
from xlt_cli.runs.cells import Cell, Pair
from xlt_cli.runs.predictions import Answer, Store

FEW = 20
"""Rows of a cell below which its figure is said to mean little."""

CHANCE = 4
"""Rows below which one answer to all of them may well be chance."""

ABSTAINED = "(abstained)"
"""The answer of a smoothed classifier that never decided."""

NAMED = 8
"""So many cells are named in a note, and the others counted."""


@dataclass(frozen=True)
class Look:
    """What the rows of a cell have in common.

    Attributes:
        rows: how many there are.
        label: the gold label of all rows (the tag of all words), if there is only one.
        answer: the answer to all of them, if there is only one; abstentions count if there is
            nothing else.
    """

    rows: int
    label: str | None
    answer: str | None

    @property
    def measures(self) -> bool:
        """Whether the rows can tell a good model from a bad one."""
        return self.label is None

    @property
    def constant(self) -> bool:
        """Whether the model gave one answer to rows of several labels."""
        return self.measures and self.answer is not None and self.rows >= CHANCE


def look(
    golds: Sequence[Answer], predicted: Sequence[Answer], labels: Collection[str] | None = None
) -> Look:
    """Looks at a cell.

    Args:
        labels: all that can be answered; what stands for a word that the model never saw is not
            among them, and is no answer. None: unknown.
    """
    answer = _only(value for value in _each(predicted) if labels is None or value in labels)
    if answer is None and predicted and all(value is None for value in predicted):
        answer = ABSTAINED
    return Look(len(golds), _only(_each(golds)), answer)


def look_at(predictions: Sequence[Prediction], labels: Collection[str]) -> Look:
    """Looks at a cell's predictions."""
    return look([p.gold for p in predictions], [p.predicted for p in predictions], labels)


def collapsed(looks: Mapping[Pair, Look], trained_on: Collection[str]) -> bool:
    """Whether a model gives one answer to every row of each language that it was trained on.

    Where no such language was tested, all languages count; without any, all pairs. Cells whose
    rows have one label cannot show it and are left out.
    """
    standard = [pair for pair in looks if pair[0] == pair[1]]
    own = [pair for pair in standard if pair[0] in trained_on]
    for pairs in (own, standard, list(looks)):
        judged = [looks[pair] for pair in pairs if looks[pair].measures]
        if judged:
            return all(one.constant for one in judged)
    return False


def is_collapsed(evaluation: Path, result: Mapping[str, Any]) -> bool:
    """Whether a stored evaluation is of a collapsed model.

    The figures say so; of those of older versions, the predictions beside them.

    Args:
        evaluation: the directory with the predictions.
        result: the content of its results.json.
    """
    if "collapsed" in result:
        return bool(result["collapsed"])
    trained_on = [x for x, figures in result["languages"].items() if figures["trained_on"]]
    pairs: list[Pair] = [(x, x) for x in trained_on or result["languages"]]
    pairs = pairs or [(pair["first"], pair["second"]) for pair in result["pairs"].values()]
    store = Store(evaluation)
    try:
        answers = {pair: store.answers(Cell(pair)) for pair in pairs}
    except (OSError, ValueError, EOFError):
        return False  # without predictions nothing can be told
    looks = {pair: look(cell.golds, cell.predicted) for pair, cell in answers.items()}
    return collapsed(looks, trained_on)


def warnings(looks: Mapping[Pair, Look], trained_on: Collection[str]) -> list[dict[str, Any]]:
    """What a reader of the figures must know, as JSON values: `kind`, `cells`, and details."""
    warned: list[dict[str, Any]] = []
    if collapsed(looks, trained_on):
        warned.append({"kind": "collapsed", "cells": []})
    for label in dict.fromkeys(one.label for one in looks.values() if one.label is not None):
        # One row has one label: what is wrong with it is that there are too few.
        cells = [cell_name(p) for p, one in looks.items() if one.label == label and one.rows > 1]
        if cells:
            warned.append({"kind": "constant_labels", "cells": cells, "label": label})
    for answer in dict.fromkeys(one.answer for one in looks.values() if one.constant):
        cells = [cell_name(p) for p, one in looks.items() if one.constant and one.answer == answer]
        warned.append({"kind": "constant_answers", "cells": cells, "answer": answer})
    few = {cell_name(pair): one.rows for pair, one in looks.items() if one.rows < FEW}
    if few:
        warned.append({"kind": "few_rows", "cells": list(few), "rows": list(few.values())})
    languages = [first for first, second in looks if first == second]
    warned += [{"kind": "same_language", "cells": codes} for codes in written_twice(languages)]
    return warned


def disagreements(labels: Mapping[str, Mapping[str, object]]) -> list[dict[str, Any]]:
    """Which languages label the same items in another way: {language: {id: label}}.

    A language differs in an item where most languages that have it agree on another label; without
    such a majority (as with two languages) all of them differ.
    """
    items: dict[str, list[object]] = {}
    for own in labels.values():
        for identifier, label in own.items():
            items.setdefault(identifier, []).append(label)
    usual: dict[str, object] = {}
    for identifier, given in items.items():
        label, count = Counter(given).most_common(1)[0]
        usual[identifier] = label if 2 * count > len(given) else None
    differing = {x: sum(usual[i] != y for i, y in own.items()) for x, own in labels.items()}
    cells = [language for language, count in differing.items() if count]
    if not cells:
        return []
    shared = [sum(len(items[i]) > 1 for i in labels[language]) for language in cells]
    rows = [differing[language] for language in cells]
    return [{"kind": "labels_differ", "cells": cells, "rows": rows, "of": shared}]


def note(warning: Mapping[str, Any]) -> str:
    """A warning as a sentence."""
    cells = names(warning["cells"])
    if warning["kind"] == "collapsed":
        return (
            f"{MARK} this model has collapsed on these rows: it gives one answer to each, also in "
            "the languages that it was trained on, where they are tested"
        )
    if warning["kind"] == "constant_labels":
        return f"{cells}: every row has the label '{warning['label']}', so the set measures nothing"
    if warning["kind"] == "constant_answers":
        if warning["answer"] == ABSTAINED:
            return f"{MARK} {cells}: the model abstains on every row"
        return (
            f"{MARK} {cells}: the model gives the one answer '{warning['answer']}'; the figures "
            "follow from the labels alone"
        )
    if warning["kind"] == "few_rows":
        rows = f"{min(warning['rows'])} to {max(warning['rows'])}"
        count = rows if len(set(warning["rows"])) > 1 else str(warning["rows"][0])
        return f"{cells}: only {count} row{'' if count == '1' else 's'}; the figure means little"
    if warning["kind"] == "same_language":
        return (
            f"{cells} are one language and count {len(warning['cells'])} times in averages; name "
            "the languages to be tested to count it once"
        )
    how = "trained" if warning.get("how") == "trained" else "selected"
    who = "a stage was trained on" if how == "trained" else "the checkpoint was selected on"
    if warning["kind"] == "perhaps_not_held_out":
        return f"perhaps not held out: {who} this task and split, its rows were not recorded"
    counts = zip(warning["cells"], warning["rows"], warning["of"], strict=True)
    said = [f"{cell} ({rows:,} of {of:,})" for cell, rows, of in counts]
    if warning["kind"] == "not_held_out":
        if warning["rows"] == warning["of"]:
            return f"not held out: {who} these rows, or translations of them ({cells})"
        return f"not all held out: {who} some of these rows ({names(said)})"
    return f"labels that differ from those of the same items in other languages: {names(said)}"


def cell_name(pair: Pair) -> str:
    """`en`, or `en+de` for a pair of different languages."""
    return "+".join(pair) if pair[0] != pair[1] else pair[0]


def names(cells: Sequence[str]) -> str:
    """The first cells by name, and how many more there are."""
    if len(cells) <= NAMED:
        return ", ".join(cells)
    return f"{', '.join(cells[:NAMED])} and {len(cells) - NAMED} more"


def marked(result: Mapping[str, Any]) -> set[str]:
    """The cells of an evaluation whose figures bear the mark; results of an older version say
    nothing of it."""
    return {
        cell
        for warning in result.get("warnings", ())
        if warning["kind"] == "constant_answers"
        for cell in warning["cells"]
    }


def _each(values: Iterable[Answer]) -> Iterator[str]:
    """Labels, or the tags of words; abstentions and words never seen are passed over."""
    for value in values:
        if isinstance(value, tuple):
            yield from (str(part) for part in value if part is not None)
        elif value is not None:
            yield str(value)


def _only(values: Iterable[str]) -> str | None:
    """The one value that all have; None if there are several, or none."""
    single: str | None = None
    for value in values:
        if single is None:
            single = value
        elif value != single:
            return None
    return single
