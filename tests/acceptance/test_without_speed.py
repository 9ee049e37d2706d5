"""With the folder `speed` removed, xlt trains as with `--plain`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from acceptance_tools import Desk
from preloaded import run_code

import xlt_cli

SOURCE = Path(xlt_cli.__file__).parent
OTHERS = """
import sys
for name in [name for name in sys.modules if name.startswith("xlt_")]:
    del sys.modules[name]
sys.path[:0] = {path!r}
import xlt_cli
assert xlt_cli.__file__.startswith({path!r}[0])
sys.argv = ["xlt", *{arguments!r}]
from xlt_cli.__main__ import main
main()
"""
"""Runs `xlt` from other sources."""


def test_without_the_folder_it_trains_and_evaluates_plainly(desk: Desk, tmp_path: Path) -> None:
    copy = tmp_path / "source" / "xlt_cli"
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("speed", "__pycache__"))
    assert not (copy / "speed").exists()
    desk.spec["stages"][0].update(epochs=1, checkpoint_every=None, evaluate_every=5)
    spec = desk.write()
    code, _, error = desk.xlt("train", spec, "--plain", runs="whole")
    assert code == 0, error
    without = [str(copy.parent), str(SOURCE.parents[1] / "plugins")]
    begin = OTHERS.format(path=without, arguments=["train", str(spec), "--runs-dir", "without"])
    code, _, error = run_code(begin, desk.environment, desk.path, desk.path / "outputs")
    assert code == 0, error
    pattern = "stages/0/metrics.jsonl"
    whole, other = (desk.run(runs) / pattern for runs in ("whole", "without"))
    assert whole.read_bytes() == other.read_bytes()
    timing = (desk.run("without") / "timing.jsonl").read_text("utf-8").splitlines()
    assert {json.loads(line)["path"] for line in timing} == {"plain"}
    assert desk.results("whole")["languages"] == desk.results("without")["languages"]
