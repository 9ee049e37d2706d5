"""Tables of results: every figure is shown, whatever the width and the names."""

from __future__ import annotations

import copy
import io
from typing import Any

import pytest
from rich.console import Console

from xlt_cli.analysis.intervals import Cell
from xlt_cli.analysis.summary import Pair, counted, summarise
from xlt_cli.console import tables
from xlt_cli.problems import Prediction, SequenceClassification

XNLI = (
    "ar", "bg", "de", "el", "en", "es", "fr", "hi", "ru", "sw", "th", "tr", "ur", "vi", "zh",
)  # fmt: skip
ODD = ("en", "zh-Hans", "sr_Latn", "x")


PROBLEM = SequenceClassification(("0", "1"))


def rows(right: int) -> Cell:
    answers = ["1" if i < right else "0" for i in range(1000)]
    return counted(PROBLEM, [Prediction(f"t-{i}", "1", a) for i, a in enumerate(answers)])


def result(languages: tuple[str, ...] = ODD, mixed: bool = True, **changes: Any) -> dict[str, Any]:
    """Each cell has a figure of its own: 90.0 % minus its number in tenths."""
    cells: list[Pair] = [(a, a) for a in languages]
    cells += [(a, b) for a in languages for b in languages if a != b and mixed]
    figures = {pair: rows(900 - number) for number, pair in enumerate(cells)}
    found = summarise(PROBLEM, "accuracy", figures, ["en"], True)
    about = {"task": "pawsx", "split": "test", "demonstration": False, "notes": []}
    return {**about, **found.as_dict(), **changes}


BASE = result()


def shown(value: dict[str, Any], width: int = 100, zero_shot: bool = True) -> str:
    console = Console(width=width, file=io.StringIO(), highlight=False)
    console.print(tables.results(value, zero_shot))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert isinstance(text, str)
    return text


def line(text: str, beginning: str) -> str:
    """The line of a table whose first column is this."""
    (found,) = [r for r in text.splitlines() if r.removeprefix("│ ").startswith(beginning)]
    return found


def test_an_interval_is_in_percent() -> None:
    assert tables.interval({"value": 0.7129, "low": 0.7, "high": 0.725}) == "71.3 [70.0, 72.5]"
    assert tables.interval({"value": -0.001, "low": -0.02, "high": 0.03}) == "-0.1 [-2.0, 3.0]"


def test_every_language_has_its_figures() -> None:
    text = shown(result(mixed=False))
    for language, figures in BASE["languages"].items():
        mark = " (trained on)" if language == "en" else ""
        row = line(text, f"{language}{mark} ")
        assert tables.interval(figures["accuracy"]) in row
        assert tables.interval(figures["macro_f1"]) in row
        assert " 1,000 " in row


def test_the_published_metric_comes_first() -> None:
    for metric, other in (("accuracy", "macro-F1"), ("macro_f1", "accuracy")):
        head = line(shown(BASE | {"metric": metric}, 200), "┃ language")
        assert head.index({"macro_f1": "macro-F1"}.get(metric, metric)) < head.index(other)


def test_averages_are_those_asked_for() -> None:
    zero_shot, every = (shown(BASE, zero_shot=asked) for asked in (True, False))
    assert tables.interval(BASE["averages"]["zero_shot"]["accuracy"]) in line(
        zero_shot, "zero-shot average (3)"
    )
    assert tables.interval(BASE["averages"]["all"]["accuracy"]) in line(every, "average (4)")
    assert "zero-shot average" not in every
    for text in (zero_shot, every):
        assert tables.interval(BASE["transfer_gap"]["accuracy"]) in line(text, "transfer gap")


def test_languages_trained_on_come_first_in_the_zero_shot_table() -> None:
    backwards = result(ODD[::-1], mixed=False)
    assert shown(backwards).index("en (trained on)") < shown(backwards).index("zh-Hans")
    assert shown(backwards, zero_shot=False).index("zh-Hans") < shown(
        backwards, zero_shot=False
    ).index("en (trained on)")


def test_without_zero_shot_languages_there_is_no_average_to_mistake() -> None:
    text = shown(result(("en",), mixed=False))
    assert "none left" in line(text, "zero-shot average")
    assert "transfer gap" not in text


def test_the_matrix_has_first_texts_down_and_second_across() -> None:
    text = shown(BASE).partition("generalized accuracy (first text down, second across)")[2]
    head, _, *body = [row.split() for row in text.splitlines() if row.strip()][:6]
    assert head == list(ODD)
    for row, first in zip(body, ODD, strict=True):
        expected = [
            BASE["languages"][first] if first == second else BASE["pairs"][f"{first}+{second}"]
            for second in ODD
        ]
        assert row == [first, *(f"{100 * f['accuracy']['value']:.1f}" for f in expected)]


def test_a_pair_that_was_not_evaluated_leaves_a_gap() -> None:
    partial = copy.deepcopy(BASE)
    del partial["pairs"]["en+x"]
    partial["languages"], partial["averages"], partial["transfer_gap"] = {}, {}, None
    text = shown(partial)
    assert "rows" not in text
    assert line(text, "en ").split()[1:] == [
        f"{100 * partial['pairs'][f'en+{second}']['accuracy']['value']:.1f}"
        for second in ("zh-Hans", "sr_Latn")
    ]


def test_averages_over_pairs_say_which_pairs() -> None:
    text = shown(BASE)
    for label, name in (("neither language trained on (6)", "zero_shot"), ("all (12)", "all")):
        figures = BASE["pair_averages"][name]["accuracy"]
        assert tables.interval(figures) in line(text, label)
    only = result(("en", "de"))
    assert "neither" not in shown(only)


@pytest.mark.parametrize("width", [80, 60, 33])
def test_no_figure_of_the_matrix_is_cut_on_a_narrow_terminal(width: int) -> None:
    everything = result(XNLI)
    text = shown(everything, width).partition("generalized")[2]
    assert "…" not in text.partition("averages over")[0]
    expected = {f"{100 * f['accuracy']['value']:.1f}" for f in everything["pairs"].values()}
    assert expected <= set(text.split())
    assert max(map(len, text.splitlines())) <= width


@pytest.mark.parametrize("width", [1, 2, 5, 12, 40, 1000])
@pytest.mark.parametrize("zero_shot", [True, False])
def test_any_width_and_any_kind_of_result_can_be_shown(width: int, zero_shot: bool) -> None:
    for value in (BASE, result(("en",), mixed=False), result(("de", "fr")), result(languages=())):
        shown(value, width, zero_shot)


def test_names_and_notes_are_shown_as_they_are() -> None:
    text = shown(result(("en", "[de]"), mixed=False, notes=["see [/data/x] and [bold]"]))
    assert "note: see [/data/x] and [bold]" in text


def test_a_demonstration_says_so() -> None:
    assert "demonstration, not evidence" in shown(result(demonstration=True))
    assert "demonstration" not in shown(BASE)
