"""The examples of docs/plugins.md are whole plugins that train; its words are those of the code."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from acceptance_tools import Desk, ledger

from xlt_cli import registry
from xlt_cli.api import API_VERSION, SPLITS, Companion, PluginParams, Task
from xlt_cli.problems import schemes
from xlt_cli.registry import KINDS
from xlt_cli.registry.checks import perturbations, tasks

Install = Callable[..., Path]
PAGE = (Path(__file__).parents[2] / "docs" / "plugins.md").read_text("utf-8")
WORDS = {"train": 40, "dev": 12, "test": 12}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def rows() -> dict[str, str]:
    """The second cells of the tables of words by their first; the last cells of longer rows."""
    found = {}
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| ") and len(cells) > 1:
            for name in re.findall(r"`(\w+)`", cells[0]) or [cells[0]]:
                found.setdefault(name, cells[-1])
            found.setdefault(cells[0], cells[-1])
    return found


def words(row: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", rows()[row]))


@pytest.fixture
def installed(install: Install) -> Path:
    """The folder of the page's plugins, installed as its pyproject.toml says."""
    sources = {}
    for source in blocks("python"):
        first = re.match(r"# (\w+)\.py\n", source)
        assert first, source[:40]
        sources[first[1]] = source
    project = tomllib.loads(blocks("toml")[0])["project"]
    return install(project["name"], project["entry-points"], sources, project["version"])


@pytest.mark.usefixtures("installed")
def test_the_examples_are_of_every_kind_and_nothing_is_to_be_mended(xlt: Any) -> None:
    listed = json.loads(xlt("list-plugins", "--check", "--json").stdout)
    own = [row for row in listed if row["distribution"] == "my-plugins 1.0"]
    assert {row["kind"] for row in own} == set(KINDS)
    assert [row for row in own if row["error"] or row["warnings"]] == []
    classes = [registry.get("perturbation", r["name"]) for r in own if r["kind"] == "perturbation"]
    for base in perturbations.PERTURBATIONS:
        assert any(issubclass(each, base) for each in classes), base


@pytest.mark.usefixtures("installed")
def test_the_examples_train_together_and_go_on(xlt: Any, desk: Desk, tiny_encoder: Path) -> None:
    folder = desk.path / "my-folder"
    folder.mkdir()
    for split, count in WORDS.items():
        for language, word in (("en", "please"), ("de", "please"), ("fr", "non")):
            lines = [
                f"the cat sees {'the dog' if n % 2 else word} {split} {n}\t"
                f"{('polite', 'plain')[n % 2]}"
                for n in range(count)
            ]
            (folder / f"{split}-{language}.tsv").write_text("\n".join(lines) + "\n", "utf-8")
    spec = yaml.safe_load(blocks("yaml")[0])
    spec["encoder"]["tokenizer"] = str(tiny_encoder)
    stage = spec["stages"][0]
    stage["task"]["path"] = str(folder)
    stage.update(learning_rate=0.01, batch_size=4, epochs=8)
    runs = desk.path / "runs"
    path = desk.path / "page.yaml"
    path.write_text(yaml.safe_dump({**spec, "device": "cpu", "max_length": 24}), "utf-8")
    result = xlt("train", path, "--runs-dir", runs, "--json")
    assert result.exit_code == 0, result.output
    found = desk.results()
    assert found["languages"]["en"]["accuracy"]["value"] > 0.9
    assert found["languages"]["de"]["accuracy"]["value"] > 0.9
    again = xlt("eval", desk.run().name, "--split", "dev", "--runs-dir", runs)
    assert again.exit_code == 0, again.output
    analyzed = xlt("analyze", "length-effects", desk.run(), "--longest", "18", "--runs-dir", runs)
    assert analyzed.exit_code == 0, analyzed.output
    assert "accuracy by length" in analyzed.stdout
    (folder / "test-de.tsv").write_text("the cat\trude\n", "utf-8")
    spoilt = xlt("eval", desk.run().name, "--limit", "5", "--runs-dir", runs)
    assert spoilt.exit_code == 2
    assert "'rude' is not a label" in spoilt.stderr
    assert "test-de.tsv:1" in spoilt.stderr


def test_the_launcher_runs_a_sweep(installed: Path, desk: Desk) -> None:
    stages = [{**desk.spec["stages"][0], "max_steps": 2}]
    spec = desk.write(stages=stages, evaluations=[], seeds=[1], sweep={})
    launcher = "{name: background, niceness: 1}"
    given = ("sweep", spec, "--launcher", launcher, "--json")
    code, out, err = desk.xlt(*given, PYTHONPATH=str(installed))
    assert code == 0, err
    assert [one["error"] for one in json.loads(out)] == [""]
    told = [(event["event"], event["job"]) for event in ledger(desk)]
    assert told == [("started", 1), ("done", 1)]


def test_the_words_of_the_page_are_those_of_the_code() -> None:
    from xlt_cli.problems.heads import POOLINGS

    assert words("problems") == set(registry.names("problem"))
    assert words("companion") == {word for word in get_args(Companion) if word}
    assert words("scheme") == set(schemes.NAMES)
    assert words("entry-point group") == {registry.KINDS[kind].group for kind in KINDS}
    assert words("split") == set(SPLITS)
    assert words("pooling of `WithHead`") == set(POOLINGS)
    for name in registry.names("problem"):
        problem = registry.get("problem", name)
        assert problem.__name__ in words("problem")
        assert words(f"metric of `{problem.__name__}`") == set(tasks.metrics_of(problem))
    assert words("api_version") == {str(API_VERSION)}
    assert words("source_language") == {Task.source_language}
    assert words("texts") == {"1", "2"}
    assert PluginParams.__name__ in words("Params")


def test_every_method_that_is_checked_is_on_the_page() -> None:
    for kind in KINDS.values():
        for methods in kind.methods.values():
            for method in methods:
                assert f"`{method}" in PAGE, method
