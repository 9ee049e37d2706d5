"""The example of docs/adding-a-task.md is a whole task of a third party."""

from __future__ import annotations

import importlib
import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xlt_cli import registry
from xlt_cli.testing import TaskSuite
from xlt_tasks import file_tasks
from xlt_tasks.file_tasks import Release

PAGE = (Path(__file__).parents[3] / "docs" / "adding-a-task.md").read_text("utf-8")
SWAHILI = ("habari za afya", "habari za siasa", "habari za michezo")


def block(language: str) -> str:
    (only,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return str(only)


@pytest.fixture
def installed(install: Callable[..., Path]) -> Any:
    """The page's task, installed as its pyproject.toml says."""
    project = tomllib.loads(block("toml"))["project"]
    sources = {"radio_topics": block("python")}
    install(project["name"], project["entry-points"], sources, project["version"])
    return registry.get("task", "radio-topics")


def write(folder: Path, name: str, labels: tuple[str, ...], separator: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [f"{text}{separator}{label}\n" for text, label in zip(SWAHILI, labels, strict=True)]
    path.write_text("".join(rows), "utf-8")


def test_the_example_is_short() -> None:
    assert len(block("python").splitlines()) < 40


def test_it_is_listed_with_its_facts(installed: Any, xlt: Callable[..., Any]) -> None:
    listed = json.loads(xlt("list-plugins", "--kind", "task", "--check", "--json").stdout)
    (row,) = [row for row in listed if row["distribution"] == "radio-topics 1.0"]
    assert (row["error"], row["warnings"]) == ("", [])
    assert (row["family"], row["licence"], row["origin"]) == ("topic", "CC BY 4.0", "native")


@pytest.mark.parametrize("release", [0, 1])
def test_it_reads_both_forms_of_the_data(installed: Any, tmp_path: Path, release: int) -> None:
    folder = tmp_path / "radio_topics"
    if release == 0:
        write(folder, "test-swa.tsv", installed.labels, "\t")
    else:
        write(folder, "swa/test.csv", ("afya", "siasa", "michezo"), ",")
    task = installed(installed.Params.model_validate({"path": str(tmp_path)}))
    assert task.languages("test") == ("swa",)
    rows = task.load("test", "swa").examples
    assert [(e.texts, e.label) for e in rows] == [
        ((text,), label) for text, label in zip(SWAHILI, installed.labels, strict=True)
    ]


class TestExample(TaskSuite):
    @pytest.fixture
    def plugin(self, installed: Any, tmp_path: Path) -> Any:
        for language in installed.published_languages:
            for split in ("train", "test"):
                write(tmp_path / "radio_topics", f"{split}-{language}.tsv", installed.labels, "\t")
        return installed(installed.Params.model_validate({"path": str(tmp_path)}))


def test_every_name_of_the_page_exists() -> None:
    for name in ("TextTask", "SlicedTask", "WordTask", "NOT_TRANSLATED", "SENTENCE_PAIR"):
        assert f"`{name}`" in PAGE
        assert name in file_tasks.__all__
        assert hasattr(importlib.import_module("xlt_tasks.file_tasks"), name)
    for field in Release.__dataclass_fields__:
        assert f"| `{field}` |" in PAGE
