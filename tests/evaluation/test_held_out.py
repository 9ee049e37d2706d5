"""What was not held out is told by content: by no name of a task, a folder or a split."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from xlt_cli import registry
from xlt_cli.data.rows import RowStore
from xlt_cli.errors import DamagedFile, UserError
from xlt_cli.evaluation import held_out
from xlt_cli.evaluation.plan import Plan, make_plan
from xlt_cli.launch import trained as training
from xlt_cli.launch.pipeline import preflight
from xlt_cli.reports.validity import note
from xlt_cli.runs import atomic
from xlt_cli.runs.directory import Run
from xlt_cli.spec import Evaluation
from xlt_cli.spec.resolution import resolve, resolve_evaluation
from xlt_cli.spec.source import Source
from xlt_cli.spec.yaml_lines import parse

LANGUAGES = ("de", "en", "fr")


def write(folder: Path, split: str, texts: Sequence[str], label: int = 0) -> None:
    """Files of a split: row i is the same item in every language."""
    folder.mkdir(parents=True, exist_ok=True)
    for language in LANGUAGES:
        rows = [f"{text} {language}\t{'ab'[(i + label) % 2]}\n" for i, text in enumerate(texts)]
        (folder / f"{split}-{language}.tsv").write_text("".join(rows), "utf-8")


def items(prefix: str, count: int) -> list[str]:
    return [f"{prefix} {number}" for number in range(count)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "mine"
    for split, count in (("train", 12), ("dev", 6), ("test", 8)):
        write(place, split, items(split, count))
    return place


def task(folder: Path, aligned: bool = True) -> dict[str, Any]:
    return {
        "name": "text-classification",
        "path": str(folder),
        "labels": ["a", "b"],
        "aligned": aligned,
    }


class Trained:
    """A run whose stage was trained on English rows of a folder, with its rows recorded."""

    def __init__(
        self,
        folder: Path,
        aligned: bool = True,
        old: bool = False,
        name: str = "run",
        **stage: Any,
    ) -> None:
        text = json.dumps(
            {
                "encoder": "mbert",
                "stages": [{"task": task(folder, aligned), "languages": ["en"], **stage}],
                "evaluations": [],
            }
        )
        experiment = resolve(Source(parse(text, Path("spec.yaml")), text))
        self.spec = experiment.spec
        self.run = Run(folder.parent / name)
        rows = RowStore()
        preflight(experiment, rows, 1)
        self.run.path.mkdir(exist_ok=True)
        atomic.write_json(self.run.path / "run.json", {"identity": "0", "seed": 1})
        self.run.add_fingerprints(rows.fingerprints)
        if not old:
            stages = training.Trained.of(experiment).stages
            (uses,) = held_out.used_by_stage(self.run, stages, rows)
            held_out.record(self.run.stage(0), uses)

    def warnings(self, folder: Path, split: str, aligned: bool = True, **more: Any) -> Any:
        return held_out.warnings(*self._tested(folder, split, aligned, **more))

    def check(self, folder: Path, split: str, **more: Any) -> None:
        held_out.check(*self._tested(folder, split, True, **more))

    def _tested(
        self, folder: Path, split: str, aligned: bool, **more: Any
    ) -> tuple[Plan, list[held_out.Used]]:
        use = {"task": task(folder, aligned), "split": split, **more}
        evaluation = resolve_evaluation(Evaluation.model_validate(use), ())
        rows = RowStore()
        plan = make_plan(evaluation, rows)
        return plan, held_out.used(self.run, training.Trained.stored(self.spec).stages, rows)


def not_held_out(how: str, rows: Sequence[int], of: int, cells: Sequence[str] = LANGUAGES) -> Any:
    return {
        "kind": "not_held_out",
        "how": how,
        "cells": list(cells),
        "rows": list(rows),
        "of": [of] * len(cells),
    }


@pytest.mark.parametrize("old", [False, True])
def test_the_test_rows_of_the_same_folder_are_held_out(folder: Path, old: bool) -> None:
    assert Trained(folder, old=old).warnings(folder, "test") == []


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("elsewhere", [False, True])
def test_rows_trained_on_and_their_translations_are_not(
    folder: Path, old: bool, elsewhere: bool
) -> None:
    """A copy of the files elsewhere holds the same rows."""
    trained = Trained(folder, old=old)
    tested = folder
    if elsewhere:
        tested = folder.parent / "copy"
        shutil.copytree(folder, tested)
    (warning,) = trained.warnings(tested, "train")
    assert warning == not_held_out("trained", [12, 12, 12], 12)
    assert note(warning) == (
        "not held out: a stage was trained on these rows, or translations of them (de, en, fr)"
    )
    (warning,) = trained.warnings(tested, "dev")
    assert warning == not_held_out("selected", [6, 6, 6], 6)


def test_translations_of_rows_that_are_not_evaluated_themselves(folder: Path) -> None:
    found = Trained(folder).warnings(folder, "train", languages=["fr"])
    assert found == [not_held_out("trained", [12], 12, ["fr"])]


def test_without_alignment_a_line_number_says_nothing(folder: Path) -> None:
    found = Trained(folder, aligned=False).warnings(folder, "train", aligned=False)
    assert found == [not_held_out("trained", [12], 12, ["en"])]


@pytest.mark.parametrize("old", [False, True])
def test_other_rows_under_the_same_names_are_held_out(folder: Path, old: bool) -> None:
    trained = Trained(folder, old=old)
    other = folder.parent / "other" / "mine"
    for split in ("train", "dev"):
        write(other, split, items(f"other {split}", 12))
        assert trained.warnings(other, split) == []


def test_rows_that_stand_in_another_split_of_another_folder_are_known_again(folder: Path) -> None:
    other = folder.parent / "other"
    write(other, "test", [*items("new", 5), *items("train", 3)], label=1)  # other labels, too
    (warning,) = Trained(folder).warnings(other, "test")
    assert warning == not_held_out("trained", [3, 3, 3], 8)
    assert note(warning) == (
        "not all held out: a stage was trained on some of these rows "
        "(de (3 of 8), en (3 of 8), fr (3 of 8))"
    )


@pytest.mark.parametrize("old", [False, True])
def test_rows_beyond_a_limit_were_not_trained_on(folder: Path, old: bool) -> None:
    trained = Trained(folder, limit=5, old=old)
    assert trained.warnings(folder, "train") == [not_held_out("trained", [5, 5, 5], 12)]
    limited = trained.warnings(folder, "train", limit=3)
    assert limited == [not_held_out("trained", [3, 3, 3], 3)]


@pytest.mark.parametrize(
    ("stage", "count"), [({"select": "last"}, 0), ({"select": "last", "patience": 2}, 1)]
)
def test_dev_counts_only_where_it_decides_something(
    folder: Path, stage: dict[str, Any], count: int
) -> None:
    assert len(Trained(folder, **stage).warnings(folder, "dev")) == count


def test_perhaps_is_said_only_where_nothing_was_recorded(folder: Path) -> None:
    trained = Trained(folder, old=True)
    atomic.write_json(trained.run.path / "fingerprints.json", {})
    kinds = [warning["kind"] for warning in trained.warnings(folder, "train")]
    assert kinds == ["perhaps_not_held_out"]
    assert trained.warnings(folder, "test") == []


def test_a_moved_run_whose_training_data_are_gone_still_knows(folder: Path) -> None:
    trained = Trained(folder)
    copy = folder.parent / "copy"
    shutil.copytree(folder, copy)
    shutil.rmtree(folder)
    assert trained.warnings(copy, "train") == [not_held_out("trained", [12, 12, 12], 12)]


def test_the_record_is_the_same_bytes_for_the_same_rows(folder: Path) -> None:
    path = Trained(folder).run.stage(0) / held_out.FILE
    before = path.read_bytes()
    path.unlink()
    Trained(folder)
    assert path.read_bytes() == before


@pytest.mark.parametrize("damage", [
    lambda content: b"", lambda content: content[: len(content) // 2], lambda content: b"[]",
    lambda content: bytes(len(content)),
])  # fmt: skip
def test_a_damaged_record_is_refused_and_nothing_passes_for_held_out(
    folder: Path, damage: Any
) -> None:
    trained = Trained(folder)
    path = trained.run.stage(0) / held_out.FILE
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DamagedFile, match="hashes of training texts cannot be read"):
        trained.warnings(folder, "train")
    path.unlink()
    assert [w["kind"] for w in trained.warnings(folder, "train")] == ["not_held_out"]


def test_no_flipped_bit_gives_other_hashes(folder: Path) -> None:
    path = Trained(folder).run.stage(0) / held_out.FILE
    content = path.read_bytes()
    before = {name: list(hashes) for name, hashes in held_out._read(path).items()}
    refused = 0
    for at in range(len(content)):
        path.write_bytes(content[:at] + bytes([content[at] ^ 1 << at % 8]) + content[at + 1 :])
        try:
            after = {name: list(hashes) for name, hashes in held_out._read(path).items()}
        except DamagedFile:
            refused += 1
        else:
            # A time or an attribute; or the number of entries: a lost one is told by whole files.
            assert all(after[name] == before[name] for name in after), at
    assert refused > len(content) / 2


def test_rows_that_were_trained_on_are_refused(folder: Path) -> None:
    trained = Trained(folder)
    with pytest.raises(UserError, match=r"12 of 12 rows of 'text-classification' \(train, de\)"):
        trained.check(folder, "train")
    trained.check(folder, "train", allow_overlap=True)
    trained.check(folder, "test")
    trained.check(folder, "dev")  # selected on, which the table says


def test_excluded_rows_are_held_out(folder: Path) -> None:
    """Of a test set that holds some of the training rows, and after those are excluded."""
    mixed = folder.parent / "mixed"
    write(mixed, "test", [*items("train", 3), *items("new", 5)])
    with pytest.raises(UserError, match="3 of 8 rows"):
        Trained(folder).check(mixed, "test")
    exclude = [{"task": task(mixed), "languages": ["fr"]}]
    Trained(folder, exclude=exclude, name="other").check(mixed, "test")


def test_a_task_whose_items_are_those_of_another_is_known_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no language is shared, so that no text is: the items are."""
    elsewhere = folder.parent / "elsewhere"
    write(elsewhere, "train", items("uñach'ukiwi", 12))
    for language in ("en", "fr"):
        (elsewhere / f"train-{language}.tsv").unlink()
    kind = registry.get("task", "text-classification")
    trained = Trained(folder, languages=["fr"])
    trained.check(elsewhere, "train")
    monkeypatch.setattr(kind, "items", "the same")
    trained = Trained(folder, languages=["fr"], name="with-items")
    with pytest.raises(UserError, match=r"12 of 12 rows of 'text-classification' \(train, de\)"):
        trained.check(elsewhere, "train")
