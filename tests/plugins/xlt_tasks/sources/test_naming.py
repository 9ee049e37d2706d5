from __future__ import annotations

import pytest

from xlt_cli.api import SPLITS, Split
from xlt_tasks.sources.naming import Naming, check_pattern, suggest


def named(pattern: str, **splits: str) -> Naming:
    return Naming(dict.fromkeys(SPLITS, pattern), splits)


@pytest.mark.parametrize("name", ["dev", "validation", "valid", "val", "development"])
def test_every_name_of_the_dev_split(name: str):
    assert Naming().find([f"{name}-en.tsv"]) == {("dev", "en"): [f"{name}-en.tsv"]}


def test_a_name_that_is_stated_is_the_only_one():
    naming = named("{split}-{language}", dev="eval")
    assert naming.find(["eval-en.tsv", "dev-en.tsv"]) == {("dev", "en"): ["eval-en.tsv"]}


@pytest.mark.parametrize(
    ("pattern", "name", "language"),
    [
        ("{language}/{split}.tsv", "de/dev.tsv", "de"),
        ("{language}/{split}", "pt-BR/dev.csv.gz", "pt-BR"),
        ("{split}.{language}.conll", "validation.hau.conll", "hau"),
        ("xnli.{split}.{language}.tsv", "xnli.dev.zh.tsv", "zh"),
        ("{language}_{split}.jsonl", "zho_Hans_dev.jsonl", "zho_Hans"),
        ("{language}/{language}_{split}.conll", "bn/bn_dev.conll", "bn"),
        ("data/{split}_{language}.txt", "data/val_en.txt", "en"),
        ("**/{language}.{split}.tsv", "a/b/en.dev.tsv", "en"),
        ("{split}.tsv", "dev.tsv", None),
    ],
)
def test_patterns(pattern: str, name: str, language: str | None):
    assert named(pattern).find([name, f"x{name}x", "README.md"]) == {("dev", language): [name]}


def test_shards_are_one_split_in_order():
    names = [f"en/train-0000{i}-of-00002.parquet" for i in (1, 0)]
    naming = named("{language}/{split}-*.parquet")
    assert naming.find(names) == {("train", "en"): sorted(names)}
    assert naming.several("train")


def test_a_field_in_two_places_is_the_same_in_both():
    assert named("{language}/{language}_{split}.conll").find(["bn/hi_dev.conll"]) == {}


@pytest.mark.parametrize("pattern", ["{lang}/{split}.tsv", "", "/data/{split}.tsv", "../{split}"])
def test_patterns_that_make_no_sense(pattern: str):
    with pytest.raises(ValueError, match="files"):
        check_pattern(pattern)


@pytest.mark.parametrize(
    ("names", "pattern"),
    [
        (["xnli.dev.de.tsv", "xnli.dev.en.tsv"], "xnli.{split}.{language}.tsv"),
        (["de/dev.tsv", "en/dev.tsv", "en/train.tsv"], "{language}/{split}.tsv"),
        (["en_train.conll", "sw_train.conll"], "{language}_{split}.conll"),
        (["train_eng_Latn.csv", "train_swh_Latn.csv"], "{split}_{language}.csv"),
        (["train.csv", "test.csv"], "{split}.csv"),
        (["train-en.txt", "test-sw.txt"], "{split}-{language}.txt"),
        (["train-EN.tsv", "test-SW.tsv"], "{split}-{language}.tsv"),
        (["README.md", "train.xlsx"], None),
    ],
)
def test_the_pattern_that_names_follow(names: list[str], pattern: str | None):
    assert suggest(names) == (None if pattern is None else (pattern, {}))
    if pattern is not None:
        assert sum(map(len, named(pattern).find(names).values())) == len(names)


@pytest.mark.parametrize(
    ("names", "pattern", "splits"),
    [
        (["training_en.tsv", "eval_en.tsv", "tests_sw.tsv"], "{split}_{language}.tsv",
         {"train": "training", "dev": "eval", "test": "tests"}),
        (["Train-EN.tsv", "Dev-EN.tsv"], "{split}-{language}.tsv",
         {"train": "Train", "dev": "Dev"}),
        (["en/train.csv", "en/testing.csv"], "{language}/{split}.csv", {"test": "testing"}),
    ],
)  # fmt: skip
def test_other_names_of_splits_are_suggested(
    names: list[str], pattern: str, splits: dict[Split, str]
):
    assert suggest(names) == (pattern, splits)
    found = Naming(dict.fromkeys(SPLITS, pattern), splits).find(names)
    assert sum(map(len, found.values())) == len(names)


def test_names_of_languages_that_are_no_codes():
    naming = Naming({"test": "pos.{language}/{split}-*"}, codes={"German": "de"})
    names = ["pos.German/test-0.parquet", "pos.Dutch/test-0.parquet"]
    assert naming.find(names) == {("test", "Dutch"): names[1:], ("test", "de"): names[:1]}
    assert naming.example("test", "de") == "pos.German/test-*"
