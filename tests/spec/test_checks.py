"""What is refused before anything is loaded: files, folders, splits and languages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from spec_tools import SMALLEST, Install, WriteSpec

from xlt_cli.errors import PluginFailure, UserError
from xlt_cli.spec.advice import advice
from xlt_cli.spec.checks import check_inputs
from xlt_cli.spec.resolution import resolve
from xlt_cli.spec.source import read
from xlt_cli.sweep.plan import check_points, points

Check = Callable[..., list[UserError]]
OWN = "{{name: text-classification, path: {}, labels: [a, b]{}}}"


@pytest.fixture
def check(write_spec: WriteSpec, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Check:
    """The errors of a spec's inputs; none if all is there."""
    monkeypatch.delenv("XLT_DATA_DIR", raising=False)
    monkeypatch.chdir(tmp_path)

    def run(text: str, *overrides: str) -> list[UserError]:
        source = read(write_spec(text), overrides)
        try:
            check_inputs(resolve(source), source)
        except UserError as error:
            return [error, *error.further]
        return []

    return run


def spec(task: str, more: str = "", encoder: str = "mbert") -> str:
    return f"encoder: {encoder}\nstages:\n- task: {task}\n{more}"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("train-en", "dev-en", "test-en", "test-de"):
        (folder / f"{name}.tsv").write_text("some text\ta\n", "utf-8")
    return folder


def test_what_is_all_there_is_fine(check: Check, data: Path) -> None:
    assert check(spec(OWN.format(data, ""))) == []
    assert check(SMALLEST) == []


def test_a_missing_folder_is_said_once_with_its_line(check: Check) -> None:
    (error, *more) = check(spec(OWN.format("nowhere", "")))
    assert error.what == "there is no such folder"
    assert "spec.yaml:3: stages.0.task" in error.where
    assert "nowhere" in error.where
    assert all("evaluations.0.task" in other.where for other in more)


@pytest.mark.parametrize("split", ["train", "dev", "test"])
def test_a_missing_split_is_named(check: Check, data: Path, split: str) -> None:
    for file in data.glob(f"{split}-*"):
        file.unlink()
    (error,) = check(spec(OWN.format(data, "")))
    assert error.what == f"the task 'text-classification' has no {split} split"
    others = [other for other in ("train", "dev", "test") if other != split]
    assert all(other in error.hint for other in others)
    assert ("dev: null" in error.hint) == (split == "dev")


def test_dev_that_is_not_wanted_need_not_be_there(check: Check, data: Path) -> None:
    (data / "dev-en.tsv").unlink()
    assert check(spec(OWN.format(data, ""), "  dev: null\n")) == []


def test_a_language_that_a_folder_lacks_is_named_with_those_that_it_has(
    check: Check, data: Path
) -> None:
    text = spec(OWN.format(data, ""), "  languages: [en, fr]\nevaluations:\n- languages: [sw]\n")
    train, dev, test = check(text)
    assert "no 'fr' in its train split" in train.what
    assert "spec.yaml:4" in train.where
    assert "no 'fr' in its dev split" in dev.what
    assert "no 'sw' in its test split" in test.what
    assert "known: de, en" in test.hint


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (", aligned: true", "pairs two texts of an example; 'text-classification' has one"),
        ("", "needs rows that are aligned across languages"),
    ],
)
def test_generalized_is_refused_where_an_example_has_one_text(
    write_spec: WriteSpec, data: Path, more: str, said: str
) -> None:
    text = spec(OWN.format(data, more), "evaluations:\n- settings: [standard, generalized]\n")
    with pytest.raises(UserError, match=said) as caught:
        resolve(read(write_spec(text)))
    assert "evaluations.0.settings" in caught.value.where


def test_generalized_needs_two_languages(check: Check) -> None:
    more = "evaluations:\n- {settings: generalized, languages: [de]}\n"
    (error,) = check(SMALLEST + more)
    assert "needs two languages or more, and there is only 'de'" in error.what


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([], "lacks config.json and a tokenizer"),
        (["config.json", "tokenizer.json"], "lacks weights"),
        (["model.safetensors", "vocab.txt"], "lacks config.json"),
        (["config.json", "model.safetensors"], "lacks a tokenizer"),
        (["tf_model.h5", "config.json", "vocab.txt"], "lacks weights"),
    ],
)
def test_a_folder_that_is_no_encoder_is_refused(
    check: Check, tmp_path: Path, files: list[str], said: str
) -> None:
    folder = tmp_path / "encoder"
    folder.mkdir()
    for name in files:
        (folder / name).write_text("{}", "utf-8")
    (error,) = check(spec("mini-pawsx", encoder="{name: hf, model: ./encoder}"))
    assert said in error.what
    assert "spec.yaml:1: encoder" in error.where


