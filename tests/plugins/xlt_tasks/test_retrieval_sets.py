"""The sets of retrieval are read as they are published, and refused where they cannot be right."""

from __future__ import annotations

import json
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

import pytest
from retrieval_tools import PASSAGES, ROWS, write_retrieval

from xlt_cli.api import DataError
from xlt_cli.problems import Candidate, RetrievalExample
from xlt_cli.spec.resolution import resolve
from xlt_cli.spec.source import Source
from xlt_cli.spec.yaml_lines import parse
from xlt_tasks.retrieval import AlignedSentences
from xlt_tasks.retrieval.bucc import Bucc
from xlt_tasks.retrieval.lareqa import Lareqa
from xlt_tasks.retrieval.mewsli_x import MewsliX, MewsliXPairs
from xlt_tasks.retrieval.sib200 import Sib200Retrieval
from xlt_tasks.retrieval.squad import SquadRetrieval, sentences
from xlt_tasks.retrieval.tatoeba import Tatoeba


def rows(task: Any, split: str, language: str) -> tuple[RetrievalExample, ...]:
    examples: tuple[RetrievalExample, ...] = task.load(split, language).examples
    assert not any(example.fault() for example in examples)
    return examples


def made(kind: type[Any], folder: Path, **params: Any) -> Any:
    return kind(kind.Params(path=folder, **params))


def test_tatoeba_reads_the_authors_files(tmp_path: Path) -> None:
    task = made(Tatoeba, write_retrieval(Tatoeba, tmp_path))
    assert task.languages("test") == ("deu", "fra")
    assert task.languages("dev") == ()
    first, *others = rows(task, "test", "deu")
    found = (Candidate("1", "deu sentence 0", "deu"),)
    assert first == RetrievalExample.of("test-1", "eng sentence 0", "en", found, ["1"])
    assert len(others) == ROWS - 1
    reverse = made(Tatoeba, tmp_path, query="language")
    assert rows(reverse, "test", "deu")[1].query == "deu sentence 7"
    assert rows(reverse, "test", "deu")[1].languages == ("deu", "en")


def test_tatoeba_reads_columns_and_refuses_a_sorted_side(tmp_path: Path) -> None:
    (tmp_path / "sw-en.tsv").write_text("moja\tone\nmbili\ttwo\ntatu\tthree\n", "utf-8")
    assert rows(made(Tatoeba, tmp_path), "test", "sw")[2].query == "three"
    lines = "".join(f"neno {number * 7 % 50}\tword {number:03}\n" for number in range(50))
    (tmp_path / "th-en.tsv").write_text(lines, "utf-8")
    with pytest.raises(DataError, match="alphabetical order"):
        rows(made(Tatoeba, tmp_path), "test", "th")


def test_pairs_of_another_set_may_be_sorted_by_their_translations(tmp_path: Path) -> None:
    class Proverbs(AlignedSentences):
        """Sayings and what they mean."""

        name = "proverbs"
        source_language = "swa"
        folder = "proverbs"

    lines = "".join(f"neno {number * 7 % 50}\tword {number:03}\n" for number in range(50))
    (tmp_path / "test-swa.tsv").write_text(lines, "utf-8")
    assert rows(made(Proverbs, tmp_path), "test", "swa")[2].query == "neno 14"


@pytest.mark.parametrize("pair", [("neno", None), (None, "word")])
def test_a_sentence_that_is_null_is_empty(tmp_path: Path, pair: tuple[str | None, ...]) -> None:
    lines = [json.dumps({"1": one, "2": other}) for one, other in (("moja", "one"), pair)]
    (tmp_path / "sw-en.jsonl").write_text("\n".join(lines), "utf-8")
    with pytest.raises(DataError, match="a sentence of the pair is empty") as caught:
        rows(made(Tatoeba, tmp_path), "test", "sw")
    assert caught.value.where.endswith("pair 2")


@pytest.mark.parametrize("fault", ["lines", "language", "empty"])
def test_tatoeba_says_what_is_wrong(tmp_path: Path, fault: str) -> None:
    task = made(Tatoeba, write_retrieval(Tatoeba, tmp_path))
    english = task.params.path / "tatoeba.deu-eng.eng"
    if fault == "lines":
        english.write_text("one line\n", "utf-8")
    elif fault == "empty":
        english.write_text("a\n\nc\nd\ne\nf\n", "utf-8")
    what = {"lines": "6 and 1 lines", "language": "no test file", "empty": "is empty"}[fault]
    with pytest.raises(DataError, match=what):
        rows(task, "test", "swe" if fault == "language" else "deu")


