"""The answers of an archived run come back as they were, in their order."""

from __future__ import annotations

import io

import pandas
from hypothesis import given
from hypothesis import strategies as st

from xlt_cli.reproduce.answers import answers_of, table_of
from xlt_cli.runs.cells import Pair
from xlt_cli.runs.predictions import Answers

LABEL = st.sampled_from(["a", "b", "ä", ""])
TAGS = st.lists(LABEL, max_size=3).map(tuple)
IDS = st.lists(st.sampled_from([f"test-{i}" for i in range(7)]), max_size=7)


def cell(answer: st.SearchStrategy[object]) -> st.SearchStrategy[Answers]:
    def of(ids: list[str]) -> st.SearchStrategy[Answers]:
        golds = st.lists(answer, min_size=len(ids), max_size=len(ids))
        told = st.lists(answer | st.none(), min_size=len(ids), max_size=len(ids))
        return st.builds(Answers, st.just(ids), golds, told)

    return IDS.flatmap(of)


PAIRS = [("en", "en"), ("de", "de"), ("en", "de")]


@given(
    st.lists(cell(LABEL), max_size=3)
    | st.lists(cell(TAGS), max_size=3)
    | st.lists(cell(st.integers()), max_size=3)
)
def test_answers_round_trip(cells: list[Answers]) -> None:
    answers: dict[Pair, Answers] = dict(zip(PAIRS, cells, strict=False))
    again = answers_of(table_of(answers), list(answers))
    assert again == answers
    assert list(again) == list(answers)


def test_answers_to_one_item_stand_side_by_side_for_any_reader() -> None:
    ids = ["1", "2"]
    answers = {
        ("en", "en"): Answers(ids, ["a", "b"], ["a", "b"]),
        ("de", "de"): Answers(ids, ["a", "b"], ["b", None]),
    }
    frame = pandas.read_parquet(io.BytesIO(table_of(answers)))
    assert frame["id"].tolist() == ["1", "1", "2", "2"]
    assert frame["first"].tolist() == ["en", "de", "en", "de"]
    right = (frame["gold"] == frame["predicted"]).groupby(frame["first"]).mean()
    assert right.to_dict() == {"de": 0.0, "en": 1.0}
