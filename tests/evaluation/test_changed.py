"""Languages that noise leaves as they are are named, by what was measured."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import pytest

from xlt_cli.api import Example, PluginUse, Task
from xlt_cli.evaluation.changed import shares, unchanged_notes
from xlt_cli.noise.changes import total
from xlt_cli.noise.drawing import draw, prepared
from xlt_cli.registry.guard import problem_of
from xlt_cli.runs.cells import Cell, Pair
from xlt_cli.spec.building import build_condition, build_task

XNLI = ("ar", "bg", "de", "el", "en", "es", "fr", "hi", "ru", "sw", "th", "tr", "ur", "vi", "zh")


def changed(rows: int, words: int, of_rows: int = 100, of_words: int = 1000) -> dict[str, Any]:
    return {"rows": rows, "of_rows": of_rows, "words": words, "of_words": of_words}


def notes_of(changes: dict[str, dict[str, Any]]) -> list[str]:
    cells: list[Pair] = [(language, language) for language in changes]
    measured = {Cell((x, x), "key"): own for x, own in changes.items()}
    return unchanged_notes(shares(measured, ["key"], cells, cells))


def test_languages_are_named_by_what_was_measured() -> None:
    nothing, hardly = notes_of(
        {
            "en": changed(90, 300),
            "th": changed(0, 0),
            "zh": changed(0, 0),
            "hi": changed(20, 29),  # less than a tenth of the words of English
            "ko": changed(4, 200),  # too few rows
            "de": changed(60, 29),  # few words, in most rows
            "sw": changed(1, 1, of_rows=5000),
        }
    )
    assert "nothing was changed in th, zh:" in nothing
    assert (
        "hi (20.0% of the rows), ko (4.0% of the rows), sw (less than 0.1% of the rows)" in hardly
    )
    assert "de" not in hardly.split("changed in")[1].split(":")[0].replace("nearly", "")
    assert notes_of({"en": changed(50, 100), "de": changed(40, 80)}) == []
    assert notes_of({}) == []


def test_shares_are_means_over_draws_and_need_all_of_them() -> None:
    measured = {
        Cell(("de", "de"), "a"): changed(10, 100),
        Cell(("de", "de"), "b"): changed(30, 300),
        Cell(("fr", "fr"), "a"): changed(10, 100),
        Cell(("de", "fr"), "a"): changed(0, 0, 0, 0),
        Cell(("de", "fr"), "b"): changed(0, 0, 0, 0),
    }
    cells: list[Pair] = [("de", "de"), ("fr", "fr"), ("de", "fr")]
    made = shares(measured, ["a", "b"], cells, [("de", "de")])
    assert made["languages"] == {"de": {"rows": 0.2, "words": 0.2, "counted": "words"}}
    assert made["averages"]["zero_shot"] == {
        "cells": 1, "rows": 0.2, "words": 0.2, "counted": "words"
    }  # fmt: skip
    assert made["pairs"]["de+fr"]["rows"] == 0


@pytest.fixture(scope="module")
def xnli() -> tuple[Task, dict[str, Sequence[Example]]]:
    """The task, and some rows of each of its languages."""
    task = build_task(PluginUse(name="xnli"))
    return task, {language: task.load("test", language).examples[:60] for language in XNLI}


@pytest.mark.skipif("XLT_DATA_DIR" not in os.environ, reason="reads XNLI from XLT_DATA_DIR")
@pytest.mark.parametrize(
    ("perturbation", "untouched", "reached"),
    [
        ("casing", {"ar", "hi", "th", "ur", "zh"}, {"bg", "de", "el", "en", "ru", "tr", "vi"}),
        ("homoglyphs", {"ar", "hi", "ur", "zh"}, {"bg", "de", "el", "en", "ru", "tr", "vi", "sw"}),
        ("typos", {"hi", "th", "zh"}, {"ar", "bg", "de", "el", "en", "ru", "ur", "vi"}),
        ("diacritics", {"ar", "en", "hi", "sw", "th", "ur", "zh"}, {"de", "el", "fr", "tr", "vi"}),
        ("word-order", {"th", "zh"}, {"ar", "de", "en", "hi", "sw", "ur", "vi"}),
        ("ocr", set(), {"ar", "bg", "de", "el", "en", "hi", "ru", "th", "ur", "vi", "zh"}),
        ("punctuation", set(), {"ar", "bg", "de", "el", "en", "hi", "ru", "ur", "vi"}),
    ],
)
def test_xnlis_languages(
    xnli: tuple[Task, dict[str, Sequence[Example]]],
    perturbation: str,
    untouched: set[str],
    reached: set[str],
) -> None:
    """Told from 60 rows of each language, whose texts hold a Latin name now and then."""
    use = PluginUse.model_validate({"name": "perturbed", "perturbation": perturbation})
    task, known = xnli
    condition = prepared(build_condition(use), problem_of(task))
    measured = {}
    for language, rows in known.items():
        measured[language] = total(draw(condition, rows).changes).as_dict()
    named = {
        word
        for note in notes_of(measured)
        for word in note.partition(" in ")[2].partition(": ")[0].replace(",", "").split()
        if word in XNLI
    }
    assert named >= untouched
    assert not named & reached
