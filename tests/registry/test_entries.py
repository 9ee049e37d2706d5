"""What is found, by name and by distribution, and what is imported for it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from registry_tools import GOOD, Install

from xlt_cli import registry
from xlt_cli.api import Encoder, Perturbation, Task
from xlt_cli.errors import PluginError
from xlt_cli.registry import Entry


def test_the_shipped_plugins_are_found_and_none_is_broken() -> None:
    found = [entry for kind in registry.KINDS for entry in registry.entries(kind)]
    assert [entry for entry in found if entry.error or entry.plugin is None] == []
    assert {"mbert", "word-dropout", "xnli"} <= {entry.name for entry in found}


def test_entries_are_sorted_by_name() -> None:
    for kind in registry.KINDS:
        found = [entry.name for entry in registry.entries(kind)]
        assert found == sorted(found)
        assert found == registry.names(kind)


def test_a_plugin_is_got_by_its_name() -> None:
    assert issubclass(registry.get("encoder", "mbert"), Encoder)
    assert issubclass(registry.get("perturbation", "word-dropout"), Perturbation)
    assert issubclass(registry.get("task", "xnli"), Task)


def test_a_third_partys_plugin_is_found_with_its_distribution(entry: Callable[..., Entry]) -> None:
    found = entry(GOOD)
    assert found.error == ""
    assert found.plugin is not None
    assert found.plugin.name == "good"
    assert (found.distribution, found.version) == ("some-dist", "1.0")
    assert found.target == "good_plugin:Good"
    assert registry.get("perturbation", "good") is found.plugin


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(PluginError) as caught:
        registry.get("encoder", "mbrt", "spec.yaml:1")
    assert caught.value.what == "unknown encoder 'mbrt'"
    assert caught.value.where == "spec.yaml:1"
    assert "did you mean 'mbert'?" in caught.value.hint


def test_a_name_of_another_kind_is_unknown() -> None:
    with pytest.raises(PluginError, match="unknown task 'mbert'"):
        registry.get("task", "mbert")


def test_looking_one_plugin_up_imports_no_other(install: Install) -> None:
    modules = {"good_one": GOOD, "good_two": "raise RuntimeError('imported')\n"}
    points = {"good": "good_one:Good", "other": "good_two:Other"}
    install("two", {"xlt.perturbations": points}, modules)
    registry.names("perturbation")
    assert not {"good_one", "good_two"} & set(sys.modules)
    registry.get("perturbation", "good")
    assert "good_one" in sys.modules
    assert "good_two" not in sys.modules


def test_heavy_packages_that_a_plugin_imports_are_noted(
    entry: Callable[..., Entry], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pandas.py").write_text("", "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "pandas", raising=False)
    assert entry(f"import pandas\n{GOOD}").heavy == ("pandas",)
    monkeypatch.delitem(sys.modules, "pandas", raising=False)


def test_damaged_metadata_takes_nothing_down(install: Install) -> None:
    site = install("bare", {"xlt.perturbations": {"good": "good_bare:Good"}}, {"good_bare": GOOD})
    (metadata,) = site.glob("*.dist-info/METADATA")
    metadata.unlink()
    registry.clear()
    (found,) = [e for e in registry.entries("perturbation") if e.name == "good"]
    assert found.error == ""
    assert isinstance(found.distribution, str)
    assert isinstance(found.version, str)


def test_a_malformed_list_of_entry_points_takes_nothing_down(install: Install) -> None:
    site = install("mangled", {"xlt.perturbations": {"good": "good_mangled:Good"}})
    (file,) = site.glob("*.dist-info/entry_points.txt")
    file.write_text("[xlt.perturbations]\nthis is no entry point\n", "utf-8")
    registry.clear()
    assert "word-dropout" in registry.names("perturbation")


@pytest.mark.parametrize(
    ("group", "meant"),
    [
        ("xlt.pertubations", "xlt.perturbations"),
        ("xlt.task", "xlt.tasks"),
        ("xlt_tasks", "xlt.tasks"),
        ("XLT.encoders", "xlt.encoders"),
        ("xlt.widgets", ""),
    ],
)
def test_entry_points_in_unknown_groups_are_strays_with_the_near_group(
    install: Install, group: str, meant: str
) -> None:
    install("astray", {group: {"good": "good_astray:Good"}, "other.tasks": {"x": "y:Z"}})
    (stray,) = registry.strays()
    assert (stray.group, stray.name, stray.target) == (group, "good", "good_astray:Good")
    assert (stray.distribution, stray.version) == ("astray", "1.0")
    near = f"did you mean '{meant}'? " if meant else ""
    known = sorted(kind.group for kind in registry.KINDS.values())
    assert stray.hint == f"{near}known: {', '.join(known)}"
    assert "good_astray" not in sys.modules


def test_the_origin_of_a_plugin_that_is_gone_is_said() -> None:
    registry.remember("task", "brk", ("some-dist", "1.2"))
    with pytest.raises(PluginError) as caught:
        registry.get("task", "brk")
    assert caught.value.what == "unknown task 'brk'"
    assert "from some-dist 1.2, which is not installed here" in caught.value.hint
    assert "pip install 'some-dist==1.2'" in caught.value.hint
    with pytest.raises(PluginError) as caught:
        registry.get("perturbation", "brk")
    assert "some-dist" not in caught.value.hint
