"""What keeps a class from being a launcher, and where a launcher is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from xlt_cli.registry import Entry

SOURCE = """\
from xlt_cli.api import Launcher

class Good(Launcher):
    api_version = 1
    name = "{name}"
    summary = "runs nothing"
    {more}

    def launch(self, manifest, tell):
        pass
"""


@pytest.mark.parametrize("more", ["", "on_this_machine = True"])
def test_a_launcher_is_found(entry: Callable[..., Entry], more: str) -> None:
    found = entry(SOURCE.format(name="good", more=more), kind="launcher")
    assert found.error == ""


@pytest.mark.parametrize(
    ("source", "error"),
    [
        (SOURCE.format(name="good", more="on_this_machine = 'yes'"), "is neither True nor False"),
        (SOURCE.format(name="good", more="").replace("def launch", "def run"), "define launch"),
        (SOURCE.format(name="good", more="").replace("(Launcher)", ""), "not a subclass of"),
    ],
)
def test_what_is_no_launcher_is_listed_with_its_fault(
    entry: Callable[..., Entry], source: str, error: str
) -> None:
    assert error in entry(source, kind="launcher").error


def test_the_word_for_no_launcher_is_no_name(install: Any) -> None:
    from xlt_cli import registry

    source = SOURCE.format(name="local", more="")
    install("some-dist", {"xlt.launchers": {"local": "good_plugin:Good"}}, {"good_plugin": source})
    (local,) = [entry for entry in registry.entries("launcher") if entry.name == "local"]
    assert "the name 'local' is reserved" in local.error


def test_it_is_shown_with_the_option_that_names_it(xlt: Any) -> None:
    shown = xlt("show", "processes").stdout
    assert "on the command line:  --launcher 'processes'" in shown
    assert "jobs" in shown
