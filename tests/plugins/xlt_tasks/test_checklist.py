"""Behavioural tests from templates: what rows they come to, and what is wrong with a file."""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from xlt_cli.api import DataError
from xlt_tasks.checklist.cases import cases, rows
from xlt_tasks.checklist.task import SHIPPED, CheckList
from xlt_tasks.checklist.templates import Templates

FILE: dict[str, Any] = {
    "labels": ["no", "yes"],
    "slots": {
        "name": {"en": ["Anna", "Peter", "Maria"], "tr": {"plain": ["Anna", "Peter", "Maria"],
                 "with": ["Anna'yla", "Peter'le", "Maria'yla"]}},
        "year": {"en": [1990, 2001], "tr": [1990, 2001]},
    },
    "phrases": {
        "met": {"en": "{name1} met {name2}.", "tr": "{name1}, {name2.with} tanıştı."},
        "born": {"en": "{name} was born in {year}.", "tr": "{name} {year} yılında doğdu."},
        "rare": {"en": "{name} left."},
    },
    "tests": [
        {"name": "exchanged", "capability": "roles", "type": "MFT", "label": "yes",
         "texts": ["met", "met(name1=name2, name2=name1)"]},
        {"name": "other-year", "capability": "time", "type": "DIR", "label": "yes",
         "texts": ["born(year=year1)", "born(year=year1)"],
         "changed": ["born(year=year1)", "born(year=year2)"], "changed_label": "no",
         "expect": {"label": "yes", "moves": "down", "tolerance": 0.1}},
        {"name": "renamed", "capability": "names", "type": "INV", "label": "no", "cases": 4,
         "texts": ["rare(name=name1)", "met"], "changed": ["rare(name=name3)", "met"]},
    ],
}  # fmt: skip


def task(path: Path, content: Any) -> CheckList:
    text = (
        content
        if isinstance(content, str)
        else yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
    )
    file = path / "tests.yaml"
    file.write_text(text, "utf-8")
    return CheckList(CheckList.Params(templates=str(file)))


def changed(*path: Any, to: Any) -> dict[str, Any]:
    """The file with a value at a path; None removes it."""
    copy: Any = yaml.safe_load(yaml.safe_dump(FILE, sort_keys=False))
    *parents, last = path
    here = copy
    for part in parents:
        here = here[part]
    if to is None:
        del here[last]
    else:
        here[last] = to
    return copy  # type: ignore[no-any-return]


def test_all_combinations_are_cases_where_there_are_few(tmp_path: Path) -> None:
    made = task(tmp_path, FILE)
    assert (made.labels, made.texts) == (("no", "yes"), 2)
    assert made.languages("test") == ("en", "tr")
    english = [e for e in made.load("test", "en").examples if e.id.startswith("exchanged/")]
    names = ("Anna", "Peter", "Maria")
    due = {(f"{a} met {b}.", f"{b} met {a}.") for a, b in itertools.permutations(names, 2)}
    assert {e.texts for e in english} == due
    assert len(english) == len(due)
    assert {e.label for e in english} == {"yes"}
    turkish = {e.id: e.texts for e in made.load("test", "tr").examples}
    assert turkish[english[0].id] == ("Anna, Peter'le tanıştı.", "Peter, Anna'yla tanıştı.")


def test_a_changed_version_stands_behind_its_case_with_its_own_label(tmp_path: Path) -> None:
    examples = list(task(tmp_path, FILE).load("test", "en").examples)
    own = [e for e in examples if e.id.startswith("other-year/")]
    assert len(own) == 2 * 3 * 2
    for before, after in zip(own[::2], own[1::2], strict=True):
        assert after.id == before.id + "/changed"
        assert (before.label, after.label) == ("yes", "no")
        assert before.texts[0] == before.texts[1] == after.texts[0]
        first, second = (re.findall("[0-9]+", text) for text in after.texts)
        assert first != second
    # A phrase that a language lacks leaves the test out there.
    assert sum(e.id.startswith("renamed/") for e in examples) == 2 * 4
    assert not [e for e in task(tmp_path, FILE).load("test", "tr").examples if "renamed" in e.id]


def test_cases_are_distinct_and_the_same_in_every_language_and_each_time() -> None:
    made = CheckList()
    templates = made.templates
    for test in templates.tests:
        drawn = cases(templates, test)
        assert len(drawn) == test.cases == 50
        assert len({tuple(one.items()) for one in drawn}) == 50
        for one in drawn:
            by_slot = defaultdict(list)
            for (name, _), index in one.items():
                by_slot[name].append(index)
            assert all(len(set(own)) == len(own) for own in by_slot.values())
    alone = {test.name for test in templates.tests if test.type == "MFT"}
    by_language = {x: made.load("test", x).examples for x in made.languages("test")}
    first = [(e.id, e.label) for e in by_language["en"]]
    for language, examples in by_language.items():
        assert [(e.id, e.label) for e in examples] == first
        assert all(not set("{}") & set("".join(e.texts)) for e in examples)
        own = [(e.id.partition("/")[0], e.texts) for e in examples]
        texts = Counter(one for one in own if one[0] in alone)
        assert max(texts.values()) == 1, language
    # The same on every machine and in every version.
    assert by_language["en"][0].texts == (
        "Thomas earns more than Anna.",
        "Anna earns more than Thomas.",
    )


