"""Numbers by YAML 1.2, and text as it was written wherever a field holds text."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spec_tools import SMALLEST, Install, Load, Refused, WriteSpec

from xlt_cli.spec import resolution
from xlt_cli.spec.source import Source, read
from xlt_cli.spec.yaml_lines import Document, parse
from xlt_cli.sweep.plan import points

LABELS = ["no", "1.10", "010", "null", "true", "0x1", "1e3", "~", "FALSE", "+1", "1_000", "1:30"]
OWN = "{{name: text-classification, path: d, labels: [{}]}}"
TAGS = "{{name: token-labelling, path: d, tags: [{}]}}"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("010", 10),
        ("0100", 100),
        ("0o10", 8),
        ("0x10", 16),
        ("-7", -7),
        ("+7", 7),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        ("08", 8),
        ("1.", 1.0),
        ("-.5", -0.5),
        ("2e-5", 2e-5),
        ("-0x1", "-0x1"),
        (".nan", ".nan"),
        ("!!str 010", "010"),
        ("!!float 3", 3.0),
        ("'010'", "010"),
    ],
)
def test_plain_scalars_are_those_of_the_core_schema(text: str, value: object) -> None:
    read_back = parse(f"a: {text}", Path("f")).value["a"]
    assert read_back == value
    assert type(read_back) is type(value)


def test_seeds_and_sizes_with_leading_zeros_are_decimal(load: Load) -> None:
    spec = load(SMALLEST + "    batch_size: 0100\nseeds: [010]\n")
    assert spec.stages[0].batch_size == 100
    assert spec.seeds == [10]


def test_labels_are_text_exactly_as_written(load: Load) -> None:
    task = OWN.format(", ".join(LABELS))
    spec = load(f"encoder: mbert\nstages:\n- task: {task}\n")
    assert spec.stages[0].task.params["labels"] == LABELS
    assert spec.evaluations[0].task is not None
    assert spec.evaluations[0].task.params["labels"] == LABELS


def test_tags_are_text_exactly_as_written(load: Load) -> None:
    spec = load(f"encoder: mbert\nstages:\n- task: {TAGS.format('1.0, 2.50, no')}\n")
    assert spec.stages[0].task.params["tags"] == ["1.0", "2.50", "no"]


@pytest.mark.parametrize(
    "override",
    [
        "stages.0.task=" + OWN.format("1.10, null, True"),
        "stages=[{task: " + OWN.format("1.10, null, True") + "}]",
    ],
)
def test_labels_of_an_override_are_text_exactly_as_written(load: Load, override: str) -> None:
    spec = load(SMALLEST, override)
    assert spec.stages[0].task.params["labels"] == ["1.10", "null", "True"]


def test_an_override_hides_the_text_of_what_it_replaces(load: Load) -> None:
    text = f"encoder: mbert\nstages:\n- task: {OWN.format('1.10, 2')}\n"
    spec = load(text, "stages.0.task.labels=[3, 4.0]")
    assert spec.stages[0].task.params["labels"] == ["3", "4.0"]


@pytest.mark.parametrize(
    "where", ["grid: {stages.0.task: [TASK]}", "points: [{stages.0.task: TASK}]"]
)
def test_labels_of_a_sweep_are_text_exactly_as_written(write_spec: WriteSpec, where: str) -> None:
    sweep = where.replace("TASK", OWN.format("1.10, 010"))
    (point,) = points(read(write_spec(SMALLEST + f"sweep:\n  {sweep}\n")))
    assert point.spec.stages[0].task.params["labels"] == ["1.10", "010"]
    again = resolution.load(write_spec(SMALLEST), point.overrides)
    assert again.stages[0].task == point.spec.stages[0].task


@pytest.mark.parametrize(
    ("use", "field", "value"),
    [
        ("{name: mbert, revision: 1e5}", "revision", "1e5"),
        ("{name: mbert, revision: 0123456}", "revision", "0123456"),
        ("{name: hf, model: 2024}", "model", "2024"),
        ("{name: hf, model: true}", "model", "true"),
    ],
)
def test_any_parameter_that_holds_text_takes_it_as_written(
    load: Load, use: str, field: str, value: str
) -> None:
    spec = load(f"encoder: {use}\nstages:\n- task: xnli\n")
    assert spec.encoder.params[field] == value


def test_a_name_may_look_like_a_number(load: Load) -> None:
    assert load(SMALLEST + "name: 010\n").name == "010"


def test_a_parameter_left_open_is_no_text(refused: Refused) -> None:
    error = refused("encoder: {name: hf, model: null}\nstages:\n- task: xnli\n")
    assert error.where == "spec.yaml:1: encoder.model"


MAPPED = """\
from pathlib import Path
from typing import Literal
from xlt_cli.api import PluginParams, TextPerturbation

class Mapped(TextPerturbation):
    api_version = 1
    name = "mapped"
    summary = "has parameters of many types"

    class Params(PluginParams):
        label_map: dict[str, str] = {}
        nested: list[tuple[str, int]] = []
        either: int | str = 0
        level: Literal["1", "2"] = "1"
        file: Path = Path("f")
        flag: bool = False

    def perturb(self, example, rng):
        return [example]
"""


def test_text_stands_wherever_a_strangers_parameters_want_it(load: Load, install: Install) -> None:
    install("mapped", {"xlt.perturbations": {"mapped": "mapped:Mapped"}}, {"mapped": MAPPED})
    use = (
        "{name: mapped, label_map: {1.10: 010, true: no, null: 2}, nested: [[1.0, 010]], "
        "either: 010, level: 2, file: 2024, flag: true}"
    )
    spec = load(SMALLEST + f"    perturbation: {use}\n")
    params = spec.stages[0].perturbation[0].params
    assert params["label_map"] == {"1.10": "010", "true": "no", "null": "2"}
    assert params["nested"] == [["1.0", 10]]
    assert params["either"] == 10
    assert params["level"] == "2"
    assert params["file"] == "2024"
    assert params["flag"] is True


WORDS = st.from_regex(r"[A-Za-z0-9.+_-]{1,8}", fullmatch=True).filter(
    lambda word: word not in ("-", "---", "...") and not word.startswith("- ")
)


@given(st.lists(WORDS, min_size=2, max_size=6, unique=True))
def test_any_plain_words_are_labels_as_written(labels: list[str]) -> None:
    text = f"encoder: mbert\nstages:\n- task: {OWN.format(', '.join(labels))}\n"
    spec = resolution.resolve(Source(parse(text, Path("spec.yaml")), text)).spec
    assert spec.stages[0].task.params["labels"] == labels


def test_merged_values_keep_their_text() -> None:
    document = parse("a: &x {k: 1.10}\nb: {<<: *x, j: 010}\n", Path("f"))
    assert document.texts[("b", "k")] == "1.10"
    assert document.texts[("b", "j")] == "010"
    assert document.value["b"] == {"k": 1.1, "j": 10}


def test_nothing_of_the_loader_needs_pyyaml() -> None:
    program = "import sys, xlt_cli.spec.resolution; sys.exit('yaml' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_document_made_in_code_needs_no_texts() -> None:
    value = {"encoder": "mbert", "stages": [{"task": "xnli"}]}
    assert (
        resolution.resolve(Source(Document(Path("code"), value, {}), "")).spec.encoder.name
        == "mbert"
    )
