"""The suite for tasks."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any, ClassVar, NoReturn

import pytest

from xlt_cli.api import SPLITS, DataError, Example, Rows, Split, Task, UserError, own_code
from xlt_cli.languages import lookup
from xlt_cli.problems.retrieval.examples import RetrievalExample, unfound
from xlt_cli.registry.guard import make
from xlt_cli.testing.contract import broken
from xlt_cli.testing.suite import PluginSuite

ABSENT = "qaa"
"""A code that is reserved for private use, which no task has."""
AGREEING = 0.9
"""Of the rows that two languages share: so many must have one label in an aligned task."""


class TaskSuite(PluginSuite):
    """Checks of a `Task`, on the data that the fixture's parameters name.

    Attributes:
        most_languages: how many languages of each split are loaded.
    """

    kind = "task"
    most_languages: ClassVar[int] = 3

    def cells(self, task: Task) -> list[tuple[Split, str]]:
        """The splits and languages that are loaded, the source language first."""
        chosen = []
        for split in SPLITS:
            known = task.languages(split)
            source = own_code(task.source_language, known)
            first = [source] if source else []
            languages = [*first, *(code for code in known if code != source)]
            chosen += [(split, code) for code in languages[: self.most_languages]]
        return chosen

    def test_has_data_to_train_on_in_its_source_language(self, checked: Task) -> None:
        if not any(checked.languages(split) for split in SPLITS):
            broken("no split has a language", Task.languages)
        known = checked.languages("train")
        if known and own_code(checked.source_language, known) is None:
            broken(
                f"source_language is '{checked.source_language}', and the training split has "
                f"{', '.join(known)}",
                Task,
            )

    def test_languages_are_the_same_each_time(self, plugin: Task, checked: Task) -> None:
        for split in SPLITS:
            if checked.languages(split) != make(type(plugin), plugin.params).languages(split):
                broken(f"languages('{split}') differs from instance to instance", Task.languages)

    def test_metric_is_one_of_its_problems(self, checked: Task) -> None:
        problem = checked.problem.of(checked)
        known = [*(str(getattr(m, "name", m)) for m in problem.metrics), *checked.metrics]
        if checked.metric not in known:
            broken(f"metric is '{checked.metric}'; the problem has {problem.metrics}", Task)

    def test_returns_rows_that_the_problem_takes(self, checked: Task) -> None:
        from xlt_cli.testing.tokenizers import shared

        problem = checked.problem.of(checked)
        for split, language, rows in self._loaded(checked):
            if not rows.examples:
                broken(f"load('{split}', '{language}') returned no rows", Task.load)
            try:
                problem.encode(list(rows.examples), shared())
            except DataError as error:
                broken(
                    f"load('{split}', '{language}') returned a row that cannot be used: {error}",
                    Task.load,
                )

    def test_ids_are_unique_in_a_split_and_language(self, checked: Task) -> None:
        for split, language, rows in self._loaded(checked):
            seen: set[str] = set()
            for example in rows.examples:
                if example.id in seen:
                    broken(
                        f"load('{split}', '{language}') has two rows with the id '{example.id}'",
                        type(example),
                    )
                seen.add(example.id)

    def test_rows_are_in_the_languages_that_it_states(self, checked: Task) -> None:
        """Those of `row_languages`, by default the language that was asked for."""
        for split, language, rows in self._loaded(checked):
            stated = checked.row_languages(language)
            if own_code(language, stated) is None:
                broken(f"row_languages('{language}') lacks '{language}'", Task.row_languages)
            for example in rows.examples:
                strange = [c for c in example.languages if own_code(c, stated) is None]
                if strange:
                    broken(
                        f"load('{split}', '{language}') has the row '{example.id}' in "
                        f"'{strange[0]}', which row_languages('{language}') does not state",
                        Task.row_languages,
                    )

    def test_right_candidates_are_in_the_pool_and_keys_name_one_text(self, checked: Task) -> None:
        if not checked.problem.searches:
            pytest.skip("its problem searches no pool")
        for split, language, rows in self._loaded(checked):
            what = f"load('{split}', '{language}')"
            for lost in unfound(rows.examples):
                broken(
                    f"{what} has the row '{lost.id}', and no row has its right candidate "
                    f"'{lost.relevant[0]}'",
                    RetrievalExample,
                )
            texts: dict[str, str] = {}
            for example in rows.examples:
                for one in getattr(example, "candidates", ()):
                    if texts.setdefault(one.key, one.text) != one.text:
                        broken(f"{what} has two texts with the key '{one.key}'", RetrievalExample)

    def test_rows_have_as_many_texts_as_it_states(self, checked: Task) -> None:
        if checked.texts is None:
            pytest.skip("it does not state how many texts an example has")
        for split, language, rows in self._loaded(checked):
            for example in rows.examples:
                if len(getattr(example, "texts", ("",))) != checked.texts:
                    broken(
                        f"texts is {checked.texts}, and the row '{example.id}' of ('{split}', "
                        f"'{language}') has {len(getattr(example, 'texts', ('',)))}",
                        Task,
                    )

    def test_one_id_is_one_item_in_all_languages_if_it_is_aligned(self, checked: Task) -> None:
        if not checked.aligned:
            pytest.skip("it is not aligned")
        by_split: dict[Split, dict[str, dict[str, Example]]] = {}
        for split, language, rows in self._loaded(checked):
            by_split.setdefault(split, {})[language] = {e.id: e for e in rows.examples}
        for split, languages in by_split.items():
            (first, own), *others = languages.items()
            for language, rows_of in others:
                shared = own.keys() & rows_of.keys()
                if not shared:
                    broken(f"{first} and {language} share no id in '{split}'", Task)
                same = sum(_label(own[i]) == _label(rows_of[i]) for i in shared)
                if same < AGREEING * len(shared):
                    broken(
                        f"of the {len(shared)} ids that {first} and {language} share in '{split}', "
                        f"{same} have the same label: they are not the same items",
                        Task,
                    )

    def test_what_it_says_of_its_data_fits_them(self, checked: Task) -> None:
        stated = checked.published_languages
        loaded = {language for _, language in self.cells(checked)}
        for code in (*stated, *checked.origins):
            if lookup(code) is None:
                broken(f"'{code}' is not a known language", Task)
        if stated and all(own_code(code, stated) is None for code in loaded):
            broken(
                f"published_languages are {', '.join(stated)}; the data are in "
                f"{', '.join(sorted(loaded))}",
                Task,
            )
        classes = {*checked.collapse, *(x for xs in checked.collapse.values() for x in xs)}
        if classes and classes.isdisjoint(checked.labels):
            broken(
                f"collapse names {', '.join(sorted(classes))}, none of which is one of the labels "
                f"{', '.join(checked.labels)}",
                Task,
            )

    def test_loads_the_same_rows_each_time(self, plugin: Task, checked: Task) -> None:
        fresh = make(type(plugin), plugin.params)
        for split, language, rows in self._loaded(checked):
            if checked.load(split, language) != rows or fresh.load(split, language) != rows:
                broken(f"load('{split}', '{language}') returns other rows each time", Task.load)

    def test_a_missing_language_is_an_error_with_a_hint(self, checked: Task) -> None:
        for split in SPLITS:
            self._must_refuse(checked, split, ABSENT)

    def test_a_missing_split_is_an_error(self, checked: Task) -> None:
        absent = [split for split in SPLITS if not checked.languages(split)]
        if not absent:
            pytest.skip("it has all splits")
        for split in absent:
            checked.missing(split)
            self._must_refuse(checked, split, checked.source_language)

    def test_loads_offline_after_fetch(self, plugin: Task, monkeypatch: pytest.MonkeyPatch) -> None:
        task = make(type(plugin), plugin.params)
        split, language = self.cells(task)[0]
        task.fetch(split, language)
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")

        def refuse(*_: Any, **__: Any) -> NoReturn:
            raise OSError("the network is off in this test")

        for name in ("connect", "connect_ex"):
            monkeypatch.setattr(socket.socket, name, refuse)
        monkeypatch.setattr(socket, "getaddrinfo", refuse)
        try:
            make(type(plugin), plugin.params).load(split, language)
        except Exception as error:
            broken(
                f"after fetch, load('{split}', '{language}') failed offline: {error}", Task.fetch
            )

    def _loaded(self, task: Task) -> Iterator[tuple[Split, str, Rows]]:
        for split, language in self.cells(task):
            yield split, language, task.load(split, language)

    def _must_refuse(self, task: Task, split: Split, language: str) -> None:
        try:
            task.load(split, language)
        except UserError as error:
            if type(error).__name__ == "PluginFailure":
                broken(f"load('{split}', '{language}') failed: {error.what}", Task.load)
            if not error.hint:
                broken(
                    f"load('{split}', '{language}') gives no hint: {error.what}; say which "
                    "languages there are (did_you_mean)",
                    Task.load,
                )
            return
        broken(f"load('{split}', '{language}') returned rows, though there are none", Task.load)


def _label(example: Any) -> Any:
    """What two translations of one item must share; tags need not be as many."""
    return getattr(example, "label", None)
