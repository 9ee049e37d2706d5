"""`xlt effective-robustness`: stored runs against a line through others."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from reference_runs import evaluated
from scipy import special

import xlt_cli
from xlt_cli import Reporter
from xlt_cli.runs import atomic

ROWS = 30
WRONG = {"erm-a": (3, 9, 12), "erm-b": (6, 11, 15), "erm-c": (9, 15, 15), "erm-d": (12, 16, 20)}
"""How many of 30 rows are wrong in en, de and fr."""


def shares(counts: tuple[int, int, int]) -> dict[str, float]:
    return dict(zip(("en", "de", "fr"), (count / ROWS for count in counts), strict=True))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, tiny_data: Path) -> Path:
    """A runs directory with four references and a run."""
    root = tmp_path_factory.mktemp("references") / "runs"
    task = {"name": "pawsx", "path": str(tiny_data)}
    for name, counts in WRONG.items():
        evaluated(root, name, task, shares(counts))
    evaluated(root, "robust", task, shares((7, 7, 9)))
    return root


@pytest.fixture
def root(tmp_path: Path, made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, which may be changed."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(made, tmp_path / "runs")
    return tmp_path / "runs"


def asked(xlt: Any, *arguments: object) -> dict[str, Any]:
    result = xlt("effective-robustness", *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)  # type: ignore[no-any-return]


def cell(values: dict[str, Any], condition: str, name: str) -> dict[str, Any]:
    (of,) = [one for one in values["sets"] if one["condition"].startswith(condition)]
    (own,) = [one for one in of["cells"] if one["cell"] == name]
    return own  # type: ignore[no-any-return]


def name_of(root: Path, name: str) -> str:
    (path,) = root.glob(f"{name}-s1-*")
    return path.name


def test_lines_are_those_of_numpy_through_the_references_alone(root: Path, xlt: Any) -> None:
    values = asked(xlt, name_of(root, "robust"), "--references", "erm-*")
    assert values["in_distribution"] == ["en"]
    assert sorted(values["references"]) == sorted(name_of(root, name) for name in WRONG)
    right = 1 - np.array([WRONG[name] for name in WRONG]) / ROWS
    for condition, name, up, own in (
        ("clean", "zero_shot", right[:, 1:].mean(axis=1), 1 - 8 / ROWS),
        ("clean", "de", right[:, 1], 1 - 7 / ROWS),
        ("perturbed", "trained_on", 1 - np.round((1 - right[:, 0]) * 40) / ROWS, 1 - 9 / ROWS),
    ):
        shown = cell(values, condition, name)
        slope, intercept = np.polyfit(special.logit(right[:, 0]), special.logit(up), 1)
        assert shown["line"]["slope"] == pytest.approx(slope)
        figures = shown["runs"][name_of(root, "robust")]
        expected = special.expit(intercept + slope * special.logit(1 - 7 / ROWS))
        assert figures["accuracy"]["value"] == pytest.approx(own)
        assert figures["expected"]["value"] == pytest.approx(expected)
        over = figures["effective_robustness"]
        assert over["value"] == pytest.approx(own - expected)
        assert over["low"] < over["value"] < over["high"]
        assert not figures["extrapolated"]
    assert not any(one["cell"] == "trained_on" for one in values["sets"][0]["cells"])


def test_figures_are_those_of_evaluations(root: Path, xlt: Any) -> None:
    values = asked(xlt, name_of(root, "robust"), "--references", "erm-*")
    (path,) = (root / name_of(root, "robust")).glob("evaluations/*/results.json")
    stored = json.loads(path.read_text("utf-8"))
    shown = cell(values, "clean", "zero_shot")["runs"][name_of(root, "robust")]
    average = stored["averages"]["zero_shot"]["accuracy"]
    assert shown["accuracy"] == pytest.approx(average)
    assert shown["in_distribution"] == pytest.approx(stored["languages"]["en"]["accuracy"])
    (noise,) = stored["conditions"]
    shown = cell(values, "perturbed", "de")["runs"][name_of(root, "robust")]
    assert shown["accuracy"] == pytest.approx(noise["languages"]["de"]["accuracy"])


def test_run_that_answers_as_a_reference_gets_its_residual(
    root: Path, tiny_data: Path, xlt: Any
) -> None:
    """A copy of a reference is compared with the line through all references, itself included."""
    evaluated(root, "twin", {"name": "pawsx", "path": str(tiny_data)}, shares(WRONG["erm-b"]))
    values = asked(xlt, name_of(root, "twin"), "--references", "erm-*")
    shown = cell(values, "clean", "fr")
    x, y = np.array(list(shown["points"].values())).T
    slope, intercept = np.polyfit(special.logit(x), special.logit(y), 1)
    own = shown["runs"][name_of(root, "twin")]
    assert own["effective_robustness"]["value"] == pytest.approx(
        1 - 15 / ROWS - special.expit(intercept + slope * special.logit(1 - 6 / ROWS))
    )


def test_run_among_the_references_is_no_point_of_the_line(root: Path, xlt: Any) -> None:
    alone = asked(xlt, name_of(root, "robust"), "--references", "erm-*")
    among = asked(xlt, name_of(root, "robust"), "--references", "*")
    assert among["sets"] == alone["sets"]
    assert any("also among the references" in note for note in among["notes"])


def test_several_runs_share_a_line(root: Path, tiny_data: Path, xlt: Any) -> None:
    evaluated(root, "other", {"name": "pawsx", "path": str(tiny_data)}, shares((1, 20, 2)))
    robust, other = name_of(root, "robust"), name_of(root, "other")
    both = asked(xlt, robust, other, "--references", "erm-*")
    single = asked(xlt, robust, "--references", "erm-*")
    shown = cell(both, "clean", "de")
    assert shown["runs"][robust] == cell(single, "clean", "de")["runs"][robust]
    assert shown["runs"][other]["extrapolated"]
    result = xlt("effective-robustness", robust, other, "--references", "erm-*")
    assert "extrapolated" in result.stdout
    assert "outside the range of the references'" in " ".join(result.stdout.split())


def test_accuracy_of_1_has_a_place_on_logit_axes_and_it_is_said(
    root: Path, tiny_data: Path, xlt: Any
) -> None:
    evaluated(root, "erm-e", {"name": "pawsx", "path": str(tiny_data)}, shares((0, 5, 9)))
    values = asked(xlt, name_of(root, "robust"), "--references", "erm-*")
    shown = cell(values, "clean", "de")
    assert shown["moved"] == [name_of(root, "erm-e")]
    assert shown["points"][name_of(root, "erm-e")][0] == 1 - 0.5 / ROWS
    text = xlt("effective-robustness", name_of(root, "robust"), "--references", "erm-*").stdout
    assert "count as half an answer" in " ".join(text.split())


def test_other_test_sets_have_lines_of_the_references_that_have_them(
    root: Path, tiny_data: Path, xlt: Any
) -> None:
    elsewhere = shutil.copytree(tiny_data, root.parent / "elsewhere")
    task, other = ({"name": "pawsx", "path": str(path)} for path in (tiny_data, elsewhere))
    evaluated(root, "robust", task, shares((7, 7, 9)), other)
    for name in ("erm-a", "erm-b"):
        evaluated(root, name, task, shares(WRONG[name]), other)
    values = asked(xlt, name_of(root, "robust"), "--references", "erm-*")
    of = clean_texts(values)
    assert {one["why"] for one in of["cells"]} == {"fewer than 3 references"}
    evaluated(root, "erm-c", task, shares(WRONG["erm-c"]), other)
    values = asked(xlt, name_of(root, "robust"), "--references", "erm-*")
    of = clean_texts(values)
    assert {one["references"] for one in of["cells"]} == {3}
    assert [one["cell"] for one in of["cells"]][:2] == ["trained_on", "zero_shot"]


def clean_texts(values: dict[str, Any]) -> dict[str, Any]:
    (of,) = [x for x in values["sets"] if "elsewhere" in x["set"] and x["condition"] == "clean"]
    return of  # type: ignore[no-any-return]


def test_references_that_do_not_fit_are_left_out_and_named(
    root: Path, tiny_data: Path, xlt: Any
) -> None:
    task = {"name": "pawsx", "path": str(tiny_data)}
    evaluated(root, "erm-limited", task, shares((6, 9, 9)), limit=10)
    values = asked(xlt, name_of(root, "robust"), "--references", "erm-*")
    said = " ".join(values["notes"])
    assert f"the reference {name_of(root, 'erm-limited')} is left out" in said
    assert name_of(root, "erm-limited") not in values["references"]


def test_damaged_answers_are_not_counted(root: Path, xlt: Any) -> None:
    (path,) = root.glob("erm-a-*/evaluations/*/conditions/*/predictions/de.parquet")
    path.write_bytes(path.read_bytes()[:-40])
    values = asked(xlt, name_of(root, "robust"), "--references", "erm-*")
    assert name_of(root, "erm-a") not in values["references"]
    assert any("lacks figures or answers of some cells" in note for note in values["notes"])


def test_languages_that_some_runs_were_trained_on_are_in_no_average(
    root: Path, tiny_data: Path, xlt: Any
) -> None:
    task = {"name": "pawsx", "path": str(tiny_data)}
    run = evaluated(root, "model", task, shares((6, 9, 9)), trained=False)
    atomic.write_json(run.path / "run.json", {**run.record, "trained_on": ["en", "de"]})
    given = ("--references", "erm-*", "--references", run.name)
    values = asked(xlt, name_of(root, "robust"), *given)
    assert run.name in values["references"]
    assert cell(values, "clean", "zero_shot")["languages"] == ["fr"]
    assert cell(values, "clean", "de")["references"] == 5
    note = f"de is in no average: only {run.name} of all runs had it in training"
    assert note in values["notes"]


@pytest.mark.parametrize("form", ["terminal", "csv", "markdown", "json"])
def test_report_has_every_format(root: Path, xlt: Any, form: str) -> None:
    result = xlt(
        "effective-robustness", name_of(root, "robust"), "--references", "erm-*", "--format", form
    )
    assert result.exit_code == 0, result.output
    if form == "csv":
        lines = result.stdout.splitlines()
        assert lines[0].startswith("run,set,task,split,condition,cell,languages,n,references,slope")
        kinds = {line.split(",")[-4] for line in lines[1:]}
        assert kinds == {"in_distribution", "accuracy", "expected", "effective_robustness"}
    elif form != "json":
        for text in ("76.7 in distribution", "least squares on logit axes", "by language"):
            assert text in result.stdout


def test_out_has_files_and_a_figure(root: Path, tmp_path: Path, xlt: Any) -> None:
    pytest.importorskip("matplotlib")
    given = (name_of(root, "robust"), "--references", "erm-*", "--out", tmp_path / "out")
    result = xlt("effective-robustness", *given)
    assert result.exit_code == 0, result.output
    files = {path.name: path for path in (tmp_path / "out").iterdir()}
    figure = "effective-robustness"
    assert set(files) == {"results.json", "results.csv", f"{figure}.png", f"{figure}.svg"}
    assert "their line" in files[f"{figure}.svg"].read_text("utf-8")


@pytest.mark.parametrize(
    ("references", "said"),
    [
        (["erm-a*", "erm-b*"], "a line needs 3 reference runs or more; of 2 given, 2 can be used"),
        (["nothing-*"], "no run matches 'nothing-*'"),
        (["erm-x"], "there is no run 'erm-x'"),
    ],
)
def test_mistakes_are_said(root: Path, xlt: Any, references: list[str], said: str) -> None:
    given = [part for one in references for part in ("--references", one)]
    result = xlt("effective-robustness", name_of(root, "robust"), *given)
    assert result.exit_code == 2
    assert said in result.stderr


def test_runs_without_evaluations_are_told_how_to_make_them(
    root: Path, tiny_data: Path, xlt: Any
) -> None:
    result = xlt("effective-robustness", name_of(root, "robust"), "--references", "erm-*",
                 "--split", "dev")  # fmt: skip
    assert result.exit_code == 2
    assert "`xlt eval RUN --split dev`" in result.stderr


def test_runs_of_other_languages_have_no_accuracy_in_distribution_in_common(
    root: Path, tiny_data: Path, xlt: Any
) -> None:
    task = {"name": "pawsx", "path": str(tiny_data)}
    for name in "abc":
        run = evaluated(root, f"model-{name}", task, shares((6, 9, 9)), trained=False)
        record = {**run.record, "trained_on": ["fr"]}
        atomic.write_json(run.path / "run.json", record)
    result = xlt("effective-robustness", name_of(root, "robust"), "--references", "model-*")
    assert result.exit_code == 2
    assert "no language that all these runs were trained on" in result.stderr


def test_another_share_has_the_figures_of_evaluations(root: Path) -> None:
    """Its resamples are scored from their rows, as evaluations do it."""
    metric, name = "macro_f1", name_of(root, "robust")
    made = xlt_cli.effective_robustness(name, "erm-*", metric=metric, reporter=Reporter(quiet=True))
    (path,) = (root / name).glob("evaluations/*/results.json")
    stored = json.loads(path.read_text("utf-8"))
    assert (made.values["metric"], made.values["figure"]) == (metric, metric)
    for cells, shown in (("zero_shot", stored["averages"]), ("de", stored["languages"])):
        own = cell(made.values, "clean", cells)
        assert own["runs"][name][metric] == pytest.approx(shown[cells][metric])
        x, y = np.array(list(own["points"].values())).T
        slope, intercept = np.polyfit(special.logit(x), special.logit(y), 1)
        at = stored["languages"]["en"][metric]["value"]
        over = own["runs"][name]["effective_robustness"]
        expected = special.expit(intercept + slope * special.logit(at))
        assert over["value"] == pytest.approx(shown[cells][metric]["value"] - expected)
        assert over["low"] < over["value"] < over["high"]
    frame = made.frame()
    assert set(frame["metric"]) >= {metric, "effective_robustness"}
    assert metric.partition("_")[0] in " ".join(made.report.notes)


def test_named_accuracy_is_what_is_compared_without_a_name(root: Path, xlt: Any) -> None:
    given = (name_of(root, "robust"), "--references", "erm-*")
    assert asked(xlt, *given, "--metric", "accuracy") == asked(xlt, *given)


@pytest.mark.parametrize("metric", ["f1", "ece", ""])
def test_a_metric_that_the_task_lacks_is_refused(root: Path, xlt: Any, metric: str) -> None:
    given = (name_of(root, "robust"), "--references", "erm-*", "--metric", metric)
    result = xlt("effective-robustness", *given)
    assert result.exit_code == 2
    assert "known: accuracy, macro_f1" in result.output
