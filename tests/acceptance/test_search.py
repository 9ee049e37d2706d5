"""`xlt sweep` with a search, as whole commands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from acceptance_tools import Desk, kill, ledger, wait_for
from typer.testing import CliRunner

from xlt_cli.cli import app
from xlt_cli.runs.finding import all_runs

RATE = "stages.0.learning_rate"
SPACE = {RATE: {"low": 1e-4, "high": 1e-2, "log": True}}


def written(desk: Desk, search: dict[str, Any], steps: int = 8, **changes: Any) -> Path:
    stages = [{**desk.spec["stages"][0], "max_steps": steps, "evaluate_every": 4}]
    return desk.write(stages=stages, sweep={"search": {"space": SPACE, **search}}, **changes)


def test_a_search_by_a_figure_of_target_languages_is_marked_as_oracle(desk: Desk) -> None:
    optimize = {"evaluation": "pawsx", "languages": ["de", "fr"], "metric": "macro_f1"}
    search = {"trials": 2, "optimize": optimize}
    spec = written(desk, search, evaluations=[{"languages": ["en", "de", "fr"]}], seeds=[1, 2])
    code, out, err = desk.xlt("sweep", spec, "--json")
    assert code == 0, err
    (found,) = json.loads(out)
    assert "of de, fr, which the model is not trained on" in found["oracle"]
    assert (found["planned"], found["left"]) == (2, 0)
    best, other = found["trials"]
    assert best["value"] >= other["value"]
    for trial in found["trials"]:
        values = []
        for run in trial["runs"]:
            (path,) = (desk.path / run["path"]).glob("evaluations/*/results.json")
            figures = json.loads(path.read_text("utf-8"))["languages"]
            values.append(sum(figures[x]["macro_f1"]["value"] for x in ("de", "fr")) / 2)
            assert run["value"] == values[-1]
        assert trial["value"] == sum(values) / 2
    assert {event["event"] for event in ledger(desk)} == {"started", "done"}

    code, out, err = desk.xlt("sweep", spec)
    assert code == 0, err
    assert "score (oracle)" in out
    assert "so that the results of the best trial are not zero-shot" in " ".join(out.split())
    assert best["runs"][0]["run"] in out
    assert "stage 1" not in err  # nothing is trained again
    code, out, err = desk.xlt("sweep", spec, "--dry-run", "--set", "sweep.search.trials=5")
    assert code == 0, err
    assert "2 of 5 trials drawn, 3 to be drawn" in out
    code, out, err = desk.xlt("table", spec, "--json")
    assert code == 0, err
    assert "base (oracle)" in out


def test_a_search_that_is_killed_ends_as_one_that_is_not(desk: Desk) -> None:
    spec = written(desk, {"trials": 3, "sampler": "random"}, steps=16, evaluations=[])
    code, out, err = desk.xlt("sweep", spec, "--json", runs="whole")
    assert code == 0, err
    process = desk.start("sweep", spec, "--jobs", 2)

    def at_work() -> bool:
        return len(all_runs(desk.path / "runs")) == 2

    wait_for(at_work, process)
    kill(process)
    code, again, err = desk.xlt("sweep", spec, "--json", "--jobs", 2)
    assert code == 0, err
    (one,), (other,) = json.loads(out), json.loads(again)
    shown = [[(t["trial"], t["values"], t["value"], t["runs"][0]["run"]) for t in found["trials"]]
             for found in (one, other)]  # fmt: skip
    assert shown[0] == shown[1]
    code, _, err = desk.xlt("sweep", spec, "--set", f"sweep.search.space={{{RATE}: [0.1]}}")
    assert code == 2
    assert "was begun with other settings" in err
    code, _, err = desk.xlt("sweep", spec, "--plan", "plan.json")
    assert code == 0, err
    result = CliRunner().invoke(app, ["run", str(desk.path / "plan.json"), "--list"])
    assert [line.split()[1] for line in result.stdout.splitlines()] == ["done"] * 3
