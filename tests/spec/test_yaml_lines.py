"""YAML: what values are, where they stand, what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from xlt_cli.errors import SpecError
from xlt_cli.spec.yaml_lines import MOST_VALUES, Document, Loc, dotted, parse, parse_value

FILE = Path("spec.yaml")


def value(text: str) -> Any:
    return parse(text, FILE).value


def attempt(text: str) -> Document | SpecError:
    try:
        return parse(text, FILE)
    except SpecError as error:
        return error


def refused(text: str) -> SpecError:
    with pytest.raises(SpecError) as caught:
        parse(text, FILE)
    return caught.value


# ------------------------------------------------------------------------------------ values


@pytest.mark.parametrize("word", ["no", "No", "NO", "yes", "on", "off", "y", "n", "Off"])
def test_words_that_yaml_1_1_takes_for_booleans_stay_words(word: str) -> None:
    assert value(f"languages: [en, {word}]") == {"languages": ["en", word]}


@pytest.mark.parametrize(
    ("text", "expected"), [("true", True), ("True", True), ("false", False), ("FALSE", False)]
)
def test_true_and_false_are_booleans(text: str, expected: bool) -> None:
    assert parse_value(text) is expected


@pytest.mark.parametrize(
    "text", ["2e-5", "2E-5", "2.0e-5", "2.e-5", ".00002", "+2e-5", "0.00002", "20e-6"]
)
def test_numbers_with_an_exponent_are_floats(text: str) -> None:
    found = parse_value(text)
    assert isinstance(found, float)
    assert found == pytest.approx(2e-5)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_as_python_writes_it_is_read_back(number: float) -> None:
    found = parse_value(repr(number))
    assert isinstance(found, float)
    assert found == number


@given(st.integers(-(10**30), 10**30))
def test_every_integer_is_read_back(number: int) -> None:
    found = parse_value(str(number))
    assert type(found) is int
    assert found == number


@pytest.mark.parametrize("text", ["2024-01-01", "2001-12-14 21:59:43", "=", ".inf", "e5", "1e"])
def test_dates_and_things_near_numbers_are_words(text: str) -> None:
    assert value(f"revision: '{text}'") == {"revision": text}
    assert parse_value(text) == text


def test_null_is_written_three_ways() -> None:
    assert value("a: null\nb: ~\nc:\n") == {"a": None, "b": None, "c": None}


@pytest.mark.parametrize("text", ["", "# nothing but a comment\n", "---\n", "\n\n"])
def test_an_empty_document_is_none(text: str) -> None:
    assert value(text) is None


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text("abcdefgh", min_size=1), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(PLAIN)
def test_what_pyyaml_writes_is_read_back(content: Any) -> None:
    text = yaml.safe_dump({"a": content}, allow_unicode=True)
    assert value(text) == {"a": content}


@given(PLAIN)
def test_every_value_has_a_line_within_the_document(content: Any) -> None:
    text = yaml.safe_dump({"a": content})
    document = parse(text, FILE)
    for loc in _locs(document.value):
        assert 1 <= document.lines[loc] <= text.count("\n")


@given(st.text(max_size=200))
def test_any_text_gives_a_document_or_a_spec_error(text: str) -> None:
    found = attempt(text)
    assert isinstance(found, Document) or found.where.startswith("spec.yaml")


@given(st.text(alphabet="{}[]&*!|>'\"%@`:-?#,\n\t aé1.", max_size=60))
def test_any_punctuation_gives_a_document_or_a_spec_error(text: str) -> None:
    found = attempt(text)
    assert isinstance(found, Document) or found.what


def _locs(content: Any, loc: Loc = ()) -> list[Loc]:
    items: list[tuple[Any, Any]] = []
    if isinstance(content, dict):
        items = list(content.items())
    elif isinstance(content, list):
        items = list(enumerate(content))
    return [loc] + [deep for key, item in items for deep in _locs(item, (*loc, key))]


# ------------------------------------------------------------------------------------ places

SPEC = """\
# a comment
encoder: mbert
stages:
  - task: xnli
    epochs: 2
  - {task: pawsx,
     epochs: 3}
