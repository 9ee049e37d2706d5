"""LAReQA, and the sentences of SQuAD, are read as they are published."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from retrieval_tools import PASSAGES, made, rows, write_retrieval

from xlt_cli.api import DataError
from xlt_tasks.retrieval.lareqa import Lareqa
from xlt_tasks.retrieval.mewsli_x import MewsliX, MewsliXPairs
from xlt_tasks.retrieval.squad import SquadRetrieval, sentences


def test_lareqa_has_one_pool_of_all_languages(tmp_path: Path) -> None:
    task = made(Lareqa, write_retrieval(Lareqa, tmp_path))
    examples = rows(task, "test", "ru")
    assert [e.id for e in examples] == ["test-q00", "test-q01", "test-q10"]
    assert [len(e.candidates) for e in examples] == [9, 0, 9]  # the pool has each once
    assert examples[0].query == "ru asks 00?"
    assert examples[0].relevant == ("de_1_1", "en_1_1", "ru_1_1")
    assert examples[2].relevant == ("de_2_0", "en_2_0", "ru_2_0")
    german = examples[0].candidates[1]
    assert german.key == "de_1_1"
    assert german.text == "de says 01.de says 00. de says 01. de says 02. "
    pools = [
        {c.key for e in rows(task, "test", code) for c in e.candidates} for code in ("de", "en")
    ]
    assert pools[0] == pools[1] == {c.key for e in examples for c in e.candidates}


def test_lareqa_says_which_languages_its_pool_lacks(tmp_path: Path) -> None:
    task = made(Lareqa, write_retrieval(Lareqa, tmp_path))
    lacking = "ar, el, es, hi, th, tr, vi, zh"
    assert task.load("test", "de").notes == (f"the pool has no sentences in {lacking}",)
    for code in lacking.split(", "):
        text = (task.params.path / "de.json").read_text("utf-8")
        (task.params.path / f"{code}.json").write_text(text, "utf-8")
    assert made(Lareqa, tmp_path).load("test", "de").notes == ()


@pytest.mark.parametrize(("part", "name"), [("data", "q00"), ("paragraphs", "q10"), ("qas", "q01")])
def test_lareqa_needs_the_same_questions_in_each_language(
    tmp_path: Path, part: str, name: str
) -> None:
    task = made(Lareqa, write_retrieval(Lareqa, tmp_path))
    path = task.params.path / "en.json"
    document = json.loads(path.read_text("utf-8"))
    paragraphs = document["data"][0]["paragraphs"]
    parts = {"data": document["data"], "paragraphs": paragraphs, "qas": paragraphs[0]["qas"]}
    parts[part].pop()
    path.write_text(json.dumps(document), "utf-8")
    with pytest.raises(DataError, match=f"no question '{name}', which other languages") as caught:
        rows(task, "test", "de")
    assert caught.value.where == str(path)


def test_lareqa_reads_the_borders_beside_xquad(tmp_path: Path) -> None:
    published = write_retrieval(Lareqa, tmp_path / "published")
    apart = tmp_path / "apart" / "lareqa"
    apart.mkdir(parents=True)
    (apart.parent / "xquad").mkdir()
    for file in published.glob("*.json"):
        document = json.loads(file.read_text("utf-8"))
        breaks = [p.pop("sentence_breaks") for p in document["data"][0]["paragraphs"]]
        (apart / f"breaks.{file.stem}.json").write_text(json.dumps(breaks), "utf-8")
        (apart.parent / "xquad" / f"xquad.{file.name}").write_text(json.dumps(document), "utf-8")
    one, other = (rows(made(Lareqa, folder), "test", "de") for folder in (published, apart))
    assert one == other
    (apart / "breaks.de.json").write_text("[[[0, 3]]]", "utf-8")
    with pytest.raises(DataError, match="of 1 paragraphs, and there are 2"):
        rows(made(Lareqa, apart), "test", "en")


@pytest.mark.parametrize(
    ("fault", "what", "where"),
    [
        ("list", "there is no list 'data'", "de.json"),
        ("data", "there is no list 'data'", "de.json"),
        ("article", "there is no list 'paragraphs'", "de.json: article 1"),
        ("context", "there is no text 'context'", "de.json: article 1, paragraph 2"),
        ("id", "there is no text 'id'", "de.json: article 1, paragraph 2, question 1"),
        ("answers", "the question has no answer", "paragraph 2, question 1"),
        ("answer", "answer_start is null, not a number", "paragraph 2, question 1"),
        ("no borders", "borders of a sentence are null", "de.json: article 1, paragraph 2"),
        ("borders", 'borders of a sentence are \\["a", "b"\\]', "article 1, paragraph 2"),
    ],
)
def test_lareqa_says_what_is_wrong(tmp_path: Path, fault: str, what: str, where: str) -> None:
    task = made(Lareqa, write_retrieval(Lareqa, tmp_path))
    path = task.params.path / "de.json"
    document: Any = json.loads(path.read_text("utf-8"))
    paragraph = document["data"][0]["paragraphs"][1]
    if fault == "list":
        document = [[[0, 3]], [[0, 3]]]  # borders, in a file that is named like a document
    elif fault == "data":
        document = {}
    elif fault == "article":
        document["data"][0] = "text"
    elif fault == "context":
        del paragraph["context"]
    elif fault == "id":
        del paragraph["qas"][0]["id"]
    elif fault in ("answers", "answer"):
        paragraph["qas"][0]["answers"] = [] if fault == "answers" else [{}]
    elif fault == "no borders":
        del paragraph["sentence_breaks"]
    else:
        paragraph["sentence_breaks"] = [[0, 5], ["a", "b"]]
    path.write_text(json.dumps(document), "utf-8")
    with pytest.raises(DataError, match=what) as caught:
        rows(task, "test", "en")
    assert caught.value.where.endswith(where)


@pytest.mark.parametrize(
    ("breaks", "what"),
    [
        ("[[[0, 33]], [[0, true]]]", r"borders of a sentence are \[0, true\]"),
        ('[[[0, 33]], "text"]', 'borders of a sentence are "text"'),
        ("[[[10, 0]], []]", r"are \[10, 0\], and its paragraph has 36 characters"),
        ("[[[5, 5]], []]", r"are \[5, 5\], and"),
        ("[[[-8, -4]], []]", r"are \[-8, -4\], and"),
        ("[[[0, 37]], []]", r"are \[0, 37\], and"),
        ("7", "there is no list 'data'"),
    ],
)
def test_lareqa_says_what_is_wrong_with_borders(tmp_path: Path, breaks: str, what: str) -> None:
    published = write_retrieval(Lareqa, tmp_path / "published")
    apart = tmp_path / "lareqa"
    apart.mkdir()
    (tmp_path / "xquad").mkdir()
    (published / "de.json").rename(tmp_path / "xquad" / "xquad.de.json")
    (apart / "breaks.de.json").write_text(breaks, "utf-8")
    with pytest.raises(DataError, match=what) as caught:
        rows(made(Lareqa, apart), "test", "de")
    assert "breaks.de.json" in caught.value.where


@pytest.mark.parametrize(
    ("kind", "name", "of", "language", "line"),
    [
        (Lareqa, "de.json", "de asks 00", "de", ""),
        (SquadRetrieval, "dev-v1.1.json", "Who asks", "en", ""),
        (MewsliX, "candidate_set_entities.jsonl", "Entity 2", "de", ":3"),
        (MewsliXPairs, "wikipedia_pairs-dev.jsonl", "She left", "en", ":1"),
    ],
)
def test_half_of_a_surrogate_pair_is_refused(
    tmp_path: Path, kind: Any, name: str, of: str, language: str, line: str
) -> None:
    task = made(kind, write_retrieval(kind, tmp_path))
    path = task.params.path / name
    path.write_text(path.read_text("utf-8").replace(of, "\\ud83d"), "utf-8")
    with pytest.raises(DataError, match="half of a surrogate pair") as caught:
        rows(task, "dev" if "dev" in name else "test", language)
    assert caught.value.where == f"{path}{line}"


def test_passages_are_cut_into_sentences() -> None:
    found = [sentences(passage) for passage in PASSAGES]
    for passage, cut in zip(PASSAGES, found, strict=True):
        assert all(passage[start:].startswith(text) for start, text in cut)
    assert [[text for _, text in cut] for cut in found] == [
        [
            "Anna lives in Paris.",
            "Dr. Smith, who met J. F. Doe in 1990, does!",
            "He asks: why?",
            "7 cats know.",
        ],
        [
            "Rain fell.",
            "Rain fell.",
            "The sun came (at last.)",
            "It stayed.[1]",
            "“Good.”",
            "Said Anna",
        ],
    ]


def test_squad_gives_questions_the_sentence_of_their_answer(tmp_path: Path) -> None:
    task = made(SquadRetrieval, write_retrieval(SquadRetrieval, tmp_path))
    assert task.languages("train") == ("en",)
    examples = rows(task, "train", "en")
    assert [e.id for e in examples] == ["q00", "q01", "q10", "q11"]
    assert [[c.key for c in e.candidates] for e in examples] == [["1_2"], ["1_0"], ["2_0"], ["2_2"]]
    assert examples[0].candidates[0].text == "He asks: why?" + PASSAGES[0]
    assert examples[2].relevant == ("2_0", "2_1")  # the same sentence twice
    assert "1 question without an answer left out" in task.load("train", "en").notes


def test_on_dev_the_pool_of_squad_has_all_sentences_once(tmp_path: Path) -> None:
    task = made(SquadRetrieval, write_retrieval(SquadRetrieval, tmp_path))
    examples = rows(task, "dev", "en")
    assert [len(e.candidates) for e in examples] == [4, 0, 6, 0]
    assert examples[1].relevant == ("1_0",)


def test_questions_get_the_sentences_of_their_authors(real_data: Path) -> None:
    """Those of XQuAD-R cut the English passages, which are SQuAD's, by rules of their own."""
    breaks = json.loads((real_data / "lareqa/breaks.en.json").read_text("utf-8"))
    document = json.loads((real_data / "xquad/xquad.en.json").read_text("utf-8"))
    paragraphs = [p for article in document["data"] for p in article["paragraphs"]]
    same = asked = 0
    for borders, paragraph in zip(breaks, paragraphs, strict=True):
        context = paragraph["context"]
        cut = [(start, start + len(text)) for start, text in sentences(context)]
        for question in paragraph["qas"]:
            at = question["answers"][0]["answer_start"]
            theirs, ours = (next(s for s in every if s[0] <= at < s[1]) for every in (borders, cut))
            same += context[slice(*theirs)].strip() == context[slice(*ours)].strip()
            asked += 1
    assert asked == 1190
    assert same / asked > 0.975
