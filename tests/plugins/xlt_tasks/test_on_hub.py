"""Published sets that are read from files, read from their copies on the hub."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import ClassLabel, Features, List, Value

from xlt_cli import registry
from xlt_cli.api import DataError, OfflineError, Task
from xlt_tasks.file_tasks import FileTask
from xlt_tasks.file_tasks.base import OWN_DATA
from xlt_tasks.intents import Massive
from xlt_tasks.nli.english import AnliR1, AnliR2
from xlt_tasks.parts_of_speech import UPOS, UdPos
from xlt_tasks.retrieval.sib200 import Sib200Retrieval
from xlt_tasks.retrieval.squad import SquadRetrieval
from xlt_tasks.retrieval.tatoeba import Tatoeba
from xlt_tasks.sentiment import AfriSenti
from xlt_tasks.sib200 import Sib200
from xlt_tasks.similarity import Sts17, StsB
from xlt_tasks.universal_dependencies import Ud

COMMIT = "0123456789abcdef0123456789abcdef01234567"
TEXT = Value("string")
Made = Callable[..., Task]
SHIPPED: dict[str, Any] = {e.name: e.plugin for e in registry.entries("task") if e.plugin}
SETS = {name: plugin for name, plugin in SHIPPED.items() if issubclass(plugin, FileTask)}
COPIED = [name for name, plugin in SETS.items() if plugin.on_hub is not None]
DATA_PAGE = Path(__file__).resolve().parents[3] / "docs/reference/data.md"


@pytest.mark.parametrize("name", SETS)
def test_a_folder_beside_the_hub_is_refused(name: str, task: Made) -> None:
    with pytest.raises(ValueError, match="no effect with `source: hub`"):
        task(SETS[name], path="x", source="hub")


@pytest.mark.parametrize("where", [{"path": "x"}, {"source": "folder"}])
@pytest.mark.parametrize("name", ["udpos", "lareqa", "xcopa"])
def test_a_revision_of_a_folder_is_refused(name: str, where: dict[str, str], task: Made) -> None:
    with pytest.raises(ValueError, match="`revision` has no effect with `"):
        task(SETS[name], **where, revision="v1")
    task(SETS[name], **where, revision="main")  # as records of runs have it


@pytest.mark.parametrize("name", [name for name in SETS if name not in COPIED])
def test_a_set_without_a_copy_names_the_task_that_reads_others(name: str, task: Made) -> None:
    own = OWN_DATA[SETS[name].problem.name]
    with pytest.raises(DataError, match=f"no copy of the data of '{name}'") as refused:
        task(SETS[name], source="hub").check()
    assert f"`{own}` reads any data set of the hub (`dataset: ORG/NAME`)" in str(refused.value.hint)


@pytest.mark.parametrize(("problem", "own"), OWN_DATA.items())
def test_the_tasks_for_other_data_sets_are_of_the_problem(problem: str, own: str) -> None:
    assert SHIPPED[own].problem.name == problem
    assert "dataset" in SHIPPED[own].Params.model_fields
    assert f"| `{problem}` | `{own}` | yes |" in DATA_PAGE.read_text("utf-8")


@pytest.mark.parametrize("name", COPIED)
def test_the_reference_and_the_page_name_the_copy(name: str) -> None:
    repository = SETS[name].on_hub.repository
    assert f"hub: {repository}" in SETS[name].reference
    lines = DATA_PAGE.read_text("utf-8").splitlines()
    assert any(
        f"`{name}`" in line.split(f"| `{repository}` |")[0] for line in lines if repository in line
    )


def test_a_folder_that_is_asked_for_is_not_replaced_by_the_hub(
    task: Made, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in COPIED:
        monkeypatch.delenv("XLT_DATA_DIR", raising=False)
        with pytest.raises(DataError, match="no folder is given"):
            task(SETS[name], source="folder").check()
        monkeypatch.setenv("XLT_DATA_DIR", str(tmp_path))
        with pytest.raises(DataError, match="XLT_DATA_DIR has no folder"):
            task(SETS[name], source="folder").check()


# --------------------------------------------------- a small repository in the layout of each copy


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the hub's client, which is told that there is no network."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setenv("XLT_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "hub"


def snapshot(cache: Path, of: type[FileTask]) -> Path:
    """The folder of a set's repository, as if it had been fetched."""
    assert of.on_hub is not None
    folder = cache / f"datasets--{of.on_hub.repository.replace('/', '--')}"
    reference = folder / "refs" / of.on_hub.branch
    reference.parent.mkdir(parents=True, exist_ok=True)
    reference.write_text(COMMIT)
    (folder / "snapshots" / COMMIT).mkdir(parents=True, exist_ok=True)
    return folder / "snapshots" / COMMIT


