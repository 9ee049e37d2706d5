"""SQuAD, XQuAD, MLQA and TyDi QA on small files: layouts, ids, missing answers, damage, the hub."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from question_tools import squad, write_squad

from xlt_cli.api import SPLITS, DataError, Prediction, Task
from xlt_tasks.question_answering.base import DEV_AS_TEST
from xlt_tasks.question_answering.multichecklist import MultiCheckList
from xlt_tasks.question_answering.own import OwnQuestions
from xlt_tasks.question_answering.sets import Mlqa, Squad, TyDiQa, XQuad

Made = Callable[..., Task]
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("of", "file", "split", "language"),
    [
        (Squad, "train-v1.1.json", "train", "en"),
        (Squad, "dev-v1.1.json", "dev", "en"),
        (Squad, "dev-v2.0.json.gz", "test", "en"),
        (Squad, "train-newwiki.json", "dev", "en"),
        (Squad, "test-amazon.json", "test", "en"),
        (XQuad, "xquad.zh.json", "test", "zh"),
        (Mlqa, "dev-context-de-question-de.json", "dev", "de"),
        (Mlqa, "test/test-context-ar-question-ar.json", "test", "ar"),
        (Mlqa, "MLQA_V1/dev/dev-context-vi-question-vi.json", "dev", "vi"),
        (TyDiQa, "tydiqa.goldp.sw.dev.json", "test", "sw"),
        (TyDiQa, "tydiqa-goldp-v1.1-train/tydiqa.goldp.te.train.json", "train", "te"),
    ],
)
def test_files_are_found_in_each_layout(
    tmp_path: Path, task: Made, of: Any, file: str, split: Any, language: str
) -> None:
    path = write_squad(tmp_path / of.folder / file, {"q1": "Anna"})
    made = task(of, path=tmp_path)
    assert made.languages(split) == (language,)
    rows = made.load(split, language)
    row: Any = rows.examples[0]
    assert len(rows.examples) == 1
    assert row.id == "q1"
    assert row.languages == (language, language)
    assert row.answers == (("Anna", row.context.index("Anna")),)
    assert rows.source == str(path)
    both = split == "test" and of in (Squad, TyDiQa) and "amazon" not in file
    assert any("development set" in note for note in rows.notes) == both


def test_questions_whose_id_is_null_have_none(tmp_path: Path, task: Made) -> None:
    path = write_squad(tmp_path / "xquad.en.json", {"q1": "Anna", "q2": "Otto"})
    text = path.read_text("utf-8")
    path.write_text(text.replace('"q1"', "null").replace('"q2"', "null"), "utf-8")
    made = task(XQuad, path=tmp_path)
    assert [row.id for row in made.load("test", "en").examples] == ["test-1", "test-2"]


@pytest.mark.parametrize("written", ["\\ud83d", "\\uDE00\\uD83D"])
def test_half_of_a_surrogate_pair_is_refused(
    tmp_path: Path, task: Made, failure: Any, written: str
) -> None:
    path = write_squad(tmp_path / "xquad.en.json", {"q1": "Anna"})
    text = path.read_text("utf-8")
    path.write_text(text.replace("they said", "they said \\ud83d\\ude00"), "utf-8")
    made: Any = task(XQuad, path=tmp_path)
    assert made.load("test", "en").examples[0].context.endswith("they said \N{GRINNING FACE}.")
    path.write_text(text.replace("they said", f"they said {written}"), "utf-8")
    error = failure(made.load, "test", "en")
    assert "half of a surrogate pair" in error.what
    assert error.where == str(path)


def test_question_and_passage_may_be_of_different_languages_in_the_folder(
    tmp_path: Path, task: Made
) -> None:
    """MLQA also has files of mixed languages, which are not read."""
    for name in ("de-question-de", "de-question-en"):
        write_squad(tmp_path / f"test-context-{name}.json", {"q": "Anna"})
    assert task(Mlqa, path=tmp_path).languages("test") == ("de",)


def test_ids_that_recur_are_numbered(tmp_path: Path, task: Made) -> None:
    document = squad({"21": "Anna"})
    document["data"] *= 3
    path = tmp_path / "tydiqa.goldp.en.train.json"
    path.write_text(json.dumps(document), "utf-8")
    rows = task(TyDiQa, path=tmp_path).load("train", "en")
    assert [row.id for row in rows.examples] == ["21", "21#2", "21#3"]


def test_one_file_of_all_languages_is_divided_by_the_ids(tmp_path: Path, task: Made) -> None:
    answers = {"arabic-1-0": "Anna", "swahili--2-1": "Anna", "arabic-3-0": "Anna"}
    write_squad(tmp_path / "tydiqa-goldp-v1.1-dev.json", answers)
    made = task(TyDiQa, path=tmp_path)
    assert made.languages("dev") == ("ar", "sw")
    assert [row.id for row in made.load("dev", "ar").examples] == ["arabic-1-0", "arabic-3-0"]
    with pytest.raises(DataError, match="no dev rows in the language 'te'"):
        made.load("dev", "te")


def test_the_authors_folder_of_dev_files_is_read_with_their_training_file(
    tmp_path: Path, task: Made
) -> None:
    folder = tmp_path / "tydiqa-goldp-v1.1-dev"
    write_squad(tmp_path / "tydiqa-goldp-v1.1-train.json", {"english-1": "Anna"})
    made = task(TyDiQa, path=tmp_path)
    assert [made.languages(split) for split in SPLITS] == [("en",), (), ()]
    write_squad(tmp_path / "tydiqa-goldp-v1.1-dev.json", {"english-2": "Anna"})
    assert [made.languages(split) for split in SPLITS] == [("en",)] * 3
    write_squad(folder / "tydiqa-goldp-dev-english.json", {"english-2": "Anna"})
    write_squad(folder / "tydiqa-goldp-dev-swahili.json", {"swahili-3": "Anna"})
    assert [made.languages(split) for split in SPLITS] == [("en",), ("en", "sw"), ("en", "sw")]
    rows = made.load("test", "sw")
    assert [row.id for row in rows.examples] == ["swahili-3"]
    assert rows.notes == (DEV_AS_TEST,)


def test_questions_without_an_answer_are_left_out_unless_they_are_asked_for(
    tmp_path: Path, task: Made
) -> None:
    write_squad(tmp_path / "dev-v2.0.json", {"a": "Anna", "b": None})
    rows = task(Squad, path=tmp_path).load("dev", "en")
    assert [row.id for row in rows.examples] == ["a"]
    assert rows.notes == ("1 question without an answer left out",)
    both: Any = task(Squad, path=tmp_path, unanswerable=True).load("dev", "en")
    assert [row.answers == () for row in both.examples] == [False, True]
    assert both.notes == ()


def test_a_file_whose_answers_were_removed_is_refused(tmp_path: Path, task: Made) -> None:
    write_squad(tmp_path / "tydiqa.goldp.fi.dev.json", {"a": "", "b": ""})
    with pytest.raises(DataError, match="none of the 2 questions has an answer") as refused:
        task(TyDiQa, path=tmp_path).load("test", "fi")
    assert "official release" in refused.value.hint


@pytest.mark.parametrize(
    ("text", "start", "hint"),
    [
        ("Anna", 7, "it is at character 4: the file counts units of UTF-16"),
        ("Anna", 13, "it is at character 4: the file counts bytes"),
        ("Anna", 5, "counted from 0; it is at character 4"),
        ("Anna", -1, "it is at character 4"),
        ("Kyi\u0308v", 18, "the passage does not contain it"),
    ],
)
@pytest.mark.parametrize("columns", [False, True])
def test_an_answer_that_is_not_in_its_place_is_the_files_fault(
    tmp_path: Path, task: Made, text: str, start: int, hint: str, columns: bool
) -> None:
    context = "\U0001f44d\U0001f3fd\U0001f44d Anna lives in Ky\xefv."
    asked = {"id": "1", "question": "Who?", "answers": [{"text": text, "answer_start": start}]}
    if columns:
        (tmp_path / "test-de.jsonl").write_text(json.dumps({**asked, "context": context}), "utf-8")
        plugin = task(OwnQuestions, path=tmp_path)
    else:
        document = {"data": [{"paragraphs": [{"context": context, "qas": [asked]}]}]}
        (tmp_path / "xquad.de.json").write_text(json.dumps(document), "utf-8")
        plugin = task(XQuad, path=tmp_path)
    with pytest.raises(DataError) as refused:
        plugin.load("test", "de")
    assert f"is not at character {start} of the passage" in refused.value.what
    assert ("test-de.jsonl:1" if columns else "question 1") in str(refused.value.where)
    assert hint in refused.value.hint


@pytest.mark.parametrize(
    ("content", "what", "where"),
    [
        ("{", "not valid JSON", "xquad.de.json:1"),
        ("[]", "no list 'data'", "xquad.de.json"),
        ('{"data": []}', "empty", "xquad.de.json"),
        ('{"data": [{"title": "x"}]}', "no list 'paragraphs'", "article 1"),
        ('{"data": [{"paragraphs": [{"qas": []}]}]}', "no text 'context'", "paragraph 1"),
        (
            '{"data": [{"paragraphs": [{"context": "x", "qas": [{"question": "y", "answers": '
            '[{"text": "x", "answer_start": "0"}]}]}]}]}',
            'answer_start is "0", not a number',
            "article 1, paragraph 1, question 1",
        ),
        (
            '{"data": [{"paragraphs": [{"context": "x", "qas": [{"question": "y"}]}]}]}',
            "no list 'answers'",
            "question 1",
        ),
    ],
)
def test_damage_is_named_with_its_place(
    tmp_path: Path, task: Made, content: str, what: str, where: str
) -> None:
    (tmp_path / "xquad.de.json").write_text(content, "utf-8")
    with pytest.raises(DataError) as refused:
        task(XQuad, path=tmp_path).load("test", "de")
    assert what in refused.value.what
    assert where in str(refused.value.where)


def test_a_folder_without_the_files_is_refused_with_what_it_holds(
    tmp_path: Path, task: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DataError, match="no folder is given"):
        task(XQuad, source="folder").check()
    with pytest.raises(ValueError, match="`path` has no effect"):
        task(XQuad, source="hub", path=tmp_path)
    monkeypatch.setenv("XLT_DATA_DIR", str(tmp_path))
    with pytest.raises(DataError, match="has no folder 'xquad'"):
        task(XQuad, source="folder").check()
    (tmp_path / "other.json").write_text("{}", "utf-8")
    with pytest.raises(DataError) as refused:
        task(XQuad, path=tmp_path).load("test", "de")
    assert "other.json" in refused.value.hint
    assert task(XQuad, path=tmp_path).languages("test") == ()


@pytest.mark.parametrize(
    ("of", "file", "split", "language"),
    [
        (Squad, "plain_text/validation-00000-of-00001.parquet", "dev", "en"),
        (XQuad, "xquad.de/validation-00000-of-00001.parquet", "test", "de"),
        (Mlqa, "mlqa.de.de/test-00000-of-00001.parquet", "test", "de"),
        (Mlqa, "mlqa.de.de/validation/0000.parquet", "dev", "de"),
        (TyDiQa, "secondary_task/train-00000-of-00001.parquet", "train", "sw"),
    ],
)
def test_the_hub_is_read_at_its_revision(
    tmp_path: Path,
    task: Made,
    monkeypatch: pytest.MonkeyPatch,
    of: Any,
    file: str,
    split: Any,
    language: str,
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    folder = tmp_path / f"datasets--{of.on_hub.repository.replace('/', '--')}"
    path = folder / "snapshots" / COMMIT / file
    path.parent.mkdir(parents=True)
    row = {"id": "swahili-1-0", "title": "t", "question": "who?", "context": "It was Anna."}
    answers = {"text": ["Anna", "Anna"], "answer_start": [7, 7]}
    pq.write_table(pa.Table.from_pylist([{**row, "answers": answers}]), path)
    made = task(of, revision=COMMIT)
    assert made.languages(split) == (language,)
    rows: Any = made.load(split, language)
    assert rows.source == f"{of.on_hub.repository}@{COMMIT}"
    assert rows.examples[0].answers == (("Anna", 7),)
    pq.write_table(pa.table({"id": ["1"]}), path)
    with pytest.raises(DataError, match="no column 'question'"):
        made.load(split, language)


def test_a_capability_of_multichecklist_is_read_alone(tmp_path: Path, task: Made) -> None:
    for language, titles in {"de": ("comparisons", "properties"), "es": ("comparisons",)}.items():
        articles = [
            {**squad({f"{title}-{n}": "Anna" for n in range(2)})["data"][0], "title": title}
            for title in titles
        ]
        (tmp_path / f"test.{language}.json").write_text(json.dumps({"data": articles}), "utf-8")
    everything = task(MultiCheckList, path=tmp_path)
    assert everything.languages("test") == ("de", "es")
    assert len(everything.load("test", "de").examples) == 4
    made = task(MultiCheckList, path=tmp_path, slice="properties")
    assert made.languages("test") == ("de",)
    rows = made.load("test", "de")
    assert [row.id for row in rows.examples] == ["properties-0", "properties-1"]
    assert rows.notes == ("only the 2 questions of properties",)
    wrong = task(MultiCheckList, path=tmp_path, slice="property")
    with pytest.raises(DataError, match="no questions of the test 'property'") as refused:
        wrong.load("test", wrong.languages("test")[0])
    assert refused.value.hint == "did you mean 'properties'? known: comparisons, properties"
    assert made.problem.of(made).scoring == "as by MultiCheckList's official script"


def test_a_set_that_is_not_on_the_hub_says_so(task: Made) -> None:
    with pytest.raises(DataError, match="of 'multichecklist' on the hub is known") as refused:
        task(MultiCheckList, source="hub").check()
    assert "`question-answering` reads any data set of the hub" in str(refused.value.hint)
    with pytest.raises(DataError, match="no folder is given"):
        task(MultiCheckList).check()


@pytest.mark.parametrize(
    ("of", "file", "language", "exact_match", "f1"),
    [
        (Mlqa, "dev-context-de-question-de.json", "de", 1 / 3, 0.7222222),
        (XQuad, "xquad.de.json", "de", 0, 0.3888889),
        (TyDiQa, "tydiqa.goldp.fi.dev.json", "fi", 0, 0.3888889),
        (Squad, "dev-v1.1.json", "en", 0, 0.3888889),
    ],
)
def test_a_file_has_the_figures_of_its_official_script(
    tmp_path: Path, task: Made, of: Any, file: str, language: str, exact_match: float, f1: float
) -> None:
    """Figures of mlqa_evaluation_v1.py for German, and of SQuAD's evaluate-v1.1.py, which XTREME
    also uses for XQuAD and TyDi QA."""
    golds = {"a": ["der Rhein", "Rhein"], "b": ["„Faust“"], "c": ["im Jahr 1848"]}
    said = {"a": "dem Rhein", "b": "Faust I", "c": "1848"}
    document = squad(dict.fromkeys(golds, "Anna"))
    for paragraph in document["data"][0]["paragraphs"]:
        (asked,) = paragraph["qas"]
        texts = golds[asked["id"]]
        paragraph["context"] = f"Es war {texts[0]}."
        asked["answers"] = [
            {"text": text, "answer_start": paragraph["context"].index(text)} for text in texts
        ]
    (tmp_path / file).write_text(json.dumps(document), "utf-8")
    made = task(of, path=tmp_path)
    problem: Any = made.problem.of(made)
    predictions = []
    for row in made.load("dev" if of is not XQuad else "test", language).examples:
        answers = [text for text, _ in row.answers]
        predictions.append(Prediction(row.id, (language, *answers), (language, said[row.id])))
    figures = problem.score(problem.statistics(predictions).sum(0))
    assert float(figures["exact_match"]) == pytest.approx(exact_match)
    assert float(figures["f1"]) == pytest.approx(f1)
