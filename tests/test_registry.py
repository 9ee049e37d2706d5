"""Entry points to plugins: what is found, what is refused and why, what is imported."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from xlt_cli import registry
from xlt_cli.api import Encoder, Perturbation, Task
from xlt_cli.errors import PluginError
from xlt_cli.registry import Entry

Install = Callable[..., Path]

GOOD = """\
from xlt_cli.api import TextPerturbation

class Good(TextPerturbation):
    api_version = 1
    name = "good"
    summary = "a plugin"

    def perturb(self, example, rng):
        return [example]
"""


@pytest.fixture
def entry(install: Install) -> Callable[..., Entry]:
    """The entry of a perturbation `good` whose module has this source."""

    def _entry(source: str, target: str = "good_plugin:Good", kind: str = "perturbation") -> Entry:
        install("some-dist", {f"xlt.{kind}s": {"good": target}}, {"good_plugin": source})
        (found,) = [e for e in registry.entries(kind) if e.name == "good"]  # type: ignore[arg-type]
        return found

    return _entry


def changed(*replacements: tuple[str, str]) -> str:
    """The good plugin, spoilt."""
    source = GOOD
    for old, new in replacements:
        assert old in source
        source = source.replace(old, new)
    return source


# ------------------------------------------------------------------------------- what is found


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


# ----------------------------------------------------------------------------------- broken ones

BROKEN = [
    pytest.param(
        "import dilithium\n", "ModuleNotFoundError: No module named 'dilithium'", id="imp"
    ),
    pytest.param("raise RuntimeError('boom')\n", "RuntimeError: boom", id="raises"),
    pytest.param("import sys; sys.exit(3)\n", "SystemExit: 3", id="exits"),
    pytest.param("class Good(\n", "SyntaxError", id="syntax"),
    pytest.param("raise BaseException('odd')\n", "BaseException: odd", id="base-exception"),
    pytest.param("x = 1\n", "AttributeError", id="no-such-class"),
    pytest.param("Good = 5\n", "5 is not a subclass of xlt_cli.api.Perturbation", id="no-class"),
    pytest.param("class Good: pass\n", "is not a subclass of xlt_cli.api.Perturb", id="stranger"),
    pytest.param(
        changed(("api_version = 1", "api_version = 99")),
        "built for plugin API 99, this xlt has 1",
        id="other-api",
    ),
    pytest.param(
        changed(("    api_version = 1\n", "")), "states no api_version", id="no-api-version"
    ),
    pytest.param(
        changed(('name = "good"', 'name = "better"')),
        "the class calls itself 'better', not 'good'",
        id="other-name",
    ),
    pytest.param(
        changed(('    name = "good"\n', "")),
        "the class calls itself 'None', not 'good'",
        id="no-name",
    ),
    pytest.param(changed(('"a plugin"', '"  "')), "has no summary", id="blank-summary"),
    pytest.param(changed(('    summary = "a plugin"\n', "")), "has no summary", id="no-summary"),
    pytest.param(
        changed(("    def perturb", "    def perturbe")), "does not define perturb", id="abstract"
    ),
    pytest.param(
        changed(("    def", "    Params = dict\n\n    def")),
        "Params is not a pydantic model",
        id="params-no-model",
    ),
    pytest.param(
        changed(
            ("from xlt_cli.api", "from pydantic import BaseModel\nfrom xlt_cli.api"),
            ("    def", "    class Params(BaseModel):\n        x: int = 1\n\n    def"),
        ),
        "Params must refuse unknown names",
        id="params-not-forbidding",
    ),
    pytest.param(
        changed(
            ("TextPerturbation\n", "TextPerturbation, PluginParams\n"),
            ("    def", "    class Params(PluginParams):\n        name: str = ''\n\n    def"),
        ),
        "Params has a field 'name'",
        id="params-with-name",
    ),
    pytest.param(
        changed(("TextPerturbation", "Perturbation")),
        "is none of TextPerturbation, SegmentationPerturbation, EmbeddingPerturbation",
        id="neither",
    ),
    pytest.param(
        changed(
            ("Good(TextPerturbation)", "Good(TextPerturbation, metaclass=Meta)"),
            (
                "class Good",
                "class Meta(type(TextPerturbation)):\n"
                "    @property\n"
                "    def summary(cls): raise ValueError('no looking')\n"
                "class Good",
            ),
        ),
        "no looking",
        id="hostile",
    ),
]


@pytest.mark.parametrize(("source", "error"), BROKEN)
def test_a_broken_plugin_is_an_entry_with_its_error(
    entry: Callable[..., Entry], source: str, error: str
) -> None:
    found = entry(source)
    assert found.plugin is None
    assert error in found.error
    assert not found.disabled
    assert "word-dropout" in [e.name for e in registry.entries("perturbation") if not e.error]


@pytest.mark.parametrize(("source", "error"), BROKEN)
def test_a_broken_plugin_is_refused_by_name_when_it_is_used(
    entry: Callable[..., Entry], source: str, error: str
) -> None:
    entry(source)
    with pytest.raises(PluginError) as caught:
        registry.get("perturbation", "good")
    assert caught.value.what.startswith("the perturbation plugin 'good' cannot be used: ")
    assert error in caught.value.what
    assert "some-dist 1.0" in caught.value.where
    assert "xlt list-plugins --check" in caught.value.hint


@pytest.mark.parametrize("target", ["good_plugin", "no_such_module:Good", "good_plugin:No.Such"])
def test_an_entry_point_to_nothing_is_an_entry_with_its_error(
    entry: Callable[..., Entry], target: str
) -> None:
    found = entry(GOOD, target)
    assert found.plugin is None
    assert found.error


TASK = """\
from xlt_cli.api import Task
from xlt_cli.problems import SequenceClassification

class Good(Task):
    api_version = 1
    name = "good"
    summary = "a task"
    problem = SequenceClassification
    metric = "accuracy"
    labels = ("a", "b")

    def languages(self, split):
        return ("en",)

    def load(self, split, language):
        raise NotImplementedError
"""


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("", "", ""),
        ("    problem = SequenceClassification\n", "", "problem = None is not a class of"),
        ("problem = SequenceClassification", "problem = 'sequence'", "problem = 'sequence' is not"),
        ('    metric = "accuracy"\n', "", "states no metric"),
        ("    def load", "    def lode", "does not define load"),
        ('    labels = ("a", "b")\n', "", "does not define labels"),
    ],
)
def test_a_task_states_its_problem_and_metric(
    entry: Callable[..., Entry], old: str, new: str, error: str
) -> None:
    found = entry(TASK.replace(old, new), kind="task")
    assert error in found.error
    assert bool(found.error) == bool(error)


def test_an_interruption_while_a_plugin_is_imported_is_no_broken_plugin(
    entry: Callable[..., Entry],
) -> None:
    with pytest.raises(KeyboardInterrupt):
        entry("raise KeyboardInterrupt\n")


def test_what_a_plugin_prints_while_imported_stays_out_of_stdout(
    entry: Callable[..., Entry], capsys: pytest.CaptureFixture[str]
) -> None:
    assert entry(GOOD + "\nprint('hello from the plugin')\n").error == ""
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "hello from the plugin" in captured.err


# ---------------------------------------------------------------------------- two under one name


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
        assert "two plugins under one name (Dist_B 1.0 and dist-a 1.0)" in entry.error
        assert f"XLT_DISABLE_PLUGINS=good@{entry.distribution}" in entry.error
    with pytest.raises(PluginError, match="two plugins under one name"):
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


# ---------------------------------------------------------------------------------- turned off


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


# ------------------------------------------------------------------------------ what is imported


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
