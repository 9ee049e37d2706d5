"""`xlt eval RUN --suite`: one report on the run's own task under noise and on other data sets."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from xlt_cli.spec import suite as suites
from xlt_encoders.base import TransformersEncoder

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
def run(
    tmp_path: Path,
    tiny_encoder: Path,
    trained_once: None,
    xlt: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> str:
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


def test_all_that_fits_is_tested_and_the_rest_is_said(
    run: str, xlt: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[Any] = []
    load = TransformersEncoder.load_model

    def counted(self: TransformersEncoder, *of: Any, **how: Any) -> Any:
        loaded.append(of)
        return load(self, *of, **how)

    monkeypatch.setattr(TransformersEncoder, "load_model", counted)
    result = xlt("eval", run, "--suite", "suite.yaml", "--json")
    assert len(loaded) == 1, "one model for all sets with these labels"
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
    # English was trained on, and is not in the average that the line shows.
    markdown = xlt("eval", run, "--suite", "suite.yaml", "--format", "markdown").stdout
    (line,) = [x for x in markdown.splitlines() if x.startswith("| in distribution")]
    assert [cell.strip() for cell in line.split("|")[3:5]] == ["1", "12"]
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


def test_a_copy_without_weights_has_the_same_report(run: str, xlt: Any) -> None:
    whole = xlt("eval", run, "--suite", "suite.yaml", "--json").stdout
    (weights,) = Path("runs", run).glob("stages/0/model/*.safetensors")
    weights.unlink()
    result = xlt("eval", run, "--suite", "suite.yaml", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == json.loads(whole)
    other = yaml.safe_dump({**SUITE, "own": {"limit": 3}})
    Path("other.yaml").write_text(other)
    refused = xlt("eval", run, "--suite", "other.yaml")
    assert refused.exit_code == 2
    assert "model.safetensors is missing" in refused.output


def test_facts_of_languages_stand_beside_their_figures_in_the_order_that_is_asked_for(
    run: str, xlt: Any
) -> None:
    given = ("--suite", "suite.yaml", "--columns", "family,fertility", "--sort", "script")
    report = json.loads(xlt("eval", run, *given, "--json").stdout)
    own = next(one for one in report["results"] if not one["set"])
    assert set(own["facts"]["de"]) == {"family", "fertility", "script"}
    shown = xlt("eval", run, *given, "--format", "markdown").stdout
    assert "languages of the data sets" in shown
    rows = [line for line in shown.splitlines() if line.startswith("| americasnli (dev) | quy")]
    assert len(rows) == 1
    assert "Quechuan" in rows[0]
    lines = list(csv.DictReader(io.StringIO(xlt("eval", run, *given, "--format", "csv").stdout)))
    of_de = [line for line in lines if (line["task"], line["language"]) == ("xnli", "de")]
    assert [line["family"] for line in of_de] == ["Indo-European"] * 2  # clean, and with typos
    sorted_only = xlt("eval", run, "--suite", "suite.yaml", "--sort", "figure").stdout
    assert "languages of the data sets" in sorted_only
    plain = xlt("eval", run, "--suite", "suite.yaml").stdout
    assert "languages of the data sets" not in plain


def test_languages_are_sorted_in_all_parts(run: str, xlt: Any) -> None:
    for order in ("figure", "rows"):
        report = json.loads(
            xlt("eval", run, "--suite", "suite.yaml", "--sort", order, "--json").stdout
        )
        for one in report["results"]:
            own = list(one["languages"].values())
            values = [x["n"] if order == "rows" else -x[one["metric"]]["value"] for x in own]
            assert values == sorted(values)
            for under in one.get("conditions", ()):
                assert set(under["languages"]) == set(one["languages"])


def test_groups_of_languages_are_shown_of_all_data_sets(run: str, xlt: Any) -> None:
    given = ("--suite", "suite.yaml", "--by", "family", "--format", "markdown")
    shown = xlt("eval", run, *given).stdout
    table = shown[shown.index("data sets, by family (languages not trained on): score") :]
    heading = next(line for line in table.splitlines() if line.startswith("|"))
    assert [cell.strip() for cell in heading.split("|")[2:-1]] == ["Indo-European", "Quechuan"]
    assert "| americasnli (dev) " in table


def test_figures_are_also_written_to_a_file(run: str, xlt: Any) -> None:
    printed = xlt("eval", run, "--suite", "suite.yaml", "--format", "csv").stdout
    assert xlt("eval", run, "--suite", "suite.yaml", "--csv", "out.csv").exit_code == 0
    assert Path("out.csv").read_text("utf-8") == printed


def test_upper_and_lower_bounds_of_robust_accuracy_are_beside_each_other(
    run: str, xlt: Any
) -> None:
    noise = {"name": "random-perturbation", "distribution": "gaussian", "radius": 0.05}
    attack = {"name": "pgd", "radii": [0.02, 0.1], "norm": "l2-sentence", "unit": "certified"}
    attack |= {"steps": 2, "restarts": 1}
    votes = {"name": "smoothing", "noise": noise, "samples": 20, "selection": 5, "alpha": 0.05}
    own = [{"conditions": [attack], "limit": 6}]
    Path("pgd.yaml").write_text(yaml.safe_dump({"summary": "an attack", "own": own}))
    alone = xlt("eval", run, "--suite", "pgd.yaml")
    assert alone.exit_code == 0, alone.output
    words = " ".join(alone.stdout.split())
    assert "xnli test, first 6 rows, accuracy under each condition" in words
    assert "than 1 restart of 2 steps did" in words
    assert "robust accuracy at radius (upper bound)" in words
    assert "at 0.020" in words
    assert "an upper bound of the true robust accuracy" in words
    own.append({"conditions": [votes], "limit": 5})
    Path("both.yaml").write_text(yaml.safe_dump({"summary": "both", "own": own}))
    done = xlt("eval", run, "--suite", "both.yaml", "--format", "markdown")
    assert done.exit_code == 0, done.output
    both = done.stdout
    for language in ("de", "en"):
        table = both[both.index(f"xnli test, {language}: share of rows") :]
        heading = next(line for line in table.splitlines() if line.startswith("|"))
        assert "robust accuracy at radius (upper bound), pgd" in heading
        assert "(test, first 6 rows)" in heading
        assert "certified accuracy at radius, smoothing" in heading


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--suite", "nli-robustnes"], "did you mean 'nli-robustness'"),
        (["--suite", "suite.yaml", "--languages", "de"], "--languages is given as well"),
        (["--suite", "suite.yaml", "--sort", "colour"], "languages cannot be sorted by 'colour'"),
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
