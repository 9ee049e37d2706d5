"""Every kind of perturbation in whole commands: alone, composed, resumed, and at evaluation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from acceptance_tools import Desk, kill

from xlt_cli import registry

GAUSSIAN = {"name": "random-perturbation", "distribution": "gaussian", "radius": 0.5}


@pytest.fixture
def words(tmp_path: Path) -> Path:
    """Lexicons of the tiny data's words."""
    folder = tmp_path / "words"
    folder.mkdir()
    near = {"cat": ["dog"], "dog": ["cat", "bird"], "sees": ["likes"], "the": ["a"]}
    (folder / "near.json").write_text(json.dumps(near))
    (folder / "en-de.tsv").write_text("cat\tKatze\ndog\tHund\n", "utf-8")
    (folder / "sentences").mkdir()
    (folder / "sentences/en-de.tsv").write_text("the cat\tdie Katze\nthe dog\tder Hund\n", "utf-8")
    return folder


def given(words: Path) -> dict[str, dict[str, Any]]:
    """What some perturbations need."""
    return {
        "synonyms": {"neighbors": str(words / "near.json")},
        "code-switch": {"dictionaries": str(words)},
        "alignment": {"sentences": str(words / "sentences")},
        "transliterate": {"script": "latin"},
    }


def short(desk: Desk, perturbation: Any, **changes: Any) -> Path:
    desk.spec["stages"][0].update(
        perturbation=perturbation, max_steps=6, checkpoint_every=2, evaluate_every=6
    )
    desk.spec["evaluations"] = [{"languages": ["en", "de"], **changes}]
    return desk.write()


def invoke(xlt: Any, desk: Desk, *arguments: object) -> str:
    result = xlt(*arguments, "--runs-dir", desk.path / "runs")
    assert result.exit_code == 0, result.output
    return str(result.stdout)


@pytest.mark.parametrize("name", registry.names("perturbation"))
def test_every_perturbation_trains(name: str, desk: Desk, xlt: Any, words: Path) -> None:
    use = {"name": name, **given(words).get(name, {})}
    beside = [{"name": "typos", "rate": 0.5}] if name == "consistency" else []
    short(desk, [*beside, use], limit=6)
    desk.spec["stages"][0].update(max_steps=3, checkpoint_every=None, evaluate_every=3)
    out = invoke(xlt, desk, "train", desk.write(), "--json")
    (outcome,) = json.loads(out)
    assert outcome["evaluations"][0]["languages"]["de"]["n"] > 0
    losses = [
        json.loads(line)
        for line in (desk.run() / "stages/0/metrics.jsonl").read_text().splitlines()
    ]
    assert any(line["kind"] == "train" for line in losses)


def test_a_composition_is_resumed_to_the_same_bytes(desk: Desk, words: Path) -> None:
    perturbation = [
        {"name": "synonyms", "proportion": 0.5, **given(words)["synonyms"]},
        {"name": "typos", "rate": 0.3, "copies": 2},
        {"name": "bpe-sampling", "proportion": 0.5},
        {"name": "random-perturbation", "proportion": 0.4},
        {"name": "adversarial", "proportion": 0.3, "steps": 1},
        {"name": "embedding-mixup", "proportion": 0.2},
    ]
    short(desk, perturbation)
    desk.spec["stages"][0].update(max_steps=12, checkpoint_every=4, evaluate_every=12)
    spec = desk.write()
    code, _, err = desk.xlt("train", spec, runs="whole")
    assert code == 0, err
    kill(desk.start_until(8, "train", spec))
    code, _, err = desk.xlt("train", spec)
    assert code == 0, err
    assert "continues from step" in err
    for name in ("stages/0/metrics.jsonl", "stages/0/model/model.safetensors"):
        assert (desk.run() / name).read_bytes() == (desk.run("whole") / name).read_bytes(), name


def test_a_smoothed_evaluation_shows_abstentions_and_radii(
    desk: Desk, xlt: Any, words: Path
) -> None:
    smoothing = {"noise": GAUSSIAN, "samples": 30, "selection": 5, "alpha": 0.05}
    out = invoke(xlt, desk, "train", short(desk, None, smoothing=smoothing))
    assert "smoothed classifier" in out
    assert "majority of 30 votes under 'random-perturbation'" in out
    found = desk.results()
    certified = found["certified"]["de"]
    assert 0 <= certified["abstained"] <= 1
    accuracy = found["languages"]["de"]["accuracy"]["value"]
    assert certified["certified_accuracy"][0][1] == pytest.approx(accuracy)
    assert found["smoothing"]["noise"]["name"] == "random-perturbation"


@pytest.mark.usefixtures("trained_once")
def test_smoothing_of_a_trained_run_stands_beside_its_plain_results(
    desk: Desk, xlt: Any, words: Path
) -> None:
    invoke(xlt, desk, "train", short(desk, None))
    wanted = "{noise: {name: random-perturbation, distribution: gaussian}, samples: 9}"
    name = desk.run().name
    out = invoke(xlt, desk, "eval", name, "--smoothing", wanted, "--languages", "de")
    assert "smoothed classifier" in out
    assert len(list(desk.run().glob("evaluations/*"))) == 2
    again = invoke(xlt, desk, "eval", name, "--smoothing", wanted, "--languages", "de")
    assert again == out


@pytest.mark.usefixtures("trained_once")
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("{noise: random-perturbation}", "needs Gaussian noise"),
        ("{noise: typos}", "needs Gaussian noise"),
        ("{samples: 9}", "noise"),
        ("7", "--smoothing"),
    ],
)
def test_wrong_smoothing_is_refused(desk: Desk, xlt: Any, given: str, said: str) -> None:
    invoke(xlt, desk, "train", short(desk, None, limit=1))
    result = xlt("eval", desk.run().name, "--smoothing", given, "--runs-dir", desk.path / "runs")
    assert result.exit_code == 2
    assert said in result.output
    assert "Traceback" not in result.output
