"""Files and what YAML makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from spec_tools import SMALLEST, Load, Refused

from xlt_cli.errors import SpecError
from xlt_cli.spec import resolution
from xlt_cli.spec.source import LARGEST

# -------------------------------------------------------------------------- what YAML may say


def test_norwegian_stays_norwegian(load: Load) -> None:
    spec = load(SMALLEST + "    languages: no\nevaluations:\n- languages: [no, en]\n")
    assert spec.stages[0].languages == ["no"]
    assert spec.evaluations[0].languages == ["no", "en"]


def test_a_learning_rate_without_a_point_is_a_number(load: Load) -> None:
    assert load(SMALLEST + "    learning_rate: 2e-5\n").stages[0].learning_rate == 2e-5


def test_a_revision_may_look_like_a_date(load: Load) -> None:
    spec = load(SMALLEST.replace("e5-small-q4", "{name: mbert, revision: 2024-01-01}"))
    assert spec.encoder.params["revision"] == "2024-01-01"


@pytest.mark.parametrize("text", ["\ufeff" + SMALLEST, SMALLEST.replace("\n", "\r\n")])
def test_a_byte_order_mark_and_windows_line_ends_are_fine(load: Load, text: str) -> None:
    assert load(text).encoder.name == "e5-small-q4"


def test_stages_that_are_aliases_can_be_overridden_apart(load: Load) -> None:
    text = "encoder: mbert\nstages:\n- &first {task: xnli, epochs: 3}\n- *first\n"
    spec = load(text, "stages.0.epochs=1")
    assert [stage.epochs for stage in spec.stages] == [1, 3]


# ------------------------------------------------------------------------------- unusable files


def test_a_missing_file_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        resolution.load(tmp_path / "none.yaml")
    assert caught.value.where == str(tmp_path / "none.yaml")
    assert "xlt init" in caught.value.hint


def test_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="cannot read the spec"):
        resolution.load(tmp_path)


@pytest.mark.parametrize("text", ["", "# empty\n", "just words", "- a\n- list\n", "5"])
def test_a_file_that_is_no_mapping_is_refused_with_what_to_do(refused: Refused, text: str) -> None:
    error = refused(text)
    assert "'encoder' and 'stages'" in error.what
    assert error.where == "spec.yaml"
    assert "xlt init" in error.hint


def test_a_file_that_is_not_utf8_is_refused_with_the_byte(refused: Refused) -> None:
    error = refused(b"encoder: mb\xe9rt\n")
    assert error.what == "the spec is not valid UTF-8"
    assert error.where == "spec.yaml: byte 11"


def test_a_file_of_megabytes_is_refused_unread(refused: Refused) -> None:
    error = refused(b"a: 1\n" * LARGEST)
    assert "larger than a spec can be" in error.what


def test_broken_yaml_is_refused_with_line_and_column(refused: Refused) -> None:
    assert refused("encoder: mbert\nstages: [\n").where.startswith("spec.yaml:3:1")


def test_an_alias_in_circles_is_refused(refused: Refused) -> None:
    error = refused("encoder: mbert\nstages: &s\n- task: xnli\n  dev: *s\n")
    assert "contains it" in error.what
    assert error.where.startswith("spec.yaml:2")
