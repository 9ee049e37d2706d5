"""What a task says of its data: valid words, and all of them for lists."""

from __future__ import annotations

from typing import Any

import pytest

from xlt_cli.api import ORIGINS, TAGS, Task
from xlt_cli.registry.checks.task_facts import fault, shown, stated
from xlt_cli.testing.tiny_tasks import Sequences


def made(**attributes: Any) -> type[Task]:
    return type("Made", (Sequences,), attributes)


def test_a_task_may_say_nothing() -> None:
    assert fault(Sequences) == ""
    assert stated(Sequences)["languages"] is None
    assert shown(Sequences)["aligned"] == "yes"


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"licence": None}, "licence = None is not a text"),
        ({"family": ("nli",)}, "family = ('nli',) is not a text"),
        ({"origin": "translated"}, "origin = 'translated'; "),
        ({"origins": ["en"]}, "origins = ['en'] is not a mapping"),
        ({"origins": {"en": "natural"}}, "origins['en'] = 'natural'; "),
        ({"tags": "adversarial"}, "tags = 'adversarial' is not a tuple"),
        ({"tags": ("adversary",)}, "there is no tag 'adversary'; did you mean 'adversarial'?"),
        ({"published_languages": "en"}, "published_languages = 'en' is not a tuple"),
        ({"published_languages": ("en", "de", "en")}, "published_languages has 'en' twice"),
        ({"collapse": {"no": "neutral"}}, "is not a mapping from classes to tuples of labels"),
        ({"collapse": {"a": ("x",), "b": ("x",)}}, "collapse puts 'x' into two classes"),
    ],
)
def test_words_that_are_not_valid_are_faults(attributes: dict[str, Any], said: str) -> None:
    assert said in fault(made(**attributes))


@pytest.mark.parametrize("origin", ORIGINS)
def test_every_origin_is_valid(origin: str) -> None:
    assert fault(made(origin=origin, origins={"de": origin})) == ""


@pytest.mark.parametrize("tag", TAGS)
def test_every_tag_is_valid(tag: str) -> None:
    assert fault(made(tags=(tag,))) == ""


def test_many_languages_are_counted_and_few_are_named() -> None:
    assert shown(made(published_languages=("en", "sw")))["languages"] == "en, sw"
    assert shown(made(published_languages=tuple("abcdefg")))["languages"] == "7"
    assert stated(made(published_languages=tuple("abcdefg")))["languages"] == list("abcdefg")


def test_aligned_is_left_open_where_it_depends_on_the_parameters() -> None:
    by_params = made(aligned=property(lambda self: True))
    assert (stated(by_params)["aligned"], shown(by_params)["aligned"]) == (None, "")


@pytest.mark.parametrize(
    ("language", "origin"), [("de", "human-translated"), ("en", "native"), ("eng_Latn", "native")]
)
def test_the_origin_of_a_language_is_found_in_any_form_of_its_code(
    language: str, origin: str
) -> None:
    assert made(origin="human-translated", origins={"en": "native"}).origin_of(language) == origin
