"""The sets of intents and slots, and of similarity: in the authors' forms, and with mistakes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from set_tools import write_set

from xlt_cli.api import DataError, Task
from xlt_tasks.file_tasks import UTTERANCE, IntentTask, Release
from xlt_tasks.intents import Massive, XSid, tagged
from xlt_tasks.similarity import SickRelatedness, Sts17, StsB
from xlt_tasks.text_regression import TextRegression

Made = Callable[..., Task]


class Requests(IntentTask):
    """Requests whose files have a sentence a line."""

    api_version = 1
    name = "requests"
    summary = "requests"
    reference = "none"
    source_language = "en"
    slots = ("time",)
    intents = ("alarm_set",)
    folder = "requests"
    releases = (Release(columns=UTTERANCE),)


def save(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


@pytest.mark.parametrize("cls", [XSid, Massive, StsB, Sts17, SickRelatedness])
def test_all_forms_of_the_files_hold_the_same_rows(cls: Any, tmp_path: Path, task: Made) -> None:
    for number, release in enumerate(cls.releases):
        if ".gz" in str(release.files) or (release.columns.named and not release.columns.per_word):
            continue
        write_set(cls, tmp_path / str(number), release)
        made: Any = task(cls, path=tmp_path / str(number))
        language = made.languages("test")[0]
        rows = [(e.id, e.content()) for e in made.load("test", language).examples]
        assert len(rows) == 12
        assert rows[0][0].startswith("test-")


def test_conll_files_say_words_slots_and_intent(tmp_path: Path, task: Made) -> None:
    words = "1\tAr\tweather/find\tO\n2\tšiandien\tweather/find\tB-datetime\n"
    save(tmp_path / "lt.valid.conll", f"# id = 9\n# text = Ar šiandien\n{words}\n{words}")
    (first, _) = task(XSid, path=tmp_path).load("dev", "lt").examples
    assert (first.tokens, first.tags) == (("Ar", "šiandien"), ("O", "B-datetime"))  # type: ignore[attr-defined]
    assert first.intent == "weather/find"  # type: ignore[attr-defined]


def test_xsid_has_the_rows_of_its_manifest(real_data: Path, task: Made) -> None:
    made = task(XSid, path=real_data)
    assert made.languages("train") == ("en",)
    assert made.languages("test") == tuple(sorted(made.published_languages))
    assert len(made.load("train", "en").examples) == 6000
    for language in made.languages("test"):
        counts = [len(made.load(split, language).examples) for split in ("test", "dev")]
        assert counts == ([250, 150] if language == "ja" else [500, 300])


def test_words_that_are_empty_are_left_out_and_a_known_misprint_is_read(
    tmp_path: Path, task: Made
) -> None:
    save(tmp_path / "test-en.tsv", "go  now\tO O Orecurring_datetime\tPlayMusic\n")
    rows = task(XSid, path=tmp_path).load("test", "en")
    (only,) = rows.examples
    assert (only.tokens, only.tags) == (("go", "now"), ("O", "O"))  # type: ignore[attr-defined]
    assert rows.notes == ("1 empty word left out",)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("go now\tO\tPlayMusic", "2 words but 1 tags"),
        ("go now\tO O\tPlayMusik", "'PlayMusik' is not one of the task's"),
        ("go now\tO B-tracks\tPlayMusic", "'B-tracks' is not one of the task's"),
        ("go now\tO O", "2 columns, expected 3|no labels"),
        (" \tO O\tPlayMusic", "the column 'tokens' is empty"),
    ],
)
def test_mistakes_in_a_line_are_named(tmp_path: Path, task: Made, line: str, said: str) -> None:
    save(tmp_path / "test-en.tsv", f"a b\tO O\tPlayMusic\n{line}\n")
    with pytest.raises(DataError, match=said):
        task(XSid, path=tmp_path).load("test", "en")


@pytest.mark.parametrize("cell", [3, ["O", None], {"a": 1}])
@pytest.mark.parametrize("name", ["tokens", "slots", "intent"])
def test_cells_of_json_that_are_no_texts_are_named(
    tmp_path: Path, task: Made, name: str, cell: Any
) -> None:
    good = {"tokens": "go now", "slots": "O O", "intent": "PlayMusic"}
    save(tmp_path / "test-en.jsonl", f"{json.dumps(good)}\n{json.dumps(good | {name: cell})}\n")
    with pytest.raises(DataError, match=f"{name} is .*expected a text") as error:
        task(XSid, path=tmp_path).load("test", "en")
    assert error.value.where.endswith("test-en.jsonl:2")


@pytest.mark.parametrize("text", [3, ["a"], {"a": 1}])
def test_a_scored_text_that_is_no_text_is_named(tmp_path: Path, task: Made, text: Any) -> None:
    row = {"sentence1": text, "sentence2": "b", "score": 1}
    save(tmp_path / "test-en.jsonl", f"{json.dumps(row)}\n")
    with pytest.raises(DataError, match="text 1 is"):
        task(StsB, path=tmp_path).load("test", "en")


def test_a_sentence_with_two_intents_is_refused(tmp_path: Path, task: Made) -> None:
    save(tmp_path / "en.test.conll", "1\ta\tPlayMusic\tO\n2\tb\tRateBook\tO\n\n1\ta\tRateBook\tO\n")
    with pytest.raises(DataError, match="several intents: PlayMusic, RateBook"):
        task(XSid, path=tmp_path).load("test", "en")


def test_a_label_map_changes_labels_and_leaves_rows_out(tmp_path: Path, task: Made) -> None:
    save(tmp_path / "test-en.tsv", "a\tO\tPlay\nb\tB-song\tRateBook\nc\tO\tOther\n")
    maps = {"Play": "PlayMusic", "B-song": "B-track", "Other": "drop"}
    rows = task(XSid, path=tmp_path, label_map=maps).load("test", "en")
    assert [(e.intent, e.tags) for e in rows.examples] == [  # type: ignore[attr-defined]
        ("PlayMusic", ("O",)),
        ("RateBook", ("B-track",)),
    ]
    assert "'Other' (1)" in rows.notes[0]


def test_massive_takes_the_rows_of_a_split_by_their_ids(tmp_path: Path, task: Made) -> None:
    about = {"locale": "zh-CN", "intent": "alarm_set", "utt": "?"}
    said = {"train": "叫醒", "dev": "x", "test": "[time : 上午 9am] 叫醒"}
    lines = [
        json.dumps({**about, "id": str(7 + n), "partition": split, "annot_utt": text})
        for n, (split, text) in enumerate(said.items())
    ]
    save(tmp_path / "1.1" / "data" / "zh-CN.jsonl", "\n".join(lines) + "\n")
    (row,) = task(Massive, path=tmp_path).load("test", "zh-CN").examples
    assert row.id == "test-9"
    assert row.tokens == ("上", "午", "9am", "叫", "醒")  # type: ignore[attr-defined]
    assert row.tags == ("B-time", "I-time", "I-time", "O", "O")  # type: ignore[attr-defined]


@pytest.mark.parametrize("column", ["id", "locale", "partition", "annot_utt", "intent"])
def test_a_column_of_massive_that_is_null_is_refused(
    tmp_path: Path, task: Made, column: str
) -> None:
    row = {"locale": "de-DE", "partition": "test", "annot_utt": "x", "intent": "alarm_set"}
    lines = [json.dumps({"id": "1", **row}), json.dumps({"id": "2", **row, column: None})]
    save(tmp_path / "de-DE.jsonl", "\n".join(lines) + "\n")
    with pytest.raises(DataError, match=f"the column '{column}' is empty") as caught:
        task(Massive, path=tmp_path).load("test", "de-DE")
    assert caught.value.where.endswith("de-DE.jsonl:2")


@pytest.mark.parametrize("column", ["tokens", "slots", "intent"])
def test_a_column_of_utterances_that_is_null_is_refused(
    tmp_path: Path, task: Made, column: str
) -> None:
    row = {"tokens": "wake me", "slots": "O O", "intent": "alarm_set", column: None}
    save(tmp_path / "requests" / "test-en.jsonl", json.dumps(row) + "\n")
    with pytest.raises(DataError, match=f"the column '{column}' is empty"):
        task(Requests, path=tmp_path).load("test", "en")


WORDS = st.lists(st.sampled_from(["five", "am", "wake", "ü"]), min_size=1, max_size=3)


@given(st.lists(st.tuples(st.sampled_from(["", "time", "date"]), WORDS), max_size=5))
def test_an_annotation_is_read_as_it_was_written(parts: list[tuple[str, list[str]]]) -> None:
    text = " ".join(f"[{slot} : {' '.join(w)}]" if slot else " ".join(w) for slot, w in parts)
    expected = [
        (word, f"{'I' if n else 'B'}-{slot}" if slot else "O")
        for slot, words in parts
        for n, word in enumerate(words)
    ]
    assert list(tagged(text)) == expected


@pytest.mark.parametrize("text", ["[time : five", "five]", "[time five]", "[[time : a]]"])
def test_brackets_that_are_not_in_pairs_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="brackets"):
        list(tagged(text))
    assert list(tagged("[date : tomorrow]'s news")) == [("tomorrow's", "B-date"), ("news", "O")]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"locale": "fr-FR"}, "the row's locale is 'fr-FR', and the file is for 'de-DE'"),
        ({"annot_utt": "weck mich [time : ]"}, "the slot 'time' of .* has no words"),
    ],
)
def test_massive_refuses_a_row_of_another_language_and_an_empty_slot(
    tmp_path: Path, task: Made, changes: dict[str, Any], said: str
) -> None:
    row = {"id": "1", "locale": "de-DE", "partition": "test", "intent": "alarm_set"}
    row["annot_utt"] = "weck mich [time : um neun]"
    rows = [json.dumps(row), json.dumps({**row, "id": "2", **changes})]
    save(tmp_path / "de-DE.jsonl", "\n".join(rows) + "\n")
    with pytest.raises(DataError, match=said) as refused:
        task(Massive, path=tmp_path).load("test", "de-DE")
    assert refused.value.where.endswith("de-DE.jsonl:2")


def test_the_authors_files_of_similarity_are_read(tmp_path: Path, task: Made) -> None:
    genres = 'main\tMSR\t2012\t1\t3.800\tA "man", he\tA dog\nmain\tMSR\t2012\t2\t0\tb\tc\tsrc\n'
    save(tmp_path / "b" / "sts-test.csv", genres)
    save(tmp_path / "m" / "stsb-de-test.csv", '"Ein Mann, er",Ein Hund,3.8\na,b,0.0\n')
    sick = "pair_ID\tsentence_A\tsentence_B\trelatedness_score\tentailment_judgment\n"
    save(tmp_path / "s" / "SICK_trial.txt", f"{sick}4\tA man\tA dog\t4.5\tNEUTRAL\n")
    save(tmp_path / "t" / "STS2017.es-es.txt", "Un hombre\tUn perro\t2.4\n")
    found = [
        task(cls, path=tmp_path / folder).load(split, language).examples[0]
        for cls, folder, split, language in (
            (StsB, "b", "test", "en"),
            (StsB, "m", "test", "de"),
            (SickRelatedness, "s", "dev", "en"),
            (Sts17, "t", "test", "es"),
        )
    ]
    assert [(e.texts, e.score) for e in found] == [  # type: ignore[attr-defined]
        (('A "man", he', "A dog"), 3.8),
        (("Ein Mann, er", "Ein Hund"), 3.8),
        (("A man", "A dog"), 4.5),
        (("Un hombre", "Un perro"), 2.4),
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("a\tb\tmuch", "the score is 'much', expected a number"),
        ("a\tb\tnan", "the score is 'nan', expected a number"),
        ("a\tb\t1_5", "the score is '1_5', expected a number"),
        ("a\tb\t3,5", "the score is '3,5', expected a number"),
        ("a\tb\t", "there is no score"),
        ("a\tb\t7", "the score 7 is not from 0 to 5"),
        ("a\t \t3", "text 2 is empty"),
    ],
)
def test_mistakes_in_scores_are_named(tmp_path: Path, task: Made, line: str, said: str) -> None:
    save(tmp_path / "test-en.tsv", f"x\ty\t1\n{line}\n")
    with pytest.raises(DataError, match=said) as caught:
        task(StsB, path=tmp_path).load("test", "en")
    assert "test-en.tsv:2" in caught.value.where


def test_ones_own_numbers_have_a_scale_and_columns(tmp_path: Path, task: Made) -> None:
    save(tmp_path / "test-en.tsv", "mood\tbody\n-0.5\tgood\n1\tbad\n")
    given: dict[str, Any] = {"path": tmp_path, "texts": 1, "columns": ["body", "mood"]}
    own: Any = task(TextRegression, **given, scale=[-1, 1])
    assert [(e.texts, e.score) for e in own.load("test", "en").examples] == [
        (("good",), -0.5),
        (("bad",), 1.0),
    ]
    assert own.problem.of(own).scale == (-1.0, 1.0)
    for wrong in ({"scale": [1, 1]}, {"columns": ["a", "b", "c"]}):
        with pytest.raises(ValueError, match=r"lowest number|has 3 names"):
            task(TextRegression, **{**given, **wrong})


@pytest.mark.parametrize("cls", [XSid, StsB])
def test_hints_name_no_parameters_that_the_task_lacks(cls: Any, tmp_path: Path, task: Made) -> None:
    save(tmp_path / "xsid-train-sw.tsv", "a\tb\n")
    save(tmp_path / "xsid-testing-sw.tsv", "a\tb\n")
    hint = task(cls, path=tmp_path).missing("train")
    assert hint.startswith("expected files named ")
    assert hint.endswith("it contains: xsid-testing-sw.tsv, xsid-train-sw.tsv")
    assert not {"files", "splits", "columns"} & set(cls.Params.model_fields)
    assert "`" not in hint


def test_the_first_line_of_a_task_without_columns_may_be_a_header(
    tmp_path: Path, task: Made
) -> None:
    save(tmp_path / "test-en.tsv", "sentence\tslots\tpurpose\nwake me\tO O\talarm_set\n")
    with pytest.raises(DataError) as caught:
        task(Requests, path=tmp_path).load("test", "en")
    assert caught.value.hint.startswith("if the first line is a header, take it out; ")
    assert "`columns" not in caught.value.hint