def parquet(path: Path, features: dict[str, Any], *rows: tuple[Any, ...]) -> None:
    """A file as `datasets` writes it: with the names of classes in its schema."""
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = dict(zip(features, map(list, zip(*rows, strict=True)), strict=True))
    pq.write_table(pa.table(columns, schema=Features(features).arrow_schema), path)


def jsonl(path: Path, *rows: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress("".join(f"{json.dumps(r)}\n" for r in rows).encode()))


def source(of: type[FileTask]) -> str:
    assert of.on_hub is not None
    return f"{of.on_hub.repository}@{COMMIT}"


def test_the_copy_of_stsb(cache: Path, tmp_path: Path, task: Made, write: Any) -> None:
    features = {"sentence1": TEXT, "sentence2": TEXT, "similarity_score": Value("float32")}
    rows = ("Ein Hund.", "Eine Katze.", 3.8), ("Es regnet.", "Es schneit.", 0.0)
    file = snapshot(cache, StsB) / "de/dev-00000-of-00001.parquet"
    parquet(file, features, *rows)
    made = task(StsB)
    assert [made.languages(split) for split in ("dev", "test")] == [("de",), ()]  # type: ignore[arg-type]
    read = made.load("dev", "de")
    assert read.source == source(StsB)
    write(
        "stsb/stsb-de-dev.csv", "sentence1,sentence2,score", *(f"{a},{b},{s}" for a, b, s in rows)
    )
    assert read.examples == task(StsB, path=tmp_path).load("dev", "de").examples


def test_the_copy_of_sts17(cache: Path, tmp_path: Path, task: Made, write: Any) -> None:
    files = snapshot(cache, Sts17)
    pair = {"sentence1": "A bird.", "sentence2": "A plane.", "score": 1.4}
    for name in ("en-en", "en-de", "ko-ko"):
        jsonl(files / f"test/{name}.jsonl.gz", pair)
    made = task(Sts17, source="hub")
    assert (made.languages("test"), made.languages("train")) == (("en", "ko"), ())
    write("sts17/test-en.tsv", "A bird.\tA plane.\t1.4")
    assert (
        made.load("test", "en").examples == task(Sts17, path=tmp_path).load("test", "en").examples
    )


TAGGED = {"tokens": List(TEXT), "pos_tags": List(ClassLabel(names=list(UPOS)))}
SENTENCES = [(["Hunde", "bellen", "."], ["NOUN", "VERB", "PUNCT"]), (["Ja"], ["INTJ"])]


def tagged(path: Path, features: dict[str, Any] = TAGGED) -> None:
    parquet(
        path, features, *((words, [UPOS.index(tag) for tag in tags]) for words, tags in SENTENCES)
    )


def test_the_copy_of_udpos(cache: Path, tmp_path: Path, task: Made, write: Any) -> None:
    files = snapshot(cache, UdPos)
    tagged(files / "udpos.German/test-00000-of-00001.parquet")
    tagged(files / "udpos.Klingon/test-00000-of-00001.parquet")
    tagged(files / "PAN-X.de/test-00000-of-00001.parquet")
    tagged(files / "udpos.Kazakh/train-00000-of-00001.parquet")
    made = task(UdPos)
    assert [made.languages(split) for split in ("train", "dev", "test")] == [("kk",), (), ("de",)]  # type: ignore[arg-type]
    read = made.load("test", "de")
    lines = ["\n".join(map("\t".join, zip(*pair, strict=True))) + "\n" for pair in SENTENCES]
    write("udpos/test-de.tsv", *lines)
    folder = task(UdPos, path=tmp_path).load("test", "de")
    assert (read.examples, read.notes) == (folder.examples, folder.notes)
    assert "words are those of the annotation" in made.caveat
    assert UdPos.caveat == task(UdPos, path=tmp_path).caveat == ""


def test_tags_that_are_numbers_without_names_are_refused(cache: Path, task: Made) -> None:
    features = {"tokens": List(TEXT), "pos_tags": List(Value("int64"))}
    tagged(snapshot(cache, UdPos) / "udpos.German/test-00000-of-00001.parquet", features)
    with pytest.raises(DataError, match="are not labels of the task") as refused:
        task(UdPos).load("test", "de")
    assert "does not define what its numbers stand for" in str(refused.value.hint)


NUMBERED = [*UPOS[::-1], "_"]
"""The tags of the copy's files, which are in another order than those of the task."""


