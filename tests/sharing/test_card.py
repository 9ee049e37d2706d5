"""Model cards: what the hub reads of them, what they say, and what they must not change."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import ModelCard

from xlt_cli.runs import atomic
from xlt_cli.runs.directory import Run
from xlt_cli.runs.provenance import weights_hash
from xlt_cli.runs.stage import fault
from xlt_cli.sharing.card import FILE, card, codes, write_card, write_quietly

OLD = Path(__file__).parents[1] / "version_1" / "runs" / "finished-s1-325bf04b"


@pytest.fixture
def trained(tmp_path: Path, tiny_encoder: Path, tiny_data: Path, xlt: Any) -> Run:
    spec = {
        "name": "card",
        "encoder": {"name": "hf", "model": str(tiny_encoder)},
        "stages": [
            {
                "task": {"name": "pawsx", "path": str(tiny_data)},
                "perturbation": ["typos"],
                "epochs": 1,
                "batch_size": 16,
            }
        ],
        "max_length": 48,
        "device": "cpu",
    }
    path = tmp_path / "spec.yaml"
    path.write_text(yaml.safe_dump(spec), "utf-8")
    result = xlt("train", path, "--runs-dir", tmp_path / "runs", "-q")
    assert result.exit_code == 0, result.output
    (found,) = (tmp_path / "runs").glob("*/run.json")
    return Run(found.parent)


def test_a_run_ends_with_a_card_beside_its_model(trained: Run, tmp_path: Path) -> None:
    model = trained.stage(0) / "model"
    text = (model / FILE).read_text("utf-8")
    read = ModelCard(text)
    about = read.data.to_dict()
    assert about["language"] == ["de", "en", "fr"]
    assert about["pipeline_tag"] == "text-classification"
    assert about["library_name"] == "transformers"
    assert about["metrics"] == ["accuracy"]
    assert {"zero-shot-cross-lingual-transfer", "typos", "xlt"} <= set(about["tags"])
    assert not {"license", "base_model", "datasets"} & set(about)  # a folder, and own files
    (results,) = (
        json.loads(file.read_text("utf-8")) for file in trained.path.glob("evaluations/*/*.json")
        if file.name == "results.json"
    )  # fmt: skip
    figures = {one.dataset_config: one for one in read.data.eval_results}
    for language in ("de", "en", "fr"):
        expected = results["languages"][language]["accuracy"]["value"]
        assert figures[language].metric_value == pytest.approx(expected, abs=5e-5)
        assert figures[language].dataset_split == "test"
    assert figures["zero-shot"].dataset_name == "pawsx (zero-shot average, 2 languages)"
    for words in ("| de", "with `typos`", "AutoModelForSequenceClassification", "first sentence"):
        assert words in text
    assert re.search(r"\d\d?\.\d \[\d", text), "figures have intervals"
    assert str(tmp_path) not in text
    assert ".../" in text
    assert str(Path.home()) not in text
    # The model is what it was.
    assert fault(trained.stage(0)) == ""
    assert FILE not in (atomic.manifest(model) or {})
    before = weights_hash(model)
    (model / FILE).unlink()
    assert weights_hash(model) == before
    assert write_card(trained, 0)
    assert (model / FILE).read_text("utf-8") == text


def test_the_model_opens_as_the_card_says(trained: Run) -> None:
    model = trained.stage(0) / "model"
    (code,) = re.findall(r"```python\n(.*?)```", card(trained, 0, str(model)), re.S)
    code = code.replace(".../", str(model.parents[1]) + "/") if ".../" in code else code
    code = re.sub(r'from_pretrained\("[^"]*"\)', f'from_pretrained("{model}")', code)
    scope: dict[str, Any] = {}
    exec(code, scope)  # noqa: S102
    assert scope["logits"].shape == (1, 2)


def test_a_run_of_an_earlier_version_has_a_card(monkeypatch: pytest.MonkeyPatch) -> None:
    text = card(Run(OLD), 1, "org/name")
    about = ModelCard(text).data.to_dict()
    assert about["language"] == ["de", "en", "fr"]
    assert {"typos", "smart"} <= set(about["tags"])
    assert 'from_pretrained("org/name")' in text
    assert "not evaluated" in card(Run(OLD), 0)


def test_what_came_from_the_hub_is_named_as_the_hub_names_it(trained: Run) -> None:
    path = trained.path / "fingerprints.json"
    known = atomic.read_json(path)
    known["encoder/hf"] = {"model": "org/encoder", "commit": "abc"}
    for name in known:
        if name.startswith("pawsx"):
            known[name]["source"] = "google-research-datasets/paws-x@abc"
    atomic.write_json(path, known)
    about = ModelCard(card(trained, 0)).data.to_dict()
    assert about["base_model"] == "org/encoder"
    assert about["datasets"] == ["google-research-datasets/paws-x"]


def test_languages_have_the_codes_of_the_hub() -> None:
    assert codes(["en", "deu_Latn", "sw", "zh-TW", "pcm", "english", "xx-unknown"]) == [
        *("de", "en", "pcm", "sw", "zh")
    ]


def test_a_card_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    run, said = Run(tmp_path / "run"), list[str]()
    atomic.write_json(run.path / "run.json", {"identity": "0", "seed": 1, "spec": {"stages": 1}})
    write_quietly(run, said.append)
    assert len(said) == 1
    assert said[0].startswith("run: the model card was not written: ")


def test_a_kept_adapter_is_opened_with_its_base(tmp_path: Path) -> None:
    shutil.copytree(OLD, tmp_path / "run")
    model = tmp_path / "run" / "stages" / "1" / "model"
    model.rename(tmp_path / "base")
    model.mkdir()
    (tmp_path / "base").rename(model / "base")
    (model / "adapter_config.json").write_text("{}", "utf-8")
    text = card(Run(tmp_path / "run"), 1, "org/name")
    assert ModelCard(text).data.to_dict()["library_name"] == "peft"
    assert ModelCard(text).data.to_dict()["pipeline_tag"] == "text-classification"
    for line in (
        'folder = snapshot_download("org/name")',
        'base = AutoModelForSequenceClassification.from_pretrained(f"{folder}/base")',
        "model = PeftModel.from_pretrained(base, folder)",
    ):
        assert f"\n{line}\n" in text
