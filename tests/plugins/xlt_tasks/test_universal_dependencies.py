"""Treebanks in CoNLL-U: which lines are words, whose treebanks they are, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from xlt_cli.api import Task
from xlt_cli.problems import TokenLabelling
from xlt_tasks.parts_of_speech import UPOS, MasakhaPos, UdPos
from xlt_tasks.universal_dependencies import Ud

Made = Callable[..., Task]
Line = tuple[str, str, str]
GSD: list[list[Line]] = [
    [("1", "Ich", "PRON"), ("2-3", "zum", "_"), ("2", "zu", "ADP"), ("3", "dem", "DET")],
    [("1", "#", "SYM"), ("2", "10 000", "NUM"), ("2.1", "sind", "AUX"), ("3", "_", "PUNCT")],
]
TWO = [[("1", "Hallo", "INTJ")], [("1", "Welt", "NOUN")]]


def conllu(sentences: list[list[Line]]) -> str:
    """A file of sentences with comments, and with a lemma and a head for each line."""
    blocks = []
    for number, lines in enumerate(sentences, 1):
        text = " ".join(form for _, form, _ in lines)
        rows = [
            "\t".join((id_, form, form.lower(), upos, "_", "_", "0", "root", "_", "SpaceAfter=No"))
            for id_, form, upos in lines
        ]
        comments = [f"# sent_id = {number}", f"# text = {text}", "# newpar", "#"]
        blocks.append("\n".join((*comments, *rows)) + "\n")
    return "\n".join(blocks) + "\n"


@pytest.fixture
def treebanks(tmp_path: Path) -> Path:
    """A folder of treebanks as a release of Universal Dependencies has it."""
    for name, sentences in {
        "UD_German-GSD/de_gsd-ud-test": GSD,
        "UD_German-HDT/de_hdt-ud-train-a-1": TWO,
        "UD_German-HDT/de_hdt-ud-train-a-2": TWO[:1],
        "UD_German-PUD/de_pud-ud-test": TWO,
        "UD_Swahili-X/sw_x-ud-test": [[("1", "_", "NOUN"), ("2", "_", "VERB")]],
    }.items():
        path = tmp_path / f"{name}.conllu"
        path.parent.mkdir(exist_ok=True)
        path.write_text(conllu(sentences), "utf-8")
    return tmp_path


def test_treebanks_of_a_language_are_joined_and_a_note_says_which(
    treebanks: Path, task: Made
) -> None:
    ud = task(Ud, path=treebanks)
    assert ud.languages("test") == ("de", "sw")
    assert ud.languages("dev") == ()
    rows: Any = ud.load("test", "de")
    assert [(e.id, e.tokens, e.tags) for e in rows.examples] == [
        ("test-gsd-1", ("Ich", "zu", "dem"), ("PRON", "ADP", "DET")),
        ("test-gsd-2", ("#", "10 000", "_"), ("SYM", "NUM", "PUNCT")),
        ("test-pud-1", ("Hallo",), ("INTJ",)),
        ("test-pud-2", ("Welt",), ("NOUN",)),
    ]
    assert rows.notes == ("2 treebanks joined: gsd (2 sentences), pud (2 sentences)",)


@pytest.mark.parametrize("treebank", ["PUD", ["pud"]])
def test_one_treebank_has_the_same_ids_alone(treebanks: Path, task: Made, treebank: Any) -> None:
    everything = task(Ud, path=treebanks).load("test", "de")
    rows = task(Ud, path=treebanks, treebank=treebank).load("test", "de")
    assert rows.examples == everything.examples[2:]
    assert rows.notes == ()
    alone = task(Ud, path=treebanks / "UD_German-PUD").load("test", "de")
    assert alone.examples == rows.examples
    assert alone.source.endswith("de_pud-ud-test.conllu")


def test_the_parts_of_a_large_treebank_are_one(treebanks: Path, task: Made) -> None:
    rows = task(Ud, path=treebanks).load("train", "de")
    assert [e.id for e in rows.examples] == ["train-hdt-1", "train-hdt-2", "train-hdt-3"]
    assert rows.notes == ()


def test_what_cannot_be_read_is_said(treebanks: Path, task: Made, failure: Any) -> None:
    error = failure(task(Ud, path=treebanks, treebank="gds").load, "test", "de")
    assert error.what == "there is no treebank 'gds'"
    assert error.hint == "known: gsd, pud"
    error = failure(task(Ud, path=treebanks).load, "test", "sw")
    assert error.what == "the words of x are withheld: each of them is _"
    other = treebanks / "UD_Swahili-Y" / "sw_y-ud-test.conllu"
    other.parent.mkdir()
    other.write_text(conllu([[("1", "_", "PUNCT"), ("2", "habari", "NOUN")]]), "utf-8")
    rows = task(Ud, path=treebanks).load("test", "sw")
    assert [e.id for e in rows.examples] == ["test-y-1"]
    assert rows.notes == ("x: left out, its words are withheld",)
    copy = treebanks / "copy" / "sw_y-ud-test.conllu"
    copy.parent.mkdir()
    copy.write_text(other.read_text("utf-8"), "utf-8")
    error = failure(task(Ud, path=treebanks).load, "test", "sw")
    assert error.what == "sw_y-ud-test.conllu is there 2 times"


def test_a_tag_that_is_none_is_refused_with_its_line_or_mapped(
    tmp_path: Path, task: Made, failure: Any
) -> None:
    path = tmp_path / "de_gsd-ud-dev.conllu"
    path.write_text(conllu([*TWO, [("1", "?", "_")]]), "utf-8")
    error = failure(task(Ud, path=tmp_path).load, "dev", "de")
    assert error.what == "the label '_' is not one of the task's"
    assert error.where == f"{path}:17"
    rows: Any = task(Ud, path=tmp_path, tag_map={"_": "X"}).load("dev", "de")
    assert rows.examples[2].tags == ("X",)


FORMS = st.text(
    st.characters(blacklist_categories=("Cc", "Cs", "Zl", "Zp"), blacklist_characters="\x85"),
    min_size=1,
    max_size=4,
).filter(lambda form: form == form.strip())


@st.composite
def sentences(draw: Any) -> list[Line]:
    """Words, some of them in a multiword token, and empty nodes between them."""
    lines: list[Line] = []
    for number in range(1, draw(st.integers(1, 4)) + 1):
        if draw(st.booleans()):
            lines.append((f"{number}-{number + 1}", draw(FORMS), "_"))
        lines.append((str(number), draw(FORMS), draw(st.sampled_from(UPOS))))
        if draw(st.booleans()):
            lines.append((f"{number}.1", draw(FORMS), "VERB"))
    return lines


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(sentences(), min_size=1, max_size=3))
def test_words_are_those_that_the_package_conllu_reads(
    tmp_path: Path, task: Made, written: list[list[Line]]
) -> None:
    parser = pytest.importorskip("conllu")
    text = conllu(written)
    (tmp_path / "de_gsd-ud-test.conllu").write_text(text, "utf-8")
    rows: Any = task(Ud, path=tmp_path, treebank="gsd")
    parsed = [
        [(word["form"], word["upos"]) for word in sentence if isinstance(word["id"], int)]
        for sentence in parser.parse(text)
    ]
    forms = [form for sentence in parsed for form, _ in sentence]
    assume(forms.count("_") <= len(forms) / 2)  # otherwise they are withheld
    read: Any = rows.load("test", "de").examples
    assert [list(zip(e.tokens, e.tags, strict=True)) for e in read] == parsed


def test_they_are_scored_word_by_word(task: Made) -> None:
    for of in (Ud, UdPos, MasakhaPos):
        made: Any = task(of)
        problem = TokenLabelling.of(made)
        assert (made.metric, problem.metric_names[0], problem.scoring) == (
            "accuracy",
            "accuracy",
            "words",
        )
        assert made.labels == UPOS
        assert len(UPOS) == 17


def test_xtremes_test_files_without_tags_are_refused(write: Any, task: Made, failure: Any) -> None:
    path = write("udpos/test-sw.tsv", "Habari", "yako", "", "Nzuri", "")
    error = failure(task(UdPos, path=path.parent).load, "test", "sw")
    assert error.what == "the file has no labels"