"""


@pytest.mark.parametrize(
    ("loc", "line"),
    [
        ((), 2),
        (("encoder",), 2),
        (("stages",), 3),
        (("stages", 0), 4),
        (("stages", 0, "epochs"), 5),
        (("stages", 1), 6),
        (("stages", 1, "epochs"), 7),
    ],
)
def test_lines_count_from_one_and_are_those_of_the_key(loc: Loc, line: int) -> None:
    assert parse(SPEC, FILE).lines[loc] == line


def test_where_names_file_line_and_path() -> None:
    assert parse(SPEC, FILE).where(("stages", 0, "epochs")) == "spec.yaml:5: stages.0.epochs"


def test_where_of_something_absent_is_the_line_of_what_should_hold_it() -> None:
    document = parse(SPEC, FILE)
    assert document.where(("stages", 1, "dev", "split")) == "spec.yaml:6: stages.1.dev.split"
    assert document.where(("seeds",)) == "spec.yaml:2: seeds"


def test_where_of_the_whole_is_its_first_line() -> None:
    assert parse(SPEC, FILE).where(()) == "spec.yaml:2"


def test_where_of_an_empty_document_is_the_file() -> None:
    assert parse("", FILE).where(()) == "spec.yaml"


def test_dotted() -> None:
    assert dotted(("stages", 0, "epochs")) == "stages.0.epochs"


# ----------------------------------------------------------------------------------- refused


def test_a_key_that_stands_twice_is_refused_with_both_lines() -> None:
    error = refused("stages:\n  - epochs: 1\n    task: xnli\n    epochs: 2\n")
    assert error.what == "the key 'epochs' occurs twice"
    assert error.where == "spec.yaml:4: stages.0.epochs"
    assert error.hint == "the first is on line 2"


def test_a_key_that_stands_twice_is_refused_in_flow_style_too() -> None:
    assert "twice" in refused("encoder: {name: hf, name: mbert}").what


def test_the_same_key_in_two_mappings_is_no_duplicate() -> None:
    assert value("- {a: 1}\n- {a: 1}\n") == [{"a": 1}, {"a": 1}]


@pytest.mark.parametrize("text", ["? [a, b]\n: c\n", "? {a: b}\n: c\n"])
def test_a_key_that_is_no_word_is_refused(text: str) -> None:
    error = refused(text)
    assert error.what == "a key must be a word"
    assert error.where == "spec.yaml:1"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: [1, 2\nb: 3\n", "spec.yaml:2"),
        ("a: b: c\n", "spec.yaml:1:5"),
        ("a:\n\t- b\n", "spec.yaml:2:1"),
        ("a: 'b\n", "spec.yaml:2:1"),
        ("a: *nowhere\n", "spec.yaml:1:4"),
        ("a: 1\n---\nb: 2\n", "spec.yaml:2:1"),
        ("a: 1\nb: %x\n", "spec.yaml:2:4"),
    ],
)
def test_broken_yaml_is_refused_with_line_and_column(text: str, place: str) -> None:
    error = refused(text)
    assert error.what.startswith("not valid YAML: ")
    assert error.where.startswith(place)


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\ufffe"])
def test_control_characters_are_refused_with_their_line(character: str) -> None:
    error = refused(f"a: 1\nb: x{character}y\n")
    assert f"U+{ord(character):04X}" in error.what
    assert error.where == "spec.yaml:2"


@pytest.mark.parametrize(
    "tag", ["!!python/object/apply:os.system", "!!set", "!!binary", "!mine", "!!timestamp"]
)
def test_tags_beyond_plain_values_are_refused(tag: str) -> None:
    error = refused(f"a: 1\nb: {tag} [echo]\n")
    assert tag in error.what
    assert error.where == "spec.yaml:2: b"


@pytest.mark.parametrize("text", ["!!int x", "!!int ''", "!!bool maybe", "!!float x"])
def test_a_tag_that_its_value_does_not_fit_is_refused(text: str) -> None:
    assert refused(f"a: {text}\n").what.startswith("not valid YAML")


def test_a_number_of_5000_digits_is_refused() -> None:
    assert refused(f"a: {'9' * 5000}\n").what.startswith("not valid YAML")


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_nesting_without_end_is_refused(opening: str) -> None:
    assert refused(opening * 5000).what == "not valid YAML: nested too deeply"


# ----------------------------------------------------------------------------------- aliases


def test_an_alias_is_a_copy() -> None:
    found = value("a: &x {b: [1]}\nc: *x\n")
    found["c"]["b"].append(2)
    assert found == {"a": {"b": [1]}, "c": {"b": [1, 2]}}


def test_merge_keys_are_merged_and_may_be_overridden() -> None:
    text = "a: &x {epochs: 1, limit: 5}\nb:\n  <<: *x\n  epochs: 2\n"
    assert value(text)["b"] == {"epochs": 2, "limit": 5}


def test_the_place_of_an_aliased_value_is_where_it_is_used() -> None:
    assert parse("a: &x {b: 1}\nc: *x\n", FILE).lines[("c",)] == 2


@pytest.mark.parametrize(
    "text", ["a: &x [*x]\n", "a: &x {b: *x}\n", "a: &x {b: [c, {d: *x}]}\n", "&x a: &y {<<: *y}\n"]
)
def test_an_alias_that_goes_in_circles_is_refused(text: str) -> None:
    error = refused(text)
    assert error.what == "an alias refers to a value that contains it"
    assert error.where.startswith("spec.yaml:1: a.")


def _bomb(link: str) -> str:
    lines = [f"a0: &a0 {link.format('1', '1')}"]
    lines += [f"a{n}: &a{n} {link.format(f'*a{n - 1}', f'*a{n - 1}')}" for n in range(1, 40)]
    return "\n".join(lines)


@pytest.mark.parametrize("link", ["[{}, {}]", "{{b: {}, c: {}}}"])
def test_an_alias_bomb_is_refused(link: str) -> None:
    assert str(MOST_VALUES) in refused(_bomb(link)).what


def test_a_bomb_of_merge_keys_is_refused() -> None:
    lines = ["a0: &a0 {k: 1}"]
    lines += [f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}" for n in range(1, 40)]
    assert str(MOST_VALUES) in refused("\n".join(lines)).what


# ------------------------------------------------------------------------- values for `--set`


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", 1),
        ("", None),
        ("null", None),
        ("no", "no"),
        ("[de, sw]", ["de", "sw"]),
        ("{name: hf, model: a/b}", {"name": "hf", "model": "a/b"}),
        ("a: b: c", "a: b: c"),
        ("*star", "*star"),
        ("@at", "@at"),
        ("'unclosed", "'unclosed"),
    ],
)
def test_a_value_is_yaml_or_else_a_word(text: str, expected: object) -> None:
    assert parse_value(text) == expected


@pytest.mark.parametrize("text", ["{name: hf", "[1, 2", "{a: 1, a: 2}", "[*x]", " {a: b}}"])
def test_a_broken_list_or_mapping_is_refused_rather_than_taken_for_a_word(text: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_value(text, "--set encoder=...")
    assert caught.value.where == "--set encoder=..."
    assert text in caught.value.hint
