"""An experiment from Python: trained, evaluated, swept; its runs opened and read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas
import pytest
import yaml

from xlt_cli import Experiment, Reporter, Results, Run, Runs, UserError, evaluate_model, open_run
from xlt_cli.errors import DamagedFile, RunError, SpecError
from xlt_cli.reports import evaluation
from xlt_cli.runs import making

QUIET = Reporter(quiet=True)


@pytest.fixture(scope="module")
def spec(tiny_encoder: Path, tiny_data: Path) -> dict[str, Any]:
    """A spec that trains for a second."""
    return {
        "name": "tiny",
        "encoder": {"name": "hf", "model": str(tiny_encoder)},
        "stages": [
            {
                "task": {"name": "pawsx", "path": str(tiny_data)},
                "max_steps": 4,
                "batch_size": 4,
                "dev": {"limit": 8},
            }
        ],
        "evaluations": [{"limit": 10}],
        "seeds": [1, 2],
        "max_length": 32,
        "device": "cpu",
        "sweep": {"grid": {"stages.0.learning_rate": [0.001, 0.002]}},
    }


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("python") / "runs"


@pytest.fixture(scope="module")
def runs(spec: dict[str, Any], root: Path) -> Runs:
    return Experiment.from_dict(spec).train(runs_dir=root, reporter=QUIET)


def test_a_run_for_each_seed(runs: Runs, root: Path) -> None:
    assert [run.seed for run in runs] == [1, 2]
    assert [run.state for run in runs] == ["done", "done"]
    assert {run.path.parent for run in runs} == {root}
    assert list(runs.failed) == []
    assert len(runs[:1]) == 1


def test_a_run_from_python_is_the_run_of_the_command_line(
    runs: Runs, spec: dict[str, Any], root: Path, tmp_path: Path, xlt: Any
) -> None:
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(spec), "utf-8")
    printed = xlt("train", path, "--runs-dir", root, "--json")
    assert printed.exit_code == 0, printed.output
    outcomes = json.loads(printed.stdout)
    assert [outcome["run"] for outcome in outcomes] == [str(run.path) for run in runs]
    assert [o["evaluations"] for o in outcomes] == [[result] for result in runs.results()]
    assert Experiment.from_file(path).spec == Experiment.from_dict(spec).spec


def test_results_are_what_the_run_stores_and_what_csv_says(runs: Runs) -> None:
    for run in runs:
        (result,) = run.results()
        assert set(result["languages"]) == {"en", "de", "fr"}
        frame = run.results().frame()
        assert frame["run"].unique().tolist() == [run.name]
        assert frame["seed"].unique().tolist() == [run.seed]
        facts = ["family", "script", "resource"]
        assert list(frame.columns[3:]) == [*evaluation.COLUMNS, *facts]
        german = frame[(frame["cell"] == "de") & (frame["metric"] == "accuracy")]
        assert german["value"].item() == result["languages"]["de"]["accuracy"]["value"]
        assert german["n"].item() == 10
        assert frame[frame["cell"] == "average:all"]["n"].isna().all()


def test_the_frame_of_runs_is_that_of_each(runs: Runs) -> None:
    frame = runs.frame()
    assert isinstance(frame, pandas.DataFrame)
    parts = pandas.concat([run.results().frame() for run in runs], ignore_index=True)
    assert frame.astype(str).equals(parts.astype(str))


def test_predictions_determine_the_accuracy(runs: Runs) -> None:
    run = runs[0]
    frame = run.predictions("pawsx", "de").frame()
    assert len(frame) == 10
    accuracy = (frame["gold"] == frame["predicted"]).mean()
    (result,) = run.results()
    assert result["languages"]["de"]["accuracy"]["value"] == pytest.approx(accuracy)
    assert all(len(p) == 2 and sum(p) == pytest.approx(1, abs=1e-5) for p in frame["probabilities"])
    assert len(run.predictions()) == 30
    assert len(run.predictions(split="test")) == 30


@pytest.mark.parametrize("asked", [("xnli", "de"), ("pawsx", "es"), ("pawsx", "de", "fr")])
def test_predictions_that_are_not_there(runs: Runs, asked: tuple[str, ...]) -> None:
    with pytest.raises(RunError, match="no such predictions") as caught:
        runs[0].predictions(*asked)
    assert "pawsx test de" in caught.value.hint


def test_metrics_are_the_losses_and_dev_scores(runs: Runs) -> None:
    frame = runs[0].metrics().frame()
    assert set(frame["kind"]) == {"train", "dev"}
    assert frame[frame["kind"] == "dev"]["accuracy"].between(0, 1).all()
    assert frame["step"].max() == 4


def test_a_run_is_opened_by_name_beginning_and_path(runs: Runs, root: Path) -> None:
    run = runs[0]
    for wanted in (run.path, str(run.path), run.name, run.name[:10]):
        opened = open_run(wanted, runs_dir=root)
        assert (opened.name, opened.spec) == (run.name, run.spec)
        assert list(opened.results()) == list(run.results())
    with pytest.raises(RunError, match="no run 'nothing'"):
        open_run("nothing", runs_dir=root)


def test_options_change_what_is_evaluated(runs: Runs, root: Path) -> None:
    run = open_run(runs[1].name, runs_dir=root)
    made = run.evaluate(languages=["German", "fr"], limit=6, generalized=True, reporter=QUIET)
    assert isinstance(made, Results)
    (result,) = made
    assert set(result["languages"]) == {"de", "fr"}
    assert set(result["pairs"]) == {"de+fr", "fr+de"}
    assert {figures["n"] for figures in result["languages"].values()} == {6}
    pairs = run.predictions("pawsx", "de", "fr").frame()
    assert pairs[["language", "other"]].drop_duplicates().values.tolist() == [["de", "fr"]]
    smoothed = run.evaluate(
        languages="de",
        limit=2,
        smoothing={
            "noise": {"name": "random-perturbation", "distribution": "gaussian"},
            "samples": 4,
            "selection": 2,
        },
        reporter=QUIET,
    )
    assert smoothed[0]["smoothing"]["samples"] == 4


@pytest.mark.parametrize(
    ("options", "what", "where"),
    [
        ({"split": "tset"}, "split", "split"),
        ({"task": "xnli"}, "cannot be tested", "task"),
        ({"languages": ["xx-nothing"]}, "xx-nothing", "languages"),
        ({"collapse": {"one": ["nonsense"]}}, "nonsense", "task"),
        ({"collapse": {"one": []}}, "at least 1", "collapse"),
    ],
)
def test_wrong_options_are_refused_without_mention_of_the_command_line(
    runs: Runs, options: dict[str, Any], what: str, where: str
) -> None:
    with pytest.raises(UserError, match=what) as caught:
        runs[0].evaluate(reporter=QUIET, **options)
    assert where in caught.value.where
    assert "--" not in caught.value.where


def test_an_experiment_evaluates_all_its_seeds(
    runs: Runs, spec: dict[str, Any], root: Path
) -> None:
    experiment = Experiment.from_dict(spec)
    made = experiment.evaluate(runs_dir=root, reporter=QUIET)
    assert list(made) == list(runs.results())
    more = Experiment.from_dict(spec, {"seeds": [3]})
    with pytest.raises(RunError, match="seed 3 of 'tiny' is not trained"):
        more.evaluate(runs_dir=root, reporter=QUIET)


def test_a_sweep_runs_every_point_and_is_planned_without_running(
    spec: dict[str, Any], tmp_path: Path
) -> None:
    experiment = Experiment.from_dict({**spec, "seeds": [1]})
    assert experiment.size == 2
    assert [row["state"] for row in experiment.plan(runs_dir=tmp_path)] == ["pending", "pending"]
    assert not list(tmp_path.iterdir())
    made = experiment.sweep(runs_dir=tmp_path, reporter=QUIET)
    assert [run.point for run in made] == [
        "stages.0.learning_rate=0.001",
        "stages.0.learning_rate=0.002",
    ]
    assert set(made.frame()["point"]) == {run.point for run in made}
    assert [row["state"] for row in experiment.plan(runs_dir=tmp_path)] == ["done", "done"]
    manifest = tmp_path / "manifest.json"
    assert experiment.write_manifest(manifest, runs_dir=tmp_path) == 2
    assert [job["run"] for job in json.loads(manifest.read_text())["jobs"]] == [
        run.name for run in made
    ]


def test_the_points_of_a_sweep_are_compared(
    spec: dict[str, Any], tmp_path: Path, xlt: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = tmp_path / "points.yaml"
    points = [{"name": "slow"}, {"name": "fast", "stages.0.learning_rate": 0.01}]
    changed = {**spec, "seeds": [1, 2], "sweep": {"points": points}}
    written.write_text(yaml.safe_dump(changed), "utf-8")
    runs = tmp_path / "runs"
    nothing = xlt("compare", written, "--runs-dir", runs)
    assert nothing.exit_code == 2
    assert "no run of 'slow' is done" in nothing.stderr
    experiment = Experiment.from_file(written)
    made = experiment.sweep(runs_dir=runs, reporter=QUIET)
    systems = experiment.systems(runs_dir=runs)
    assert {name: len(paths) for name, paths in systems.items()} == {"slow": 2, "fast": 2}
    assert sorted(path for paths in systems.values() for path in paths) == sorted(
        str(run.path) for run in made
    )
    shown = json.loads(xlt("compare", written, "--runs-dir", runs, "--json").stdout)
    (one,) = shown["evaluations"]
    assert (shown["baseline"], list(one["gains"])) == ("slow", ["fast"])
    assert one["gains"]["fast"]["seeds"] == [1, 2]
    table = json.loads(xlt("table", written, "--runs-dir", runs, "--json").stdout)
    assert {cell["method"] for cell in table["cells"]} == {"slow", "fast"}
    # On a machine with a GPU, where `auto` is bf16, they would be trained again, but are read.
    monkeypatch.setattr(making, "resolve_precision", lambda device, precision: "bf16")
    assert {row["state"] for row in experiment.plan(runs_dir=runs)} == {"pending"}
    assert experiment.systems(runs_dir=runs) == systems
    assert len(experiment.evaluate(runs_dir=runs, reporter=QUIET)) == 2


def test_a_failed_run_of_a_sweep_says_why(spec: dict[str, Any], tmp_path: Path) -> None:
    grid = {"stages.0.learning_rate": [1e-3, 1e30]}
    experiment = Experiment.from_dict({**spec, "seeds": [1], "sweep": {"grid": grid}})
    made = experiment.sweep(runs_dir=tmp_path, reporter=QUIET)
    assert len(made) == 2
    assert made[0].error == ""
    (failed,) = made.failed
    assert "loss" in failed.error
    assert set(made.frame()["run"]) == {made[0].name}


@pytest.mark.parametrize(
    "overrides",
    [{"seeds": [7], "stages.0.max_steps": 3}, ["seeds=[7]", "stages.0.max_steps=3"]],
)
def test_overrides_as_values_or_as_the_command_line_has_them(
    spec: dict[str, Any], overrides: Any, tmp_path: Path
) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(yaml.safe_dump(spec), "utf-8")
    for experiment in (
        Experiment.from_dict(spec, overrides),
        Experiment.from_file(path, overrides=overrides),
        Experiment.from_file(str(path), overrides),
    ):
        assert experiment.spec["seeds"] == [7]
        assert experiment.spec["stages"][0]["max_steps"] == 3


def test_words_in_overrides_stay_words(spec: dict[str, Any]) -> None:
    assert Experiment.from_dict(spec, {"name": "1e3"}).name == "1e3"
    assert Experiment.from_dict({**spec, "name": "yes"}).name == "yes"


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"stage": []}, "stage"),
        ({"encoder": "no-such-encoder"}, "no-such-encoder"),
        ({"seeds": "one"}, "seeds"),
        ({"max_length": float("nan")}, "max_length"),
        ({"max_length": object()}, "object"),
    ],
)
def test_a_wrong_spec_is_refused(spec: dict[str, Any], change: dict[str, Any], what: str) -> None:
    with pytest.raises(UserError) as caught:
        Experiment.from_dict({**spec, **change})
    assert what in str(caught.value)


def test_a_dictionary_may_hold_paths_and_tuples(spec: dict[str, Any], tiny_encoder: Path) -> None:
    encoder = {"name": "hf", "model": tiny_encoder}
    given = Experiment.from_dict({**spec, "encoder": encoder, "seeds": (1, 2)})
    assert given.spec == Experiment.from_dict(spec).spec


def test_check_refuses_what_is_missing_and_remarks_on_the_rest(
    spec: dict[str, Any], tmp_path: Path
) -> None:
    assert any("4 updates" in remark for remark in Experiment.from_dict(spec).check())
    gone = {**spec["stages"][0], "task": {"name": "pawsx", "path": str(tmp_path / "gone")}}
    with pytest.raises(UserError, match="gone"):
        Experiment.from_dict({**spec, "stages": [gone]}).check()


def test_a_model_that_was_trained_elsewhere(runs: Runs, tiny_data: Path, tmp_path: Path) -> None:
    model = runs[0].path / "stages" / "0" / "model"
    task = {"name": "pawsx", "path": str(tiny_data)}
    made = evaluate_model(
        model, task=task, languages=["de"], limit=10, max_length=32, runs_dir=tmp_path,
        device="cpu", reporter=QUIET,
    )  # fmt: skip
    (own,) = runs[0].results()
    assert made[0]["languages"]["de"] == own["languages"]["de"]
    with pytest.raises(SpecError, match="needs a task"):
        evaluate_model(model, runs_dir=tmp_path)


def test_damaged_predictions_are_refused(spec: dict[str, Any], tmp_path: Path) -> None:
    experiment = Experiment.from_dict({**spec, "seeds": [1]}, {"stages.0.max_steps": 1})
    (run,) = experiment.train(runs_dir=tmp_path, reporter=QUIET)
    (file,) = run.path.glob("evaluations/*/predictions/de.*")
    file.write_bytes(file.read_bytes()[:-5])
    assert len(run.predictions(language="fr")) == 10
    with pytest.raises(DamagedFile, match="predictions of de"):
        run.predictions(language="de")


def test_what_they_are_says_their_repr(runs: Runs) -> None:
    assert isinstance(runs[0], Run)
    assert repr(runs[0]) == f"<Run {runs[0].name}: done>"
    assert runs[1].name in repr(runs)
