"""The points of a sweep."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xlt_cli.errors import UserError
from xlt_cli.spec.identity import identity
from xlt_cli.spec.resolution import resolve
from xlt_cli.spec.source import Source, parse_override, read
from xlt_cli.spec.yaml_lines import parse
from xlt_cli.sweep.plan import MOST_POINTS, Point, points

SPEC = """\
encoder: mbert
stages:
  - task: xnli
sweep:
  grid:
"""


def source(*grid: str) -> Source:
    """A spec with the grid's lines."""
    text = SPEC + "".join(f"    {line}\n" for line in grid)
    return Source(parse(text, Path("spec.yaml")), text)


def refused(*grid: str) -> UserError:
    with pytest.raises(UserError) as caught:
        points(source(*grid))
    return caught.value


def test_without_a_sweep_there_is_one_point_the_base() -> None:
    text = SPEC.partition("sweep:")[0]
    (only,) = points(Source(parse(text, Path("spec.yaml")), text))
    assert (only.label, only.values) == ("base", {})


def test_points_are_all_combinations_the_last_field_fastest() -> None:
    found = points(source("max_length: [32, 64]", "stages.0.epochs: [1, 2, 3]"))
    assert [(p.spec.max_length, p.spec.stages[0].epochs) for p in found] == [
        (32, 1),
        (32, 2),
        (32, 3),
        (64, 1),
        (64, 2),
        (64, 3),
    ]


def test_every_point_is_a_run_of_its_own() -> None:
    found = points(source("max_length: [32, 64]", "stages.0.learning_rate: [1e-5, 2e-5, 5e-5]"))
    assert len({identity(point.spec, 1) for point in found}) == 6


def test_a_label_says_what_makes_the_point() -> None:
    (first, _) = points(source("max_length: [32, 64]", "stages.0.learning_rate: [1e-5]"))
    assert first.label == "max_length=32 stages.0.learning_rate=1e-05"


@pytest.mark.parametrize(
    ("line", "read_back"),
    [
        ("encoder: [mbert, xlm-r-base]", ["mbert", "xlm-r-base"]),
        ("encoder.revision: ['main', 2024-01-01, '😀', '1', 'null']",
         ["main", "2024-01-01", "😀", "1", "null"]),
        ("stages.0.languages: [[en], [en, no]]", [["en"], ["en", "no"]]),
        ("stages.0.dev.limit: [5, null]", [5, None]),
    ],
)  # fmt: skip
def test_values_of_any_kind_reach_the_spec_as_they_are(line: str, read_back: list[object]) -> None:
    found = points(source(line))
    assert [next(iter(point.values.values())) for point in found] == read_back
    assert [_reached(point, line.partition(":")[0]) for point in found] == read_back
    base = source("{}")
    for point in found:
        overrides = tuple(parse_override(text) for text in point.overrides)
        again = resolve(replace(base, overrides=overrides)).spec
        assert identity(again, 1) == identity(point.spec, 1)


def test_a_perturbation_can_be_none_one_or_several() -> None:
    found = points(source("stages.0.perturbation: [null, typos, [typos, smart]]"))
    names = [[use.name for use in point.spec.stages[0].perturbation] for point in found]
    assert names == [[], ["typos"], ["typos", "smart"]]
    assert len({identity(point.spec, 1) for point in found}) == 3


def _reached(point: Point, path: str) -> object:
    value: object = point.spec.model_dump()
    for part in path.split("."):
        value = value[int(part)] if isinstance(value, list) else value[part]  # type: ignore[index]
    return value["name"] if isinstance(value, dict) else value


def test_a_label_writes_values_as_a_spec_does() -> None:
    grid = ["stages.0.perturbation: [null]", "stages.0.languages: [[en]]", "encoder: [mbert]"]
    (only,) = points(source(*grid))
    assert only.label == 'stages.0.perturbation=null stages.0.languages=["en"] encoder=mbert'


def test_a_point_keeps_the_overrides_of_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC + "    stages.0.epochs: [1, 2]\n", "utf-8")
    found = points(read(path, ["max_length=32", "stages.0.epochs=9"]))
    assert [(p.spec.max_length, p.spec.stages[0].epochs) for p in found] == [(32, 1), (32, 2)]


def test_the_grid_itself_can_be_overridden(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC + "    stages.0.epochs: [1, 2]\n", "utf-8")
    found = points(read(path, ["sweep.grid.stages.0.epochs=[5]"]))
    assert [p.spec.stages[0].epochs for p in found] == [5]


@pytest.mark.parametrize("field", ["name", "seeds", "sweep.grid", "device"])
def test_what_makes_no_other_experiment_cannot_be_swept(field: str) -> None:
    error = refused(f"{field}: [1, 2]")
    assert error.what == f"'{field}' cannot be swept"
    assert error.where.startswith("spec.yaml:6: sweep.grid")
    assert ("seeds: [1, 2, 3]" in error.hint) == (field == "seeds")


@pytest.mark.parametrize(
    ("line", "what", "where", "hint"),
    [
        ("stages.0.epoch: [1]", "unknown field 'epoch'", ".epoch.0", "did you mean 'epochs'?"),
        ("stages.0.epochs: [1, x]", "valid number, not 'x'", ".epochs.1", ""),
        ("stages.1.epochs: [1]", "'stages' has no item '1'", ".epochs.0", ""),
        ("encoder: [mbert, mbrt]", "unknown encoder 'mbrt'", "encoder.1", "did you mean 'mbert'?"),
        ("stages..epochs: [1]", "is not the path of a field", "", ""),
        ("max_length: [64, 32, 64]", "the value 64 is in the grid twice", "max_length", ""),
    ],
)
def test_a_wrong_field_or_value_is_named_with_its_line_in_the_grid(
    line: str, what: str, where: str, hint: str
) -> None:
    error = refused(
        "max_length: [16, 32]" if "max_length" not in line else "encoder: [mbert]", line
    )
    assert what in error.what
    assert error.where.startswith("spec.yaml:7: sweep.grid.")
    assert error.where.endswith(where)
    assert hint in error.hint
    assert "--set" not in error.where


def test_a_grid_that_nobody_can_run_is_refused_at_once() -> None:
    lines = [f"stages.0.x{n}: [{', '.join(map(str, range(10)))}]" for n in range(12)]
    error = refused(*lines)
    assert str(10**12) in error.what
    assert str(MOST_POINTS) in error.what


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(1, 3), max_size=4))
def test_there_are_as_many_points_as_the_product_of_the_lengths(lengths: list[int]) -> None:
    fields = ["max_length", "stages.0.epochs", "stages.0.batch_size", "stages.0.warmup"]
    values = ["[8, 9, 10", "[1, 2, 3", "[1, 2, 3", "[0.1, 0.2, 0.3"]
    grid = [
        f"{field}: {', '.join(some.split(', ')[:length])}]"
        for field, some, length in zip(fields, values, lengths, strict=False)
    ]
    planned = points(source(*grid) if grid else source("{}"))
    assert len(planned) == math.prod(lengths)
    assert len({point.label for point in planned}) == len(planned)
