"""Mistakes on the command line: exit code 2, and what to type instead."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from xlt_cli.errors import UserError
from xlt_cli.runs.directory import Run
from xlt_cli.runs.making import create
from xlt_cli.spec.resolution import load

Cli = Callable[..., Result]
WriteSpec = Callable[..., Path]
PAIRS = "encoder: e5-small-q4\nstages:\n- task: mini-pawsx\nname: demo\n"
HEAVY = {"torch", "transformers", "datasets", "scipy", "sklearn"}


def said(result: Result) -> str:
    """stderr on one line, however it was folded."""
    return " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("--quiet train x.yaml", "xlt train x.yaml --quiet"),
        ("--json validate x.yaml", "xlt validate x.yaml --json"),
        ("--device cpu train x.yaml", "xlt train x.yaml --device cpu"),
        ("--json", "xlt COMMAND ... --json"),
        ("train x.yaml --debug", "xlt --debug train"),
        ("train x.yaml --lr 1", "--set stages.0.learning_rate=VALUE"),
        ("train x.yaml --learning-rate 1", "--set stages.0.learning_rate=VALUE"),
        ("sweep x.yaml --epochs 1", "--set stages.0.epochs=VALUE"),
        ("train x.yaml --batch-size 8", "--set stages.0.batch_size=VALUE"),
        ("validate x.yaml --num_train_epochs 8", "--set stages.0.epochs=VALUE"),
        ("train x.yaml --model m", "--set encoder=VALUE"),
        ("train x.yaml --max-length 8", "--set max_length=VALUE"),
        ("train x.yaml --output-dir o", "--runs-dir"),
        ("train x.yaml --seeds 1,2", "--seed 1,2"),
        ("train x.yaml --gpu", "--device cuda"),
        ("train --config x.yaml", "xlt train SPEC"),
        ("train x.yaml --optimizer adam", "the optimizer is AdamW"),
        ("train x.yaml epochs=1", "--set epochs=1"),
        ("train x.yaml y.yaml", "give one spec"),
        ("train x.yaml --seed 1 2", "--seed 1,2"),
        ("train x.yaml --set a=1 b=2", "--set a=1 --set b=2"),
        ("eval run --languages de fr", "--languages de,fr"),
        ("eval run --language de", "--languages"),
        ("eval run --trained-on en de", "--trained-on en,de"),
        ("eval run --checkpoint x", "--model"),
        ("train x.yaml --seed 1,x", "a seed is a whole number, at least 0, not 'x'"),
        ("train x.yaml --seed=-1", "a seed is a whole number, at least 0, not '-1'"),
    ],
)
def test_a_wrong_option_is_answered_with_the_right_one(xlt: Cli, line: str, hint: str) -> None:
    result = xlt(*line.split(" "))
    assert result.exit_code == 2
    assert hint in said(result)
    assert "Usage:" in result.stderr


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run whose training has ended, as far as a look at its directory can tell."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spec.yaml").write_text(PAIRS, "utf-8")
    made = create(Path("runs"), load(Path("spec.yaml")), 1, PAIRS, [])
    model = made.stage(0) / "model"
    model.mkdir(parents=True)
    (model / "config.json").write_text("{}", "utf-8")
    monkeypatch.setattr(Run, "model", property(lambda self: model))
    monkeypatch.setattr(Run, "weights", property(lambda self: "0" * 16))
    return made


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("eval", ["neither a run nor a model is given", "xlt eval RUN", "--model DIR"]),
        ("eval {run} --model x --task xnli", ["both a run", "a model ('x')", "xlt eval RUN"]),
        ("eval {run}/stages/1/model", ["inside a run", "xlt eval runs/{name}`"]),
        ("eval --model {run} --task mini-pawsx", ["a run, not a model", "xlt eval runs/{name}"]),
        ("eval --model {run}", ["a run, not a model", "xlt eval runs/{name}"]),
        ("eval spec.yaml", ["is not a run", "xlt train spec.yaml"]),
        ("eval nosuch", ["no run 'nosuch'", "{name}"]),
        ("eval --languages de fr", ["no run 'fr'", "--languages de,fr"]),
        ("eval {run} --task panx", ["cannot be tested on 'panx'", "token-classification"]),
        ("eval {run} --split tset", ["'train', 'dev' or 'test', not 'tset'", "--split"]),
        ("eval {run} --smoothing 0.5", ["a mapping", "--smoothing", "noise: {{name: random"]),
        ("eval {run} --task {{name:x", ["not valid YAML", "--task"]),
        ("eval {run} --device abacus", ["unknown device 'abacus'", "--device"]),
        ("eval --model nowhere", ["--model needs a task"]),
        ("train spec.yml", ["did you mean spec.yaml?"]),
        ("validate spce.yaml", ["did you mean spec.yaml?"]),
        ("validate .", ["this is a folder; it has spec.yaml"]),
        ("init no/such/dir/x.yaml", ["the folder does not exist", "no/such"]),
        ("analyze alignment {run} --split dve", ["no split 'dve'"]),
    ],
)
def test_a_wrong_argument_says_what_it_is_and_what_to_type(
    xlt: Cli, run: Run, line: str, parts: list[str]
) -> None:
    words = [word.format(run=run.path, name=run.name) for word in line.split(" ")]
    result = xlt(*words)
    assert result.exit_code == 2, result.output
    for part in parts:
        assert part.format(name=run.name) in said(result)


def test_a_run_is_said_to_hold_a_model_only_where_there_is_one(xlt: Cli, run: Run) -> None:
    for inside in ("stages", "run.json", "stages/1"):
        result = xlt("eval", f"{run.path}/{inside}")
        assert result.exit_code == 2
        assert f"xlt eval {run.path}`" in said(result)
        assert "--model" not in said(result)


LIGHT = [
    "eval nosuch",
    "eval --model nowhere",
    "eval x --model y",
    "train nosuch.yaml",
    "train broken.yaml",
    "sweep broken.yaml",
    "sweep spec.yaml --dry-run --json",
    "validate spec.yaml",
    "analyze alignment nosuch",
]


def test_arguments_are_checked_before_anything_heavy_is_imported(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(PAIRS, "utf-8")
    (tmp_path / "broken.yaml").write_text(PAIRS.replace("mini-pawsx", "nope"), "utf-8")
    program = (
        "import sys; from xlt_cli.cli import app\n"
        f"for line in {LIGHT!r}:\n"
        "    try: app(line.split(' '), prog_name='xlt')\n"
        "    except SystemExit: pass\n"
        f"    print('AFTER', line, sorted({HEAVY!r} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    after = [line for line in done.stdout.splitlines() if line.startswith("AFTER")]
    assert after == [f"AFTER {line} []" for line in LIGHT], done.stderr


def test_a_dry_run_in_json_lists_the_runs(
    xlt: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = PAIRS + "seeds: [1, 2]\nsweep: {grid: {stages.0.epochs: [1, 2]}}\n"
    (tmp_path / "spec.yaml").write_text(text, "utf-8")
    made = create(Path("runs"), load(Path("spec.yaml"), ["stages.0.epochs=2"]), 2, text, [])
    listed = json.loads(xlt("sweep", "spec.yaml", "--dry-run", "--json").stdout)
    assert [(one["point"], one["seed"]) for one in listed] == [
        ({"stages.0.epochs": epochs}, seed) for epochs in (1, 2) for seed in (1, 2)
    ]
    assert [one["state"] for one in listed] == ["pending"] * 4
    assert listed[3]["run"] == made.name
    assert len({one["run"] for one in listed}) == 4
    plain = xlt("sweep", "spec.yaml", "--dry-run").stdout.splitlines()
    assert plain == [f"{one['label']} seed={one['seed']} pending -> {one['run']}" for one in listed]


def test_seeds_may_be_listed_with_commas(
    xlt: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xlt_cli.launch import local

    trained: list[int] = []
    monkeypatch.setattr(
        local,
        "run_jobs",
        lambda jobs, *rest, **more: trained.extend(job.seed for job in jobs) or [],
    )
    (tmp_path / "spec.yaml").write_text(PAIRS, "utf-8")
    xlt("train", tmp_path / "spec.yaml", "--seed", "1,2", "--seed", "07")
    assert trained == [1, 2, 7]


def test_all_mistakes_are_printed_with_their_lines(xlt: Cli, write_spec: WriteSpec) -> None:
    path = write_spec("encoder: mbrt\nstages:\n- task: xnli\n  epoch: 1\n  lr: 2\n")
    result = xlt("validate", path)
    assert result.exit_code == 2
    lines = result.stderr.splitlines()
    assert [line for line in lines if line.startswith("error: ")] == [
        "error: unknown field 'epoch'",
        "error: unknown field 'lr'",
        "error: unknown encoder 'mbrt'",
    ]
    assert [line for line in lines if str(path) in line] == [
        f"  {path}:4: stages.0.epoch",
        f"  {path}:5: stages.0.lr",
        f"  {path}:1: encoder",
    ]


def test_validate_says_what_rarely_works_and_goes_on(xlt: Cli, write_spec: WriteSpec) -> None:
    result = xlt("validate", write_spec(PAIRS.replace("name:", "  learning_rate: 20\nname:")))
    assert result.exit_code == 0
    assert "note: " in result.stderr
    assert "learning_rate: 20" in result.stderr
    assert result.stdout.endswith("1 run(s)\n")


def test_errors_are_pickled_with_all_of_them() -> None:
    import pickle

    error = UserError("a", "b", "c", (UserError("d"),))
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (again.what, again.where, again.hint) == ("a", "b", "c")
    assert [other.what for other in again.further] == ["d"]
    assert str(again) == "a\nb\nc\nd"


# ------------------------------------------------------------------------------------- colours

SHOWN = """
from xlt_cli.commands.errors import complain, note
from xlt_cli.console.progress import Reporter
from xlt_cli.console.screen import stdout
from xlt_cli.errors import UserError
complain(UserError("wrong"))
note("careful")
stdout().print("figure", style="bold red")
reporter = Reporter()
reporter.warn("collapsed")
with reporter.bar("stage", 2, "examples") as bar:
    bar.advance(2, 2)
