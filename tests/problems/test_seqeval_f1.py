"""seqeval's F1 of tags that are no entities: the one that XTREME's evaluate.py computes is the
reference."""

from __future__ import annotations

import os
import random
import warnings
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics import f1_score

from xlt_cli.problems import Prediction, TokenLabelling
from xlt_cli.problems.seqeval_f1 import SeqevalF1
from xlt_tasks.parts_of_speech import UPOS, UdPos

METRIC = SeqevalF1()
PROBLEMS = {
    "parts of speech": TokenLabelling(UPOS, "none"),
    "entities": TokenLabelling(("O", "B-PER", "I-PER", "B-LOC", "I-LOC")),
    "marks": TokenLabelling(("O", "S-PER", "E-PER", "B-PER", "I-PER", "."), "none"),
}
Rows = list[list[tuple[str, str]]]


def read_tag(path: Path) -> list[list[str]]:
    """As evaluate.py of google-research/xtreme reads the tags of predictions and of gold files."""
    labels: list[list[str]] = []
    example: list[str] = []
    for line in path.read_text("utf-8").splitlines():
        if line.strip():
            example.append(line.strip())
        else:
            labels.append(example)
            example = []
    return labels + ([example] if example else [])


def official(gold: list[list[str]], told: list[list[str]]) -> float:
    """`f1` of evaluate.py, as a share."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tags seem not to be those of entities
        return float(f1_score(gold, told))


def own(problem: TokenLabelling, gold: list[list[str]], told: list[list[str | None]]) -> float:
    pairs = zip(gold, told, strict=True)
    predictions = [Prediction(str(n), tuple(g), tuple(t)) for n, (g, t) in enumerate(pairs)]
    return float(METRIC.score(problem, METRIC.statistics(problem, predictions).sum(0)))


@pytest.mark.parametrize("kind", PROBLEMS)
@given(data=st.data())
def test_it_is_that_of_the_official_script(kind: str, data: st.DataObject) -> None:
    problem = PROBLEMS[kind]
    tags = st.sampled_from(problem.labels)
    word = st.tuples(tags, tags).map(lambda two: two if two[0] < "P" else (two[0], two[0]))
    rows: Rows = data.draw(st.lists(st.lists(word, min_size=1, max_size=9), min_size=1, max_size=6))
    rows = [row for row in rows if "X" not in row[0]] or [[("DET", "DET")]]
    gold = [[one for one, _ in row] for row in rows]
    told = [[other for _, other in row] for row in rows]
    assert own(problem, gold, told) == pytest.approx(official(gold, told))  # type: ignore[arg-type]


def test_it_is_that_of_the_script_on_its_files(tmp_path: Path) -> None:
    """Neighbours of one tag are one chunk, CCONJ and SCONJ are one type, S marks single words."""
    files = {
        "gold": "DET\nNOUN\nNOUN\nVERB\n\nSCONJ\nCCONJ\nPRON\nPRON\nPUNCT\n",
        "told": "DET\nNOUN\nPROPN\nVERB\n\nCCONJ\nCCONJ\nPRON\nPRON\nSYM\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
    gold, told = (read_tag(tmp_path / name) for name in files)
    expected = official(gold, told)
    assert 0 < expected < 1
    found = own(PROBLEMS["parts of speech"], gold, told)  # type: ignore[arg-type]
    assert found == pytest.approx(expected)
    words = sum(a == b for g, t in zip(gold, told, strict=True) for a, b in zip(g, t, strict=True))
    assert found != pytest.approx(words / 9)


def test_a_sentence_that_begins_with_x_does_not_look_at_the_one_before() -> None:
    """seqeval begins its chunk where the last one of the sentence before began."""
    gold, told = [["DET", "NOUN"], ["X", "ADV"]], [["DET", "DET"], ["X", "ADV"]]
    found = own(PROBLEMS["parts of speech"], gold, told)  # type: ignore[arg-type]
    assert found == pytest.approx(2 * 2 / (4 + 3))
    assert official(gold, told) == pytest.approx(2 * 1 / (4 + 3))
    assert official(gold[1:], told[1:]) == 1


def test_a_word_that_was_cut_off_is_in_no_chunk() -> None:
    problem = PROBLEMS["parts of speech"]
    assert own(problem, [["DET", "NOUN"]], [["DET", None]]) == pytest.approx(2 / 3)
    nothing = METRIC.score(problem, np.zeros(3))
    assert nothing == 0


def test_parts_of_speech_of_xtreme_are_scored_by_it() -> None:
    assert UdPos.metrics == (SeqevalF1.name,)
    assert not METRIC.problem_fault(PROBLEMS["parts of speech"])


@pytest.mark.skipif(not os.environ.get("XLT_DATA_DIR"), reason="it needs the real data")
@pytest.mark.parametrize(("language", "starts_with_x", "most"), [("fa", 0, 1e-9), ("lt", 17, 5e-4)])
def test_of_a_treebank_it_is_that_of_the_script(
    language: str, starts_with_x: int, most: float
) -> None:
    path = Path(os.environ["XLT_DATA_DIR"]) / "udpos" / f"dev-{language}.tsv"
    lines = path.read_text("utf-8").splitlines()
    tags = [line.rpartition("\t")[2] for line in lines]
    gold = [list(sentence) for word, sentence in groupby(tags, bool) if word]
    assert sum(sentence[0] == "X" for sentence in gold) == starts_with_x
    rng = random.Random(1)
    told = [[t if rng.random() < 0.85 else rng.choice(UPOS) for t in s] for s in gold]
    found = own(PROBLEMS["parts of speech"], gold, told)  # type: ignore[arg-type]
    assert 0.7 < found < 0.9
    assert found == pytest.approx(official(gold, told), abs=most)
