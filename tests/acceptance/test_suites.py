"""`xlt eval RUN --suite`: one report on the run's own task under noise and on other data sets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from xlt_cli.spec import suite as suites

NLI = ("entailment", "neutral", "contradiction")
SUITE = {
    "summary": "a few tests",
    "own": {"conditions": [{"name": "perturbed", "perturbation": "typos", "strength": 0.5}]},
    "sets": [
        {"title": "adversarial", "family": "nli", "tags": ["adversarial"]},
        {"title": "low-resource", "family": "nli", "tags": ["low-resource"], "limit": 6},
    ],
}


def write(path: Path, name: str, rows: int = 12) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"the cat sees {name} {i}\tthe dog likes {i}\t{NLI[i % 3]}\n" for i in range(rows)]
    path.write_text("".join(lines), "utf-8")


@pytest.fixture
def run(tmp_path: Path, tiny_encoder: Path, xlt: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """A trained run, beside data of which some cannot be used for it."""
    data = tmp_path / "data"
    for split in ("train", "dev", "test"):
        for language in ("en", "de"):
            write(data / "xnli" / f"{split}-{language}.tsv", f"{split} {language}")
    write(data / "nli_adv_en" / "anli-r1-dev.tsv", "anli")
    write(data / "americasnli" / "dev-quy.tsv", "quechua")
    # The model was trained on these very rows.
    write(data / "xnli_african_mt" / "dev-yo.tsv", "train en")
    monkeypatch.setenv("XLT_DATA_DIR", str(data))
    monkeypatch.chdir(tmp_path)
    stage = {"task": "xnli", "max_steps": 2, "batch_size": 4}
    spec = {"encoder": {"name": "hf", "model": str(tiny_encoder)}, "stages": [stage]}
    Path("spec.yaml").write_text(yaml.safe_dump({**spec, "device": "cpu", "evaluations": []}))
    result = xlt("train", "spec.yaml")
    assert result.exit_code == 0, result.output
    (path,) = Path("runs").glob("spec-s1-*")
    Path("suite.yaml").write_text(yaml.safe_dump(SUITE))
    return path.name


def test_all_that_fits_is_tested_and_the_rest_is_said(run: str, xlt: Any) -> None:
    result = xlt("eval", run, "--suite", "suite.yaml", "--json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    tested = {(one["set"], one["task"]): one for one in report["results"]}
    assert set(tested) == {
        ("", "xnli"),
        ("adversarial", "anli-r1"),
        ("low-resource", "americasnli"),
    }
    assert tested["low-resource", "americasnli"]["languages"]["quy"]["n"] == 6
    own = tested["", "xnli"]
    (noise,) = own["conditions"]
    assert set(own["languages"]) == set(noise["languages"]) == {"de", "en"}
    why = {one["task"]: one["why"] for one in report["left_out"]}
    assert "were trained on" in why["xnli-african-mt"]
    assert "anli-r2" in why
    assert "xnli" not in why

    shown = xlt("eval", run, "--suite", "suite.yaml")
    assert shown.exit_code == 0, shown.output
    for text in ("a few tests", "typos", "anli-r1 (dev)", "americasnli (dev)", "in distribution"):
        assert text in shown.stdout
    again = xlt("eval", run, "--suite", "suite.yaml", "--format", "csv")
    lines = again.stdout.splitlines()
    assert lines[0] == "set,task,split,condition,language,n,metric,value,low,high"
    assert len(lines) == 1 + 2 + 2 + 1 + 1


def test_figures_are_those_of_single_evaluations(run: str, xlt: Any) -> None:
    both = json.loads(xlt("eval", run, "--suite", "suite.yaml", "--json").stdout)
    alone = json.loads(xlt("eval", run, "--task", "anli-r1", "--split", "dev", "--json").stdout)
    (suite,) = [one for one in both["results"] if one["task"] == "anli-r1"]
    assert suite["languages"] == alone[0]["languages"]
    assert suite["averages"] == alone[0]["averages"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--suite", "nli-robustnes"], "did you mean 'nli-robustness'"),
        (["--suite", "suite.yaml", "--languages", "de"], "--languages is given as well"),
        (["--suite", "broken.yaml"], "unknown field 'familly'"),
    ],
)
def test_mistakes_are_said(run: str, xlt: Any, options: list[str], said: str) -> None:
    broken = {**SUITE, "sets": [{"title": "x", "familly": "nli"}]}
    Path("broken.yaml").write_text(yaml.safe_dump(broken))
    result = xlt("eval", run, *options)
    assert result.exit_code == 2
    assert said in result.stderr


@pytest.mark.parametrize("name", suites.names())
def test_every_suite_that_ships_is_valid(name: str) -> None:
    assert suites.load(name).summary
