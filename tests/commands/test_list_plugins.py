"""`xlt list-plugins`."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from xlt_cli import registry

Cli = Callable[..., Result]
Install = Callable[..., Path]

NOISE = """\
from xlt_cli.api import PluginParams, TextPerturbation

class Noise(TextPerturbation):
    api_version = 1
    name = "noise"
    summary = "replaces words by [MASK], [/b] and :smile:"

    def perturb(self, example, rng):
        return [example]
"""
LONG_NAME = "a-very-long-plugin-name-that-fits-no-narrow-terminal"
LONG_ERROR = " ".join(f"reason{n}" for n in range(80))


@pytest.fixture
def rows(xlt: Cli) -> Callable[..., dict[str, dict[str, object]]]:
    """The rows of `xlt list-plugins --json ...` by name."""

    def run(*options: str) -> dict[str, dict[str, object]]:
        return {
            row["name"]: row for row in json.loads(xlt("list-plugins", "--json", *options).stdout)
        }

    return run


Rows = Callable[..., dict[str, dict[str, object]]]


@pytest.fixture
def broken(install: Install) -> None:
    """A plugin with a long name that fails on import with a long error."""
    source = f"raise RuntimeError({LONG_ERROR!r})\n"
    install("broken-dist", {"xlt.tasks": {LONG_NAME: "broken_plugin:X"}}, {"broken_plugin": source})


def words(text: str) -> str:
    """Text without the places where lines were folded."""
    return " ".join(text.split())


def test_every_plugin_is_listed_with_its_summary(xlt: Cli) -> None:
    result = xlt("list-plugins")
    assert result.exit_code == 0
    for kind in registry.KINDS:
        for entry in registry.entries(kind):
            assert entry.plugin is not None
            assert any(
                line.split()[:2] == [kind, entry.name] and entry.plugin.summary in line
                for line in result.stdout.splitlines()
            )


@pytest.mark.parametrize("kind", list(registry.KINDS))
def test_kind_restricts_the_list(rows: Rows, kind: str) -> None:
    assert list(rows("--kind", kind)) == registry.names(kind)


def test_an_unknown_kind_is_refused_with_the_nearest(xlt: Cli) -> None:
    result = xlt("list-plugins", "--kind", "encoders")
    assert result.exit_code == 2
    assert "did you mean 'encoder'?" in result.stderr


def test_json_tells_everything(rows: Rows) -> None:
    assert rows()["word-dropout"] == {
        "kind": "perturbation",
        "name": "word-dropout",
        "summary": registry.get("perturbation", "word-dropout").summary,
        "status": "ok",
        "error": "",
        "warnings": [],
        "reference": registry.get("perturbation", "word-dropout").reference,
        "languages": None,
        "distribution": rows()["word-dropout"]["distribution"],
        "target": "xlt_perturbations.word_dropout:WordDropout",
    }
    assert str(rows()["word-dropout"]["distribution"]).startswith("xlt-cli ")


def test_tasks_say_what_their_data_are(rows: Rows) -> None:
    tasks = rows("--kind", "task")
    xnli = tasks["xnli"]
    assert (xnli["problem"], xnli["family"]) == ("sequence-classification", "nli")
    assert (xnli["aligned"], xnli["licence"]) == (True, "CC BY-NC 4.0")
    assert (xnli["origin"], xnli["origins"]) == ("human-translated", {"en": "native"})
    assert len(list(xnli["languages"])) == 15  # type: ignore[call-overload]
    assert tasks["hans-regenerated"]["tags"] == ["adversarial", "challenge"]
    assert tasks["xnli-african-mt"]["origin"] == "machine-translated"
    assert tasks["xnli-african-mt"]["items"] == "xnli"
    collapse = {"non-entailment": ["neutral", "contradiction"]}
    assert tasks["janli"]["collapse"] == collapse


def test_the_table_of_tasks_counts_languages_and_names_few(xlt: Cli) -> None:
    header, *lines = xlt("list-plugins", "--kind", "task").stdout.splitlines()
    columns = ["name", "problem", "languages", "aligned", "origin", "tags", "licence"]
    assert header.split() == columns
    of = {line.split()[0]: line.split() for line in lines if not line.startswith(" ")}
    assert of["xnli"][1:5] == ["sequence-classification", "15", "yes", "human-translated"]
    assert of["clcd"][2:6] == ["en,", "pt", "no", "generated"]
    assert set(of) == set(registry.names("task"))


def test_a_broken_task_is_listed_beside_the_table(xlt: Cli, broken: None) -> None:
    printed = xlt("list-plugins", "--kind", "task").stdout
    assert f"[broken] import failed: RuntimeError: {LONG_ERROR}" in words(printed)
    assert "human-translated" in printed


def test_check_of_what_is_shipped_finds_nothing(xlt: Cli) -> None:
    result = xlt("list-plugins", "--check")
    assert result.exit_code == 0
    assert result.stdout.rstrip().endswith("0 with problems")


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize(("option", "code"), [([], 0), (["--check"], 1), (["--json"], 0)])
def test_a_broken_plugin_is_listed_and_only_check_fails(
    xlt: Cli, option: list[str], code: int
) -> None:
    result = xlt("list-plugins", *option)
    assert result.exit_code == code
    assert LONG_NAME in result.stdout
    assert "word-dropout" in result.stdout


@pytest.mark.usefixtures("broken")
def test_check_counts_what_is_to_be_mended(xlt: Cli) -> None:
    assert "plugins, 1 with problems" in xlt("list-plugins", "--check").stdout
    assert "0 with problems" in xlt("list-plugins", "--check", "--kind", "encoder").stdout


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("columns", ["", "40", "80"])
def test_names_and_errors_are_complete_without_a_terminal(
    xlt: Cli, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    printed = xlt("list-plugins").stdout
    assert LONG_NAME in printed
    assert "…" not in printed
    assert f"[broken] import failed: RuntimeError: {LONG_ERROR}" in words(printed)


@pytest.mark.usefixtures("broken")
def test_json_and_check_go_together(xlt: Cli) -> None:
    result = xlt("list-plugins", "--json", "--check")
    assert result.exit_code == 1
    (row,) = [row for row in json.loads(result.stdout) if row["status"] == "broken"]
    assert row["error"] == f"import failed: RuntimeError: {LONG_ERROR}"
    assert row["distribution"] == "broken-dist 1.0"
    assert row["target"] == "broken_plugin:X"


def test_a_summary_is_shown_as_it_is_whatever_brackets_it_has(xlt: Cli, install: Install) -> None:
    install("d", {"xlt.perturbations": {"noise": "noise_plugin:Noise"}}, {"noise_plugin": NOISE})
    assert "replaces words by [MASK], [/b] and :smile:" in xlt("list-plugins").stdout


def test_a_plugin_that_prints_does_not_spoil_the_json(rows: Rows, install: Install) -> None:
    source = f"print('hello')\n{NOISE}"
    install("d", {"xlt.perturbations": {"noise": "noise_plugin:Noise"}}, {"noise_plugin": source})
    assert rows()["noise"]["status"] == "ok"


def test_a_plugin_that_imports_torch_is_warned_of_and_fails_the_check(
    xlt: Cli, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = install(
        "d",
        {"xlt.perturbations": {"noise": "noise_plugin:Noise"}},
        {"noise_plugin": f"import torch\n{NOISE}", "torch": ""},
    )
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    assert (site / "torch.py").exists()
    result = xlt("list-plugins", "--check", "--kind", "perturbation")
    assert result.exit_code == 1
    assert "imports torch at import time" in result.stdout
    assert xlt("list-plugins").exit_code == 0


def test_parameters_without_a_json_schema_are_warned_of(xlt: Cli, install: Install) -> None:
    field = "f: Callable = Field(print, exclude=True)"
    params = f"    class Params(PluginParams):\n        {field}\n\n"
    imports = "from collections.abc import Callable\nfrom pydantic import Field\n"
    source = imports + NOISE.replace("    def", f"{params}    def")
    install("d", {"xlt.perturbations": {"noise": "noise_plugin:Noise"}}, {"noise_plugin": source})
    result = xlt("list-plugins", "--check")
    assert result.exit_code == 1
    assert "[warning] Params has no JSON Schema" in result.stdout


def test_a_plugin_that_is_turned_off_is_shown_as_such(
    xlt: Cli, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XLT_DISABLE_PLUGINS", "word-dropout")
    registry.clear()
    try:
        assert rows()["word-dropout"]["status"] == "disabled"
        result = xlt("list-plugins", "--check")
        assert "[disabled] turned off" in result.stdout
        assert result.exit_code == 0
    finally:
        registry.clear()


LATE_TASK = """\
from xlt_cli.api import Task
from xlt_cli.problems import SequenceClassification

