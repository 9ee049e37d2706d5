"""Data sets of the hub by their name, from a cache built by hand and from an API of our own."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import huggingface_hub
import huggingface_hub.constants
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import ClassLabel, Features, Value

from xlt_cli.api import OfflineError, UserError
from xlt_tasks.text_classification import TextClassification
from xlt_tasks.token_labelling import TokenLabelling

COMMIT = "0123456789abcdef0123456789abcdef01234567"
NAME = "org/name"
LABELS = ["no", "yes"]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The snapshot of org/name in a cache of the hub's client, which has no network."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setenv("XLT_CACHE_DIR", str(tmp_path / "cache"))
    return snapshot(tmp_path / "hub", "main", COMMIT)


def snapshot(cache: Path, revision: str, commit: str) -> Path:
    folder = cache / "datasets--org--name"
    reference = folder / "refs" / revision
    reference.parent.mkdir(parents=True, exist_ok=True)
    reference.write_text(commit)
    (folder / "snapshots" / commit).mkdir(parents=True)
    return folder / "snapshots" / commit


def put(folder: Path, name: str, *rows: tuple[str, Any]) -> None:
    """A file with texts and labels, in the format of its name."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if name.endswith(".parquet"):
        schema = Features({"text": Value("string"), "label": ClassLabel(names=LABELS)}).arrow_schema
        columns = {"text": [t for t, _ in rows], "label": [LABELS.index(x) for _, x in rows]}
        pq.write_table(pa.table(columns, schema=schema), path)
    elif name.endswith(".csv"):
        path.write_text("text,label\n" + "".join(f"{t},{x}\n" for t, x in rows))
    else:
        path.write_text("".join(json.dumps({"text": t, "label": x}) + "\n" for t, x in rows))


def card(folder: Path, configs: str) -> None:
    (folder / "README.md").write_text(f"---\nlicense: mit\nconfigs:\n{configs}---\n# Name\n")


@pytest.fixture
def own(task):
    def _own(**params: Any) -> TextClassification:
        return task(TextClassification, dataset=NAME, labels=LABELS, **params)

    return _own


def texts(task: TextClassification, split: Any, language: str) -> list[tuple[str, str]]:
    return [(e.texts[0], e.label) for e in task.load(split, language).examples]


CONFIGS = """
- config_name: de
  data_files:
  - split: train
    path: de/train-*
  - split: validation
    path: [de/validation-00000-of-00001.parquet]
- config_name: sw
  data_files:
  - split: validation
    path: sw/validation-*
"""


def test_the_configurations_of_the_card(repository: Path, own):
    card(repository, CONFIGS)
    for part, label in [(1, "yes"), (0, "no")]:
        put(repository, f"de/train-0000{part}-of-00002.parquet", (f"t{part}", label))
    put(repository, "de/validation-00000-of-00001.parquet", ("d", "yes"))
    put(repository, "sw/validation-00000-of-00001.parquet", ("s", "no"))
    task = own(subset="{language}")
    assert [task.languages(split) for split in ("train", "dev", "test")] == [
        ("de",), ("de", "sw"), (),
    ]  # fmt: skip
    assert texts(task, "train", "de") == [("t0", "no"), ("t1", "yes")]
    assert texts(task, "dev", "sw") == [("s", "no")]
    assert task.load("dev", "sw").source == f"org/name@{COMMIT}"
    assert own(subset="sw", language="sw").languages("dev") == ("sw",)


def test_several_subsets_are_not_read_as_one(repository: Path, own, failure):
    card(repository, CONFIGS)
    error = failure(own(language="de").languages, "dev")
    assert error.what == "the data set has 2 subsets: de, sw"
    assert '`subset: "{language}"`' in error.hint
    error = failure(own(subset="fr", language="fr").languages, "dev")
    assert (error.what, error.hint) == ("the data set has no subset 'fr'", "its subsets: de, sw")


@pytest.mark.parametrize(
    "configs",
    [
        "- config_name: default\n  data_files:\n  - {split: test, path: 'data/*.csv'}\n",
        "- config_name: default\n  data_files: {test: data/a.csv}\n",
        "- data_files:\n  - split: test\n    path: ['**/a.csv']\n",
    ],
)
def test_the_forms_of_data_files(repository: Path, own, configs: str):
    card(repository, configs)
    put(repository, "data/a.csv", ("x", "yes"))
    put(repository, "other/b.csv", ("y", "yes"))
    assert texts(own(language="en"), "test", "en") == [("x", "yes")]


@pytest.mark.parametrize(
    ("names", "params"),
    [
        (["data/train-00000-of-00001.parquet", "data/validation-00000-of-00001.parquet"], {}),
        (["train.csv", "dev.csv"], {}),
        (["name_train.jsonl", "name_val.jsonl"], {}),
        (["train/0000.parquet", "validation/0000.parquet"], {}),
        (["default/train/0000.parquet", "default/validation/0000.parquet"], {}),
        (["x/train/0000.parquet", "x/validation/0000.parquet"], {"subset": "x"}),
        (
            ["data/train.csv", "data/validation_matched.csv"],
            {"splits": {"dev": "validation_matched"}},
        ),
    ],
)
def test_layouts_without_a_card(repository: Path, own, names: list[str], params: dict[str, Any]):
    put(repository, names[0], ("t", "yes"))
    put(repository, names[1], ("d", "no"))
    task = own(language="en", **params)
    assert texts(task, "train", "en") == [("t", "yes")]
    assert texts(task, "dev", "en") == [("d", "no")]


