"""Stages that train adapters, in whole commands: merged, kept, carried over, killed, robust."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from acceptance_tools import Desk, kill
from safetensors.torch import load_file
from transformers import AutoModelForSequenceClassification

pytest.importorskip("peft")

LORA = {"kind": "lora", "rank": 4, "alpha": 32, "dropout": 0.1}
WEIGHTS = "model.safetensors"


def stages(desk: Desk, *adapters: Any, **fields: Any) -> None:
    """One stage for each adapter."""
    stage = {**desk.spec["stages"][0], "max_steps": 4, "checkpoint_every": 2, "evaluate_every": 2}
    desk.spec["stages"] = [{**stage, "adapter": adapter, **fields} for adapter in adapters]
    desk.spec["evaluations"] = [{"languages": ["de"]}]


def train(xlt: Any, desk: Desk, *options: str, runs: str = "runs") -> str:
    result = xlt("train", desk.write(), "--runs-dir", desk.path / runs, *options)
    assert result.exit_code == 0, result.output
    return str(result.stderr)


def of_stage(desk: Desk, index: int, file: str, runs: str = "runs") -> Path:
    return desk.run(runs) / f"stages/{index}/model" / file


def changed(one: Path, other: Path) -> set[str]:
    """The names of the weights that differ, without the head's."""
    first, second = load_file(one), load_file(other)
    differ = {n for n in first.keys() & second.keys() if not torch.equal(first[n], second[n])}
    return {name for name in differ if "layer." in name or "embeddings" in name}


@pytest.mark.parametrize(
    ("perturbation", "select"), [("adversarial", "best"), ("synonyms", "average")]
)
def test_robust_training_through_a_merged_adapter(
    desk: Desk, xlt: Any, tiny_encoder: Path, perturbation: str, select: str
) -> None:
    use: dict[str, Any] = {"name": perturbation}
    if perturbation == "synonyms":
        (desk.path / "near.json").write_text(json.dumps({"cat": ["dog"], "sees": ["likes"]}))
        use["neighbors"] = str(desk.path / "near.json")
    stages(desk, LORA, perturbation=use, select=select, learning_rate=0.01)
    said = train(xlt, desk)
    assert "trains a lora adapter of rank 4 in 4 layers (query, value): 1,024 weights" in said
    model = of_stage(desk, 0, WEIGHTS)
    assert changed(model, tiny_encoder / WEIGHTS) == {
        f"bert.encoder.layer.{layer}.attention.self.{name}.weight"
        for layer in (0, 1)
        for name in ("query", "value")
    }
    assert AutoModelForSequenceClassification.from_pretrained(model.parent).num_labels == 2
    result = json.loads((model.parents[1] / "result.json").read_text())
    assert result["adapter"]["parameters"] == 2 * 2 * (4 * 32 + 32 * 4)
    assert result["adapter"]["merged"]
    assert not [path for path in model.parent.iterdir() if "adapter" in path.name]
    assert xlt("eval", desk.run().name, "--runs-dir", desk.path / "runs").exit_code == 0


@pytest.mark.parametrize("after", ["merge", "keep"])
def test_killed_it_goes_on_to_the_same_end(desk: Desk, after: str, xlt: Any) -> None:
    stages(desk, {**LORA, "after": after}, perturbation={"name": "adversarial"}, select="average")
    desk.spec["stages"][0].update(max_steps=12, evaluate_every=6)
    train(xlt, desk, runs="whole")
    spec = desk.write()
    for moment in (3, 8):
        kill(desk.start_until(moment, "train", spec))
    assert "continues from step" in train(xlt, desk)
    one, other = (
        {
            str(path.relative_to(desk.run(runs))): path.read_bytes()
            for path in desk.run(runs).glob("stages/0/**/*")
            if path.suffix in (".safetensors", ".jsonl") or path.name == "result.json"
        }
        for runs in ("whole", "runs")
    )
    assert len(one) == (4 if after == "keep" else 3)
    assert one == other


def test_plain_and_fast_train_the_same_and_say_how(desk: Desk, xlt: Any) -> None:
    stages(desk, {**LORA, "after": "keep"})
    train(xlt, desk)
    train(xlt, desk, "--plain", runs="plain")
    for file in ("adapter_model.safetensors", f"base/{WEIGHTS}"):
        assert of_stage(desk, 0, file).read_bytes() == of_stage(desk, 0, file, "plain").read_bytes()
    lines = (desk.run() / "timing.jsonl").read_text().splitlines()
    assert {json.loads(line)["path"] for line in lines} == {"plain"}


