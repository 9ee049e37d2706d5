"""The conformance suites fail plugins that break the contract, by the checks that are meant to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings

from xlt_cli.testing import segmentation_perturbations, text_perturbations

BROKEN = Path(__file__).parent / "broken"
KINDS = sorted(path.stem for path in BROKEN.glob("*.py"))
OPTIONS = (
    "-p", "no:cacheprovider", "-p", "no:terminal",
    "-p", "no:unraisableexception",  # it collects garbage five times over
    "-c", "/dev/null", "--import-mode=importlib", "--noconftest",
)  # fmt: skip


class Outcomes:
    """A plugin of pytest that notes what became of each test."""

    def __init__(self) -> None:
        self.classes: dict[str, Any] = {}
        self.failed: dict[str, dict[str, str]] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        # A sound plugin goes through all checks, a broken one through those that are to catch it.
        # Importing the plugins in new processes is another matter, and slow.
        items[:] = [
            item
            for item in items
            if item.name in (item.cls.fails or [item.name])  # type: ignore[attr-defined]
            and not item.name.endswith("nothing_heavy")
        ]
        for item in items:
            suite = item.cls  # type: ignore[attr-defined]
            self.classes[suite.__name__] = suite
            self.failed.setdefault(suite.__name__, {})

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            _, suite, test = report.nodeid.rsplit("::", 2)
            self.failed[suite][test] = str(report.longrepr)


@pytest.fixture(autouse=True)
def _no_other_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plugins of pytest that are installed here need not bear a second session in one process."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


@pytest.fixture(autouse=True)
def _first_text_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text that a check fails with need not be the shortest."""
    unshrunk = settings(text_perturbations.quick, phases=[Phase.explicit, Phase.generate])
    for suite in (text_perturbations, segmentation_perturbations):
        monkeypatch.setattr(suite, "quick", unshrunk)


def outcomes(kind: str) -> Outcomes:
    """What the suite says of the broken plugins of a kind."""
    noted = Outcomes()
    pytest.main([*OPTIONS, str(BROKEN / f"{kind}.py")], plugins=[noted])
    return noted


@pytest.mark.parametrize("kind", KINDS)
def test_each_breakage_fails_the_checks_that_are_meant_to_catch_it(kind: str) -> None:
    noted = outcomes(kind)
    assert len(noted.classes) >= 5  # a sound one, and four broken ones
    said = {name: set(failed) for name, failed in noted.failed.items()}
    assert said == {name: set(suite.fails) for name, suite in noted.classes.items()}
    # They say what is wrong, and quote the contract.
    messages = [text for failed in noted.failed.values() for text in failed.values()]
    quoting = [text for text in messages if "The contract, xlt_cli.api" in text]
    assert len(quoting) >= len(messages) / 3
    for text in quoting:
        what, _, rule = text.partition("\n\n")
        assert what
        assert len(rule.splitlines()) > 1
