"""Axes beyond a grid: values that go together, arms with other stages, and what is left out."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xlt_cli.errors import UserError
from xlt_cli.spec.identity import identity
from xlt_cli.spec.resolution import resolve
from xlt_cli.spec.source import Source, parse_override
from xlt_cli.spec.yaml_lines import parse
from xlt_cli.sweep.plan import Point, name_of_point, points

SPEC = """\
encoder: mbert
stages:
  - {task: panx, epochs: 1}
  - {task: xnli, learning_rate: 3e-5}
sweep:
"""
ARMS = """\
  arms:
    - {name: both}
    - {name: direct, without: [0]}
    - {name: more, before: [{task: pawsx, learning_rate: 1e-5}], after: [{task: xnli, limit: 10}]}
"""


def source(sweep: str) -> Source:
    text = SPEC + sweep
    return Source(parse(text, Path("spec.yaml")), text)


def found(sweep: str) -> list[Point]:
    return points(source(sweep))


def refused(sweep: str) -> UserError:
    with pytest.raises(UserError) as caught:
        found(sweep)
    return caught.value


def key(point: Point) -> str:
    return identity(point.spec, 1, "fp32")


def test_values_of_a_zip_go_together() -> None:
    made = found(
        "  zip: {stages.1.learning_rate: [1e-5, 2e-5], stages.1.batch_size: [8, 16]}\n"
        "  grid: {max_length: [32, 64]}\n"
    )
    assert [point.label for point in made] == [
        f"stages.1.learning_rate={rate} stages.1.batch_size={size} max_length={length}"
        for (rate, size), length in itertools.product([("1e-05", 8), ("2e-05", 16)], [32, 64])
    ]
    assert made[2].spec.stages[1].batch_size == 16


def test_a_zip_of_lists_of_other_lengths_is_refused() -> None:
    error = refused("  zip: {stages.1.learning_rate: [1e-5, 2e-5], stages.1.batch_size: [8]}\n")
    assert "stages.1.learning_rate has 2, stages.1.batch_size has 1" in error.what
    assert error.where.startswith("spec.yaml:6: sweep.zip")


@pytest.mark.parametrize(
    ("sweep", "what"),
    [
        ("  zip: {max_length: [32]}\n  grid: {max_length: [64]}\n", "in zip and in the grid"),
        ("  zip: {max_length: [32]}\n  points: [{max_length: 64}]\n", "in the points and in zip"),
        ("  zip: {seeds: [1, 2]}\n", "cannot be swept"),
        ("  arms: [{name: a}, {name: a}]\n", "two arms have the name 'a'"),
        ("  arms: [{name: a, without: [2]}]\n", "has no stage 2"),
        ("  arms: [{name: a, without: [0, 1]}]\n", "no stage is left"),
        ("  arms: [{name: a, before: [{task: nonsense}]}]\n", "nonsense"),
        ("  arms: [{name: a, without: [0]}]\n  grid: {stages: [[{task: xnli}]]}\n", "has arms"),
        ("  exclude: [{max_length: 32}]\n", "is not varied by the sweep"),
        ("  grid: {max_length: [32]}\n  exclude: [{}]\n", "would exclude everything"),
        ("  grid: {max_length: [32]}\n  exclude: [{max_length: 32}]\n", "excludes all of its"),
        ("  where: [max_length]\n", "is not a condition"),
        ("  where: [max_length < long]\n", "cannot be decided"),
        ("  where: [max_length <=]\n", "is not a condition"),
        ("  where: [stages.0.epoch <= 3]\n", "no run of the sweep has the field 'stages.0.epoch'"),
        ("  where: [stages.7.epochs <= 3]\n", "no run of the sweep has the field 'stages.7.epo"),
        ("  where: [max_length > stages.0.batchsize]\n", "the field 'stages.0.batchsize'"),
    ],
)
def test_what_cannot_be_swept_so_is_refused_with_its_place(sweep: str, what: str) -> None:
    error = refused(sweep)
    assert what in error.what
    assert error.where.startswith("spec.yaml:")


def test_an_arm_has_stages_before_after_and_without_those_of_the_spec() -> None:
    made = found(ARMS)
    assert [[stage.task.name for stage in point.spec.stages] for point in made] == [
        ["panx", "xnli"],
        ["xnli"],
        ["pawsx", "panx", "xnli", "xnli"],
    ]
    assert [point.label for point in made] == ["both", "direct", "more"]
    assert made[2].spec.stages[3].limit == 10
    assert made[2].spec.stages[2].learning_rate == 3e-5


def test_an_arm_is_the_run_of_the_spec_that_has_its_stages() -> None:
    text = "encoder: mbert\nstages:\n  - {task: xnli, learning_rate: 3e-5}\n"
    by_hand = resolve(Source(parse(text, Path("spec.yaml")), text)).spec
    plain, direct, _ = found(ARMS)
    assert key(direct) == identity(by_hand, 1, "fp32")
    base = resolve(source("  grid: {}\n")).spec
    assert key(plain) == identity(base, 1, "fp32")


def test_paths_count_the_stages_of_the_spec_in_every_arm() -> None:
    made = found(ARMS + "  grid: {stages.0.epochs: [1, 2], stages.1.batch_size: [8, 16]}\n")
    shown = [
        (point.name, [(s.task.name, s.epochs, s.batch_size) for s in point.spec.stages])
        for point in made
    ]
    assert len(made) == 4 + 2 + 4  # without its first stage, its epochs make no difference
    assert [label for label in (point.label for point in made) if "direct" in label] == [
        "direct stages.1.batch_size=8",
        "direct stages.1.batch_size=16",
    ]
    name, stages = shown[-1]
    assert name == "more"
    assert [(task, epochs) for task, epochs, _ in stages][1] == ("panx", 2)
    assert stages[2][2] == 16


SWEEP = ARMS + (
    "  points: [{name: ERM}, {name: noise, stages.1.perturbation: synonyms}]\n"
    "  zip: {stages.0.epochs: [1, 2], stages.1.batch_size: [8, 16]}\n"
    "  grid: {max_length: [32, 64]}\n"
)


def test_the_overrides_of_a_point_make_its_run_and_tell_its_name() -> None:
    made = found(SWEEP)
    assert len(made) == 3 * 2 * 2 * 2
    assert len({key(point) for point in made}) == len(made)
    sweep = resolve(source(SWEEP)).spec.sweep
    assert sweep is not None
    base = source(SWEEP)
    for point in made:
        overrides = tuple(map(parse_override, point.overrides))
        again = resolve(replace(base, overrides=overrides)).spec
        assert identity(again, 1, "fp32") == key(point)
        assert name_of_point(sweep, {one.loc: one.value for one in overrides}) == point.name
    assert {point.name for point in made} >= {"both ERM", "direct noise", "more noise"}


def test_combinations_are_excluded_by_values_and_names() -> None:
    made = found(
        SWEEP + "  exclude:\n"
        "    - {name: [direct, more], max_length: 64}\n"
        "    - {name: noise, stages.1.batch_size: 16}\n"
    )
    assert len(made) == 4 * 2 + 2 * 2 * 2 - (2 + 1 + 1)
    for point in made:
        assert not (point.name.split()[0] in ("direct", "more") and point.spec.max_length == 64)
        assert not ("noise" in point.name and point.values["stages.1.batch_size"] == 16)


@pytest.mark.parametrize(
    ("condition", "pairs"),
    [
        ("stages.0.epochs <= stages.1.epochs", [(1, 1), (1, 2), (2, 2)]),
        ("stages.0.epochs < 2", [(1, 1), (1, 2)]),
        ("stages.0.epochs != stages.1.epochs", [(1, 2), (2, 1)]),
        ("stages.1.task.name == xnli", [(1, 1), (1, 2), (2, 1), (2, 2)]),
    ],
)
def test_conditions_between_axes_leave_combinations_out(
    condition: str, pairs: list[tuple[int, int]]
) -> None:
    grid = "  grid: {stages.0.epochs: [1, 2], stages.1.epochs: [1, 2]}\n"
    made = found(grid + f"  where: ['{condition}']\n")
    assert [tuple(s.epochs for s in point.spec.stages) for point in made] == pairs


def test_conditions_look_at_the_stages_where_they_are_in_an_arm() -> None:
    arms = ARMS + "  grid: {stages.1.learning_rate: [1e-5, 4e-5]}\n"
    made = found(arms + "  where: [stages.1.learning_rate > 2e-5, stages.0.epochs == 1]\n")
    assert [point.label for point in made] == [
        f"{name} stages.1.learning_rate=4e-05" for name in ("both", "direct", "more")
    ]


@settings(max_examples=25, deadline=None)
@given(
    unwanted=st.lists(
        st.fixed_dictionaries(
            {}, optional={"max_length": st.sampled_from([32, 64]), "stages.0.epochs": st.just(2)}
        ).filter(bool),
        max_size=3,
    )
)
def test_what_is_left_is_all_that_no_exclusion_has(unwanted: list[dict[str, int]]) -> None:
    grid = "  grid: {max_length: [32, 64], stages.0.epochs: [1, 2]}\n"
    expected = [
        values
        for values in (
            {"max_length": length, "stages.0.epochs": epochs}
            for length, epochs in itertools.product([32, 64], [1, 2])
        )
        if not any(each.items() <= values.items() for each in unwanted)
    ]
    sweep = grid + f"  exclude: {json.dumps(unwanted)}\n"
    if expected:
        assert [point.values for point in found(sweep)] == expected
    else:
        assert "excludes all" in refused(sweep).what
