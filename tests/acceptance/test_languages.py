"""One language in several codes: in the stages, in the tests, on the command line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from acceptance_tools import Desk

from xlt_cli.spec import resolution
from xlt_cli.spec.identity import identity

CODES = {"en": "eng_Latn", "de": "deu_Latn", "fr": "fra_Latn"}


@pytest.fixture
def two_sets(desk: Desk, tiny_data: Path) -> Desk:
    """Stage 1 trains on German of one data set, stage 2 on English of another."""
    folder = desk.path / "flores"
    folder.mkdir()
    for file in (tiny_data / "pawsx").iterdir():
        split, _, language = file.stem.partition("-")
        shutil.copy(file, folder / f"{split}-{CODES[language]}.tsv")
    (second,) = desk.spec["stages"]
    second.update(epochs=1, checkpoint_every=None, evaluate_every=None)
    first = {**second, "task": {"name": "pawsx", "path": str(folder)}, "languages": ["german"]}
    desk.spec.update(stages=[first, second], evaluations=[{}])
    return desk


def run(xlt: Any, desk: Desk, *arguments: object) -> Any:
    result = xlt(*arguments, "--runs-dir", desk.path / "runs", "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def seen(result: dict[str, Any]) -> dict[str, bool]:
    return {language: figures["trained_on"] for language, figures in result["languages"].items()}


def test_what_another_code_was_trained_on_is_not_zero_shot(
    two_sets: Desk, xlt: Any, tiny_data: Path
) -> None:
    ((result,),) = [o["evaluations"] for o in run(xlt, two_sets, "train", two_sets.write())]
    assert seen(result) == {"en": True, "de": True, "fr": False}
    assert result["averages"]["zero_shot"]["cells"] == 1
    assert result["trained_on"] == ["deu_Latn", "en"]
    name = two_sets.run().name

    asked = ("--languages", "french,deu")
    (named,) = run(xlt, two_sets, "eval", name, *asked)
    assert seen(named) == {"fr": False, "de": True}

    flores = f"{{name: pawsx, path: {two_sets.path / 'flores'}}}"
    (others,) = run(xlt, two_sets, "eval", name, "--task", flores, "--languages", "fr,en,german")
    assert seen(others) == {"fra_Latn": False, "eng_Latn": True, "deu_Latn": True}

    model = two_sets.run() / "stages/1/model"
    data = f"{{name: pawsx, path: {tiny_data}}}"
    for stated in ("english,deu_Latn", "German, eng", "en,de-AT"):
        found = run(xlt, two_sets, "eval", "--model", model, "--task", data, "--trained-on", stated)
        assert seen(found[0]) == {"en": True, "de": True, "fr": False}
    evaluated = [p for p in (two_sets.path / "runs").iterdir() if p.name.startswith("model")]
    assert len(evaluated) == 1, "one evaluation, however its languages are written"

    refused = xlt("eval", "--model", model, "--task", data, "--trained-on", "en,germn")
    assert refused.exit_code == 2
    assert "'germn' is not a known language" in refused.stderr
    assert "German" in refused.stderr


def test_the_forms_of_a_code_describe_one_run(two_sets: Desk) -> None:
    forms = {}
    for form in ("german", "deu", "de", "deu_Latn", "de-DE"):
        stages = [{**two_sets.spec["stages"][0], "languages": [form]}]
        spec = resolution.load(two_sets.write(stages=stages, evaluations=[{"languages": [form]}]))
        assert spec.evaluations[0].languages == ["deu_Latn"]
        forms[form] = identity(spec, 1)
        assert spec.stages[0].languages == ["deu_Latn"]
        assert spec.stages[0].dev is None or spec.stages[0].dev.languages == ["deu_Latn"]
    assert len(set(forms.values())) == 1


def test_a_selection_in_another_script_is_not_the_oracle(two_sets: Desk, xlt: Any) -> None:
    folder = two_sets.path / "flores"
    shutil.copy(folder / "dev-deu_Latn.tsv", folder / "dev-deu_Hebr.tsv")
    (stage, _) = two_sets.spec["stages"]
    for dev, oracle in (("deu_Hebr", False), ("french", True)):
        spec = two_sets.write(stages=[{**stage, "dev": {"languages": [dev]}}], evaluations=[])
        result = xlt("train", spec, "--runs-dir", two_sets.path / dev)
        assert result.exit_code == 0, result.output
        (written,) = (two_sets.path / dev).glob("*/stages/0/result.json")
        assert json.loads(written.read_text())["oracle"] is oracle


def test_an_unknown_code_is_refused_before_training(two_sets: Desk, xlt: Any) -> None:
    folder = two_sets.path / "flores"
    shutil.copy(folder / "test-fra_Latn.tsv", folder / "test-xx.tsv")
    (stage, _) = two_sets.spec["stages"]
    for command in ("validate", "train"):
        result = xlt(command, two_sets.write(stages=[stage]))
        assert result.exit_code == 2
        assert "'xx' is not a known language" in result.stderr
        assert "zero-shot" in result.stderr
        assert "qaa to qtz" in result.stderr
    assert not (two_sets.path / "runs").exists()
    (folder / "test-xx.tsv").rename(folder / "test-x-klingon.tsv")
    assert xlt("validate", two_sets.write(stages=[stage])).exit_code == 0


def test_a_code_that_two_files_fit_names_both(two_sets: Desk, xlt: Any) -> None:
    folder = two_sets.path / "flores"
    shutil.copy(folder / "test-deu_Latn.tsv", folder / "test-deu_Hebr.tsv")
    (stage, _) = two_sets.spec["stages"]
    spec = two_sets.write(stages=[stage], evaluations=[{"languages": ["en", "german"]}])
    result = xlt("validate", spec)
    assert result.exit_code == 2
    assert "'german' can mean 'deu_Hebr' and 'deu_Latn'" in result.stderr
    assert "evaluations.0.languages" in result.stderr
