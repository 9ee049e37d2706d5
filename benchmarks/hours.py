"""The GPU hours of the research question's specs for large encoders, from short runs.

    XLT_DATA_DIR=... python benchmarks/hours.py [--shapes mbert,xlm-r-base,xlm-r-large,mmbert-base]

A model of the encoder's shape with random weights is trained by `xlt train` on English XNLI rows
without tests, on all of the rows asked for and on a quarter of them: the difference is the time of
updates. A further run is tested on all that the spec tests: the rest of its time is that beside
updates. A run of the spec has the updates of all English rows of XNLI and of its intermediate
stage. Runs are counted one after another; several at once on a GPU take less for small models.
Stages that runs share are counted once for each run.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
import transformers
import yaml
from shapes import config_of

from xlt_cli.spec import PluginUse
from xlt_cli.spec.building import build_encoder
from xlt_cli.spec.yaml_lines import parse_value

SPECS = Path(__file__).parents[1] / "experiments" / "research-question"
FULL = 392_702
"""English training rows of XNLI on the hub."""
STAGES = {"none": 0, "same task": 4000, "another task": 5 * 701}
"""By how an arm is called: the examples of its intermediate stage."""


def checkpoint(shape: str, tokenizer: Any, folder: Path) -> Path:
    """A checkpoint of the shape with random weights."""
    torch.manual_seed(0)
    transformers.AutoModel.from_config(config_of(shape)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def spec_of(shape: str) -> dict[str, Any]:
    given: dict[str, Any] = yaml.safe_load((SPECS / f"{shape}.yaml").read_text("utf-8"))
    return given


def short(shape: str, model: Path, rows: int, test: int | None) -> dict[str, Any]:
    """The spec's arm *none* with fewer rows, one seed, and the model in place of the encoder.

    Args:
        test: rows of each test; 0 for no tests, None for as many as the spec has.
    """
    spec = spec_of(shape)
    del spec["sweep"]
    spec["encoder"] = {"name": "hf", "model": str(model)}
    spec["seeds"] = [1]
    spec["stages"][0] |= {"task": "xnli", "limit": rows}
    if test is not None:
        spec["evaluations"] = [{**one, "limit": test} for one in spec["evaluations"] if test]
    return spec


def seconds(spec: dict[str, Any], folder: Path) -> tuple[float, int]:
    """The seconds of a run, and the rows that it is tested on."""
    folder.mkdir()
    file = folder / "short.yaml"
    file.write_text(yaml.safe_dump(spec), "utf-8")
    command = [sys.executable, "-m", "xlt_cli", "train", str(file), "--quiet", "--runs-dir"]
    began = time.perf_counter()
    done = subprocess.run([*command, str(folder / "runs")], capture_output=True, text=True)
    whole = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    rows = sum(
        json.loads(line)["rows"]
        for cells in folder.glob("runs/*/evaluations/*/cells.jsonl")
        for line in cells.read_text("utf-8").splitlines()
    )
    return whole, rows


def measured(shape: str, model: Path, given: argparse.Namespace, folder: Path) -> dict[str, float]:
    """Seconds of an example's share of an update, and of the run beside such updates."""
    few = given.rows // 4
    seconds(short(shape, model, given.rows, 0), folder / "warm")  # fills the caches of tokens
    first, _ = seconds(short(shape, model, few, 0), folder / "few")
    many, _ = seconds(short(shape, model, given.rows, 0), folder / "many")
    each = (many - first) / (given.rows - few)
    whole, tested = seconds(short(shape, model, few, given.test), folder / "tested")
    return {"example": each, "beside": whole - each * few, "tested": tested}


def arms(spec: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """The arms of a spec, with the examples of their intermediate stage."""
    for arm in spec["sweep"]["arms"]:
        (kind,) = (kind for kind in STAGES if arm["name"].startswith(kind))
        yield arm["name"], STAGES[kind]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shapes", default="mbert,xlm-r-base,xlm-r-large,mmbert-base")
    parser.add_argument("--rows", type=int, default=32000)
    parser.add_argument(
        "--test", type=int, help="rows of each language of each test; default: the spec's"
    )
    parser.add_argument("--tokenizer", default="e5-small-q4", help="encoder whose pieces are used")
    given = parser.parse_args()
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    print(f"{gpu}, {os.cpu_count()} cores, torch {torch.__version__}")
    value = parse_value(given.tokenizer, given.tokenizer)
    use = PluginUse.model_validate({"name": value} if isinstance(value, str) else value)
    tokenizer = build_encoder(use).load_tokenizer()
    for shape in given.shapes.split(","):
        spec = spec_of(shape)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            model = checkpoint(shape, tokenizer, folder / "model")
            found = measured(shape, model, given, folder)
        runs = [
            found["example"] * (FULL * spec["stages"][0]["epochs"] + own) + found["beside"]
            for _, own in arms(spec)
        ]
        hours = len(spec["seeds"]) * sum(runs) / 3600
        print(
            f"{shape:12} {1 / found['example']:7,.0f} examples/s in training; beside it "
            f"{found['beside']:.0f} s, {found['tested']:,.0f} rows tested; a run of all rows "
            f"{runs[0] / 60:.1f} min; {len(spec['seeds'])} seeds of {len(runs)} arms: "
            f"{hours:.1f} GPU hours",
            flush=True,
        )


if __name__ == "__main__":
    main()
