"""Whole commands with third parties' plugins that break the contract or raise exceptions."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acceptance_tools import Desk

Install = Callable[..., Path]

TASK = """\
from xlt_cli.api import Rows, SequenceExample, Task
from xlt_cli.problems import SequenceClassification

class Odd(Task):
    api_version = 1
    name = "odd-task"
    summary = "pairs that can be learnt"
    problem = SequenceClassification
    metric = "accuracy"

    @property
    def labels(self):
        return ("no", "yes")

    def languages(self, split):
        return ("en", "de")

    def load(self, split, language):
        return Rows(
            tuple(
                SequenceExample(f"{split}-{n}", ("the cat", f"the dog {'?!'[n % 2]}"),
                                ("no", "yes")[n % 2], (language, language))
                for n in range(8)
            ),
            "in the code",
        )
"""
NOISE = """\
from xlt_cli.api import EmbeddingPerturbation, SegmentationPerturbation, TextPerturbation

class Text(TextPerturbation):
    api_version = 1
    name = "odd-text"
    summary = "noise"

    def perturb(self, example, rng):
        return [example]

class Cuts(SegmentationPerturbation):
    api_version = 1
    name = "odd-cuts"
    summary = "noise"

    def segmenter(self, tokenizer):
        return lambda text, rng: tokenizer(text, add_special_tokens=False)["input_ids"]

class Method(EmbeddingPerturbation):
    api_version = 1
    name = "odd-method"
    summary = "noise"

    def loss(self, seam):
        return seam.loss(seam.logits(seam.embeddings))
"""


@pytest.fixture
def odd(install: Install, desk: Desk) -> Callable[..., Path]:
    """Installs the plugins, one line of them changed, and writes a spec that uses some."""

    def prepare(old: str = "", new: str = "", perturbation: Any = None) -> Path:
        assert old in TASK + NOISE
        points = {
            "xlt.tasks": {"odd-task": "odd_task:Odd"},
            "xlt.perturbations": {
                "odd-text": "odd_noise:Text",
                "odd-cuts": "odd_noise:Cuts",
                "odd-method": "odd_noise:Method",
            },
        }
        sources = {"odd_task": TASK, "odd_noise": NOISE}
        if old:
            sources = {name: text.replace(old, new) for name, text in sources.items()}
        install("odd-dist", points, sources)
        stage = {"task": "odd-task", "epochs": 1, "batch_size": 4, "perturbation": perturbation}
        return desk.write(stages=[stage], evaluations=[{"allow_overlap": True}])

    return prepare


LOSS = "return seam.loss(seam.logits(seam.embeddings))"


@pytest.mark.parametrize(
    ("old", "new", "use", "said"),
    [
        ("return [example]", "return example", "odd-text", "perturb(example 'train-"),
        ("return [example]", "pass", "odd-text", "returned None; expected a list of examples"),
        (LOSS, f"{LOSS}.mean()", "odd-method", "returned a Tensor of shape [], torch.float32"),
        (LOSS, "return seam.logits(seam.embeddings)", "odd-method", "a Tensor of shape [4, 2]"),
        ('["input_ids"]', ".tokens()", "odd-cuts", "returned str '"),
        ('return ("en", "de")', 'return "en"', None, "languages('train') returned str 'en'"),
        ('return ("no", "yes")', "return (0, 1)", None, "labels returned a tuple of 2 with int 0"),
        ('metric = "accuracy"', 'metric = "acc"', None, "metric = 'acc' is not a metric of the"),
        ('return ("en", "de")', 'return ("de",)', None, "has no 'en' in its train split"),
        ("return Rows(", "return list(", None, "failed in load('train', 'en'): TypeError"),
    ],
)
def test_what_breaks_the_contract_is_refused_by_name(
    xlt: Any, desk: Desk, odd: Any, old: str, new: str, use: str | None, said: str
) -> None:
    spec = odd(old, new, use)
    result = xlt("train", spec, "--runs-dir", desk.path / "runs")
    assert result.exit_code == (1 if "failed in" in said else 2), result.output
    assert said in result.stderr
    kind = "perturbation" if use else "task"
    assert f"{kind} " in result.stderr
    assert "odd-dist 1.0" in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("old", "new", "use", "said"),
    [
        (
            "return Rows(",
            "{}['x']; return Rows(",
            None,
            "task 'odd-task' (odd-dist 1.0) failed in load('train', 'en'): KeyError: 'x' at "
            "odd_task.py:19",
        ),
        (
            LOSS,
            "return 1 / 0",
            "odd-method",
            "perturbation 'odd-method' (odd-dist 1.0) failed in loss(seam of 4 examples): "
            "ZeroDivisionError: division by zero at odd_noise.py:25",
        ),
    ],
)
def test_a_failing_plugin_is_named_and_its_traceback_kept(
    xlt: Any, desk: Desk, odd: Any, old: str, new: str, use: str | None, said: str
) -> None:
    spec = odd(old, new, use)
    result = xlt("train", spec, "--runs-dir", desk.path / "runs")
    assert result.exit_code == 1, result.output
    assert f"error: {said}" in result.stderr
    assert "Traceback" not in result.output
    kept = (desk.run() / "error.txt").read_text("utf-8")
    assert kept.startswith("Traceback")
    assert "odd_task.py" in kept or "odd_noise.py" in kept
    debug = xlt("--debug", "train", spec, "--runs-dir", desk.path / "runs")
    assert "Traceback" in debug.stderr
    assert said in debug.stderr


def test_sound_plugins_train_and_a_run_says_where_its_plugins_were_from(
    xlt: Any, desk: Desk, odd: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xlt_cli import registry

    spec = odd(perturbation=["odd-text", "odd-cuts", "odd-method"])
    runs = desk.path / "runs"
    result = xlt("train", spec, "--runs-dir", runs)
    assert result.exit_code == 0, result.output
    record = json.loads((desk.run() / "run.json").read_text("utf-8"))
    plugins = {(p["kind"], p["name"]): p for p in record["plugins"]}
    assert set(plugins) == {
        ("condition", "clean"),
        ("encoder", "hf"),
        ("problem", "sequence-classification"),
        ("task", "odd-task"),
        *(("perturbation", f"odd-{name}") for name in ("text", "cuts", "method")),
    }
    own = {"kind": "task", "name": "odd-task", "distribution": "odd-dist", "version": "1.0"}
    assert plugins["task", "odd-task"] == own
    (info,) = desk.path.glob("site-odd-dist/*.dist-info/entry_points.txt")
    info.write_text("", "utf-8")
    for arguments in (["eval", desk.run().name], ["train", spec], ["sweep", spec]):
        registry.clear()
        result = xlt(*arguments, "--runs-dir", runs)
        assert result.exit_code == 2, result.output
        assert "unknown task 'odd-task'" in result.stderr
        assert "a run used it from odd-dist 1.0, which is not installed here" in result.stderr
        assert "pip install 'odd-dist==1.0'" in result.stderr
    registry.clear()
    listed = json.loads(xlt("runs", "--json", "--runs-dir", runs).stdout)
    assert [(row["run"], row["state"]) for row in listed] == [(desk.run().name, "done")]
