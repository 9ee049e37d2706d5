"""Stored evaluations: a directory per task and split, filled cell by cell.

evaluation.json                 task, split, limit, and all else that makes its cells what they are
cells.jsonl                     one line per finished cell: languages, rows, hash; `condition`: the
                                key of its condition, unless it is the evaluation's own; `unseen`:
                                words that the model never saw (their prediction is null);
                                `changed`: rows and words that the noise of a condition changed;
                                `left_out`: columns that an archive leaves out (see `answers_only`)
predictions/en.parquet          per example: id, gold, predicted ... (see prediction_table)
predictions/en+de.parquet       first text in en, second in de (generalized)
conditions/KEY/condition.json   what a condition was given
conditions/KEY/predictions/     the same as predictions/, under the condition
conditions/KEY/examples/        what a condition that searches answered in place of the rows
conditions/KEY/searching/       its rows of a cell that is not done yet (see `searches`)
results.json, results.csv       figures of all cells so far, and which cells those are
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xlt_cli.api import Example
from xlt_cli.errors import DamagedFile, RunError
from xlt_cli.problems import Prediction
from xlt_cli.runs import atomic, coded, former, prediction_lines, prediction_table
from xlt_cli.runs.cells import Cell
from xlt_cli.runs.coded import Coded, CodedAnswers
from xlt_cli.runs.searches import SearchLog
from xlt_cli.spec import Evaluation
from xlt_cli.spec.identity import evaluation_stated, key

Answer = str | tuple[str | None, ...] | None


@dataclass(frozen=True)
class Answers:
    """A cell in columns: what was asked and answered, without probabilities.

    A full reproduction has tens of millions of answers, too many for an object each.
    """

    ids: list[str]
    golds: list[Answer]
    predicted: list[Answer]

    @classmethod
    def of(cls, predictions: Sequence[Prediction]) -> Answers:
        """The columns of predictions."""
        return cls(
            [p.id for p in predictions],
            [p.gold for p in predictions],
            [p.predicted for p in predictions],
        )


@dataclass(frozen=True)
class Store:
    """The directory of one evaluation; it is made when the first cell is written.

    Attributes:
        about: task, split and limit.
        weights: hash of the model under test; cells of another model count as missing.
    """

    path: Path
    about: dict[str, Any] = field(default_factory=dict)
    weights: str = ""

    @classmethod
    def open(cls, root: Path, evaluation: Evaluation, weights: str = "") -> Store:
        """The directory under `root` of an evaluation: of its task, split and limit."""
        assert evaluation.task is not None
        dumped = evaluation.model_dump(mode="json", exclude={"languages", "settings"})
        content, name = evaluation_stated(evaluation), f"{evaluation.task.name}-{evaluation.split}"
        shown = {"task", "split", "limit", *content}
        about = {field: value for field, value in dumped.items() if field in shown}
        path = root / f"{name}-{key(content)}"
        if not path.is_dir():
            path = former.evaluation_of(root, name, content) or path
        store = cls(path, about, weights)
        store._check_same(content)
        return store

    def _check_same(self, content: Mapping[str, Any]) -> None:
        """Refuses cells of another evaluation of this name: names leave out what is at its default.

        Raises:
            RunError: a plugin has changed its defaults since.
        """
        recorded = self._recorded()
        if recorded is None or former.evaluation_stated_by(recorded) in (None, content):
            return
        raise RunError(
            f"'{self.path.name}' was evaluated with other values of fields that are left at "
            "their defaults here: a plugin has changed its defaults since",
            str(self.path),
            "give the former values to read those results, or move the directory away",
        )

    def _recorded(self) -> dict[str, Any] | None:
        """What evaluation.json says; None if it is gone or damaged: it is written again."""
        try:
            recorded: dict[str, Any] | None = atomic.read_json(self.path / "evaluation.json")
        except DamagedFile:
            return None
        return recorded

    def done(self, words: bool = False) -> list[Cell]:
        """The cells of this model whose predictions are stored, whole.

        Args:
            words: only those in which words that the model never saw are told from others; cells
                of the first versions say `O` of them.
        """
        return self._unchanged(cells_of(self.path, words))

    def _unchanged(self, cells: Mapping[Cell, tuple[str, str]]) -> list[Cell]:
        """Those of this model whose predictions are what was written."""
        return sorted(
            cell
            for cell, (sha256, weights) in cells.items()
            if weights == self.weights and checksum(self.file(cell)) == sha256
        )

    def whole(self) -> list[Cell]:
        """The cells of this model, none of which may be lost: a mean would be of the others.

        Raises:
            DamagedFile: predictions that were stored are gone, or are others now.
        """
        listed = cells_of(self.path)
        done = self._unchanged(listed)
        lost = {c for c, (_, weights) in listed.items() if weights == self.weights} - {*done}
        if lost:
            names = sorted({"-".join(dict.fromkeys(cell.languages)) for cell in lost})
            raise DamagedFile(
                f"the stored predictions of {', '.join(names)} are missing or damaged",
                str(self.path),
                "evaluate the run again: damaged cells are predicted again",
            )
        return done

    def summarised(self, main: str | None = None, extra: Mapping[str, Any] | None = None) -> bool:
        """Whether results.json and results.csv are there, and of the cells that are stored.

        Args:
            main: the main metric that they must have; None for any.
            extra: the metrics that they must have in addition to those of the problem, and what
                each was given.
        """
        try:
            results = atomic.read_json(self.path / "results.json") or {}
            made_from = results.get("computed_from", {})
            csv = checksum(self.path / "results.csv")
        except (DamagedFile, AttributeError):
            return False
        if main not in (None, results.get("metric")):
            return False
        has = results.get("extra_metrics", {})
        if any(has.get(name) != given for name, given in (extra or {}).items()):
            return False
        return bool(made_from == self.computed_from(csv)) and self._recorded() is not None

    def computed_from(self, csv: str) -> dict[str, str]:
        """What makes a summary out of date: other cells, another model; `csv` is its own."""
        return {
            "cells": digest(cells_of(self.path), self.done()),
            "weights": self.weights,
            "csv": csv,
        }

    def write_summary(self, results: Mapping[str, Any], csv: str) -> None:
        """Writes the figures of all cells: results.json last, which says that all is there."""
        self._write_about()
        atomic.write_text(self.path / "results.csv", csv)
        made_from = self.computed_from(checksum(self.path / "results.csv"))
        atomic.write_json(self.path / "results.json", {**results, "computed_from": made_from})

    def notes(self) -> list[str]:
        """What was seen when this model was loaded."""
        stored = atomic.read_json(self.path / "notes.json") or {}
        return list(stored.get(self.weights, []))

    def write_notes(self, notes: Sequence[str]) -> None:
        """Keeps what was seen when the model was loaded, beside what was seen before of it."""
        if notes:
            kept = list(dict.fromkeys([*self.notes(), *notes]))
            atomic.write_json(self.path / "notes.json", {self.weights: kept})

    def pieces(self) -> dict[str, dict[str, Any]]:
        """What this model's tokenizer makes of the rows of each language, as far as it is kept."""
        stored = atomic.read_json(self.path / "pieces.json") or {}
        return dict(stored.get(self.weights, {}))

    def write_pieces(self, pieces: Mapping[str, Mapping[str, Any]]) -> None:
        """Keeps what the tokenizer makes of some languages, beside what is kept of others."""
        atomic.write_json(self.path / "pieces.json", {self.weights: {**self.pieces(), **pieces}})

    def write(
        self,
        cell: Cell,
        predictions: Sequence[Prediction],
        changed: Mapping[str, Any] | None = None,
    ) -> None:
        """Stores a cell; its file first, then the line that says it is there.

        Args:
            changed: how many rows and words the noise of its condition changed.
        """
        self._write_about()
        content = prediction_table.encode_cell(cell.languages, predictions)
        atomic.write_bytes(self._place(cell, prediction_table.SUFFIX), content)
        line: dict[str, Any] = {
            "first": cell.languages[0],
            "second": cell.languages[1],
            **({"condition": cell.condition} if cell.condition else {}),
            "rows": len(predictions),
            "sha256": hashlib.sha256(content).hexdigest(),
            "weights": self.weights,
        }
        if changed is not None:
            line["changed"] = dict(changed)
        words = [p.predicted for p in predictions if isinstance(p.predicted, tuple)]
        if words:
            line["unseen"] = sum(told.count(None) for told in words)
        atomic.append_line(self.path / "cells.jsonl", line)
        self._place(cell, prediction_lines.SUFFIX).unlink(missing_ok=True)  # of another model

    def changed(self) -> dict[Cell, dict[str, Any]]:
        """How many rows and words noise changed, of the cells that say so."""
        return changes_of(self.path)

    def _write_about(self) -> None:
        if self._recorded() is None:
            atomic.write_json(self.path / "evaluation.json", self.about)

    def read(self, cell: Cell) -> list[Prediction]:
        """The predictions of a stored cell."""
        file = self.file(cell)
        if file.suffix == prediction_table.SUFFIX:
            return [prediction for *_, prediction in prediction_table.decode(file.read_bytes())]
        return prediction_lines.decode(file.read_bytes())

    def bare(self, cell: Cell) -> list[Prediction]:
        """The same without probabilities and further values, several times as fast."""
        columns = self.answers(cell)
        rows = zip(columns.ids, columns.golds, columns.predicted, strict=True)
        return [Prediction(i, gold, predicted) for i, gold, predicted in rows]

    def lacks_probabilities(self) -> bool:
        """Whether they were left out of some cell when it was archived."""
        lines = atomic.read_lines(self.path / "cells.jsonl")
        return any("probabilities" in line.get("left_out", ()) for line in lines)

    def answers(self, cell: Cell) -> Answers:
        """The same in columns."""
        file = self.file(cell)
        table = file.suffix == prediction_table.SUFFIX
        decode = prediction_table.decode_answers if table else prediction_lines.decode_answers
        return Answers(*decode(file.read_bytes()))

    def coded(self, cell: Cell) -> CodedAnswers:
        """The same as codes, several times as fast again."""
        file = self.file(cell)
        if file.suffix == prediction_table.SUFFIX:
            return coded.decode(file.read_bytes())
        ids, golds, predicted = prediction_lines.decode_answers(file.read_bytes())
        return CodedAnswers(ids, Coded.of(golds), Coded.of(predicted))

    def file(self, cell: Cell) -> Path:
        """The file of a cell: a table, or of an earlier version lines."""
        table = self._place(cell, prediction_table.SUFFIX)
        if table.exists():
            return table
        lines = self._place(cell, prediction_lines.SUFFIX)
        return lines if lines.exists() else table

    def _place(self, cell: Cell, suffix: str) -> Path:
        name = cell.languages[0] if cell.is_standard else "+".join(cell.languages)
        folder = self.condition(cell.condition) if cell.condition else self.path
        return folder.joinpath("predictions", f"{name}{suffix}")

    def condition(self, key: str) -> Path:
        """The folder of a condition."""
        return self.path / "conditions" / key

    def searching(self, cell: Cell) -> SearchLog:
        """The rows so far of a cell that is searched."""
        name = f"{cell.languages[0]}.jsonl"
        return SearchLog(self.condition(cell.condition) / "searching" / name, self.weights)

    def write_examples(self, cell: Cell, examples: Sequence[Example]) -> None:
        """Keeps the examples that a search found, as lines of JSON that other models can be
        evaluated on, before its cell."""
        split = self.about.get("split", "test")
        name = f"{split}-{cell.languages[0]}.jsonl"
        lines = [atomic.json_bytes(example.as_row()) + b"\n" for example in examples]
        path = self.condition(cell.condition) / "examples" / name
        atomic.write_bytes(path, b"".join(lines))

    def given(self, key: str) -> dict[str, Any] | None:
        """What a condition was given, by its key; None if the record is gone or damaged."""
        try:
            record: dict[str, Any] | None = atomic.read_json(self.condition(key) / "condition.json")
        except DamagedFile:
            return None
        return record

    def write_given(self, key: str, record: Mapping[str, Any]) -> None:
        """Keeps what a condition was given, before its first cell."""
        if self.given(key) is None:
            atomic.write_json(self.condition(key) / "condition.json", record)