def test_the_templates_that_ship_are_in_the_languages_of_the_embedded_task() -> None:
    from xlt_tasks.mini_pawsx_task import MiniPawsX

    made, embedded = CheckList(), MiniPawsX()
    assert set(made.languages("test")) == set(embedded.languages("test"))
    assert made.labels == embedded.labels
    trained = {e.texts for e in embedded.load("train", "en").examples}
    assert not trained & {e.texts for e in made.load("test", "en").examples}
    assert made.caveat
    assert {test.type for test in made.templates.tests} == {"MFT", "INV", "DIR"}
    # No phrase is in a language by mistake: each differs from the English one.
    for texts in made.templates.phrases.values():
        assert len(set(texts.values())) == len(texts)


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        (changed("tests", 0, "label", to="maybe"), "label", "'maybe' is no label of the file"),
        (changed("tests", 0, "texts", to=["met", "mett"]), "mett", "did you mean 'met'?"),
        (changed("tests", 1, "texts", to=["met"]), "- met", "1 texts, and the first test has 2"),
        (changed("tests", 0, "texts", 0, to="met(name3=name1)"), "met(name3", "has no 'name3'"),
        (changed("tests", 0, "texts", 0, to="met(name1=year)"), "met(name1", "another slot"),
        (changed("tests", 0, "texts", 0, to="met(name1)"), "met(name1)", "name1=name2"),
        (changed("tests", 0, "texts", 0, to="met met"), "met met", "is no phrase"),
        (changed("tests", 0, "type", to="INV"), "name: exchanged", "INV needs `changed`"),
        (changed("tests", 1, "expect", to=None), "name: other-year", "DIR needs `expect`"),
        (changed("tests", 1, "type", to="MFT"), "name: other-year", "MFT has no `changed`"),
        (changed("tests", 1, "name", to="exchanged"), "exchanged", "two tests 'exchanged'"),
        (changed("tests", 1, "expect", "moves", to="sideways"), "moves", "'down' or 'up'"),
        (changed("tests", 0, "lable", to="yes"), "lable", "Extra inputs"),
        (changed("phrases", "met", "en", to="{nane1} met {name2}."), "nane1", "mean 'name'?"),
        (changed("phrases", "met", "en", to="{name1 met"), "{name1 met", "a brace"),
        (changed("phrases", "met", "en", to="{1} met"), "{1} met", "is no slot"),
        (changed("phrases", "met", "tr", to="{name1.wiht}"), "wiht", "did you mean 'with'?"),
        (changed("phrases", "met", "de", to="{name1}"), "de:", "no values in 'de'"),
        (changed("slots", "year", "tr", to=[1990]), "tr:", "1 values, and 2 in 'en'"),
        (changed("slots", "name", to={"en": ["A"], "tr": {"with": ["A"], "plain": ["A"]}}),
         "name: exchanged", "2 values of 'name', which has 1"),
        ("labels: [a, b", "labels", "not YAML"),
        ("[]", "[]", "valid dictionary"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_said_with_its_line(
    tmp_path: Path, content: Any, line: str, said: str
) -> None:
    made = task(tmp_path, content)
    with pytest.raises(DataError) as caught:
        made.labels  # noqa: B018
    error = caught.value
    assert said in f"{error.what} {error.hint}"
    file, _, number = error.where.rpartition(":")
    lines = Path(file).read_text("utf-8").splitlines()
    near = lines[max(0, int(number) - 2) : int(number) + 3]
    assert any(line in one for one in near), (number, near)


def test_a_file_that_is_not_there_and_a_language_that_has_no_tests(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        CheckList(CheckList.Params(templates=str(tmp_path / "none.yaml"))).check()
    with pytest.raises(DataError, match="no templates 'paraphrases'") as caught:
        CheckList(CheckList.Params(templates="paraphrases")).check()
    assert "did you mean 'paraphrase'?" in caught.value.hint
    with pytest.raises(DataError, match="no tests in 'sw'"):
        task(tmp_path, FILE).load("test", "sw")
    assert task(tmp_path, FILE).languages("train") == ()
    assert "test split only" in task(tmp_path, FILE).missing("dev")
    assert task(tmp_path, FILE).caveat == ""


def test_numbers_are_taken_as_text_and_the_file_is_plain_data(tmp_path: Path) -> None:
    text = (SHIPPED / "paraphrase.yaml").read_text("utf-8")
    again = Templates.model_validate(yaml.safe_load(text))
    assert again == CheckList().templates
    assert next(iter(rows(again, "en"))).id == "roles-exchanged/0"
    assert again.slots["number"]["en"] == ["5", "6", "7", "8", "9", "10"]
