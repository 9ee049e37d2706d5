"""Two plugins under one name, and plugins that are turned off."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from registry_tools import GOOD, TASK, Install

from xlt_cli import registry
from xlt_cli.errors import PluginError


@pytest.fixture
def twins(install: Install) -> None:
    """Two distributions with a plugin `good` each."""
    for dist, module in (("dist-a", "good_a"), ("Dist_B", "good_b")):
        install(dist, {"xlt.perturbations": {"good": f"{module}:Good"}}, {module: GOOD})


@pytest.mark.usefixtures("twins")
def test_two_plugins_under_one_name_are_both_listed_and_neither_is_used() -> None:
    found = [e for e in registry.entries("perturbation") if e.name == "good"]
    assert sorted(e.distribution for e in found) == ["Dist_B", "dist-a"]
    for entry in found:
        assert entry.plugin is None
        assert "two plugins have the same name (Dist_B 1.0 and dist-a 1.0)" in entry.error
        assert f"XLT_DISABLE_PLUGINS=good@{entry.distribution}" in entry.error
    with pytest.raises(PluginError, match="two plugins have the same name"):
        registry.get("perturbation", "good")
    assert not {"good_a", "good_b"} & set(sys.modules)


@pytest.mark.usefixtures("twins")
@pytest.mark.parametrize(
    ("off", "left"),
    [
        ("good@dist-a", "good_b"),
        ("good@Dist_B", "good_a"),
        ("good@dist-b", "good_a"),
        (" xnli , good@DIST_A ", "good_b"),
    ],
)
def test_turning_one_of_the_two_off_leaves_the_other(
    monkeypatch: pytest.MonkeyPatch, off: str, left: str
) -> None:
    monkeypatch.setenv("XLT_DISABLE_PLUGINS", off)
    assert registry.get("perturbation", "good").__module__ == left
    found = {e.target: e for e in registry.entries("perturbation") if e.name == "good"}
    assert [t for t, e in found.items() if e.disabled] == [
        f"good_{'a' if left == 'good_b' else 'b'}:Good"
    ]


def test_one_distribution_that_is_seen_twice_is_no_conflict(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = install("twice", {"xlt.perturbations": {"good": "good_t:Good"}}, {"good_t": GOOD})
    monkeypatch.syspath_prepend(str(site))
    registry.clear()
    assert [e.error for e in registry.entries("perturbation") if e.name == "good"] == [""]


@pytest.fixture
def turned_off(install: Install, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Sets XLT_DISABLE_PLUGINS, where `good` is both a task and a perturbation."""
    install("d-task", {"xlt.tasks": {"good": "good_task:Good"}}, {"good_task": TASK})
    install("d-noise", {"xlt.perturbations": {"good": "good_noise:Good"}}, {"good_noise": GOOD})

    def turn_off(text: str) -> None:
        monkeypatch.setenv("XLT_DISABLE_PLUGINS", text)
        registry.clear()

    return turn_off


@pytest.mark.parametrize(
    ("text", "task", "perturbation"),
    [
        ("", True, True),
        ("good", False, False),
        ("task:good", False, True),
        ("perturbation:good", True, False),
        ("good@d-task", False, True),
        ("good@d-noise", True, False),
        ("good@elsewhere", True, True),
        ("goo", True, True),
        (" , ,good@d-task,, perturbation:good ", False, False),
    ],
)
def test_plugins_are_turned_off_by_name_kind_or_distribution(
    turned_off: Callable[[str], None], text: str, task: bool, perturbation: bool
) -> None:
    turned_off(text)
    assert ("good" in registry.names("task")) == task
    assert ("good" in registry.names("perturbation")) == perturbation
    assert "good" in registry.names("task", disabled=True)


def test_a_plugin_that_is_turned_off_is_listed_not_imported_and_refused(
    turned_off: Callable[[str], None],
) -> None:
    turned_off("good")
    (found,) = [e for e in registry.entries("task") if e.name == "good"]
    assert (found.disabled, found.plugin, found.error) == (True, None, "")
    assert "good_task" not in sys.modules
    with pytest.raises(PluginError, match="turned off by XLT_DISABLE_PLUGINS"):
        registry.get("task", "good")