def cells_of(path: Path, words: bool = False) -> dict[Cell, tuple[str, str]]:
    """The cells of an evaluation's directory: hashes of their predictions and of the model.

    Args:
        words: only those in which words that the model never saw are told from others.
    """
    cells = {}
    for line in atomic.read_lines(path / "cells.jsonl"):
        with contextlib.suppress(KeyError, TypeError):
            cell = Cell((line["first"], line["second"]), line.get("condition", ""))
            cells[cell] = (line["sha256"], line["weights"])
            if words and "unseen" not in line:
                del cells[cell]
    return cells


def changes_of(path: Path) -> dict[Cell, dict[str, Any]]:
    """What noise changed in the cells of an evaluation's directory, as they were stored last."""
    changes: dict[Cell, dict[str, Any]] = {}
    for line in atomic.read_lines(path / "cells.jsonl"):
        with contextlib.suppress(KeyError, TypeError):
            cell = Cell((line["first"], line["second"]), line.get("condition", ""))
            changes.pop(cell, None)
            if isinstance(line.get("changed"), dict):
                changes[cell] = line["changed"]
    return changes


def summaries(root: Path) -> Iterator[tuple[str, dict[str, Any], dict[str, Any] | None]]:
    """The evaluations under a root: directory, what it is of, and the figures of all its cells.

    The figures are None where they are not there, or of other cells: a command was killed before it
    had written them. Only the list of cells is looked at, not their predictions.
    """
    files = [*root.glob("*/cells.jsonl"), *root.glob("*/results.json")]
    for path in sorted({file.parent for file in files}):
        about = atomic.read_json(path / "evaluation.json") or {}
        try:
            results = atomic.read_json(path / "results.json")
            whole = isinstance(results, dict) and _is_of(results, path)
        except (DamagedFile, AttributeError, KeyError, TypeError):
            whole = False
        yield path.name, about, results if whole else None


def _is_of(results: Mapping[str, Any], path: Path) -> bool:
    """Whether figures are of all cells in a directory, by the model that answered last."""
    cells = cells_of(path)
    if "computed_from" not in results:  # of version 1: at least their languages are known
        named = {*results["languages"], *(p["first"] for p in results["pairs"].values())}
        return {language for cell in cells for language in cell.languages} <= named
    made_from = results["computed_from"]
    own = [cell for cell, (_, weights) in cells.items() if weights == made_from["weights"]]
    newest = list(cells.values())[-1:]
    return bool(
        made_from["cells"] == digest(cells, own)
        and all(weights == made_from["weights"] for _, weights in newest)
        and made_from["csv"] == checksum(path / "results.csv")
    )


def checksum(path: Path) -> str:
    """The SHA-256 of a file; empty where there is none."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return ""


def digest(cells: Mapping[Cell, tuple[str, str]], chosen: Sequence[Cell]) -> str:
    """What names the content of some cells, of those that `cells_of` gives."""
    content = [[*c.languages, *filter(None, [c.condition]), cells[c][0]] for c in sorted(chosen)]
    return hashlib.sha256(atomic.json_bytes(content)).hexdigest()