def test_the_copy_of_universal_dependencies(
    cache: Path, tmp_path: Path, task: Made, write: Any
) -> None:
    files = snapshot(cache, Ud)
    features = {"tokens": List(TEXT), "upos": List(ClassLabel(names=NUMBERED)), "mwt": List(TEXT)}
    for treebank, words in {"gsd": ("zu", "dem"), "pud": ("Ja", "!")}.items():
        numbers = [NUMBERED.index(tag) for tag in ("ADP", "DET")]
        for language in ("de", "nds"):
            path = files / f"parquet/{language}_{treebank}/test.parquet"
            parquet(path, features, (list(words), numbers, ["zum"]))
        rows = [
            f"{n}\t{w}\t_\t{t}" + "\t_" * 6
            for n, w, t in zip("12", words, ("ADP", "DET"), strict=True)
        ]
        write(f"ud/de_{treebank}-ud-test.conllu", "1-2\tzum" + "\t_" * 8, *rows, "")
    assert task(Ud).languages("test") == ("de", "nds")
    for params in ({}, {"treebank": "pud"}):
        made, folder = task(Ud, **params), task(Ud, path=tmp_path, **params)
        read, other = made.load("test", "de"), folder.load("test", "de")
        assert (read.examples, read.notes) == (other.examples, other.notes)
    assert [row.id for row in read.examples] == ["test-pud-1"]
    assert read.source == source(Ud)


def test_the_copy_of_tatoeba(cache: Path, tmp_path: Path, task: Made, write: Any) -> None:
    rows = ("Guten Tag.", "Hello."), ("Danke.", "Thank you.")
    pairs = [{"sentence1": own, "sentence2": english} for own, english in rows]
    jsonl(snapshot(cache, Tatoeba) / "test/deu-eng.jsonl.gz", *pairs)
    made = task(Tatoeba)
    assert made.languages("test") == ("deu",)
    read = made.load("test", "deu")
    assert read.source == source(Tatoeba)
    for number, code in enumerate(("deu", "eng")):
        write(f"tatoeba/tatoeba.deu-eng.{code}", *(row[number] for row in rows))
    assert read.examples == task(Tatoeba, path=tmp_path).load("test", "deu").examples


ROW = ("7", "de-DE", "weck mich um [time : fünf uhr]")


def massive(path: Path, intent: Any, *rows: tuple[Any, ...]) -> None:
    features = {"id": TEXT, "locale": TEXT, "partition": TEXT, "annot_utt": TEXT, "intent": intent}
    parquet(path, features, *rows)


def test_the_copy_of_massive(cache: Path, tmp_path: Path, task: Made, write: Any) -> None:
    files = snapshot(cache, Massive)
    number, locale, words = ROW
    names = ClassLabel(names=["play_music", "alarm_set"])
    for folder in ("de-DE", "all"):
        path = files / folder / "test/0000.parquet"
        massive(path, names, (number, locale, "test", words, 1))
    massive(files / "de-DE/validation/0000.parquet", names, (number, locale, "dev", words, 0))
    made = task(Massive)
    assert (made.languages("test"), made.languages("train")) == (("de-DE",), ())
    read = made.load("test", "de-DE")
    assert read.source == source(Massive)
    assert [row.intent for row in made.load("dev", "de-DE").examples] == ["play_music"]  # type: ignore[attr-defined]
    line = dict(zip(("id", "locale", "annot_utt"), ROW, strict=True))
    write("massive/de-DE.jsonl", json.dumps({**line, "partition": "test", "intent": "alarm_set"}))
    assert read.examples == task(Massive, path=tmp_path).load("test", "de-DE").examples
    pinned = task(Massive, source="hub", revision=COMMIT)
    assert pinned.load("test", "de-DE").examples == read.examples


def test_intents_that_are_numbers_without_names_are_refused(cache: Path, task: Made) -> None:
    number, locale, words = ROW
    path = snapshot(cache, Massive) / "de-DE/test/0000.parquet"
    massive(path, Value("int64"), (number, locale, "test", words, 1))
    with pytest.raises(DataError, match="the label '1' is not one of the task's"):
        task(Massive).load("test", "de-DE")


def test_the_copy_of_afrisenti(cache: Path, tmp_path: Path, task: Made, write: Any) -> None:
    rows = ("Na gode.", "positive"), ("Ba kyau.", "negative")
    names = ["positive", "neutral", "negative"]
    features = {"tweet": TEXT, "label": ClassLabel(names=names)}
    numbered = [(text, names.index(label)) for text, label in rows]
    for code in ("hau", "por"):
        path = snapshot(cache, AfriSenti) / code / "validation/0000.parquet"
        parquet(path, features, *numbered)
    made = task(AfriSenti)
    assert (made.languages("dev"), made.languages("test")) == (("hau",), ())
    write("afrisenti/dev-hau.tsv", *map("\t".join, rows))
    read, folder = made.load("dev", "hau"), task(AfriSenti, path=tmp_path).load("dev", "hau")
    assert (read.source, read.examples) == (source(AfriSenti), folder.examples)