def test_sib200_pairs_each_language_with_the_pivot(tmp_path: Path) -> None:
    folder = write_retrieval(Sib200Retrieval, tmp_path)
    task = made(Sib200Retrieval, folder)
    assert task.languages("train") == ("deu_Latn", "swh_Latn")
    second = rows(task, "train", "swh_Latn")[1]
    assert (second.query, second.candidates[0].text) == ("swh_Latn train 7", "eng_Latn train 7")
    other = made(Sib200Retrieval, folder, pivot="deu_Latn")
    assert rows(other, "test", "swh_Latn")[1].languages == ("swh_Latn", "deu_Latn")
    (folder / "test-swh_Latn.tsv").write_text("only one\tsports\n", "utf-8")
    with pytest.raises(DataError, match="its sentences are not those of 'eng_Latn'"):
        rows(task, "test", "swh_Latn")


def test_bucc_has_each_sentence_once_and_pairs_side_by_side(tmp_path: Path) -> None:
    task = made(Bucc, write_retrieval(Bucc, tmp_path))
    assert task.languages("test") == ("de", "fr")
    assert task.languages("train") == ()
    examples = rows(task, "dev", "de")
    assert [e.id for e in examples[:6]] == [f"de-{n}" for n in range(1, 7)]
    found = [candidate.key for e in examples for candidate in e.candidates]
    assert sorted(found) == [f"en-{n}" for n in range(1, 9)]
    assert {e.id: e.relevant for e in examples if e.relevant} == {
        "de-2": ("en-7",),
        "de-5": ("en-1",),
    }
    assert examples[1].candidates[0].key == "en-7"
    assert [bool(e.query) for e in examples] == [True] * 6 + [False] * 2


def test_a_sentence_of_bucc_may_have_several_translations(tmp_path: Path) -> None:
    folder = write_retrieval(Bucc, tmp_path)
    (folder / "de-en.dev.gold").write_text("de-2\ten-7\nde-5\ten-1\nde-2\ten-3\n", "utf-8")
    examples = rows(made(Bucc, folder), "dev", "de")
    assert examples[1].relevant == ("en-7", "en-3")
    assert [candidate.key for candidate in examples[1].candidates] == ["en-7", "en-3"]
    found = [candidate.key for e in examples for candidate in e.candidates]
    assert sorted(found) == [f"en-{n}" for n in range(1, 9)]


@pytest.mark.parametrize(
    ("file", "text", "what"),
    [
        ("de-en.dev.gold", "de-2\ten-99\n", "no sentences of a gold pair"),
        ("de-en.dev.gold", "de-2 en-7\n", "two fields"),
        ("de-en.dev.gold", "de-2\ten-7\t1\n", "two fields"),
        ("de-en.dev.de", "de-1\ta\tb\n", "two fields"),
        ("de-en.dev.de", "de-1\t\n", "two fields"),
        ("de-en.dev.de", "de-1\ta\nde-2\tb\nde-1\tc\n", "the id 'de-1' occurs twice"),
    ],
)
def test_bucc_says_what_is_wrong(tmp_path: Path, file: str, text: str, what: str) -> None:
    folder = write_retrieval(Bucc, tmp_path)
    (folder / file).write_text(text, "utf-8")
    with pytest.raises(DataError, match=what):
        rows(made(Bucc, folder), "dev", "de")


@pytest.mark.parametrize("name", ["bucc", "tatoeba"])
def test_the_pivot_of_a_set_is_no_language_of_it_and_no_fault_of_its_plugin(
    tmp_path: Path, name: str
) -> None:
    task = {"bucc": Bucc, "tatoeba": Tatoeba}[name]
    folder = write_retrieval(task, tmp_path)
    assert made(task, folder).row_languages("en") == ("en",)
    stage = {"task": {"name": name, "path": str(folder)}, "max_steps": 2}
    text = json.dumps({"encoder": "mbert", "stages": [stage]})
    experiment = resolve(Source(parse(text, Path("spec.yaml")), text))
    assert experiment.stages[0].sources[0].languages == ("en",)  # of which there are no rows


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


