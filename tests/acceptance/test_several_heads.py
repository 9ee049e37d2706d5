"""Tasks with other labels in one stage, each with a head of its own: trained, killed, resumed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from acceptance_tools import Desk, kill
from safetensors.torch import load_file

HEAD = "stages/0/model/heads/panx.safetensors"


def stage(desk: Desk, tiny_data: Path, **changes: Any) -> dict[str, Any]:
    """Pairs of sentences, and sentences with tags beside them."""
    other = {"task": {"name": "panx", "path": str(tiny_data)}, "languages": ["en"], "head": "own"}
    own = desk.spec["stages"][0]
    short = {"epochs": 2, "checkpoint_every": 4, "evaluate_every": 6, "limit": 24}
    return {**own, **short, "also": [{**other, "limit": 16}], **changes}


def files(run: Path) -> dict[str, bytes]:
    names = ["stages/0/metrics.jsonl", "stages/0/result.json", "stages/0/model/model.safetensors"]
    return {name: (run / name).read_bytes() for name in (*names, HEAD)}


def test_killed_and_resumed_both_heads_end_with_the_same_bytes(desk: Desk, tiny_data: Path) -> None:
    noise = ["typos", {"name": "adversarial", "steps": 1, "proportion": 0.5}]
    changes = {"perturbation": noise, "temperature": 2.0}
    spec = desk.write(stages=[stage(desk, tiny_data, **changes)], evaluations=[{"limit": 10}])
    code, _, err = desk.xlt("train", spec, runs="whole")
    assert code == 0, err
    assert "'panx' has a head of its own, 16 rows" in err
    expected = files(desk.run("whole"))
    for moment in (4, 12):
        kill(desk.start_until(moment, "train", spec))
    code, _, err = desk.xlt("train", spec)
    assert code == 0, err
    assert "continues from step" in err
    assert files(desk.run()) == expected
    # The model is that of the stage's own task, and opens as any other.
    assert set(desk.results()["languages"]) == {"en", "de", "fr"}
    info = json.loads((desk.run() / HEAD).with_suffix(".json").read_text())
    head = load_file(str(desk.run() / HEAD))
    assert info["kind"] == "token-classification"
    assert len(info["labels"]) == len(head["out.bias"])


def test_another_head_takes_a_part_in_what_the_encoder_learns(
    xlt: Any, desk: Desk, tiny_data: Path
) -> None:
    few = {"max_steps": 6, "dev": None}
    alone = stage(desk, tiny_data, **few)
    del alone["also"]
    weights = []
    for name, own in (("alone", alone), ("both", stage(desk, tiny_data, **few))):
        spec = desk.write(f"{name}.yaml", stages=[own], evaluations=[])
        made = xlt("train", spec, "--runs-dir", desk.path / name)
        assert made.exit_code == 0, made.output
        weights.append(load_file(str(desk.run(name) / "stages/0/model/model.safetensors")))
        assert (desk.run(name) / HEAD).exists() == (name == "both")
    one, other = weights
    assert set(one) == set(other)
    assert any(not one[name].equal(other[name]) for name in one if "encoder.layer" in name)


@pytest.mark.parametrize(
    ("changes", "more", "said"),
    [
        ({}, {"head": "shared"}, "head: own"),
        ({"select": "average"}, {}, "does not average further heads"),
        ({"label_smoothing": 0.1}, {}, "label_smoothing is not computed for a further head"),
        ({}, {"task": "pawsx"}, "leave `head: own` out"),
        ({}, {"head": "mine"}, "'shared' or 'own'"),
    ],
)
def test_what_cannot_be_trained_is_refused_with_its_line(
    xlt: Any,
    desk: Desk,
    tiny_data: Path,
    changes: dict[str, Any],
    more: dict[str, Any],
    said: str,
) -> None:
    own = stage(desk, tiny_data, **changes)
    own["also"] = [{**own["also"][0], **more}]
    if "task" in more:
        own["also"][0]["task"] = {"name": more["task"], "path": str(tiny_data)}
    refused = xlt("validate", desk.write(stages=[own]))
    assert refused.exit_code == 2
    assert said in refused.output.replace("\n", " ")
    assert "spec.yaml:" in refused.output
