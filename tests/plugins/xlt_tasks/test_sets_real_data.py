"""Every published set against the figures of its manifest; skipped without XLT_DATA_DIR."""

from __future__ import annotations

import functools
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from xlt_cli import registry
from xlt_cli.api import SPLITS, Rows, Split
from xlt_tasks.file_tasks import ChoiceTask, FileTask, IntentTask, ScoreTask, WordTask
from xlt_tasks.question_answering.base import QuestionAnswering
from xlt_tasks.retrieval.base import RetrievalTask

OTHERS = (ChoiceTask, IntentTask, QuestionAnswering, RetrievalTask, ScoreTask)
SETS = {
    entry.name: entry.plugin
    for entry in registry.entries("task")
    if entry.plugin and issubclass(entry.plugin, FileTask) and not issubclass(entry.plugin, OTHERS)
}
MANIFESTS = ("MANIFEST.md", "MANIFEST-more.md")
NLI = ("entailment", "neutral", "contradiction")
UNIFORM = {
    "xnli_extra/dev": dict.fromkeys(NLI, 830),
    "xnli_african_mt/dev": dict.fromkeys(NLI, 830),
    "xnli/dev": dict.fromkeys(NLI, 830),
    "xnli/test": dict.fromkeys(NLI, 1670),
    "pawsx_extra/dev": {"0": 1137, "1": 863},
    "sib200/train": [176, 138, 102, 85, 77, 65, 58],
    "sib200/dev": [25, 20, 14, 12, 11, 9, 8],
    "sib200/test": [51, 40, 30, 25, 22, 19, 17],
    "nusax/train": [192, 119, 189],
    "nusax/test": [153, 96, 151],
    "nusax/dev": 100,
}
"""What the manifests say in words: counts of labels, in the order of the labels, or of rows."""
LEFT_OUT = {"xnli_african_mt/dev-pcm.tsv": 3}
"""Rows without a text."""
PARTS = {"udpos": 15}
"""How many languages there are of sets that are not there in all."""


@pytest.fixture
def manifests(real_data: Path) -> dict[str, list[dict[str, int]]]:
    """The counts of each file that a table names, by the file's name; names recur in folders."""
    return _manifests(real_data)


@functools.cache
def _manifests(root: Path) -> dict[str, list[dict[str, int]]]:
    of_files: dict[str, list[dict[str, int]]] = {}
    for name in MANIFESTS:
        path = root / name
        for line in path.read_text("utf-8").splitlines() if path.is_file() else ():
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if len(cells) == 3 and re.fullmatch(r"\S+\.tsv", cells[0]) and cells[1].isdecimal():
                of_files.setdefault(cells[0], []).append(_counts(cells[1], cells[2]))
    return of_files


def _counts(number: str, labels: str) -> dict[str, int]:
    if labels.isdecimal():
        return {"sentences": int(number), "words": int(labels)}
    pairs = re.findall(r"(\S.*?) (\d+)(?:, |$)", labels)
    return {label: int(count) for label, count in pairs}


def counted(task: Any, rows: Rows) -> dict[str, int]:
    if issubclass(task, WordTask):
        examples: Any = rows.examples
        return {"sentences": len(examples), "words": sum(len(e.tokens) for e in examples)}
    return dict(Counter(e.shared_label() for e in rows.examples))  # type: ignore[misc]


@pytest.mark.parametrize("name", SETS)
def test_rows_and_labels_are_those_of_the_manifest(
    name: str, real_data: Path, manifests: dict[str, list[dict[str, int]]]
) -> None:
    cls: Any = SETS[name]
    full = {"slice": None} if "slice" in cls.Params.model_fields else {}
    task = cls(cls.Params(**full))
    if not (real_data / cls.folder).is_dir():
        pytest.skip("its data are not there")
    languages: set[str] = set()
    for split in SPLITS:
        of_split = task.languages(split)
        languages |= {*of_split}
        # Of many languages in one layout, some: other ones in each split.
        step = 15 if len(of_split) > 100 else 3 if len(of_split) > 8 else 1
        for language in of_split[SPLITS.index(split) % step :: step]:
            rows = task.load(split, language)
            file = Path(rows.source).relative_to(real_data).as_posix()
            missing = LEFT_OUT.get(file, 0)
            assert any("row" in note for note in rows.notes) == bool(missing), rows.notes
            counts = counted(cls, rows)
            stated = UNIFORM.get(f"{cls.folder}/{split}")
            if stated is None:
                assert counts in manifests[Path(file).name], file
            elif isinstance(stated, int):
                assert sum(counts.values()) == stated
            elif isinstance(stated, list):
                assert sorted(counts.values()) == sorted(stated)
                assert set(counts) == set(task.labels)
            else:
                assert sum(stated.values()) - sum(counts.values()) == missing
                assert missing or counts == stated
    assert languages <= set(cls.published_languages)
    assert len(languages) == PARTS.get(name, len(cls.published_languages))


