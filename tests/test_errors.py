"""Errors and their hints."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlt_cli.errors import DataError, PluginError, SpecError, UserError, did_you_mean

NAMES = st.lists(st.text("abcdefghij-", min_size=1, max_size=12), min_size=1, unique=True)


def test_the_nearest_name_comes_first_then_all_of_them() -> None:
    assert did_you_mean("mbrt", ["xnli", "mbert"]) == "did you mean 'mbert'? known: mbert, xnli"


def test_case_is_no_obstacle_to_a_guess() -> None:
    assert did_you_mean("MBERT", ["mbert"]).startswith("did you mean 'mbert'?")
    assert did_you_mean("mbert", ["MBert"]).startswith("did you mean 'MBert'?")


def test_nothing_near_is_no_guess() -> None:
    assert did_you_mean("zzz", ["mbert", "xnli"]) == "known: mbert, xnli"


def test_nothing_known_is_no_hint() -> None:
    assert did_you_mean("zzz", []) == ""


@given(NAMES, st.data())
def test_a_guess_is_always_a_known_name(names: list[str], data: st.DataObject) -> None:
    word = data.draw(st.text("abcdefghij-", max_size=12))
    hint = did_you_mean(word, names)
    guess, found, listed = hint.partition("? known: ")
    if found:
        assert guess.removeprefix("did you mean '").removesuffix("'") in names
    assert (listed or guess.removeprefix("known: ")).split(", ") == sorted(names)


@given(NAMES)
def test_a_name_is_its_own_nearest(names: list[str]) -> None:
    for name in names:
        assert did_you_mean(name, names).startswith(f"did you mean '{name}'?")


def test_the_text_of_an_error_has_its_parts_on_lines_of_their_own() -> None:
    assert str(UserError("what", "where", "hint")) == "what\nwhere\nhint"
    assert str(UserError("what", hint="hint")) == "what\nhint"


@pytest.mark.parametrize("kind", [DataError, PluginError, SpecError])
def test_every_kind_is_a_user_error_and_survives_a_process_boundary(kind: type[UserError]) -> None:
    error = kind("what", "where", "hint")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert isinstance(error, UserError)
    assert type(again) is kind
    assert (again.what, again.where, again.hint) == ("what", "where", "hint")