@pytest.mark.parametrize(
    "encoder", ["{name: hf, model: ./none}", "{name: e5-small-q4, path: none}"]
)
def test_an_encoder_that_is_not_there_is_refused(check: Check, encoder: str) -> None:
    (error,) = check(spec("mini-pawsx", encoder=encoder))
    assert error.what.startswith("there is no such")


def test_a_model_on_the_hub_is_not_asked_for(check: Check) -> None:
    assert check(spec("mini-pawsx", encoder="{name: hf, model: org/name}")) == []


@pytest.mark.parametrize(
    "use",
    [
        "{name: code-switch, dictionaries: none}",
        "{name: synonyms, neighbors: none.json}",
        "{name: alignment, sentences: none}",
        "code-switch",
    ],
)
def test_a_lexicon_that_is_not_there_is_refused(check: Check, use: str) -> None:
    (error,) = check(SMALLEST + f"    perturbation: {use}\n")
    assert "spec.yaml:4: stages.0.perturbation" in error.where
    assert error.what.startswith("there ")


def test_all_that_is_missing_is_said_at_once(check: Check, data: Path) -> None:
    (data / "dev-en.tsv").unlink()
    text = spec(
        OWN.format(data, ""),
        "  perturbation: {name: synonyms, neighbors: none.json}\nevaluations:\n- languages: [fr]\n",
        "{name: hf, model: ./none}",
    )
    assert len(check(text)) == 4


CHECKING = """\
from xlt_cli.api import PluginParams, TextPerturbation, UserError

class Checking(TextPerturbation):
    api_version = 1
    name = "checking"
    summary = "refuses to work"

    class Params(PluginParams):
        how: str

    def check(self):
        if self.params.how == "politely":
            raise UserError("the moon is not full", hint="wait")
        if self.params.how == "rudely":
            raise KeyError("moon")

    def perturb(self, example, rng):
        return [example]
"""


def test_a_strangers_check_is_asked(check: Check, install: Install) -> None:
    install("c", {"xlt.perturbations": {"checking": "checking:Checking"}}, {"checking": CHECKING})
    use = "    perturbation: {{name: checking, how: {}}}\n"
    assert check(SMALLEST + use.format("fine")) == []
    (error,) = check(SMALLEST + use.format("politely"))
    assert (error.what, error.hint) == ("the moon is not full", "wait")
    assert "stages.0.perturbation" in error.where
    (error,) = check(SMALLEST + use.format("rudely"))
    assert isinstance(error, PluginFailure)
    what = "perturbation 'checking' (c 1.0) failed in check(): KeyError: 'moon' at checking.py:"
    assert error.what.startswith(what)


def test_every_point_of_a_sweep_is_checked(write_spec: WriteSpec) -> None:
    grid = "sweep:\n  grid:\n    encoder: [mbert, {name: hf, model: ./a}, {name: hf, model: ./b}]\n"
    source = read(write_spec(SMALLEST + grid))
    with pytest.raises(UserError) as caught:
        check_points(points(source), source)
    places = [error.where for error in (caught.value, *caught.value.further)]
    assert ["sweep.grid.encoder.1" in places[0], "sweep.grid.encoder.2" in places[1]] == [True] * 2


# ------------------------------------------------------------------------------------- advice


@pytest.fixture
def advised(write_spec: WriteSpec) -> Callable[[str], list[str]]:
    def run(more: str) -> list[str]:
        source = read(write_spec(SMALLEST + more))
        return advice(resolve(source).spec, source)

    return run


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("    learning_rate: 20\n", "learning_rate: 20 is far outside"),
        ("    learning_rate: 1e-12\n", "1e-12 is far outside"),
        ("    head_learning_rate: 5\n", "head_learning_rate: 5 is far outside"),
        ("    limit: 300\n", "30 updates in all"),
        ("    max_steps: 1\n", "1 update in all"),
        ("    limit: 10\n    languages: [en, de]\n    epochs: 1\n", "1 update in all"),
    ],
)
def test_what_rarely_works_is_said_with_its_line(
    advised: Callable[[str], list[str]], more: str, said: str
) -> None:
    (line,) = advised(more)
    assert said in line
    assert "spec.yaml:" in line


def test_few_updates_name_the_fields_to_change(advised: Callable[[str], list[str]]) -> None:
    assert "raise `epochs` (or `limit`), lower `batch_size`" in advised("    limit: 300\n")[0]
    assert "raise `max_steps`" in advised("    max_steps: 20\n")[0]


@pytest.mark.parametrize(
    "more", ["", "    limit: 1100\n", "    learning_rate: 1e-3\n", "    head_learning_rate: 1e-2\n"]
)
def test_what_usually_works_needs_no_word(advised: Callable[[str], list[str]], more: str) -> None:
    assert advised(more) == []
