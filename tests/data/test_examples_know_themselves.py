"""Hashes and edits ask the examples, of whatever problem they are."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import pytest

from xlt_cli.api import Edit, Example, ExampleText, SequenceExample, TokenExample
from xlt_cli.data.hashing import data_hash, text_hash
from xlt_cli.problems import TokenLabelling
from xlt_cli.registry.checks.examples import example_fault
from xlt_perturbations.typos import Typos

PAIR = SequenceExample("1", ("a cat", "eine Katze"), "yes", ("en", "de"))
SENTENCE = TokenExample("2", ("Anna", "sings"), ("B-PER", "O"), ("en",))


@dataclass(frozen=True, slots=True)
class Riddle(Example):
    """A stranger's example: a text, and words that the answer is one of."""

    id: str
    text: str
    words: tuple[str, ...]
    answer: str
    languages: tuple[str, ...]

    def editable(self) -> tuple[ExampleText, ...]:
        (language,) = self.languages
        return ExampleText(language, self.text), ExampleText(language, words=self.words)

    def edited(self, texts: Sequence[Edit]) -> Self | None:
        text, words = texts
        kept = tuple(word for (word,) in words)  # type: ignore[str-unpack]
        if self.answer not in kept:
            return None
        return replace(self, text=text, words=kept)


RIDDLE = Riddle("3", "who flies high", ("bird", "worm"), "bird", ("en",))


@pytest.mark.parametrize(
    ("example", "content", "row"),
    [
        (PAIR, ["a cat", "eine Katze"], ["1", ["a cat", "eine Katze"], "yes"]),
        (SENTENCE, ["Anna", "sings"], ["2", ["Anna", "sings"], ["B-PER", "O"]]),
        (
            RIDDLE,
            ["who flies high", ["bird", "worm"]],
            ["3", "who flies high", ["bird", "worm"], "bird"],
        ),
    ],
)
def test_hashes_are_of_what_an_example_says_of_itself(
    example: Example, content: object, row: object
) -> None:
    digest = hashlib.blake2b(json.dumps(content).encode(), digest_size=8).digest()
    assert text_hash(example) == int.from_bytes(digest, "big")
    assert data_hash([example]) == hashlib.sha256(json.dumps(row).encode() + b"\n").hexdigest()
    assert text_hash(example) == text_hash(replace(example, id="another"))  # type: ignore[type-var]
    assert data_hash([example]) != data_hash([replace(example, id="another")])  # type: ignore[type-var]


def test_a_strangers_example_is_noised_and_keeps_its_answer() -> None:
    noise = Typos(Typos.Params(rate=1.0, keep_clean=False, keep_ends=False))
    rng = random.Random(0)
    noisy = [e for _ in range(40) for e in noise.perturb(RIDDLE, rng)]
    assert all(isinstance(e, Riddle) and e.answer in e.words for e in noisy)
    # An edit that loses the answer leaves the example clean; with this rate every word changes.
    assert noisy == [RIDDLE] * len(noisy)
    other = replace(RIDDLE, words=("…", "worm"), answer="…")  # no letters: no typing errors
    (changed,) = noise.perturb(other, rng)
    assert isinstance(changed, Riddle)
    assert changed.text != other.text
    assert changed.words[1] != "worm"


def test_a_problem_decides_on_the_tags_of_several_words() -> None:
    problem = TokenLabelling(("O", "B-PER", "I-PER"))
    edit = [(("Anna", "Maria"), ("sings",))]
    assert problem.edited(SENTENCE, edit).tags == ("B-PER", "I-PER", "O")
    assert TokenLabelling(("O", "B-PER")).edited(SENTENCE, edit) == SENTENCE
    assert SENTENCE.edited(edit) is None
    assert SENTENCE.edited([(("Ana",), ("sings",))]) == replace(SENTENCE, tokens=("Ana", "sings"))


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (replace(RIDDLE, text=7), "its text is int 7, not a text"),  # type: ignore[arg-type]
        (replace(RIDDLE, words=["a"]), "its words are a list of 1"),  # type: ignore[arg-type]
        (replace(RIDDLE, languages="en"), "its languages are str 'en'"),  # type: ignore[arg-type]
        ({"id": "3"}, "expected an Example"),
        (RIDDLE, ""),
    ],
)
def test_the_fields_of_any_example_are_checked(given: object, fault: str) -> None:
    assert example_fault(given).startswith(fault)
    assert bool(example_fault(given)) is bool(fault)
