"""The report page in Chromium: it renders, sorts, filters, follows choices, and is accessible."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from xlt_cli.interface.report import report

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
    pytest.mark.skipif(
        importlib.util.find_spec("playwright") is None, reason="playwright is not installed"
    ),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def file(runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("made") / "report.html"
    systems = {"ERM": "erm-*", "mixup": "mixup-*"}
    path.write_text(report(systems, runs_dir=runs, command="xlt report"), "utf-8")
    return path


class Opened:
    """The page in a window; errors of the console and requests are kept."""

    def __init__(self, browser: Any, file: Path, **options: Any) -> None:
        self.page = browser.new_page(**options)
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda m: m.type != "log" and self.errors.append(m.text))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(file.as_uri())
        self.page.wait_for_selector("html[data-ready]", state="attached")

    def table(self, caption: str) -> Any:
        """The table with a caption."""
        return self.page.locator("table", has=self.page.locator("caption", has_text=caption)).first

    def column(self, table: Any, index: int) -> list[str]:
        """The texts of the visible cells of a column."""
        cells = table.locator(f"tbody tr:not([hidden]) > :nth-child({index + 1})")
        return [text.strip() for text in cells.all_inner_texts()]


@pytest.fixture(scope="module")
def opened(browser: Any, file: Path) -> Opened:
    return Opened(browser, file, viewport={"width": 1200, "height": 900})


def test_charts_are_drawn_without_errors_or_requests(opened: Opened, file: Path) -> None:
    visible = opened.page.locator("[data-chart]:visible")
    assert visible.count() >= 8
    for index in range(visible.count()):
        assert visible.nth(index).locator("svg").count() == 1
    assert opened.errors == []
    assert opened.requests == [file.as_uri()]


def test_tables_are_sorted_by_keyboard(opened: Opened) -> None:
    table = opened.table("means over seeds with 95% intervals")
    head = table.locator("thead th").nth(2)
    button = head.locator("button")
    button.focus()
    opened.page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    assert opened.column(table, 0) == ["mixup", "ERM"]
    opened.page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    assert opened.column(table, 0) == ["ERM", "mixup"]


def test_tables_are_filtered(opened: Opened) -> None:
    details = opened.page.locator("details", has_text="Confusions by language").last
    details.locator("summary").first.click()
    box = details.locator("input[type=search]").first
    table = details.locator("table").first
    every = len(opened.column(table, 0))
    box.fill("zh")
    assert set(opened.column(table, 0)) == {"zh"}
    box.fill("no such text")
    assert opened.column(table, 0) == []
    box.fill("")
    assert len(opened.column(table, 0)) == every


def test_the_baseline_is_chosen_everywhere(opened: Opened) -> None:
    page = opened.page
    assert page.get_by_text("between mixup and ERM").first.is_visible()
    first = page.locator(".choice[data-name=baseline] > label > select").first
    first.select_option(label="mixup")
    assert not page.get_by_text("between mixup and ERM").first.is_visible()
    assert page.get_by_text("between ERM and mixup").first.is_visible()
    gains = page.locator("figure", has_text="gain over mixup").first
    gains.locator("svg").wait_for()
    assert page.locator("figure", has_text="gain over ERM").first.is_hidden()
    first.select_option(label="ERM")
    assert opened.errors == []


def test_figures_are_shown_on_hovering(opened: Opened) -> None:
    figure = opened.page.locator("#pairs figure:visible").first
    figure.scroll_into_view_if_needed()
    figure.locator("svg .mark-rect path").first.hover(force=True)
    tooltip = opened.page.locator("#vg-tooltip-element.visible")
    tooltip.wait_for()
    assert "first text" in tooltip.inner_text()
    assert " [" in tooltip.inner_text()


def test_one_system_is_shown_alone_by_its_name_in_the_legend(opened: Opened) -> None:
    figure = opened.page.locator("#languages figure:visible").first
    figure.scroll_into_view_if_needed()

    def faint() -> int:
        marks = figure.locator("svg .mark-symbol.role-mark path")
        shown = [marks.nth(n).get_attribute("opacity") for n in range(marks.count())]
        return sum(opacity == "0.12" for opacity in shown)

    assert faint() == 0
    figure.locator("svg .role-legend-label text", has_text="mixup").click(force=True)
    figure.locator("svg .mark-symbol.role-mark path[opacity='0.12']").first.wait_for()
    assert faint() > 0
    assert opened.errors == []


def test_the_theme_can_be_switched(opened: Opened) -> None:
    def paper() -> str:
        found: str = opened.page.evaluate("getComputedStyle(document.body).backgroundColor")
        return found

    light = paper()
    opened.page.locator("#theme").click()
    assert paper() != light
    opened.page.locator("#theme").click()
    assert paper() == light


@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (390, "dark")])
def test_nothing_serious_is_found_by_axe(browser: Any, file: Path, width: int, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    size = {"width": width, "height": 844}
    opened = Opened(browser, file, viewport=size, color_scheme=scheme, bypass_csp=True)
    opened.page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
    found = axe.Axe().run(opened.page).response["violations"]
    assert [
        (one["id"], one["nodes"][0]["html"][:200], one["nodes"][0]["failureSummary"])
        for one in found
        if one["impact"] in ("serious", "critical")
    ] == []
    opened.page.close()