"""


def on_a_terminal(variables: dict[str, str]) -> bytes:
    """What a terminal is sent."""
    import pty

    ours, theirs = pty.openpty()
    environment = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}
    process = subprocess.Popen(
        [sys.executable, "-c", SHOWN],
        stdout=theirs,
        stderr=theirs,
        env={**environment, "TERM": "xterm-256color", **variables},
    )
    os.close(theirs)
    sent = b""
    while True:
        try:
            part = os.read(ours, 1 << 16)
        except OSError:
            break
        if not part:
            break
        sent += part
    os.close(ours)
    assert process.wait() == 0, sent
    return sent


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_terminal_is_sent_colours_unless_they_are_unwanted() -> None:
    assert b"\x1b[1;31m" in on_a_terminal({}) or b"\x1b[31m" in on_a_terminal({})
    dumb = on_a_terminal({"TERM": "dumb"})
    assert b"\x1b" not in dumb
    assert b"stage: 2/2" in dumb
    plain = on_a_terminal({"NO_COLOR": "1"})
    for word in (b"wrong", b"careful", b"figure", b"collapsed"):
        assert word in plain
    import re

    assert not re.findall(rb"\x1b\[[0-9;]*m", plain)  # the bar may still move the cursor
    assert re.findall(rb"\x1b\[[0-9;]*m", on_a_terminal({"NO_COLOR": ""}))
