"""The examples of docs/adding-a-task.md are whole tasks of a third party."""

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
from xlt_cli.errors import DataError, PluginError
from xlt_cli.testing import TaskSuite
from xlt_tasks import file_tasks
from xlt_tasks.file_tasks import Release

PAGE = (Path(__file__).parents[3] / "docs" / "adding-a-task.md").read_text("utf-8")
SWAHILI = ("habari za afya", "habari za siasa", "habari za michezo")


BLOCK = r"^```{}\n{}(.*?)^```$"


def block(language: str, begins: str = "") -> str:
    """The one block of a language that begins so."""
    pattern = BLOCK.format(language, re.escape(begins))
    (only,) = re.findall(pattern, PAGE, re.MULTILINE | re.DOTALL)
    return begins + str(only)


@pytest.fixture
def installed(install: Callable[..., Path]) -> Any:
    """The page's task, installed as its pyproject.toml says."""
    project = tomllib.loads(block("toml"))["project"]
    sources = {"radio_topics": block("python", "# radio_topics.py")}
    install(project["name"], project["entry-points"], sources, project["version"])
    return registry.get("task", "radio-topics")


def write(folder: Path, name: str, labels: tuple[str, ...], separator: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [f"{text}{separator}{label}\n" for text, label in zip(SWAHILI, labels, strict=True)]
    path.write_text("".join(rows), "utf-8")


EXAMPLES = re.findall(r"^```python\n# (\w+)\.py$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("module", EXAMPLES)
def test_the_examples_are_short(module: str) -> None:
    assert len(block("python", f"# {module}.py").splitlines()) < 40


FURTHER = {
    "kiosk": ("kiosk:Kiosk", "tsv", "nunua tiketi kisumu\tO O B-place\tbuy\n"),
    "kiosk_lines": ("kiosk_lines:KioskLines", "tsv", block("text", "number\trequest")),
    "likeness": ("likeness:Likeness", "tsv", "habari za leo\thabari za jana\t3.5\n"),
    "market_pairs": ("market_pairs:MarketPairs", "tsv", block("text", "report\tenglish")),
    "places": ("places:Places", "tsv", "mji\tO\nwa\tO\nKisumu\tB-PLACE\n\n"),
    "proverb_ends": ("proverb_ends:ProverbEnds", "tsv", block("text", "number\tstart")),
    "proverbs_apart": ("proverbs_apart:ProverbsApart", "txt", "".join(f"{s}\n" for s in SWAHILI)),
    "river_questions": ("river_questions:RiverQuestions", "json", block("json")),
    "town_answers": ("town_answers:TownAnswers", "tsv", block("text", "key\ttext")),
}


def imports(source: str, module: str) -> bool:
    return f"from {module} import" in source


def made(install: Callable[..., Path], tmp_path: Path, module: str) -> Any:
    """The task of one of the shorter examples, with the same rows in each file."""
    place, suffix, rows = FURTHER[module]
    name = module.replace("_", "-")
    sources = {one: block("python", f"# {one}.py") for one in EXAMPLES}
    source = {one: text for one, text in sources.items() if imports(sources[module], one)}
    source[module] = sources[module]
    install(name, {"xlt.tasks": {name: place}}, source)
    task = registry.get("task", name)
    for language in task.published_languages:
        for split in ("train", "test"):
            path = tmp_path / task.folder / f"{split}-{language}.{suffix}"
            path.parent.mkdir(exist_ok=True)
            path.write_text(rows, "utf-8")
            if module == "proverbs_apart":
                path.with_suffix(".eng").write_text(rows.replace("habari", "news"), "utf-8")
    return task(task.Params.model_validate({"path": str(tmp_path)}))


@pytest.fixture(params=FURTHER)
def further(install: Callable[..., Path], request: Any, tmp_path: Path) -> Any:
    return made(install, tmp_path, request.param)


class TestFurther(TaskSuite):
    @pytest.fixture
    def plugin(self, further: Any) -> Any:
        return further

    @staticmethod
    def _in_a_new_process(plugin: Any) -> dict[str, list[str]]:
        """They import what the first example imports."""
        return {"import": [], "check": []}


def rows_of(task: Any) -> Any:
    return task.load("test", "luo").examples


def test_the_intent_and_the_number_are_read(install: Any, tmp_path: Path) -> None:
    kiosk, likeness = (made(install, tmp_path, name) for name in ("kiosk", "likeness"))
    assert [row.intent for row in rows_of(kiosk)] == ["buy"]
    assert [row.score for row in rows_of(likeness)] == [3.5]
    assert all(task.problem.of(task).head.labels for task in (kiosk, likeness))


def test_a_row_is_made_of_other_columns(install: Any, tmp_path: Path) -> None:
    first, second = rows_of(made(install, tmp_path, "kiosk_lines"))
    assert (first.id, first.intent, second.intent) == ("test-12", "buy", "ask_time")
    assert first.tokens == ("nunua", "tiketi", "kisumu")
    assert first.tags == ("O", "O", "B-place")


def test_the_two_sides_are_read_from_two_files(install: Any, tmp_path: Path) -> None:
    task = made(install, tmp_path, "proverbs_apart")
    pairs = [(row.query, row.candidates[0].text) for row in rows_of(task)]
    assert pairs == [(saying, saying.replace("habari", "news")) for saying in SWAHILI]
    assert task.languages("test") == ("luo", "swa")


def test_a_language_is_mined_with_itself_too(install: Any, tmp_path: Path) -> None:
    task = made(install, tmp_path, "market_pairs")
    assert [task.row_languages(code) for code in ("luo", "en")] == [("luo", "en"), ("en",)]


def test_the_tags_are_read(install: Any, tmp_path: Path) -> None:
    (row,) = rows_of(made(install, tmp_path, "places"))
    assert (row.tokens, row.tags) == (("mji", "wa", "Kisumu"), ("O", "O", "B-PLACE"))


def test_the_choices_are_counted_from_1(install: Any, tmp_path: Path) -> None:
    rows = rows_of(made(install, tmp_path, "proverb_ends"))
    assert [row.id for row in rows] == ["test-7", "test-8"]
    assert [row.choices[row.right] for row in rows] == ["haina baraka", "hujaza kibaba"]


@pytest.mark.parametrize("module", ["proverb_ends", "river_questions"])
def test_without_a_folder_a_set_that_is_not_on_the_hub_is_refused(
    install: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    task = type(made(install, tmp_path, module))()
    monkeypatch.delenv("XLT_DATA_DIR", raising=False)
    with pytest.raises(DataError, match="no folder is given"):
        task.languages("test")


def test_the_answer_is_read_from_its_passage(install: Any, tmp_path: Path) -> None:
    (row,) = rows_of(made(install, tmp_path, "river_questions"))
    assert row.answers == (("Mto Nile", 0),)


def test_several_paragraphs_are_right(install: Any, tmp_path: Path) -> None:
    rows = rows_of(made(install, tmp_path, "town_answers"))
    assert [row.relevant for row in rows] == [("a", "c"), ("b",), ()]
    assert [row.candidates[0].key for row in rows] == ["a", "b", "c"]
    assert rows[2].query == ""


def test_sentences_without_a_translation_are_mined_too(install: Any, tmp_path: Path) -> None:
    rows = rows_of(made(install, tmp_path, "market_pairs"))
    assert [bool(row.query) for row in rows] == [True, True, False]
    assert [len(row.candidates) for row in rows] == [1, 0, 1]
    assert [row.relevant for row in rows] == [("1",), (), ()]


def test_there_is_an_example_of_each_problem(install: Any, tmp_path: Path) -> None:
    shown = {made(install, tmp_path, module).problem.name for module in FURTHER}
    shown |= {"sequence-classification", "sentence-retrieval"}  # radio_topics, proverbs
    assert shown == {*registry.names("problem")} - {"masked-language-modelling"}


@pytest.fixture
def proverbs(install: Callable[..., Path], tmp_path: Path) -> Any:
    """The page's task of retrieval, with a file."""
    install(
        "proverbs",
        {"xlt.tasks": {"proverbs": "proverbs:Proverbs"}},
        {"proverbs": block("python", "# proverbs.py")},
    )
    rows = [f"{saying}\tEnglish {saying}\n" for saying in SWAHILI]
    for split in ("train", "test"):
        path = tmp_path / "proverbs" / f"{split}-swa.tsv"
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(rows), "utf-8")
    plugin: Any = registry.get("task", "proverbs")
    return plugin(plugin.Params.model_validate({"path": str(tmp_path)}))


class TestRetrievalExample(TaskSuite):
    @pytest.fixture
    def plugin(self, proverbs: Any) -> Any:
        return proverbs


def test_the_task_of_retrieval_reads_its_pairs(proverbs: Any) -> None:
    rows = proverbs.load("test", "swa").examples
    assert [(e.query, e.candidates[0].text) for e in rows] == [
        (saying, f"English {saying}") for saying in SWAHILI
    ]


def test_it_is_listed_with_its_facts(installed: Any, xlt: Callable[..., Any]) -> None:
    listed = json.loads(xlt("list-plugins", "--kind", "task", "--check", "--json").stdout)
    (row,) = [row for row in listed if row["distribution"] == "radio-topics 1.0"]
    assert (row["error"], row["warnings"]) == ("", [])
    assert (row["family"], row["licence"], row["origin"]) == ("topic", "CC BY 4.0", "native")


@pytest.mark.parametrize("stated", [(), Release(), "train.tsv", [Release()]])
def test_releases_without_a_comma_are_told(installed: Any, tmp_path: Path, stated: Any) -> None:
    task = type("Topics", (installed,), {"releases": stated})(installed.Params(path=tmp_path))
    with pytest.raises(PluginError, match="not a tuple of one Release or more") as caught:
        task.check()
    assert "with a comma" in caught.value.hint


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
    for name in (
        *("TextTask", "SlicedTask", "WordTask", "IntentTask", "ScoreTask", "Utterance"),
        *("ChoiceTask", "Choices", "OnHub", "Release", "filled"),
        *("NOT_TRANSLATED", "SENTENCE_PAIR", "SCORED_PAIR", "SCORED_TEXT", "UTTERANCE"),
    ):
        assert f"`{name}" in PAGE
        assert name in file_tasks.__all__
        assert hasattr(importlib.import_module("xlt_tasks.file_tasks"), name)
    for field in Release.__dataclass_fields__:
        assert f"| `{field}` |" in PAGE
