"""With the folder `speed` removed, xlt trains as with `--plain`."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from acceptance_tools import Desk

import xlt_cli

SOURCE = Path(xlt_cli.__file__).parent


def test_without_the_folder_it_trains_and_evaluates_plainly(desk: Desk, tmp_path: Path) -> None:
    copy = tmp_path / "source" / "xlt_cli"
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("speed", "__pycache__"))
    assert not (copy / "speed").exists()
    desk.spec["stages"][0]["epochs"] = 3
    spec = desk.write()
    code, _, error = desk.xlt("train", spec, "--plain", runs="whole")
    assert code == 0, error
    paths = [str(copy.parent), str(SOURCE.parents[1] / "plugins"), os.environ.get("PYTHONPATH", "")]
    without = os.pathsep.join(path for path in paths if path)
    code, _, error = desk.xlt("train", spec, runs="without", PYTHONPATH=without)
    assert code == 0, error
    pattern = "stages/0/metrics.jsonl"
    whole, other = (desk.run(runs) / pattern for runs in ("whole", "without"))
    assert whole.read_bytes() == other.read_bytes()
    timing = (desk.run("without") / "timing.jsonl").read_text("utf-8").splitlines()
    assert {json.loads(line)["path"] for line in timing} == {"plain"}
    assert desk.results("whole")["languages"] == desk.results("without")["languages"]
