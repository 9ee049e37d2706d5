"""Tasks that break the contract; `fails` names the checks that must say so."""

from __future__ import annotations

import random
import socket
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from xlt_cli.api import DataError, Rows, SequenceExample, Split, Task, did_you_mean
from xlt_cli.problems import (
    Candidate,
    Problem,
    RetrievalExample,
    SentenceRetrieval,
    SequenceClassification,
)
from xlt_cli.testing import TaskSuite

WORDS = {"en": "dog", "de": "Hund"}


class Sound(Task):
    """Rows in the code, which keep to the contract."""

    api_version = 1
    name = "sound"
    summary = "rows in the code"
    problem: ClassVar[type[Problem]] = SequenceClassification
    metric = "accuracy"
    aligned = True
    texts = 1
    labels = ("no", "yes")

    def languages(self, split: Split) -> tuple[str, ...]:
        return () if split == "dev" else tuple(WORDS)

    def load(self, split: Split, language: str) -> Rows:
        if language not in self.languages(split):
            hint = did_you_mean(language, self.languages(split)) or "there are train and test"
            raise DataError(f"there are no rows in '{language}'", f"split {split}", hint)
        rows = [self.row(number, language) for number in range(6)]
        return Rows(tuple(rows), "in the code")

    def row(self, number: int, language: str) -> SequenceExample:
        text = f"{WORDS[language]} {number}"
        return SequenceExample(f"{number}", (text,), self.labels[number % 2], (language,))


class Suite(TaskSuite):
    made: ClassVar[type[Task]]
    fails: ClassVar[tuple[str, ...]]

    @pytest.fixture
    def plugin(self) -> Any:
        return self.made()


class TestSound(Suite):
    made = Sound
    fails = ()


class TestShufflesRows(Suite):
    class made(Sound):
        def load(self, split: Split, language: str) -> Rows:
            rows = super().load(split, language)
            return replace(rows, examples=tuple(random.sample(rows.examples, 6)))

    fails = ("test_loads_the_same_rows_each_time",)


class TestRepeatsIds(Suite):
    class made(Sound):
        def row(self, number: int, language: str) -> SequenceExample:
            return replace(super().row(number, language), id=str(number // 2))

    fails = ("test_ids_are_unique_in_a_split_and_language",)


class TestIdsOfOtherItems(Suite):
    class made(Sound):
        def row(self, number: int, language: str) -> SequenceExample:
            row = super().row(number, language)
            return replace(row, id=str(number + (language == "de")))

    fails = ("test_one_id_is_one_item_in_all_languages_if_it_is_aligned",)


class TestUnknownLabel(Suite):
    class made(Sound):
        def row(self, number: int, language: str) -> SequenceExample:
            return replace(super().row(number, language), label="maybe")

    fails = ("test_returns_rows_that_the_problem_takes",)


class TestAnotherLanguage(Suite):
    class made(Sound):
        def row(self, number: int, language: str) -> SequenceExample:
            return replace(super().row(number, language), languages=("en",))

    fails = ("test_rows_are_in_the_languages_that_it_states",)


class TestStatesAnotherLanguage(Suite):
    class made(Sound):
        def row_languages(self, language: str) -> tuple[str, ...]:
            return ("fr",)

    fails = ("test_rows_are_in_the_languages_that_it_states",)


class TestAnotherNumberOfTexts(Suite):
    class made(Sound):
        texts = 2

    fails = ("test_rows_have_as_many_texts_as_it_states",)


class TestFailsForAMissingLanguage(Suite):
    class made(Sound):
        def load(self, split: Split, language: str) -> Rows:
            assert WORDS[language]
            return super().load(split, language)

    fails = ("test_a_missing_language_is_an_error_with_a_hint",)


class TestGivesNoHint(Suite):
    class made(Sound):
        def load(self, split: Split, language: str) -> Rows:
            try:
                return super().load(split, language)
            except DataError as error:
                raise DataError(error.what) from error

    fails = ("test_a_missing_language_is_an_error_with_a_hint", "test_a_missing_split_is_an_error")


class TestLacksItsSourceLanguage(Suite):
    class made(Sound):
        source_language = "fr"

    fails = ("test_has_data_to_train_on_in_its_source_language",)


class TestPublishesOtherLanguages(Suite):
    class made(Sound):
        published_languages = ("fr", "sw")

    fails = ("test_what_it_says_of_its_data_fits_them",)


class TestPublishesAnUnknownLanguage(Suite):
    class made(Sound):
        published_languages = ("en", "klingonish")

    fails = ("test_what_it_says_of_its_data_fits_them",)


class TestCollapsesLabelsOfAnotherTask(Suite):
    class made(Sound):
        collapse: ClassVar[Mapping[str, tuple[str, ...]]] = {"other": ("neutral", "against")}

    fails = ("test_what_it_says_of_its_data_fits_them",)


class TestNeedsTheNetwork(Suite):
    class made(Sound):
        def load(self, split: Split, language: str) -> Rows:
            socket.getaddrinfo("localhost", 80)
            return super().load(split, language)

    fails = ("test_loads_offline_after_fetch",)


class Searches(Sound):
    """A query in each row, and its right candidate in the next."""

    problem = SentenceRetrieval
    labels = ()

    def row(self, number: int, language: str) -> Any:
        text = f"{WORDS[language]} {number}"
        found = [Candidate(f"{number}", f"found {text}", language)]
        right = [str((number + 1) % 6)]
        return RetrievalExample.of(f"{number}", text, language, found, right)


class TestSearches(Suite):
    made = Searches
    fails = ()


class TestLacksRightCandidates(Suite):
    class made(Searches):
        def row(self, number: int, language: str) -> Any:
            return replace(super().row(number, language), relevant=(f"{number}-{language}",))

    fails = ("test_right_candidates_are_in_the_pool_and_keys_name_one_text",)


class TestOneKeyForTwoTexts(Suite):
    class made(Searches):
        def row(self, number: int, language: str) -> Any:
            row = super().row(number, language)
            return replace(row, relevant=("0",), candidates=(replace(row.candidates[0], key="0"),))

    fails = ("test_right_candidates_are_in_the_pool_and_keys_name_one_text",)