def test_mewsli_x_asks_for_mentions_in_their_sentence(tmp_path: Path) -> None:
    task = made(MewsliX, write_retrieval(MewsliX, tmp_path))
    assert task.languages("test") == ("ar", "de")
    assert task.languages("train") == ()
    one, other = rows(task, "test", "de")
    assert one.id == "test-test1"
    assert one.query == "Bonn: Anna (sagt) in { Bonn } etwas (dazu)."
    assert other.query == "Anna: { Anna } (sagt) in Bonn etwas (dazu)."
    assert (one.relevant, one.candidates[0].key) == (("Q3",), "Q3")
    assert one.candidates[0] == Candidate("Q3", "Entity 3 in de. It is known.", "de")
    pool = [c.key for e in (one, other) for c in e.candidates]
    assert sorted(pool) == [f"Q{number}" for number in range(9)]  # each once
    assert abs(len(one.candidates) - len(other.candidates)) <= 1
    assert {c.language for c in other.candidates} <= set(task.row_languages("de"))


def test_mewsli_x_has_english_pairs_to_train_on(tmp_path: Path) -> None:
    task = made(MewsliXPairs, write_retrieval(MewsliXPairs, tmp_path))
    assert task.languages("train") == ("en",)
    (one,) = rows(task, "train", "en")
    found = [Candidate("Q3", "Entity 3 in en. It is known.", "en")]
    query = "Bonn: Anna came to { Bonn } ."
    assert one == RetrievalExample.of("train-train3", query, "en", found, ["Q3"])


MENTIONS, ENTITIES, PAIRS = (
    "wikinews_mentions-test",
    "candidate_set_entities",
    "wikipedia_pairs-train",
)


@pytest.mark.parametrize("fault", ["absent", "null", "no object"])
@pytest.mark.parametrize(
    ("name", "way"),
    [
        (MENTIONS, "context"),
        (MENTIONS, "context language"),
        (MENTIONS, "context text"),
        (MENTIONS, "context sentence_spans"),
        (MENTIONS, "mentions"),
        (MENTIONS, "mentions 0 entity_id"),
        (MENTIONS, "mentions 0 mention_span"),
        (MENTIONS, "mentions 0 mention_span start"),
        (ENTITIES, "entity_id"),
        (ENTITIES, "description"),
        (ENTITIES, "description_language"),
        (ENTITIES, "sentence_spans"),
        (PAIRS, "entity"),
        (PAIRS, "entity entity_id"),
        (PAIRS, "contextual_mention mention"),
        (PAIRS, "contextual_mention context text"),
    ],
)
def test_mewsli_x_names_the_line_that_lacks_something(
    tmp_path: Path, name: str, way: str, fault: str
) -> None:
    of: Any = MewsliXPairs if name == PAIRS else MewsliX
    path = write_retrieval(of, tmp_path) / f"{name}.jsonl"
    lines = path.read_text("utf-8").splitlines()
    found = json.loads(lines[0])
    *before, last = (int(key) if key.isdecimal() else key for key in way.split())
    inner = reduce(getitem, before, found)
    if fault == "absent":
        del inner[last]
    else:
        inner[last] = None
    first = "[1]" if fault == "no object" else json.dumps(found)
    path.write_text("\n".join([first, *lines[1:]]), "utf-8")
    with pytest.raises(DataError) as refused:
        rows(made(of, path.parent), *(("train", "en") if name == PAIRS else ("test", "de")))
    assert refused.value.where.startswith(str(path))
    if fault == "no object":
        assert refused.value.what == "a JSON list, expected an object"
        assert refused.value.where == f"{path}:1"
    elif fault == "absent":
        assert refused.value.what == f"there is no '{last}'"
        assert refused.value.where == f"{path}:1"


@pytest.mark.parametrize("fault", ["no text", "entity", "candidates", "json", "language"])
def test_mewsli_x_says_what_is_wrong(tmp_path: Path, fault: str) -> None:
    task = made(MewsliX, write_retrieval(MewsliX, tmp_path))
    path = task.params.path / "wikinews_mentions-test.jsonl"
    lines = path.read_text("utf-8").splitlines()
    article = json.loads(lines[0])
    what = "no test file of 'mewsli-x' for the language 'fa'"
    if fault == "no text":  # as published, before the texts are put in
        article["context"]["text"] = ""
        what = "the mention 'Bonn' is not where it should be"
    elif fault == "entity":
        article["mentions"][0]["entity_id"] = "Q77"
        what = "no entity 'Q77'"
    elif fault == "candidates":
        (path.parent / "candidate_set_entities.jsonl").unlink()
        what = "no such file"
    elif fault == "json":
        what = "not valid JSON"
    text = "{" if fault == "json" else json.dumps(article)
    path.write_text("\n".join([text, *lines[1:]]), "utf-8")
    with pytest.raises(DataError, match=what):
        rows(task, "test", "fa" if fault == "language" else "de")


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
