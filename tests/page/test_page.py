"""The report page without a browser: its figures, its safety, what is left out, its size."""

from __future__ import annotations

import html as html_
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from made_up_runs import HOSTILE, write_run

import xlt_cli
from xlt_cli.api.reports import Column, Figure, Row, Table, Text
from xlt_cli.errors import SpecError
from xlt_cli.interface.report import report
from xlt_cli.page import html
from xlt_cli.page.blocks import Heading
from xlt_cli.reports.values import figure

VOID = {"meta", "link", "input", "br", "img", "hr"}


class Parsed(HTMLParser):
    """Checks that elements are closed in order, and collects what tests ask for."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.scripts: list[str] = []
        self.rows: list[list[str]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            assert not name.startswith("on"), f"{tag} has {name}"
            if name in ("src", "href", "action", "data", "srcset"):
                self.links.append(value or "")
            if name == "id":
                self.ids.append(value or "")
        if tag == "script":
            self.scripts.append("")
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th") and self.rows:
            self.rows[-1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts[-1] += data
        elif self.rows and "tr" in self.open:
            self.rows[-1][-1:] = [f"{(self.rows[-1] or [''])[-1]}{data}".strip()]

    @property
    def charts(self) -> list[dict[str, object]]:
        """The specs of charts."""
        found: list[dict[str, object]] = json.loads(self.scripts[0])
        return found


@pytest.fixture(scope="module")
def page(runs: Path) -> str:
    return report({"ERM": "erm-*", "mixup": "mixup-*"}, runs_dir=runs, command="xlt report A=*")


def test_the_page_is_whole_and_loads_nothing(page: str) -> None:
    parsed = Parsed(page)
    assert all(link.startswith("#") or link == "data:," for link in parsed.links)
    assert {"iframe", "object", "embed", "form", "base"}.isdisjoint(parsed.tags)
    assert len(parsed.ids) == len(set(parsed.ids))
    policy = html_.unescape(re.findall(r'Content-Security-Policy" content="([^"]*)"', page)[0])
    assert re.match(r"default-src 'none'; script-src '(sha256-[^' ]*)' '(sha256-[^' ]*)';", policy)
    assert "connect-src 'none'" in policy
    assert "unsafe-eval" not in policy
    assert 'lang="en"' in page
    assert "width=device-width" in page


def test_figures_are_those_of_compare_and_table(page: str, runs: Path) -> None:
    rows = {tuple(row) for row in Parsed(page).rows}
    systems = {"ERM": "erm-*", "mixup": "mixup-*"}
    compared = xlt_cli.compare(systems, runs_dir=runs).values["evaluations"][0]
    own, gains = compared["systems"], compared["gains"]["mixup"]["cells"]
    for language, label in (("en", "en (trained on)"), ("de", "de"), ("ur", "ur")):
        shown = [own[name]["figures"][language] for name in systems]
        cells = [figure(Figure(x["value"], x["low"], x["high"])) for x in shown]
        assert (label, *cells) in rows
        gain = gains[language]
        star = "*" if gain["p_adjusted"] <= 0.05 else ""
        bounds = gain["value"], gain["low"], gain["high"]
        assert (label, figure(Figure(*bounds, sign="value", mark=star))) in rows
    assert compared["gains"]["mixup"]["statement"] in html_.unescape(page)
    table = xlt_cli.tabulate(systems, rows=["language"], columns=["method"], runs_dir=runs)
    for cell in table.values["cells"]:
        shown = own[cell["method"]]["figures"][cell["language"]]
        assert cell["value"] == pytest.approx(shown["value"])


def test_each_baseline_can_be_chosen(page: str, runs: Path) -> None:
    systems = {"ERM": "erm-*", "mixup": "mixup-*"}
    other = xlt_cli.compare(systems, baseline="mixup", runs_dir=runs)
    assert other.statements[0] in html_.unescape(page)


def test_heat_maps_have_each_pair(page: str, runs: Path) -> None:
    heat = [chart for chart in Parsed(page).charts if '"rect"' in json.dumps(chart)]
    assert len(heat) == 4  # of two systems, and both differences
    compared = xlt_cli.compare({"ERM": "erm-*", "mixup": "mixup-*"}, runs_dir=runs)
    figures = compared.values["evaluations"][0]["systems"]["ERM"]["figures"]
    values = heat[0]["data"]["values"]  # type: ignore[index]
    assert {(x["r"], x["c"]): x["v"] for x in values} == {
        tuple(cell.split("+") if "+" in cell else [cell, cell]): pytest.approx(
            100 * own["value"], abs=1e-3
        )
        for cell, own in figures.items()
        if ":" not in cell
    }


def test_charts_are_valid(page: str) -> None:
    convert = pytest.importorskip("vl_convert")
    kinds = {json.dumps(chart["layer"])[:200]: chart for chart in Parsed(page).charts}
    for chart in kinds.values():
        assert convert.vegalite_to_vega(chart)["marks"]
        assert chart["description"]


def test_every_chart_has_a_table_behind_it(page: str) -> None:
    charts = re.findall(r'data-chart="(\d+)"', page)
    assert [int(number) for number in charts] == list(range(len(Parsed(page).charts)))
    assert page.count("<summary>Table: ") == len(charts)


def test_hostile_text_is_inert(tmp_path: Path) -> None:
    root = tmp_path / "runs"
    run = write_run(root, "a", 1, 0.7, pairs=False, rows=6)
    (run.path / "spec.yaml").write_text(f"name: {HOSTILE}", "utf-8")
    made = report({HOSTILE: str(run.path)}, runs_dir=root, title=HOSTILE, command=HOSTILE)
    parsed = Parsed(made)
    assert "img" not in parsed.tags
    assert parsed.tags.count("script") == 3
    assert not {"\x00", "\u202e"} & set(made.replace(parsed.scripts[1], ""))
    assert "&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;\\x00\\u202e&#39;&#34;" in made
    assert html.script_json({"a": HOSTILE}) == (
        '{"a":"\\u003c/script\\u003e\\u003cimg src=x onerror=alert(1)\\u003e\\\\x00\\\\u202e\'\\""}'
    )


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    root = tmp_path / "runs"
    write_run(root, "a", 1, 0.7, pairs=False, rows=6)
    empty = write_run(root, "a", 2, 0.7, pairs=False, rows=6, state="error")
    for path in empty.evaluations.glob("*/*.json*"):
        path.unlink()
    made = report("a-*", runs_dir=root)
    left = made[made.index('id="left-out"') :]
    assert "Pairs of languages:</strong> no evaluation has pairs" in left
    assert f"the run &#39;{empty.name}&#39; has no results (failed)" in left


def test_machine_names_stay_out(page: str) -> None:
    assert "secret-host" not in page


def test_unknown_baselines_are_refused(runs: Path) -> None:
    with pytest.raises(SpecError, match="unknown system 'Mixup'") as raised:
        report({"mixup": "mixup-*"}, runs_dir=runs, baseline="Mixup")
    assert "mixup" in raised.value.hint


def test_systems_without_names_are_told_apart(runs: Path, tmp_path: Path) -> None:
    made = report(["erm-*", "mixup-*"], runs_dir=runs)
    assert "2 systems are compared: ERM and embedding-mixup." in made


def test_cells_have_what_they_are_sorted_by() -> None:
    assert html.sort_key(Figure(0.5)) == "0.5"
    assert html.sort_key(3) == "3"
    assert html.sort_key(Figure(float("nan"))) == ""
    assert html.sort_key("3") == html.sort_key(None) == html.sort_key(Text("x")) == ""
    assert html.kind(Heading("x")) == "heading"
    assert html.kind(Table("", [Column("a")], [Row([1])])) == "table"