@pytest.mark.parametrize(
    "params", [{"subset": "{language}"}, {"files": "data/{language}/{split}.csv"}]
)
def test_a_folder_for_each_language(repository: Path, own, failure, params: dict[str, Any]):
    put(repository, "data/sw/test.csv", ("s", "yes"))
    put(repository, "data/yo/test.csv", ("y", "no"))
    task = own(**params)
    assert task.languages("test") == ("sw", "yo")
    assert texts(task, "test", "yo") == [("y", "no")]
    error = failure(own(language="en").languages, "test")
    assert "are in several folders" in error.what


def test_a_column_for_the_language(repository: Path, own):
    rows = [{"text": "a", "label": 1, "lang": "sw"}, {"text": "b", "label": 0, "lang": "yo"}]
    (repository / "test.jsonl").write_text("\n".join(map(json.dumps, rows)))
    task = own(language_column="lang", label_map={0: "no", 1: "yes"})
    assert task.languages("test") == ("sw", "yo")
    assert texts(task, "test", "yo") == [("b", "no")]


def test_words_of_any_data_set(repository: Path, task):
    (repository / "sw").mkdir()
    (repository / "sw" / "test.txt").write_text("Juma B-PER\nlala O\n\n")
    ner = task(TokenLabelling, dataset=NAME, tags=["O", "B-PER"], files="{language}/{split}.txt")
    assert ner.load("test", "sw").examples[0].tags == ("B-PER", "O")


def test_a_script_is_replaced_by_the_hubs_conversion(repository: Path, own, tmp_path: Path):
    (repository / "name.py").write_text("class Name: ...")
    (repository / "dataset_infos.json").write_text("{}")
    converted = snapshot(tmp_path / "hub", "refs/convert/parquet", COMMIT[::-1])
    put(converted, "sw/test/0000.parquet", ("s", "yes"))
    put(converted, "sw/partial-train/0000.parquet", ("s", "yes"))
    task = own(subset="{language}")
    assert (task.languages("test"), task.languages("train")) == (("sw",), ())
    assert task.load("test", "sw").source == f"org/name@{COMMIT[::-1]}"


def test_nothing_in_the_cache(repository: Path, own):
    repository.rmdir()
    with pytest.raises(OfflineError) as caught:
        own(language="en").languages("test")
    assert (
        "is not in the cache, and the network is turned off (HF_HUB_OFFLINE)" in caught.value.what
    )
    assert caught.value.where == NAME
    assert "xlt fetch" in caught.value.hint


def test_a_missing_split_lists_the_files(repository: Path, own, failure):
    put(repository, "holdout.csv", ("x", "yes"))
    error = failure(own(language="en").load, "test", "en")
    assert error.what == "the repository has no test files"
    assert "holdout.csv" in error.hint


# --------------------------------------------------------------------------- an API of our own


@pytest.fixture
def api(repository: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A hub that lists the snapshot's files, and those that it has not brought yet."""
    asked: list[str] = []
    put(repository, "en/train-0.csv", ("a", "yes"))
    put(repository, "en/train-1.csv", ("b", "no"))

    class Api:
        def repo_info(self, name: str, **how: Any) -> Any:
            asked.append(f"info {how['revision']}")
            return SimpleNamespace(sha=COMMIT)

        def list_repo_files(self, name: str, **how: Any) -> list[str]:
            asked.append(f"list {how['revision']}")
            return ["README", "en/train-0.csv", "en/train-1.csv", "en/train-2.csv"]

    def download(
        name: str, *, allow_patterns: list[str], local_files_only=False, **how: Any
    ) -> str:
        if not local_files_only:
            asked.append(f"download {allow_patterns}")
            put(repository, "en/train-2.csv", ("c", "no"))
        return str(repository)

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(huggingface_hub, "HfApi", Api)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    return asked


def test_fetched_then_read_offline(api: list[str], own, monkeypatch: pytest.MonkeyPatch):
    """A file that is missing in the cache is fetched, or missed offline, never skipped."""
    task = own(subset="{language}")
    assert task.languages("train") == ("en",)
    assert api == ["info main", f"list {COMMIT}"]
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(OfflineError) as caught:
        own(subset="{language}").load("train", "en")
    assert caught.value.where.endswith("en/train-0.csv, en/train-1.csv, en/train-2.csv")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    rows = task.load("train", "en")
    assert [e.texts[0] for e in rows.examples] == ["a", "b", "c"]
    assert rows.source == f"org/name@{COMMIT}"
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    assert len(own(subset="{language}").load("train", "en").examples) == 3


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"path": "x"}, "either `path`"),
        ({"dataset": None}, "give `path`"),
        ({"dataset": None, "path": "x", "subset": "en"}, "need `dataset`"),
        ({"dataset": None, "path": "x", "revision": "v1"}, "need `dataset`"),
        ({"subset": "{language}", "files": "{language}/{split}.csv"}, "one of the two"),
        ({"subset": "{lang}"}, "is unknown"),
        ({"subset": "{language}", "language": "en"}, "in one way"),
    ],
)
def test_parameters_that_make_no_sense(task, params: dict[str, Any], message: str):
    with pytest.raises((ValueError, UserError), match=message):
        task(TextClassification, **({"dataset": NAME, "labels": LABELS} | params))
