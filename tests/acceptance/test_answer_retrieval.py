"""Trained on English questions and sentences, tested on LAReQA and on the entities of Mewsli-X."""

from __future__ import annotations

import json
from typing import Any

from acceptance_tools import Desk
from retrieval_tools import write_retrieval

from xlt_tasks.retrieval.lareqa import Lareqa
from xlt_tasks.retrieval.mewsli_x import MewsliX
from xlt_tasks.retrieval.squad import SquadRetrieval


def test_a_stage_on_squad_is_a_model_for_lareqa_and_mewsli_x(xlt: Any, desk: Desk) -> None:
    squad, lareqa, mewsli = (
        {"name": task.name, "path": str(write_retrieval(task, desk.path / task.name))}
        for task in (SquadRetrieval, Lareqa, MewsliX)
    )
    stage = {
        "task": squad,
        "perturbation": ["adversarial"],
        "epochs": 20,
        "batch_size": 4,
        "evaluate_every": 10,
        "learning_rate": 0.01,
        "schedule": "constant",
    }
    evaluations = [{"task": lareqa}, {"task": mewsli, "conditions": ["clean"]}]
    spec = desk.write(stages=[stage], evaluations=evaluations)
    done = xlt("train", spec, "--runs-dir", desk.path / "runs", "--json")
    assert done.exit_code == 0, done.output
    found = {one["task"]: one for one in json.loads(done.stdout)[0]["evaluations"]}
    assert found["lareqa"]["metric"] == found["mewsli-x"]["metric"] == "map_at_20"
    assert set(found["lareqa"]["languages"]) == {"de", "en", "ru"}
    assert found["lareqa"]["languages"]["en"]["n"] == 3
    assert {"map_at_20", "mrr", "accuracy"} <= set(found["mewsli-x"]["languages"]["de"])
    assert found["mewsli-x"]["languages"]["de"]["n"] == 2

    lines = (desk.run() / "stages/0/metrics.jsonl").read_text("utf-8").splitlines()
    losses = [line["loss"] for line in map(json.loads, lines) if "loss" in line]
    assert losses[-1] < 0.7 * losses[0]
    result = json.loads((desk.run() / "stages/0/result.json").read_text("utf-8"))
    assert result["rule"].startswith("best map_at_20 on dev en")
    assert result["dev_score"] > 0.8  # among all sentences of the two passages