@pytest.mark.parametrize(("of", "number"), [(AnliR1, 1), (AnliR2, 2)])
def test_the_copies_of_anli(
    of: Any, number: int, cache: Path, tmp_path: Path, task: Made, write: Any
) -> None:
    names = ClassLabel(names=["entailment", "neutral", "contradiction"])
    features = {"uid": TEXT, "premise": TEXT, "hypothesis": TEXT, "label": names}
    for round_ in (1, 2):
        path = snapshot(cache, of) / f"plain_text/dev_r{round_}-00000-of-00001.parquet"
        parquet(path, features, ("u", f"Premise {round_}.", "Hypothesis.", 2))
    row = {"context": f"Premise {number}.", "hypothesis": "Hypothesis.", "label": "c"}
    write(f"R{number}/dev.jsonl", json.dumps(row))
    made = task(of, source="hub")
    assert (made.languages("dev"), made.languages("test")) == (("en",), ())
    assert made.load("dev", "en").examples == task(of, path=tmp_path).load("dev", "en").examples


def test_the_copy_of_sib200(cache: Path, tmp_path: Path, task: Made, write: Any) -> None:
    files = snapshot(cache, Sib200)
    (files / "sib200.py").write_text("class SIB200: ...")
    lines = {
        "deu_Latn": ('9\ttravel\tDie ""Reise"" dauert.', "4\thealth\tSie schläft."),
        "eng_Latn": ("4\thealth\tShe sleeps.", "9\ttravel\tThe trip takes long."),
    }
    for code, rows in lines.items():
        text = "\n".join(("index_id\tcategory\ttext", *rows, ""))
        for place in (files / f"data/{code}", tmp_path / f"sib200/{code}"):
            place.mkdir(parents=True)
            (place / "dev.tsv").write_text(text, "utf-8")
    for of in (Sib200, Sib200Retrieval):
        made, folder = task(of), task(of, path=tmp_path)
        assert "deu_Latn" in made.languages("dev")
        assert made.languages("train") == ()
        assert made.load("dev", "deu_Latn").examples == folder.load("dev", "deu_Latn").examples
        assert made.load("dev", "deu_Latn").source == source(Sib200)


def test_the_questions_of_squad_from_the_hub(cache: Path, task: Made) -> None:
    answers = {"text": List(TEXT), "answer_start": List(Value("int32"))}
    features = {"id": TEXT, "question": TEXT, "context": TEXT, "answers": answers}
    row = ("a", "Who?", "It rained. Anna came.", {"text": ["Anna"], "answer_start": [11]})
    path = snapshot(cache, SquadRetrieval) / "plain_text/train-00000-of-00001.parquet"
    parquet(path, features, row)
    (read,) = task(SquadRetrieval).load("train", "en").examples
    assert read.candidates[0].text.startswith("Anna came.")  # type: ignore[attr-defined]


# ------------------------------------------------------------------------ what a copy does not have


def test_what_the_copy_lacks_is_said(cache: Path, task: Made, failure: Any) -> None:
    tagged(snapshot(cache, UdPos) / "udpos.German/test-00000-of-00001.parquet")
    made = task(UdPos)
    error = failure(made.load, "dev", "de")
    assert error.what == "the repository has no dev files"
    assert "it has files for test" in error.hint
    assert "it has files for test" in made.missing("dev")
    error = failure(made.load, "test", "fr")
    assert error.what == "there is no test file for the language 'fr'"
    assert "udpos.French/test" in error.where
    error = failure(made.load, "test", "wo")
    assert error.what == "'udpos' has no language 'wo'"


def test_without_a_network_a_commit_in_the_cache_is_read(cache: Path, task: Made) -> None:
    with pytest.raises(OfflineError, match="is not in the cache"):
        task(UdPos).load("test", "de")
    tagged(snapshot(cache, UdPos) / "udpos.German/test-00000-of-00001.parquet")
    made = task(UdPos, source="hub", revision=COMMIT)
    made.fetch("test", "de")
    assert made.load("test", "de").source == source(UdPos)
    assert made.files() is None
    with pytest.raises(OfflineError, match="is not in the cache"):
        task(UdPos, revision=COMMIT[::-1]).load("test", "de")


def test_a_folder_comes_before_the_copy(
    cache: Path, task: Made, write: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tagged(snapshot(cache, UdPos) / "udpos.German/test-00000-of-00001.parquet")
    file = write("data/udpos/test-de.tsv", "Nein\tINTJ")
    monkeypatch.setenv("XLT_DATA_DIR", str(tmp_path / "data"))
    assert task(UdPos).load("test", "de").source == str(file)
    assert task(UdPos, source="hub").load("test", "de").source == source(UdPos)
    monkeypatch.setenv("XLT_DATA_DIR", str(tmp_path / "hub"))
    assert task(UdPos).load("test", "de").source == source(UdPos)
