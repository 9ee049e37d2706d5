"""Points of a sweep that are written out, alone and with a grid."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import Result

from xlt_cli.errors import UserError
from xlt_cli.spec.identity import identity
from xlt_cli.spec.resolution import resolve
from xlt_cli.spec.source import Source, parse_override, read
from xlt_cli.spec.yaml_lines import parse
from xlt_cli.sweep.axes import FIXED
from xlt_cli.sweep.plan import MOST_POINTS, points

Cli = Callable[..., Result]

SPEC = """\
encoder: mbert
stages:
  - task: xnli
sweep:
  points:
"""
METHODS = (
    "{stages.0.learning_rate: 5e-5}",
    "{stages.0.learning_rate: 1e-4, stages.0.perturbation: {name: adversarial, epsilon: 0.1}}",
    "{stages.0.perturbation: null}",
)


def written(*listed: str, grid: tuple[str, ...] = ()) -> str:
    """A spec with points, the first on line 6, and the lines of a grid below them."""
    text = SPEC + "".join(f"    - {point}\n" for point in listed)
    if grid:
        text += "  grid:\n" + "".join(f"    {line}\n" for line in grid)
    return text


def source(*listed: str, grid: tuple[str, ...] = ()) -> Source:
    text = written(*listed, grid=grid)
    return Source(parse(text, Path("spec.yaml")), text)


def refused(*listed: str, grid: tuple[str, ...] = ()) -> UserError:
    with pytest.raises(UserError) as caught:
        points(source(*listed, grid=grid))
    return caught.value


def test_each_point_changes_its_own_fields_and_no_others() -> None:
    found = points(source(*METHODS))
    stages = [point.spec.stages[0] for point in found]
    assert [stage.learning_rate for stage in stages] == [5e-5, 1e-4, 2e-5]
    assert [[use.name for use in stage.perturbation] for stage in stages] == [
        [],
        ["adversarial"],
        [],
    ]
    assert stages[1].perturbation[0].params["epsilon"] == 0.1
    assert [list(point.values) for point in found] == [
        ["stages.0.learning_rate"],
        ["stages.0.learning_rate", "stages.0.perturbation"],
        ["stages.0.perturbation"],
    ]


def test_each_point_is_combined_with_the_whole_grid_and_changes_slowest() -> None:
    grid = ("max_length: [32, 64]", "stages.0.batch_size: [8, 16]")
    found = points(source("{stages.0.epochs: 1}", "{stages.0.warmup: 0}", grid=grid))
    assert [point.label for point in found] == [
        f"{own} max_length={length} stages.0.batch_size={size}"
        for own in ("stages.0.epochs=1", "stages.0.warmup=0")
        for length in (32, 64)
        for size in (8, 16)
    ]
    assert len({identity(point.spec, 1) for point in found}) == len(found)


def test_the_grid_may_reach_into_what_a_point_sets() -> None:
    grid = ("stages.0.perturbation.epsilon: [0.1, 0.2]",)
    found = points(source("{stages.0.perturbation: adversarial}", grid=grid))
    uses = [point.spec.stages[0].perturbation[0] for point in found]
    assert [(use.name, use.params["epsilon"]) for use in uses] == [
        ("adversarial", 0.1),
        ("adversarial", 0.2),
    ]


def test_an_empty_point_is_the_base() -> None:
    first, second = points(source("{}", "{max_length: 32}"))
    assert (first.label, first.values) == ("base", {})
    assert first.spec.max_length == 128
    assert second.spec.max_length == 32


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("  points: []\n", ["base"]),
        ("  points: []\n  grid: {max_length: [32, 64]}\n", ["max_length=32", "max_length=64"]),
    ],
)
def test_no_points_leave_the_grid_or_the_base(text: str, labels: list[str]) -> None:
    text = SPEC.replace("  points:\n", text)
    found = points(Source(parse(text, Path("spec.yaml")), text))
    assert [point.label for point in found] == labels


def test_what_a_point_says_as_overrides_makes_the_same_run() -> None:
    base = source("{}")
    for point in points(source(*METHODS, grid=("stages.0.batch_size: [32, 64]",))):
        overrides = tuple(parse_override(text) for text in point.overrides)
        again = resolve(replace(base, overrides=overrides)).spec
        assert identity(again, 1) == identity(point.spec, 1)


def test_a_point_comes_after_the_overrides_of_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(written("{stages.0.epochs: 1}", "{stages.0.epochs: 2}", "{}"), "utf-8")
    found = points(read(path, ["max_length=32", "stages.0.epochs=9"]))
    assert [(p.spec.max_length, p.spec.stages[0].epochs) for p in found] == [
        (32, 1),
        (32, 2),
        (32, 9),
    ]


def test_points_themselves_can_be_overridden(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(written("{stages.0.epochs: 1}", "{max_length: 32}"), "utf-8")
    found = points(read(path, ["sweep.points.0.stages.0.epochs=5", "sweep.points.1.max_length=64"]))
    assert [point.label for point in found] == ["stages.0.epochs=5", "max_length=64"]
    (only,) = points(read(path, ["sweep.points=[{max_length: 16}]"]))
    assert only.label == "max_length=16"
    with pytest.raises(UserError) as caught:
        points(read(path, ["sweep.points.1.max_length=1"]))
    assert caught.value.where.startswith("--set sweep.points.1.max_length=1")


@pytest.mark.parametrize("field", [*(name for name in FIXED if name != "name"), "sweep.grid"])
def test_what_makes_no_other_experiment_cannot_be_a_points(field: str) -> None:
    error = refused("{max_length: 32}", f"{{{field}: 1}}")
    assert error.what == f"'{field}' cannot be swept"
    assert error.where == f"spec.yaml:7: sweep.points.1.{field}"
    assert ("seeds: [1, 2, 3]" in error.hint) == (field == "seeds")


@pytest.mark.parametrize(
    ("point", "what", "where", "hint"),
    [
        ("{stages.0.epoch: 1}", "unknown field 'epoch'", ".epoch", "did you mean 'epochs'?"),
        ("{stages.0.epochs: x}", "valid number, not 'x'", ".stages.0.epochs", ""),
        ("{stages.1.epochs: 1}", "'stages' has no item '1'", ".stages.1.epochs", ""),
        ("{encoder: mbrt}", "unknown encoder 'mbrt'", ".encoder", "did you mean 'mbert'?"),
        ("{stages..epochs: 1}", "is not the path of a field", ".stages..epochs", ""),
        ("{max_length: 32, encoder: mbert}", "is listed twice", "points.1", ""),
        ("[max_length]", "a mapping is expected here", "points.1", ""),
    ],
)
def test_a_wrong_point_is_named_with_its_line(point: str, what: str, where: str, hint: str) -> None:
    error = refused("{encoder: mbert, max_length: 32}", point)
    assert what in error.what
    assert error.where.startswith("spec.yaml:7: sweep.points.1")
    assert error.where.endswith(where)
    assert hint in error.hint
    assert "--set" not in error.where


def test_a_points_field_that_goes_over_lines_is_named_with_its_own() -> None:
    error = refused("max_length: 32\n      stages.0.epochs: x")
    assert error.where == "spec.yaml:7: sweep.points.0.stages.0.epochs"


@pytest.mark.parametrize("path", ["stages.0.epochs", "stages.00.epochs"])
def test_a_path_stands_in_the_points_or_in_the_grid(path: str) -> None:
    grid = ("max_length: [32]", "stages.0.epochs: [1, 2]")
    error = refused("{}", f"{{{path}: 1}}", grid=grid)
    assert error.what == f"'{path}' is in the points and in the grid"
    assert error.where == f"spec.yaml:7: sweep.points.1.{path}"


def test_the_most_points_are_those_of_points_and_grid_together() -> None:
    tens = [f"stages.0.x{n}: [{', '.join(map(str, range(10)))}]" for n in range(4)]
    error = refused("{max_length: 32}", "{max_length: 64}", grid=tuple(tens))
    assert str(2 * MOST_POINTS) in error.what
    assert error.where == "spec.yaml:4: sweep"


def test_a_dry_run_lists_the_points_with_their_seeds(xlt: Cli, tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(written("{}", "{max_length: 32}") + "seeds: [1, 2]\n", "utf-8")
    result = xlt("sweep", path, "--dry-run")
    assert result.exit_code == 0, result.output
    assert [line.partition(" pending -> ")[0] for line in result.stdout.splitlines()] == [
        "base seed=1",
        "base seed=2",
        "max_length=32 seed=1",
        "max_length=32 seed=2",
    ]


NAMED = ("{name: ERM, stages.0.perturbation: null}", "{name: 1.10, max_length: 32}", "{}")


def test_a_points_name_stands_for_its_values_and_changes_nothing_else() -> None:
    plain = points(source("{stages.0.perturbation: null}", "{max_length: 32}", "{}"))
    found = points(source(*NAMED))
    assert [(p.name, p.label) for p in found] == [("ERM", "ERM"), ("1.10", "1.10"), ("", "base")]
    assert [point.overrides for point in found] == [point.overrides for point in plain]
    assert [point.values for point in found] == [point.values for point in plain]
    assert [identity(p.spec, 1, "fp32") for p in found] == [
        identity(p.spec, 1, "fp32") for p in plain
    ]
    assert [p.spec.name for p in found] == [p.spec.name for p in plain]


def test_the_grids_values_stand_beside_a_points_name() -> None:
    grid = ("stages.0.epochs: [1, 2]", "stages.0.warmup: [0.1, 0.2, 0.3]")
    found = points(source(*NAMED, grid=grid))
    assert [point.name for point in found] == ["ERM"] * 6 + ["1.10"] * 6 + [""] * 6
    assert found[0].label == "ERM stages.0.epochs=1 stages.0.warmup=0.1"
    assert found[11].label == "1.10 stages.0.epochs=2 stages.0.warmup=0.3"
    assert found[12].label == "stages.0.epochs=1 stages.0.warmup=0.1"
    assert len({point.label for point in found}) == 18


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("ERM", "two points have the name 'ERM'"),
        ("''", "the name of a point must be text on one line"),
        ("[a]", "the name of a point must be text on one line"),
        ("null", "the name of a point must be text on one line"),
        ('"a\\nb"', "the name of a point must be text on one line"),
        ('"\\e[31m"', "the name of a point must be text on one line"),
    ],
)
def test_a_wrong_name_is_refused_with_its_line(name: str, what: str) -> None:
    error = refused(NAMED[0], f"{{name: {name}, max_length: 64}}")
    assert error.what == what
    assert error.where == "spec.yaml:7: sweep.points.1.name"


def test_a_name_makes_no_other_point() -> None:
    error = refused("{name: a, max_length: 32}", "{name: b, max_length: 32}")
    assert "is listed twice" in error.what


def test_a_dry_run_has_names_and_runs(xlt: Cli, tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(written(*NAMED), "utf-8")
    said = xlt("sweep", path, "--dry-run").stdout.splitlines()
    listed = json.loads(xlt("sweep", path, "--dry-run", "--json").stdout)
    assert [line.split(" seed=")[0] for line in said] == ["ERM", "1.10", "base"]
    assert [line.rpartition(" -> ")[2] for line in said] == [one["run"] for one in listed]
    assert [one["name"] for one in listed] == ["ERM", "1.10", ""]


LISTED = st.fixed_dictionaries(
    {},
    optional={
        "max_length": st.integers(8, 12),
        "stages.0.epochs": st.integers(1, 4),
        "stages.0.warmup": st.sampled_from([0.1, 0.5]),
    },
)
SIZES = st.lists(st.integers(1, 64), min_size=1, max_size=3, unique=True)
DECAYS = st.lists(st.sampled_from([0.0, 0.25, 0.5]), min_size=1, max_size=2, unique=True)


@settings(deadline=None)
@given(
    st.lists(LISTED, max_size=4, unique_by=lambda point: tuple(sorted(point.items()))),
    st.fixed_dictionaries(
        {}, optional={"stages.0.batch_size": SIZES, "stages.0.weight_decay": DECAYS}
    ),
)
def test_points_are_the_product_of_points_and_grid_in_order(
    listed: list[dict[str, float]], grid: dict[str, list[float]]
) -> None:
    text = SPEC.replace("  points:\n", f"  points: {listed}\n  grid: {grid}\n")
    found = points(Source(parse(text, Path("spec.yaml")), text))
    assert [point.values for point in found] == [
        own | dict(zip(grid, chosen, strict=True))
        for own in listed or [{}]
        for chosen in itertools.product(*grid.values())
    ]


def test_a_value_that_another_replaces_is_refused() -> None:
    inner, outer = "stages.0.perturbation.epsilon", "stages.0.perturbation"
    error = refused(f"{{{inner}: 0.1}}", grid=(f"{outer}: [adversarial, smart]",))
    assert error.what == f"'{outer}' comes after '{inner}' and replaces it"
    assert "spec.yaml:8" in error.where
    assert refused(f"{{{inner}: 0.1, {outer}: adversarial}}").what == error.what
    found = points(source(f"{{{outer}: adversarial}}", grid=(f"{inner}: [0.1, 0.2]",)))
    assert [p.spec.stages[0].perturbation[0].params["epsilon"] for p in found] == [0.1, 0.2]