class Late(Task):
    api_version = 1
    name = "late"
    summary = "a task whose faults show in an instance only"
    problem = SequenceClassification
    metric = "accuracy"

    @property
    def labels(self):
        return ("a", "b")

    def languages(self, split):
        return ("en",)

    def load(self, split, language):
        raise NotImplementedError
"""


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("", "", ""),
        ('("a", "b")', '["a", 1]', "labels returned a list of 2 with int 1"),
        ('("a", "b")', '"ab"', "labels returned str 'ab'"),
        ('("a", "b")', '{}["x"]', "failed in labels: KeyError: 'x' at late_task.py:13"),
        (
            "    @property",
            "    def __init__(self, params):\n        pass\n\n    @property",
            "does not store its parameters as `params`",
        ),
        (
            "    @property",
            "    def __init__(self, params):\n        self.params = params\n"
            "        self.metric = 'f1'\n\n    @property",
            "metric is 'f1'; known: accuracy, macro_f1",
        ),
    ],
)
def test_check_looks_at_an_instance(
    xlt: Cli, rows: Rows, install: Install, old: str, new: str, error: str
) -> None:
    source = LATE_TASK.replace(old, new) if old else LATE_TASK
    install("late-dist", {"xlt.tasks": {"late": "late_task:Late"}}, {"late_task": source})
    row = rows("--check")["late"]
    assert error in str(row["error"])
    assert row["status"] == ("broken" if error else "ok")
    assert xlt("list-plugins", "--check").exit_code == (1 if error else 0)
    assert rows()["late"]["status"] == "ok"


def test_check_shows_the_seconds_that_importing_takes(
    xlt: Cli, rows: Rows, install: Install
) -> None:
    source = "import time\ntime.sleep(0.06)\n" + NOISE
    install("slow", {"xlt.perturbations": {"noise": "slow_noise:Noise"}}, {"slow_noise": source})
    seconds = rows("--check")["noise"]["import_seconds"]
    assert isinstance(seconds, float)
    assert seconds >= 0.06
    assert re.search(r"perturbation +noise +\d+\.\d\d s ", xlt("list-plugins", "--check").stdout)


def test_an_unknown_group_of_entry_points_is_listed(xlt: Cli, rows: Rows, install: Install) -> None:
    install("astray", {"xlt.pertubations": {"noise": "astray_noise:Noise"}})
    row = rows()["noise"]
    assert (row["kind"], row["status"]) == ("xlt.pertubations", "broken")
    assert "did you mean 'xlt.perturbations'?" in str(row["error"])
    assert row["distribution"] == "astray 1.0"
    assert xlt("list-plugins", "--check").exit_code == 1
    assert "noise" not in rows("--kind", "perturbation")