def test_a_kept_adapter_is_carried_over(desk: Desk, xlt: Any, tiny_encoder: Path) -> None:
    stages(
        desk,
        {**LORA, "after": "keep"},
        {"kind": "previous", "after": "keep"},
        {"kind": "ia3", "after": "keep"},
        {"kind": "lora", "over": "base", "after": "keep"},
        None,
        learning_rate=0.01,
    )
    said = train(xlt, desk)
    for words in (
        "stage 2: goes on with a lora adapter of rank 4",
        "stage 3: the adapter that the stage before kept is merged into the weights; trains a ia3",
        "stage 4: the adapter that the stage before kept is left out; trains a lora adapter",
        "stage 5: the adapter that the stage before kept is merged into the weights",
    ):
        assert words in said
    # The base is what was pretrained; the second stage went on with the first's adapter.
    bases = [of_stage(desk, index, f"base/{WEIGHTS}") for index in range(4)]
    assert not changed(bases[0], tiny_encoder / WEIGHTS)
    assert not changed(bases[1], bases[0])
    adapters = [load_file(of_stage(desk, i, "adapter_model.safetensors")) for i in range(4)]
    assert adapters[0].keys() == adapters[1].keys()
    assert all(not torch.equal(adapters[0][name], adapters[1][name]) for name in adapters[0])
    # Below the third's is what the second ended with, whose adapter is merged; the fourth has the
    # third's base, and the fifth is an ordinary model.
    merged = load_file(bases[1])
    for name in merged:
        if name.endswith(("query.weight", "value.weight")):
            key = f"base_model.model.{name.removesuffix('.weight')}.lora_"
            down, up = (adapters[1][f"{key}{part}.weight"] for part in "AB")
            merged[name] = merged[name] + 32 / 4 * up @ down
            torch.testing.assert_close(load_file(bases[2])[name], merged[name])
    assert len(changed(bases[2], bases[1])) == 4
    assert not changed(bases[3], bases[2])
    assert len(changed(of_stage(desk, 4, WEIGHTS), bases[3])) > 20
    # Each stage's result tells its adapter; damage below is noticed.
    results = [json.loads((desk.run() / f"stages/{i}/result.json").read_text()) for i in range(5)]
    kinds = [result.get("adapter", {}).get("kind") for result in results]
    assert kinds == ["lora", "lora", "ia3", "lora", None]
    assert len({result["weights"] for result in results}) == 5
    whole = bases[3].read_bytes()
    bases[3].unlink()
    bases[3].write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    of_stage(desk, 4, WEIGHTS).unlink()
    train(xlt, desk)
    assert bases[3].read_bytes() == whole
    assert of_stage(desk, 4, WEIGHTS).is_file()


def test_the_last_stages_kept_adapter_is_evaluated(desk: Desk, xlt: Any) -> None:
    stages(desk, {**LORA, "after": "keep"}, learning_rate=0.02)
    desk.spec["stages"][0].update(max_steps=30, evaluate_every=30, batch_size=8)
    train(xlt, desk)
    kept = desk.results()["languages"]["de"]["accuracy"]["value"]
    desk.spec["stages"][0]["adapter"]["after"] = "merge"
    train(xlt, desk, runs="merged")
    merged = desk.results("merged")["languages"]["de"]["accuracy"]["value"]
    assert kept == merged
    run = desk.run().name
    again = xlt("eval", run, "--runs-dir", desk.path / "runs", "--languages", "fr", "--json")
    assert again.exit_code == 0, again.output
    model = of_stage(desk, 0, "")
    task = {"name": "pawsx", "path": desk.spec["stages"][0]["task"]["path"]}
    options = ["--task", json.dumps(task), "--languages", "de", "--runs-dir", desk.path / "other"]
    alone = xlt("eval", "--model", model, *options, "--max-length", "48", "--json")
    assert alone.exit_code == 0, alone.output
    (result,) = json.loads(alone.stdout)
    assert result["languages"]["de"]["accuracy"]["value"] == kept
    shutil.rmtree(of_stage(desk, 0, "base"))
    broken = xlt("eval", run, "--runs-dir", desk.path / "runs", "--languages", "en")
    assert broken.exit_code != 0
    assert "is damaged" in broken.output


@pytest.mark.parametrize(("pooling", "task"), [("mean", "pawsx"), ("native", "panx")])
def test_it_goes_on_below_other_heads(desk: Desk, xlt: Any, pooling: str, task: str) -> None:
    desk.spec["encoder"]["pooling"] = pooling
    stages(desk, {**LORA, "after": "keep"}, {"kind": "previous"})
    path = desk.spec["stages"][0]["task"]["path"]
    desk.spec["stages"][1]["task"] = {"name": task, "path": path}
    said = train(xlt, desk)
    assert "goes on with a lora adapter of rank 4 in 4 layers" in said
    assert of_stage(desk, 0, "xlt_head.json").is_file() == (pooling == "mean")


@pytest.mark.parametrize(
    ("adapters", "what"),
    [
        ([{"kind": "lora", "targets": ["querry"]}], "has no linear layer 'querry'"),
        (["lora", {"kind": "lora", "targets": ["querry"]}], "has no linear layer 'querry'"),
        (["previous"], "there is no adapter of the stage before: this is the first stage"),
        (["lora", "previous"], "there is no adapter of the stage before: stage 1 keeps none"),
    ],
)
def test_what_cannot_be_adapted_is_said_before_training(
    desk: Desk, xlt: Any, adapters: list[Any], what: str
) -> None:
    stages(desk, *adapters)
    result = xlt("train", desk.write(), "--runs-dir", desk.path / "runs")
    assert result.exit_code == 2, result.output
    assert what in " ".join(result.stderr.split())
    assert not list((desk.path / "runs").glob("**/metrics.jsonl"))
