"""A third party's distribution: `tests/third_party`, seen by xlt as if it were installed."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from acceptance_tools import third_party
from light_server import LightServer

SPEC = """\
encoder: e5-small-q4
stages:
  - task: {name: klingon-proverbs, copies: 2}
    languages: tlh
    perturbation: shouting
evaluations:
  - settings: [standard, generalized]
"""

Done = subprocess.CompletedProcess
Xlt = Callable[..., Done[str]]


@pytest.fixture
def klingon(light_server: LightServer, tmp_path: Path) -> Xlt:
    """Runs `xlt` in a process that has the distribution, as its pyproject.toml describes it."""
    path = third_party(tmp_path)

    def run(*arguments: object, **environment: str) -> Done[str]:
        variables = {**os.environ, "PYTHONPATH": path, **environment}
        words = [*map(str, arguments)]
        return Done(words, *light_server.run(words, variables, tmp_path))

    return run


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "klingon.yaml"
    path.write_text(SPEC, "utf-8")
    return path


def test_good_and_broken_plugins_are_listed_the_broken_ones_with_their_error(klingon: Xlt) -> None:
    done = klingon("list-plugins", "--json")
    assert done.returncode == 0
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    own = {n: r for n, r in rows.items() if r["distribution"] == "xlt-klingon 0.3"}
    assert {name: (row["kind"], row["status"]) for name, row in own.items()} == {
        "klingon-proverbs": ("task", "ok"),
        "klingon-epics": ("task", "broken"),
        "shouting": ("perturbation", "ok"),
        "learned-attack": ("perturbation", "ok"),
        "length-effects": ("analysis", "ok"),
        "backwards": ("launcher", "ok"),
        "who-is-it": ("task", "ok"),
        "which-names": ("task", "ok"),
        "passage-spans": ("head", "ok"),
        "pick-one": ("head", "ok"),
        "warp-encoder": ("encoder", "broken"),
        "quitter": ("encoder", "broken"),
        "reversed-words": ("condition", "ok"),
        "cautious": ("condition", "ok"),
        "brier": ("metric", "ok"),
        "label_recall": ("metric", "ok"),
        "mcc": ("metric", "ok"),
    }
    assert own["klingon-epics"]["error"] == (
        "import failed: ImportError: no module named 'dilithium'; pip install dilithium"
    )
    assert own["warp-encoder"]["error"] == "built for plugin API 99, but this xlt has 1"
    assert own["quitter"]["error"] == "import failed: SystemExit: 3"
    assert own["shouting"]["languages"] == ["en", "tlh"]
    others = [row for row in rows.values() if row not in own.values()]
    assert others
    assert {row["status"] for row in others} == {"ok"}


def test_the_text_names_them_completely_and_check_fails(klingon: Xlt) -> None:
    done = klingon("list-plugins", "--check", COLUMNS="40")
    assert done.returncode == 1
    for text in (
        "klingon-proverbs",
        "is it a proverb of [honour]?",
        "[broken] import failed: ImportError: no module named 'dilithium'; pip install dilithium",
        "[broken] built for plugin API 99, but this xlt has 1",
        "3 with problems",
    ):
        assert text in done.stdout


def test_a_spec_with_them_is_valid(klingon: Xlt, spec: Path) -> None:
    done = klingon("validate", spec)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(
        "is valid: e5-small-q4, klingon-proverbs (tlh, shouting), 1 run(s)\n"
    )


@pytest.mark.parametrize(
    ("override", "error", "hint"),
    [
        (
            "stages.0.task=klingon-proverb",
            "unknown task 'klingon-proverb'",
            "did you mean 'klingon-proverbs'?",
        ),
        ("stages.0.task.copys=3", "unknown parameter 'copys'", "did you mean 'copies'?"),
        ("stages.0.task.copies=0", "greater than or equal to 1, not 0", ""),
        ("stages.0.languages=[tlh, de]", "'shouting' does not support de", "it supports en, tlh"),
        ("stages.0.task=klingon-epics", "cannot be used: import failed: ImportError", ""),
        ("encoder=warp-encoder", "cannot be used: built for plugin API 99", ""),
        ("encoder=quitter", "cannot be used: import failed: SystemExit: 3", ""),
    ],
)
def test_their_mistakes_and_ours_are_said_by_name(
    klingon: Xlt, spec: Path, override: str, error: str, hint: str
) -> None:
    done = klingon("validate", spec, "--set", override)
    assert done.returncode == 2
    assert error in done.stderr
    assert hint in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_broken_plugin_is_no_trouble_until_it_is_used(klingon: Xlt, spec: Path) -> None:
    assert "goodbye" not in klingon("validate", spec).stderr
    schema = json.loads(klingon("schema").stdout)
    tasks = [option.get("title") for option in schema["$defs"]["task"]["anyOf"]]
    assert "klingon-proverbs" in tasks
    assert "klingon-epics" not in tasks


def test_they_are_shown_and_can_be_turned_off(klingon: Xlt, spec: Path) -> None:
    shown = klingon("show", "klingon-proverbs")
    assert "is it a proverb of [honour]?" in shown.stdout
    assert "how often each row is repeated" in shown.stdout
    off = klingon("validate", spec, XLT_DISABLE_PLUGINS="shouting@xlt_klingon")
    assert off.returncode == 2
    assert "'shouting' is turned off by XLT_DISABLE_PLUGINS" in off.stderr
