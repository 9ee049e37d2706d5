"""A hash of rows changes with everything that counts, and with nothing else."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from xlt_cli.api import Example, SequenceExample, TokenExample
from xlt_cli.data.hashing import data_hash

ROW = SequenceExample("dev-1", ("a b", "c"), "1", ("en", "en"))
SENTENCE = TokenExample("dev-1", ("a", "b"), ("O", "B-X"), ("en",))


def test_everything_that_counts_changes_the_hash() -> None:
    rows: list[list[Example]] = [
        [],
        [ROW],
        [ROW, ROW],
        [replace(ROW, id="dev-2")],
        [replace(ROW, label="0")],
        [replace(ROW, texts=("a b", "d"))],
        [replace(ROW, texts=("c", "a b"))],
        [replace(ROW, texts=("a bc",))],
        [replace(ROW, texts=("a", "b", "c"))],
        [SENTENCE],
        [replace(SENTENCE, tags=("B-X", "O"))],
        [replace(SENTENCE, tokens=("a", "B"))],
        [ROW, replace(ROW, id="dev-2")],
        [replace(ROW, id="dev-2"), ROW],
    ]
    assert len({data_hash(found) for found in rows}) == len(rows)


def test_the_hash_is_the_same_on_every_machine() -> None:
    line = '["dev-1", ["Straße\u2028", "猫"], "1"]\n'  # published results name such hashes
    expected = hashlib.sha256(line.encode("utf-8")).hexdigest()
    assert data_hash([replace(ROW, texts=("Straße\u2028", "猫"))]) == expected


@given(st.lists(st.text(), min_size=2, max_size=2), st.lists(st.text(), min_size=2, max_size=2))
def test_different_texts_have_different_hashes(first: list[str], second: list[str]) -> None:
    hashes = [data_hash([replace(ROW, texts=tuple(texts))]) for texts in (first, second)]
    assert (hashes[0] == hashes[1]) is (first == second)


def test_lone_surrogates_are_hashed_too() -> None:
    assert data_hash([replace(ROW, texts=("\ud800",))]) != data_hash([replace(ROW, texts=("?",))])
