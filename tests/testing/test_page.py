"""The example of docs/testing-plugins.md runs as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from xlt_cli.testing import suite

DOCS = Path(__file__).parents[2] / "docs"


def block(page: str, name: str) -> str:
    """The code of a page's file."""
    text = (DOCS / page).read_text("utf-8")
    match = re.search(rf"^```python\n(# {name}\n.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert match, name
    return match[1]


OPTIONS = (
    "-p", "no:cacheprovider", "-p", "no:terminal", "-p", "no:unraisableexception",
    "-c", "/dev/null", "--noconftest", "--import-mode=importlib",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _no_other_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plugins of pytest that are installed here need not bear a second session in one process."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


class Counts:
    """A plugin of pytest that counts the tests by what became of them."""

    def __init__(self) -> None:
        self.passed: list[str] = []
        self.failed: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.append(report.nodeid)
        elif report.when == "call" and report.passed:
            self.passed.append(report.nodeid)


def test_the_plugin_of_the_one_page_passes_the_suite_of_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shouting.py").write_text(block("plugins.md", "shouting.py"), "utf-8")
    test = tmp_path / "test_shouting.py"
    test.write_text(block("testing-plugins.md", "test_shouting.py"), "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(suite, "subprocess", subprocess)  # as its author would run it
    counts = Counts()
    pytest.main([*OPTIONS, str(test)], plugins=[counts])
    assert counts.failed == []
    assert len(counts.passed) >= 14


def test_a_module_that_imports_torch_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = block("plugins.md", "shouting.py").replace("import random\n", "import random, torch\n")
    (tmp_path / "shouting.py").write_text(source, "utf-8")
    test = tmp_path / "test_heavy.py"
    test.write_text(block("testing-plugins.md", "test_shouting.py"), "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "shouting", raising=False)
    counts = Counts()
    pytest.main([*OPTIONS, "-k", "heavy", str(test)], plugins=[counts])
    assert {name.rpartition("::")[2] for name in counts.failed} == {
        "test_importing_it_imports_nothing_heavy",
        "test_check_accepts_the_plugin_and_imports_nothing_heavy",
    }