@pytest.mark.parametrize("name", SETS)
def test_equal_ids_are_the_same_item_where_a_task_says_so(name: str, real_data: Path) -> None:
    cls: Any = SETS[name]
    if cls.items in ("", name):
        pytest.skip("its ids say nothing of other tasks")
    other: Any = registry.get("task", cls.items)
    task, named = cls(), other()
    split: Split = "dev" if task.languages("dev") else "test"
    known = {e.id: e.label for e in named.load(split, named.languages(split)[0]).examples}
    own = [e for e in task.load(split, task.languages(split)[0]).examples if e.id in known]
    assert own
    differing = sum(e.label != known[e.id] for e in own)
    assert differing == (655 if name == "jsick" else 0)


def test_americasnli_dev_ids_are_those_of_the_spanish_rows_it_translates(real_data: Path) -> None:
    task: Any = SETS["americasnli"]
    spanish: Any = registry.get("task", "xnli")
    known = {e.id: e for e in spanish().load("dev", "es").examples}
    rows = task().load("dev", "quy").examples
    assert all(known[e.id].label == e.label for e in rows)
    digits = [e for e in rows if re.search(r"\d\d", e.texts[0])]
    shared = [
        e
        for e in digits
        if set(re.findall(r"\d\d+", e.texts[0])) & set(re.findall(r"\d\d+", known[e.id].texts[0]))
    ]
    assert len(shared) > 0.8 * len(digits) > 5


@pytest.mark.parametrize(
    ("kind", "number"),
    [("boolean", 210), ("negation", 246), ("spatial", 77), ("temporal", 130), ("causal", 61),
     ("knowledge", 154), (None, 1435)],
)  # fmt: skip
def test_taxi_xnli_has_the_rows_that_its_manifest_counts(
    real_data: Path, kind: str | None, number: int
) -> None:
    task: Any = SETS["taxi-xnli"]
    given = {} if kind is None else {"slice": kind}
    rows = task(task.Params.model_validate(given)).load("test", "sw")
    assert len(rows.examples) == number
    assert any(f"only the {number:,} rows" in note for note in rows.notes)


@pytest.mark.parametrize(("split", "number"), [("dev", 249), ("test", 501)])
def test_each_genre_of_xnli_has_as_many_rows(real_data: Path, split: Any, number: int) -> None:
    task: Any = SETS["xnli-genres"]
    for genre in ("fiction", "nineeleven", "verbatim"):
        made = task(task.Params.model_validate({"slice": [genre]}))
        assert len(made.load(split, "de").examples) == number


@pytest.mark.parametrize(
    ("name", "split", "language", "slice_", "number"),
    [
        ("hans-regenerated", "test", "en", "constituent", 3000),
        ("hans-regenerated", "test", "en", "ln_subject/object_swap", 300),
        ("janli", "test", "ja", "gp-wa", 50),
        ("jsick-stress", "test", "ja", "scrum_ga_o", 250),
        ("nli-stress-zh", "test", "zh", ("antonym", "synonym"), 1000),
        ("nli-fragments-zh", "test", "zh", "counting", 300),
    ],
)
def test_slices_have_the_rows_that_the_files_name(
    real_data: Path, name: str, split: Any, language: str, slice_: Any, number: int
) -> None:
    task: Any = SETS[name]
    rows = task(task.Params.model_validate({"slice": slice_})).load(split, language)
    columns = "|".join(re.escape(x) for x in ([slice_] if isinstance(slice_, str) else slice_))
    lines = Path(rows.source).read_text("utf-8").split("\n")
    assert len(rows.examples) == sum(bool(re.search(rf"\t({columns})(\t|$)", x)) for x in lines)
    assert name == "janli" or len(rows.examples) == number
