"""The report page without a browser: its figures, its safety, what is left out, its size."""

from __future__ import annotations

import html as html_
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from made_up_runs import HOSTILE, write_run

import xlt_cli
from xlt_cli.api.reports import Column, Figure, Row, Table, Text
from xlt_cli.data.rows import RowStore
from xlt_cli.errors import SpecError
from xlt_cli.interface.report import report
from xlt_cli.page import html, render
from xlt_cli.page.blocks import Heading
from xlt_cli.page.content import Content, Ran
from xlt_cli.page.content import Tested as Evaluated
from xlt_cli.page.sections.cost import trained_seconds
from xlt_cli.problems import SequenceClassification
from xlt_cli.reports.measured import Measured, Scored
from xlt_cli.reports.systems import Settings, Systems
from xlt_cli.reports.values import figure
from xlt_cli.spec import PluginUse
from xlt_cli.spec.building import build_task

SYSTEMS = {"ERM": "erm-*", "mixup": "mixup-*"}
MINI = build_task(PluginUse(name="mini-pawsx"))
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
    return report(SYSTEMS, runs_dir=runs, command="xlt report A=*")


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
    compared = xlt_cli.compare(SYSTEMS, runs_dir=runs).values["evaluations"][0]
    own, gains = compared["systems"], compared["gains"]["mixup"]["cells"]
    for language, label in (("en", "en (trained on)"), ("de", "de"), ("zh", "zh")):
        shown = [own[name]["figures"][language] for name in SYSTEMS]
        cells = [figure(Figure(x["value"], x["low"], x["high"])) for x in shown]
        assert (label, *cells) in rows
        gain = gains[language]
        star = "*" if gain["p_adjusted"] <= 0.05 else ""
        bounds = gain["value"], gain["low"], gain["high"]
        assert (label, figure(Figure(*bounds, sign="value", mark=star))) in rows
    assert compared["gains"]["mixup"]["statement"] in html_.unescape(page)
    table = xlt_cli.tabulate(
        SYSTEMS,
        rows=["language"],
        columns=["method"],
        where={"condition": ["clean"]},
        runs_dir=runs,
    )
    for cell in table.values["cells"]:
        shown = own[cell["method"]]["figures"][cell["language"]]
        assert cell["value"] == pytest.approx(shown["value"])


def test_each_baseline_can_be_chosen(page: str, runs: Path) -> None:
    other = xlt_cli.compare(SYSTEMS, baseline="mixup", runs_dir=runs)
    assert other.statements[0] in html_.unescape(page)


def test_heat_maps_have_each_pair(page: str, runs: Path) -> None:
    heat = [chart for chart in Parsed(page).charts if '"first text"' in json.dumps(chart)]
    assert len(heat) == 4  # of two systems, and both differences
    compared = xlt_cli.compare(SYSTEMS, runs_dir=runs)
    figures = compared.values["evaluations"][0]["systems"]["ERM"]["figures"]
    values = heat[0]["data"]["values"]  # type: ignore[index]
    assert {(x["r"], x["c"]): x["v"] for x in values} == {
        tuple(cell.split("+") if "+" in cell else [cell, cell]): pytest.approx(
            100 * own["value"], abs=1e-3
        )
        for cell, own in figures.items()
        if ":" not in cell
    }


def test_groups_are_those_of_table(page: str, runs: Path) -> None:
    rows = Parsed(page).rows
    made = xlt_cli.tabulate(
        SYSTEMS, rows=["method"], columns=["group", "family"], where={"condition": ["clean"]},
        spread="interval", runs_dir=runs,
    ).values["cells"]  # fmt: skip
    (row,) = [row for row in rows if row[:2] == ["Sino-Tibetan", "zh"]]
    trained, unseen = (
        {cell["method"]: cell for cell in made if (cell["group"], cell["family"]) == place}
        for place in (("trained on", "Indo-European"), ("zero-shot", "Sino-Tibetan"))
    )
    for index, system in enumerate(SYSTEMS):
        own = unseen[system]
        mean, gap = row[2 + 2 * index : 4 + 2 * index]
        assert mean == figure(Figure(own["value"], own["low"], own["high"]))
        wanted = trained[system]["value"] - own["value"]
        assert float(gap.partition(" [")[0]) == pytest.approx(100 * wanted, abs=0.0501)


def test_conditions_are_those_of_table(page: str, runs: Path) -> None:
    made = xlt_cli.tabulate(
        SYSTEMS, rows=["condition"], columns=["method"], spread="interval", runs_dir=runs
    ).values["cells"]
    rows = {tuple(row) for row in Parsed(page).rows}
    for condition in ("clean", "noise 0.1", "noise 0.2"):
        own = [cell for cell in made if cell["condition"] == condition]
        shown = [figure(Figure(cell["value"], cell["low"], cell["high"])) for cell in own]
        assert (condition, *shown) in rows
    (curve,) = [c for c in Parsed(page).charts if "strength of the noise" in str(c["description"])]
    values = curve["data"]["values"]  # type: ignore[index]
    assert [x["x"] for x in values if x["s"] == "ERM"] == [0.0, 0.1, 0.2]


