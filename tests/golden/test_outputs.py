"""Outputs of reports are what they were, to the byte: tables, JSON and CSV of kept inputs.

`XLT_WRITE_GOLDEN=1 pytest tests/golden` writes inputs and expected outputs anew. A change in them
is a change that users see, so it needs a line in CHANGELOG.md.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import cases
import pytest

from xlt_cli.commands.options import Format
from xlt_cli.commands.printing import print_outcomes
from xlt_cli.formats import csv, markdown, show, terminal
from xlt_cli.reports import evaluation, reproduction, runs

HERE = Path(__file__).parent
WRITE = bool(os.environ.get("XLT_WRITE_GOLDEN"))
SCREENS = {"wide": None, "narrow": "60"}
EVALUATIONS = (
    *("one-language", "languages", "macro-f1", "pairs", "many-pairs", "collapsed"),
    *("one-collapsed-language", "labels-collapsed", "smoothed", "tags"),
)
SWEEPS = ("one-run", "one-run-collapsed-on-dev", "seeds", "points", "search", "one-search")
REPRODUCTIONS = (
    *("two-seeds", "collapsed", "one-seed-quick", "missing", "other-baseline", "nothing"),
)
QUICK_TO_MAKE = ("one-language", "macro-f1", "collapsed", "labels-collapsed", "smoothed", "tags")

Screen = Callable[[Callable[[], None], str], str]


@pytest.fixture
def screen(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Screen:
    """What is printed: into a pipe ("wide"), or on a terminal of 60 columns ("narrow")."""

    def shown(show: Callable[[], None], width: str) -> str:
        if SCREENS[width] is not None:
            monkeypatch.setenv("FORCE_COLOR", "1")
            monkeypatch.setenv("TERM", "xterm")
            monkeypatch.setenv("COLUMNS", SCREENS[width])
        show()
        return capsys.readouterr().out

    return shown


def check(path: str, text: str) -> None:
    """Compares with the kept file, or writes it."""
    file = HERE / path
    if WRITE:
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(text.encode("utf-8"))
    assert text == file.read_bytes().decode("utf-8")


@cache
def made(kind: str) -> dict[str, Any]:
    """Inputs made anew; slow, so only to write them."""
    return getattr(cases, kind)()  # type: ignore[no-any-return]


def kept(kind: str, name: str) -> dict[str, Any]:
    file = HERE / kind / f"{name}.json"
    if WRITE:
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(made(kind)[name], indent=1, ensure_ascii=False) + "\n", "utf-8")
    return json.loads(file.read_text("utf-8"))  # type: ignore[no-any-return]


@pytest.mark.parametrize("width", SCREENS)
@pytest.mark.parametrize("name", EVALUATIONS)
def test_tables_of_an_evaluation(name: str, width: str, screen: Screen) -> None:
    result = kept("evaluations", name)
    text = screen(lambda: show(evaluation.report([result])), width)
    check(f"evaluations/{name}.{width}.txt", text)


def test_tables_of_all_languages(screen: Screen) -> None:
    results = [kept("evaluations", name) for name in ("languages", "one-collapsed-language")]
    text = screen(lambda: show(evaluation.report(results, True)), "wide")
    check("evaluations/all-languages.wide.txt", text)


@pytest.mark.parametrize("name", EVALUATIONS)
def test_markdown_of_an_evaluation(name: str) -> None:
    report = evaluation.report([kept("evaluations", name)])
    check(f"evaluations/{name}.md", markdown.text(report))


@pytest.mark.parametrize("name", SWEEPS)
def test_markdown_and_csv_of_a_sweep(name: str, screen: Screen) -> None:
    outcomes = cases.sweeps({name: kept("evaluations", name) for name in EVALUATIONS})[name]
    for chosen, ending in ((Format.markdown, "md"), (Format.csv, "csv")):
        text = screen(partial(print_outcomes, outcomes, chosen), "wide")
        check(f"sweeps/{name}.{ending}", text)


@pytest.mark.parametrize("name", EVALUATIONS)
def test_csv_of_an_evaluation(name: str) -> None:
    check(f"evaluations/{name}.csv", csv.text(evaluation.report([kept("evaluations", name)])))


def test_csv_of_several_evaluations() -> None:
    results = [kept("evaluations", name) for name in ("macro-f1", "labels-collapsed", "tags")]
    check("evaluations/several.csv", csv.text(evaluation.report(results)))


def test_json_of_evaluations(screen: Screen) -> None:
    results = [kept("evaluations", name) for name in ("macro-f1", "smoothed")]
    text = screen(lambda: show(evaluation.report(results), "json"), "wide")
    assert text == json.dumps(results, indent=2, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("width", [*SCREENS, "json"])
@pytest.mark.parametrize("name", SWEEPS)
def test_outcomes_of_a_sweep(name: str, width: str, screen: Screen) -> None:
    outcomes = cases.sweeps({name: kept("evaluations", name) for name in EVALUATIONS})[name]
    if width == "json":
        text = screen(lambda: print_outcomes(outcomes, Format.json), "wide")
        short = [{**one, "evaluations": len(one["evaluations"])} for one in json.loads(text)]
        check(f"sweeps/{name}.json", json.dumps(short, indent=2, ensure_ascii=False) + "\n")
        return
    text = screen(lambda: print_outcomes(outcomes, Format.terminal), width)
    check(f"sweeps/{name}.{width}.txt", text)


@pytest.mark.parametrize("name", REPRODUCTIONS)
def test_a_reproduction(name: str) -> None:
    found = kept("reproductions", name)
    report = reproduction.report(found)
    check(f"reproductions/{name}.txt", terminal.text(report, reproduction.WIDTH))
    check(f"reproductions/{name}.csv", csv.text(report))
    check(f"reproductions/{name}.md", markdown.text(report))


def test_the_published_comparison() -> None:
    """docs/results/robust-xlt/report.txt, from the values of `xlt reproduce --from ARCHIVE`."""
    found = json.loads(gzip.decompress((HERE / "robust-xlt.json.gz").read_bytes()))
    published = HERE.parents[1] / "docs" / "results" / "robust-xlt" / "report.txt"
    text = terminal.text(reproduction.report(found), reproduction.WIDTH)
    assert text == published.read_text("utf-8")


@pytest.mark.parametrize("width", SCREENS)
def test_the_listing_of_runs(width: str, screen: Screen) -> None:
    rows = json.loads((HERE / "runs.json").read_text("utf-8"))
    check(f"runs.{width}.txt", screen(lambda: show(runs.report(rows)), width))


def test_markdown_and_csv_of_the_listing() -> None:
    report = runs.report(json.loads((HERE / "runs.json").read_text("utf-8")))
    check("runs.md", markdown.text(report))
    check("runs.csv", csv.text(report))


@pytest.mark.parametrize("kind", ["evaluations", "reproductions"])
def test_values_are_what_they_were(kind: str) -> None:
    """Figures made anew are those that are kept, but for bits that nothing shows."""
    if kind == "evaluations":
        new = {name: cases.evaluations(name)[name] for name in QUICK_TO_MAKE}
    else:
        new = {"collapsed": cases.reproductions("collapsed")["collapsed"]}
    for name, values in new.items():
        same(json.loads(json.dumps(values)), kept(kind, name), name)


def same(value: Any, expected: Any, where: str) -> None:
    """Equal, numbers up to the last bits."""
    assert type(value) is type(expected), where
    if isinstance(expected, dict):
        assert list(value) == list(expected), where
        for key, part in expected.items():
            same(value[key], part, f"{where}.{key}")
    elif isinstance(expected, list):
        assert len(value) == len(expected), where
        for index, part in enumerate(expected):
            same(value[index], part, f"{where}.{index}")
    elif isinstance(expected, float):
        assert value == pytest.approx(expected, rel=1e-12, abs=1e-12), where
    else:
        assert value == expected, where
