"""Tables of results: every figure is shown, whatever the width and the names."""

from __future__ import annotations

import copy
import io
from typing import Any

import pytest

from xlt_cli.console.screen import in_memory
from xlt_cli.formats import terminal
from xlt_cli.problems import Prediction, SequenceClassification
from xlt_cli.reports import evaluation
from xlt_cli.reports.summary import Counted, counted, summarise
from xlt_cli.reports.values import figure, measured
from xlt_cli.runs.cells import Pair

XNLI = (
    "ar", "bg", "de", "el", "en", "es", "fr", "hi", "ru", "sw", "th", "tr", "ur", "vi", "zh",
)  # fmt: skip
ODD = ("en", "zh-Hans", "sr_Latn", "x-y")


PROBLEM = SequenceClassification(("0", "1"))


def rows(right: int) -> Counted:
    """A model that is right in so many of 1,000 rows, half of which are of each label."""
    golds = [str(i % 2) for i in range(1000)]
    answers = [g if i < right else str(1 - int(g)) for i, g in enumerate(golds)]
    return cell(golds, answers)


def constant(right: int) -> Counted:
    """A model that answers `1` to each of 1,000 rows, so many of which have that label."""
    return cell(["1" if i < right else "0" for i in range(1000)], ["1"] * 1000)


def cell(golds: list[str], answers: list[str]) -> Counted:
    pairs = enumerate(zip(golds, answers, strict=True))
    return counted(PROBLEM, [Prediction(f"t-{i}", *pair) for i, pair in pairs])


def result(languages: tuple[str, ...] = ODD, mixed: bool = True, **changes: Any) -> dict[str, Any]:
    """Each cell has a figure of its own: 90.0 % minus its number in tenths."""
    cells: list[Pair] = [(a, a) for a in languages]
    cells += [(a, b) for a in languages for b in languages if a != b and mixed]
    figures = {pair: rows(900 - number) for number, pair in enumerate(cells)}
    found = summarise(PROBLEM, "accuracy", figures, ["en"], True)
    about = {"task": "pawsx", "split": "test", "demonstration": False, "notes": []}
    return {**about, **found.as_dict(), **changes}


BASE = result()


def shown(value: dict[str, Any], width: int = 100, every: bool = False) -> str:
    file = io.StringIO()
    terminal.show(evaluation.tables(value, every), in_memory(file, width))
    return file.getvalue()


def interval(stored: dict[str, float]) -> str:
    return figure(measured("accuracy", stored))


def line(text: str, beginning: str) -> str:
    """The line of a table whose first column is this."""
    (found,) = [r for r in text.splitlines() if r.removeprefix("│ ").startswith(beginning)]
    return found


def test_an_interval_is_in_percent() -> None:
    assert interval({"value": 0.7129, "low": 0.7, "high": 0.725}) == "71.3 [70.0, 72.5]"
    assert interval({"value": -0.001, "low": -0.02, "high": 0.03}) == "-0.1 [-2.0, 3.0]"


def test_every_language_has_its_figures() -> None:
    text = shown(result(mixed=False))
    for language, figures in BASE["languages"].items():
        mark = " (trained on)" if language == "en" else ""
        row = line(text, f"{language}{mark} ")
        assert interval(figures["accuracy"]) in row
        assert interval(figures["macro_f1"]) in row
        assert " 1,000 " in row


def test_the_published_metric_comes_first() -> None:
    for metric, other in (("accuracy", "macro-F1"), ("macro_f1", "accuracy")):
        head = line(shown(BASE | {"metric": metric}, 200), "┃ language")
        assert head.index({"macro_f1": "macro-F1"}.get(metric, metric)) < head.index(other)


def test_the_average_is_zero_shot_and_over_all_languages_where_asked() -> None:
    zero_shot, every = (shown(BASE, every=asked) for asked in (False, True))
    for text in (zero_shot, every):
        assert interval(BASE["averages"]["zero_shot"]["accuracy"]) in line(
            text, "zero-shot average (3)"
        )
        assert interval(BASE["transfer_gap"]["accuracy"]) in line(text, "transfer gap")
    assert "all languages" not in zero_shot
    assert interval(BASE["averages"]["all"]["accuracy"]) in line(
        every, "average of all languages (4)"
    )


def test_languages_trained_on_come_first() -> None:
    backwards = result(ODD[::-1], mixed=False)
    assert shown(backwards).index("en (trained on)") < shown(backwards).index("zh-Hans")


def test_constant_answers_are_marked_at_their_figures_and_averages() -> None:
    cells = {(x, x): rows(900 if x == "en" else 600) for x in ("en", "de", "fr")}
    cells["fr", "fr"] = constant(500)
    found = summarise(PROBLEM, "accuracy", cells, ["en"], True).as_dict()
    about = {"task": "pawsx", "split": "test", "demonstration": False, "notes": []}
    text = shown({**about, **found})
    assert "collapsed" not in text
    for beginning in ("fr †", "zero-shot average (2) †", "transfer gap †"):
        assert line(text, beginning)
    assert "†" not in line(text, "de") + line(text, "en (trained on)")
    cells["en", "en"] = constant(500)
    found = summarise(PROBLEM, "accuracy", cells, ["en"], True).as_dict()
    text = shown({**about, **found})
    assert text.splitlines()[0].rstrip() == "pawsx test † collapsed"
    assert line(text, "en (trained on) †")


def test_constant_answers_are_marked_in_the_matrix() -> None:
    cells = {pair: rows(900) for pair in (("en", "en"), ("de", "de"), ("en", "de"))}
    cells["de", "en"] = constant(500)
    found = summarise(PROBLEM, "accuracy", cells, ["en"], True).as_dict()
    about = {"task": "pawsx", "split": "test", "demonstration": False, "notes": []}
    text = shown({**about, **found}).partition("generalized")[2]
    assert text.split("averages")[0].split()[-6:] == ["en", "90.0", "90.0", "de", "50.0†", "90.0"]
    assert line(text, "all (2) †")


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
    del partial["pairs"]["en+x-y"]
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
        assert interval(figures) in line(text, label)
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
@pytest.mark.parametrize("every", [True, False])
def test_any_width_and_any_kind_of_result_can_be_shown(width: int, every: bool) -> None:
    for value in (BASE, result(("en",), mixed=False), result(("de", "fr")), result(languages=())):
        shown(value, width, every)


def test_names_and_notes_are_shown_as_they_are() -> None:
    text = shown(result(("en", "de"), mixed=False, notes=["see [/data/x] and [bold]"]))
    assert "note: see [/data/x] and [bold]" in text


def test_data_from_another_place_are_named_in_every_title() -> None:
    text = shown({**BASE, "place": "anli/"})
    assert text.splitlines()[0].strip() == "pawsx test, from anli/"
    assert "pawsx test, from anli/, generalized accuracy" in text
    assert "from" not in shown({**BASE, "place": ""}).splitlines()[0]


def test_a_demonstration_says_so() -> None:
    assert "demonstration, not evidence" in shown(result(demonstration=True))
    assert "demonstration" not in shown(BASE)
