"""A model is tested with the segment ids that it was trained with: those that its tokenizer gives,
or, from earlier versions, those that it gives when it is asked for them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
import torch
from acceptance_tools import Desk
from encoder_families import build
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from xlt_cli.api import SequenceExample
from xlt_cli.data.features import Featuriser
from xlt_cli.models.segments import EARLIER, FILE, PADDED_RIGHT, notes, of_model, of_stage
from xlt_cli.problems import SequenceClassification
from xlt_cli.runs import atomic
from xlt_encoders.huggingface import HuggingFaceEncoder

LANGUAGE = "de"


@pytest.fixture
def trained(desk: Desk, xlt: Any, tmp_path: Path) -> Desk:
    """A RemBERT, whose tokenizer gives no segment ids by default, trained for a moment."""
    desk.spec["encoder"]["model"] = str(build("rembert", tmp_path / "rembert", head=False))
    desk.spec["stages"][0].update(epochs=1, checkpoint_every=None, evaluate_every=None)
    result = xlt("train", desk.write(evaluations=[]), "--runs-dir", desk.path / "runs")
    assert result.exit_code == 0, result.output
    return desk


def plain(model: Path, data: Path, **options: Any) -> torch.Tensor:
    """What transformers answers."""
    rows = [
        line.split("\t") for line in (data / "pawsx/test-de.tsv").read_text("utf-8").splitlines()
    ]
    tokenizer = AutoTokenizer.from_pretrained(model)
    opened = AutoModelForSequenceClassification.from_pretrained(model).eval()
    inputs = tokenizer(
        [row[0] for row in rows], [row[1] for row in rows], padding=True, truncation=True,
        max_length=48, return_tensors="pt", **options,
    )  # fmt: skip
    with torch.no_grad():
        return opened(**inputs).logits.softmax(-1)


def answers(root: Path) -> torch.Tensor:
    """What xlt stored of the German test rows."""
    (path,) = root.glob("evaluations/*/predictions/de.parquet")
    return torch.tensor(numpy.stack(pandas.read_parquet(path)["probabilities"]))


def evaluated(desk: Desk, xlt: Any, *what: object, runs: str = "runs") -> list[str]:
    """Evaluates in German; returns the notes beside the results."""
    result = xlt("eval", *what, "--languages", LANGUAGE, "--json", "--runs-dir", desk.path / runs)
    assert result.exit_code == 0, result.output
    (found,) = json.loads(result.stdout)
    return list(found["notes"])


def test_as_transformers_reads_it(trained: Desk, xlt: Any, tiny_data: Path) -> None:
    run = trained.run()
    model = run / "stages/0/model"
    expected = plain(model, tiny_data)
    assert not torch.allclose(expected, plain(model, tiny_data, return_token_type_ids=True))
    assert EARLIER not in evaluated(trained, xlt, run.name)
    torch.testing.assert_close(answers(run), expected, rtol=0, atol=1e-4)
    task = ("--task", json.dumps(trained.spec["stages"][0]["task"]))
    evaluated(trained, xlt, "--model", model, *task, "--max-length", 48, runs="others")
    (other,) = (trained.path / "others").rglob("evaluations")
    torch.testing.assert_close(answers(other.parent), expected, rtol=0, atol=1e-4)


def test_an_earlier_version_is_tested_as_it_was_trained(
    trained: Desk, xlt: Any, tiny_data: Path
) -> None:
    run = trained.run()
    model = run / "stages/0/model"
    about = json.loads((model / "xlt.json").read_text("utf-8"))
    assert about.pop("segments") == "default"
    with atomic.new_directory(model) as earlier:
        for path in model.iterdir():
            if path.name != atomic.MANIFEST:
                shutil.copy(path, earlier)
        atomic.write_json(earlier / "xlt.json", about)
    assert EARLIER in evaluated(trained, xlt, run.name)
    expected = plain(model, tiny_data, return_token_type_ids=True)
    torch.testing.assert_close(answers(run), expected, rtol=0, atol=1e-4)
    assert EARLIER in evaluated(trained, xlt, run.name)  # stored results say it, too


def test_what_is_said_of_models_of_earlier_versions(tmp_path: Path) -> None:
    problem = SequenceClassification(("0", "1"))
    row = SequenceExample("1", ("a cat", "a dog"), "0", ("en", "en"))
    for name, expected in (
        ("bert", []), ("distilbert", []), ("rembert", [EARLIER]), ("xlnet", [PADDED_RIGHT])
    ):  # fmt: skip
        folder = build(name, tmp_path / name, head=False)
        encoder = HuggingFaceEncoder(HuggingFaceEncoder.Params(model=str(folder)))
        model = encoder.load_model(problem.head)
        featuriser = Featuriser(problem, encoder.load_tokenizer(), 32, segments="forced")
        assert notes("forced", featuriser, model, [row]) == expected
        assert notes("default", featuriser, model, [row]) == []


def test_where_the_rule_is_kept(tmp_path: Path) -> None:
    stage, model = tmp_path / "stage", tmp_path / "model"
    stage.mkdir()
    model.mkdir()
    assert of_model(model) == "default"  # somebody else's
    assert of_model(model, ours=True) == "forced"  # of a version that wrote no xlt.json
    (model / "xlt_head.json").write_text("{}", "utf-8")
    assert of_model(model) == "forced"
    (model / "xlt.json").write_text("{}", "utf-8")
    assert of_model(model) == "forced"
    assert of_stage(stage, None, restored=True, writes=True) == "forced"  # began in one
    assert of_stage(stage, model, restored=False, writes=True) == "forced"  # goes on from one
    assert of_stage(stage, None, restored=False, writes=True) == "default"
    assert atomic.read_json(stage / FILE) == {"segments": "default"}
    assert of_stage(stage, model, restored=True, writes=False) == "default"