def test_learning_curves_have_each_run(page: str) -> None:
    losses, dev = [
        chart
        for chart in Parsed(page).charts
        if "One line for each of" in str(chart["description"])
    ]
    values = losses["data"]["values"]  # type: ignore[index]
    assert {x["i"] for x in values} == {f"{s}, seed {n}" for s in SYSTEMS for n in (1, 2)}
    assert [x["v"] for x in values if x["i"] == "ERM, seed 1"] == [0.7, 0.35, 0.2333, 0.175, 0.14]
    values = dev["data"]["values"]  # type: ignore[index]
    assert [x["v"] for x in values if x["i"] == "mixup, seed 2"] == [50, 80]


def test_time_and_energy_are_of_all_sessions(page: str) -> None:
    assert trained_seconds([]) == 0
    lines = [(0, 60.0), (0, 30.0), (0, 90.0), (1, 95.0)]
    assert trained_seconds([{"stage": s, "seconds_this_session": t} for s, t in lines]) == 245
    rows = [row for row in Parsed(page).rows if "NVIDIA H200" in row]
    (row,) = [row for row in rows if row[:2] == ["ERM", "2"]]
    assert row[2:4] == ["5.0", f"{300 * 700 / 3.6e6:.3f}"]


def test_confusions_and_flips_are_counted(page: str, runs: Path) -> None:
    def told(system: str) -> dict[str, tuple[str, str]]:
        (run,) = runs.glob(f"{system}-s1")
        rows = xlt_cli.open_run(run).predictions(language="de", other="de")
        return {row["id"]: (row["gold"], row["predicted"]) for row in rows}

    rows = Parsed(page).rows
    one, other = told("erm"), told("mixup")
    ones = [answer for gold, answer in one.values() if gold == "1"]
    share = ones.count("0") / len(ones)
    assert next(row for row in rows if row[:3] == ["de", "1", "0"])[3] == figure(Figure(share))
    won = [i for i, (gold, answer) in one.items() if answer != gold and other[i][1] == gold]
    lost = [i for i, (gold, answer) in one.items() if answer == gold and other[i][1] != gold]
    assert ["de", str(len(won)), str(len(lost))] in rows
    assert ["de", str(len(lost)), str(len(won))] in rows  # over the other baseline
    shown = [row for row in rows if row[:3] == ["de", "mixup", "won"]]
    assert [row[3] for row in shown] == won[:3]
    first = next(row for row in RowStore().load(MINI, "test", "de") if row.id == won[0])
    assert shown[0][-1] == " / ".join(text.content for text in first.editable())


def test_other_data_than_were_answered_are_not_shown(tmp_path: Path) -> None:
    root = tmp_path / "runs"
    for name in ("a", "b"):
        write_run(root, name, 1, 0.7, pairs=False, languages=("en", "qqq"), rows=6)
    made = report(["a-*", "b-*"], runs_dir=root)
    assert "mini-pawsx test: texts of rows: " in made
    assert "Examples of flipped rows" not in made


def test_languages_have_cards(page: str) -> None:
    assert re.search(r"<h3[^>]*>Chinese \(zh\)</h3>", page)
    assert page.count("<article>") == 3


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


def test_sixty_runs_of_225_cells_have_less_than_five_megabytes() -> None:
    codes = [
        "en",
        "ar",
        "bg",
        "de",
        "el",
        "es",
        "fr",
        "hi",
        "ru",
        "sw",
        "th",
        "tr",
        "ur",
        "vi",
        "zh",
    ]
    pairs = [(a, b) for a in codes for b in codes]
    rng = np.random.default_rng(0)

    def measured() -> Measured:
        effects = rng.normal(size=(len(pairs), 8)).astype(np.float32)
        scores = {
            pair: Scored(float(rng.random()), own, None)
            for pair, own in zip(pairs, effects, strict=True)
        }
        return Measured(scores, 8, dict.fromkeys(pairs, "rows"))

    systems = [f"a system with quite a long name {n}" for n in range(6)]
    runs = {name: {seed: measured() for seed in range(5)} for name in systems}
    metric = next(m for m in SequenceClassification(("0", "1")).metrics if m.name == "accuracy")
    values = Systems(runs, metric, ["en"], Settings(systems[0], 0.05, "holm", None)).values()
    gain = next(iter(values["gains"].values()))
    over = {
        baseline: {**values, "gains": {name: gain for name in systems if name != baseline}}
        for baseline in systems
    }
    about = {"task": "t", "split": "test", "limit": None, "metric": "accuracy", "unit": "share"}
    about |= {"better": "higher", "trained_on": ["en"]}
    tested = [Evaluated(name, about, runs, over) for name in ("one", "two")]
    curve = [{"kind": "train", "stage": 0, "step": n, "loss": 1 / n} for n in range(1, 400)]
    ran = [
        Ran(name, seed, f"{name}-{task}-{seed}", "done", {"metrics": curve}, [])
        for name in systems
        for seed in range(5)
        for task in ("one", "two")
    ]
    made = render.page(Content("Sixty runs", "xlt report", systems[0], ran, tested))
    assert made.count("<article>") == 15
    assert 1e6 < len(made.encode()) < 5e6


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
