"""Predictions survive as a Parquet table, and others read it as it is."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlt_cli.problems import Prediction
from xlt_cli.runs.prediction_table import (
    decode,
    decode_answers,
    encode,
    encode_cell,
    without_probabilities,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
SHARE = st.integers(0, 10**6).map(lambda millionths: millionths / 10**6)
VALUES = st.dictionaries(st.sampled_from(["radius", "queries"]), st.floats(0, 100))


def rows(answer: st.SearchStrategy[object]) -> st.SearchStrategy[list[tuple[str, str, Prediction]]]:
    prediction = st.builds(
        Prediction,
        TEXT,
        answer,
        st.none() | answer,
        st.lists(SHARE, max_size=3).map(tuple),
        VALUES,
    )
    return st.lists(st.tuples(TEXT, TEXT, prediction), max_size=6)


WORDS = st.lists(st.none() | TEXT, max_size=4).map(tuple)
OTHERS = st.integers() | st.dictionaries(TEXT, TEXT | st.integers(), max_size=2)


@given(rows(TEXT) | rows(WORDS) | rows(OTHERS))
def test_without_probabilities_all_else_is_read_back(
    given_rows: list[tuple[str, str, Prediction]],
) -> None:
    bare = [(*pair, replace(row, probabilities=())) for *pair, row in given_rows]
    assert decode(without_probabilities(encode(given_rows))) == bare


@given(rows(TEXT) | rows(WORDS) | rows(OTHERS))
def test_what_is_written_is_read_back(given_rows: list[tuple[str, str, Prediction]]) -> None:
    content = encode(given_rows)
    assert decode(content) == given_rows
    ids, golds, predicted = decode_answers(content)
    assert ids == [p.id for _, _, p in given_rows]
    assert golds == [p.gold for _, _, p in given_rows]
    assert predicted == [p.predicted for _, _, p in given_rows]


def test_the_same_rows_are_the_same_bytes() -> None:
    cell = [("de", "de", Prediction(str(i), "a", "b", (0.25, 0.75))) for i in range(100)]
    assert encode(cell) == encode(list(cell))


def test_pandas_reads_it_as_it_is() -> None:
    cell = [
        ("de", "sw", Prediction("7", "yes", "no", (0.123457, 0.876543), {"radius": 0.5})),
        ("de", "sw", Prediction("8", "no", None, (0.5, 0.5))),
    ]
    frame = pandas.read_parquet(io.BytesIO(encode(cell)))
    assert list(frame.columns) == [
        "id", "first", "second", "gold", "predicted", "probabilities", "radius",
    ]  # fmt: skip
    assert frame["predicted"][0] == "no"
    assert pandas.isna(frame["predicted"][1])
    assert frame["probabilities"][0] == pytest.approx([0.123457, 0.876543])
    assert (frame["first"] == "de").all()


def test_a_list_and_a_text_are_not_mixed_up() -> None:
    mixed = [("en", "en", Prediction("1", "a", ("a", "b")))]  # type: ignore[arg-type]
    content = encode(mixed)
    assert decode(content) == mixed
    assert json.loads(pandas.read_parquet(io.BytesIO(content))["predicted"][0]) == ["a", "b"]


@pytest.mark.parametrize("content", [b"", b"PAR1", b'{"id": "1"}\n', encode([])[:-9]])
def test_what_is_no_table_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(content)


def test_a_table_of_others_is_refused() -> None:
    buffer = io.BytesIO()
    pandas.DataFrame({"id": ["1"], "gold": ["a"], "predicted": ["b"]}).to_parquet(buffer)
    with pytest.raises(ValueError, match="its format is 0"):
        decode_answers(buffer.getvalue())


def test_what_is_done_to_answers_of_one_cell_is_not_seen_in_another() -> None:
    """Ids that the last cell had are kept to be read faster, and so are equal labels."""
    rows = [("en", "en", Prediction(f"r{n}", "yn"[n % 2], [None, "y"][n % 2])) for n in range(6)]
    content = encode(rows)
    first = decode_answers(content)
    first[0].append("more")
    first[1].clear()
    assert decode_answers(content) == decode_answers(content)
    assert decode_answers(content)[0] == [f"r{n}" for n in range(6)]
    assert decode_answers(content)[1:] == (list("ynynyn"), [None, "y"] * 3)
    assert decode_answers(encode(rows[:3]))[0] == ["r0", "r1", "r2"]


@pytest.mark.parametrize(
    "predictions",
    [
        [Prediction("1", "a", "b", (0.25, 0.75)), Prediction("2", "b", None, (0.1, 0.9))],
        [Prediction("1", "a", "b", (0.25, 0.75)), Prediction("2", "b", None)],
        [Prediction("1", "a", "b"), Prediction("2", "b", "b", (), {"radius": 0.5})],
        [Prediction("1", ("O", "B"), ("O", None), (1.0,))],
        [Prediction("1", 0.5, 2)],
        [],
    ],
    ids=["probabilities", "of one", "values", "words", "numbers", "nothing"],
)
def test_a_cell_is_stored_as_its_rows_are(predictions: list[Prediction]) -> None:
    content = encode_cell(("en", "de"), predictions)
    assert content == encode([("en", "de", p) for p in predictions])
    assert decode(content) == [("en", "de", p) for p in predictions]
