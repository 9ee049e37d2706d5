"""Training and evaluating as a user does, on both problems."""

from __future__ import annotations

import csv
import json
import shutil
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import torch
from acceptance_tools import Desk
from safetensors.torch import load_file, save_file
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from xlt_cli.runs import atomic
from xlt_cli.runs.provenance import weights_hash


@pytest.fixture
def short(desk: Desk, trained_once: None) -> Desk:
    """A desk whose spec takes a second or two, and less where a test before has trained it."""
    desk.spec["stages"][0].update(epochs=8, checkpoint_every=None, evaluate_every=None)
    return desk


def invoke(xlt: Any, desk: Desk, *arguments: object) -> str:
    """Runs a command in this process; it must succeed. Returns its stdout."""
    result = xlt(*arguments, "--runs-dir", desk.path / "runs")
    assert result.exit_code == 0, result.output
    return str(result.stdout)


def test_the_table_shows_languages_apart_averages_and_notes(short: Desk, xlt: Any) -> None:
    out = invoke(xlt, short, "train", short.write())
    assert "en (trained on)" in out
    assert "zero-shot average (2)" in out
    assert "transfer gap" in out
    assert "neither language trained on (2)" in out


def test_it_learns_and_transfers(short: Desk, xlt: Any) -> None:
    (outcome,) = json.loads(invoke(xlt, short, "train", short.write(), "--json"))
    (result,) = outcome["evaluations"]
    assert result["languages"]["en"]["accuracy"]["value"] > 0.9
    assert result["averages"]["zero_shot"]["accuracy"]["value"] > 0.9
    assert result["averages"]["zero_shot"]["cells"] == 2
    assert len(result["pairs"]) == 6


def test_the_model_opens_in_transformers_and_says_the_same(
    short: Desk, xlt: Any, tiny_data: Path
) -> None:
    invoke(xlt, short, "train", short.write())
    run = short.run()
    directory = run / "stages/0/model"
    model = AutoModelForSequenceClassification.from_pretrained(directory).eval()
    tokenizer = AutoTokenizer.from_pretrained(directory)
    rows = [
        line.split("\t")
        for line in (tiny_data / "pawsx/test-de.tsv").read_text("utf-8").splitlines()
    ]
    inputs = tokenizer(
        [row[0] for row in rows], [row[1] for row in rows], padding=True, return_tensors="pt"
    )
    with torch.no_grad():
        expected = model(**inputs).logits.softmax(-1)
    import pandas

    (path,) = run.glob("evaluations/*/predictions/de.parquet")
    stored = pandas.read_parquet(path).to_dict("records")
    assert [row["gold"] for row in stored] == [row[2] for row in rows]
    torch.testing.assert_close(
        torch.tensor([row["probabilities"].tolist() for row in stored]), expected, atol=2e-6, rtol=0
    )
    assert [row["predicted"] for row in stored] == [
        model.config.id2label[i] for i in expected.argmax(-1).tolist()
    ]


def test_eval_of_other_languages_splits_and_limits(short: Desk, xlt: Any) -> None:
    invoke(xlt, short, "train", short.write())
    name = short.run().name
    out = invoke(xlt, short, "eval", name, "--split", "dev", "--languages", "de,fr", "--json")
    (result,) = json.loads(out)
    assert list(result["languages"]) == ["de", "fr"]
    assert result["languages"]["de"]["n"] == 20
    assert any("the checkpoint was selected on these rows" in note for note in result["notes"])
    (limited,) = json.loads(invoke(xlt, short, "eval", name, "--limit", "7", "--json"))
    assert limited["languages"]["en"]["n"] == 7
    (train,) = json.loads(
        invoke(
            xlt,
            short,
            "eval",
            name,
            "--split",
            "train",
            "--generalized",
            "--allow-overlap",
            "--json",
        )
    )
    assert any("not held out: a stage was trained on these" in note for note in train["notes"])
    assert len(train["pairs"]) == 6


def test_every_command_averages_over_the_zero_shot_languages(
    short: Desk, xlt: Any, tiny_data: Path
) -> None:
    trained = invoke(xlt, short, "train", short.write(evaluations=[{}]))
    name = short.run().name
    plain = invoke(xlt, short, "eval", name)
    assert plain == invoke(xlt, short, "eval", name, "--zero-shot")
    assert plain.strip() in trained
    every = invoke(xlt, short, "eval", name, "--all-languages")
    for text in (plain, every):
        assert "zero-shot average (2)" in text
    assert "average of all languages (3)" in every
    assert "all languages" not in plain
    (listed,) = json.loads(invoke(xlt, short, "runs", "--json"))
    (found,) = json.loads(invoke(xlt, short, "eval", name, "--json"))
    mean = (found["languages"][x]["accuracy"]["value"] for x in ("de", "fr"))
    assert listed["evaluations"][0]["zero_shot"] == pytest.approx(sum(mean) / 2)
    assert listed["evaluations"][0]["zero_shot_languages"] == 2
    checkpoint = short.run() / "stages/0/model"
    task = f"{{name: pawsx, path: {tiny_data}}}"
    command = ("eval", "--model", checkpoint, "--task", task, "--trained-on")
    assert "zero-shot average (1)" in invoke(xlt, short, *command, "en,de")


def test_csv_and_json_hold_the_same_figures(short: Desk, xlt: Any) -> None:
    invoke(xlt, short, "train", short.write())
    path = short.path / "figures.csv"
    (result,) = json.loads(invoke(xlt, short, "eval", short.run().name, "--csv", path, "--json"))
    rows = list(csv.DictReader(path.read_text("utf-8").splitlines()))
    (row,) = [r for r in rows if r["cell"] == "de" and r["metric"] == "accuracy"]
    assert float(row["value"]) == result["languages"]["de"]["accuracy"]["value"]


def test_a_checkpoint_that_xlt_did_not_train(short: Desk, xlt: Any, tiny_data: Path) -> None:
    invoke(xlt, short, "train", short.write(evaluations=[{}]))
    (own,) = json.loads(invoke(xlt, short, "eval", short.run().name, "--json"))
    task = f"{{name: pawsx, path: {tiny_data}}}"
    out = invoke(
        xlt, short, "eval", "--model", short.run() / "stages/0/model", "--task", task, "--json"
    )
    (foreign,) = json.loads(out)
    assert foreign["languages"] == own["languages"]
    assert foreign["averages"] == own["averages"]


def test_token_labelling_from_training_to_table(short: Desk, xlt: Any, tiny_data: Path) -> None:
    task = {"name": "panx", "path": str(tiny_data)}
    stage = {**short.spec["stages"][0], "task": task, "epochs": 8, "learning_rate": 1e-2}
    spec = short.write(stages=[stage], evaluations=[{"allow_overlap": True}])
    (outcome,) = json.loads(invoke(xlt, short, "train", spec, "--json"))
    (result,) = outcome["evaluations"]
    assert result["metric"] == "f1"
    assert result["languages"]["en"]["f1"]["value"] > 0.9
    assert "F1" in invoke(xlt, short, "eval", short.run().name, "--zero-shot")


def test_two_stages_the_second_goes_on_from_the_first(
    short: Desk, xlt: Any, tiny_data: Path
) -> None:
    short.spec["stages"][0].update(epochs=1)
    first = {**short.spec["stages"][0], "task": {"name": "panx", "path": str(tiny_data)}}
    spec = short.write(stages=[first, short.spec["stages"][0]])
    result = xlt("train", spec, "--runs-dir", short.path / "runs")
    assert result.exit_code == 0, result.output
    assert "with a new head" in result.stderr
    assert (short.run() / "stages/0/model/model.safetensors").is_file()
    again = short.write("same.yaml", stages=[short.spec["stages"][0]] * 2)
    result = xlt("train", again, "--runs-dir", short.path / "again")
    assert "and the head of stage 1 (the labels are the same)" in result.stderr


@pytest.mark.parametrize(
    "perturbation", [{"name": "word-dropout", "probability": 0.2}, {"name": "random-perturbation"}]
)
def test_perturbations_train_and_resume_as_their_own_run(
    short: Desk, xlt: Any, perturbation: dict[str, Any]
) -> None:
    stage = {**short.spec["stages"][0], "perturbation": perturbation}
    (outcome,) = json.loads(invoke(xlt, short, "train", short.write(stages=[stage]), "--json"))
    assert outcome["evaluations"][0]["languages"]["en"]["accuracy"]["value"] > 0.9


def test_a_sweep_runs_every_point_once_and_continues(short: Desk, xlt: Any) -> None:
    short.spec["stages"][0]["epochs"] = 1
    spec = short.write(
        seeds=[1, 2],
        evaluations=[{"languages": ["en", "de"]}],
        sweep={"grid": {"stages.0.learning_rate": [1e-3, 1e-4]}},
    )
    out = invoke(xlt, short, "sweep", spec)
    assert "over seeds" in out
    runs = json.loads(invoke(xlt, short, "runs", "--json"))
    assert len(runs) == 4
    assert {row["state"] for row in runs} == {"done"}
    times = {p: p.stat().st_mtime_ns for p in short.path.rglob("model.safetensors")}
    invoke(xlt, short, "sweep", spec)
    assert {p: p.stat().st_mtime_ns for p in short.path.rglob("model.safetensors")} == times


def test_early_stopping_and_selection_are_said_aloud(short: Desk, xlt: Any) -> None:
    short.spec["stages"][0].update(epochs=30, patience=2)
    result = xlt("train", short.write(), "--runs-dir", short.path / "runs")
    assert result.exit_code == 0, result.output
    assert "strict zero-shot: source languages only" in result.stderr
    found = json.loads((short.run() / "stages/0/result.json").read_text())
    assert found["stopped_early"] is True
    assert found["steps"] < 30 * 15


def test_selection_on_a_target_language_is_marked_as_the_oracle(short: Desk, xlt: Any) -> None:
    short.spec["stages"][0]["dev"] = {"languages": ["de"]}
    result = xlt("train", short.write(), "--runs-dir", short.path / "runs")
    assert result.exit_code == 0, result.output
    assert "oracle: selected on de" in result.stderr


def test_what_a_run_directory_records(short: Desk, xlt: Any) -> None:
    invoke(xlt, short, "train", short.write(), "--set", "stages.0.epochs=1")
    run = short.run()
    record = json.loads((run / "run.json").read_text())
    assert record["spec"]["stages"][0]["epochs"] == 1
    assert record["overrides"] == ["stages.0.epochs=1"]
    assert (run / "spec.yaml").read_text() == (short.path / "spec.yaml").read_text()
    environment = json.loads((run / "environment.jsonl").read_text().splitlines()[0])
    assert environment["packages"]["torch"] == version("torch")
    assert environment["hardware"]["device"] == "cpu"
    assert (environment["precision"], environment["plain"]) == ("fp32", False)
    fingerprints = json.loads((run / "fingerprints.json").read_text())
    assert len(fingerprints["encoder/hf"]["sha256"]) == 64
    assert sum(key.endswith(("test/de", "train/en", "dev/en")) for key in fingerprints) == 3
    assert json.loads((run / "status.json").read_text())["state"] == "success"


def test_the_plain_way_gives_the_same_answers_and_is_recorded(short: Desk, xlt: Any) -> None:
    invoke(xlt, short, "train", short.write(), "--set", "stages.0.epochs=1")
    run = short.run()
    fast, plain = (
        invoke(xlt, short, "eval", run.name, "--split", "dev", "--json", *way)
        for way in ((), ("--limit", "99", "--plain"))  # another limit: cells of its own
    )
    (one,), (other,) = json.loads(fast), json.loads(plain)
    assert one["languages"] == other["languages"]
    sessions = [json.loads(line) for line in (run / "environment.jsonl").read_text().splitlines()]
    assert [session["plain"] for session in sessions] == [False, False, True]


def test_rows_that_are_not_aligned_are_evaluated_and_noted(
    short: Desk, xlt: Any, tiny_data: Path
) -> None:
    folder = short.path / "pawsx"
    shutil.copytree(tiny_data / "pawsx", folder)
    path = folder / "test-de.tsv"
    path.write_text("".join(path.read_text("utf-8").splitlines(keepends=True)[1:]), "utf-8")
    stage = {**short.spec["stages"][0], "task": {"name": "pawsx", "path": str(folder)}, "epochs": 1}
    out = invoke(xlt, short, "train", short.write(stages=[stage], evaluations=[{}]), "--json")
    (result,) = json.loads(out)[0]["evaluations"]
    assert result["languages"]["de"]["n"] == 29
    assert any("are not aligned: 'test-1' is" in note for note in result["notes"])


def test_cells_of_another_model_are_not_mixed_in(short: Desk, xlt: Any) -> None:
    """A model that was trained again, on other hardware say, may have other weights."""
    invoke(xlt, short, "train", short.write(evaluations=[{"languages": ["en", "de"]}]))
    run = short.run()
    tensors = load_file(run / "stages/0/model/model.safetensors")
    before = contents(run / "stages/0/model")
    with atomic.new_directory(run / "stages/0/model") as folder:
        for name, content in before.items():
            (folder / name).write_bytes(content)
        weights = {name: tensor.flip(0) for name, tensor in tensors.items()}
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        (folder / atomic.MANIFEST).unlink()
    result = json.loads((run / "stages/0/result.json").read_text("utf-8"))
    result["weights"] = weights_hash(run / "stages/0/model")
    atomic.write_json(run / "stages/0/result.json", result)
    (cells,) = run.glob("evaluations/*/cells.jsonl")
    assert len(cells.read_text().splitlines()) == 2
    invoke(xlt, short, "eval", run.name, "--languages", "en,de,fr")
    lines = [json.loads(line) for line in cells.read_text().splitlines()]
    assert len(lines) == 5
    assert len({line["weights"] for line in lines[2:]}) == 1
    assert lines[0]["weights"] != lines[2]["weights"]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_run_that_was_moved_is_evaluated_from_what_it_holds(
    short: Desk, xlt: Any, tiny_encoder: Path
) -> None:
    encoder = short.path / "encoder"
    shutil.copytree(tiny_encoder, encoder)
    spec = short.write(encoder={"name": "hf", "model": str(encoder)}, evaluations=[{}])
    invoke(xlt, short, "train", spec)
    shutil.rmtree(encoder)
    moved = short.path / "elsewhere" / "renamed"
    shutil.move(short.run(), moved)
    assert "zero-shot average (2)" in invoke(xlt, short, "eval", moved)
    assert "average (1)" in invoke(xlt, short, "eval", moved, "--split", "dev", "--languages", "de")


def test_one_language_of_a_generalized_spec(short: Desk, xlt: Any) -> None:
    invoke(xlt, short, "train", short.write())
    out = invoke(xlt, short, "eval", short.run().name, "--languages", "de", "--json")
    assert json.loads(out)[0]["pairs"] == {}


def test_figures_in_the_store_cover_all_its_languages(
    short: Desk, xlt: Any, tiny_data: Path
) -> None:
    invoke(xlt, short, "train", short.write(evaluations=[{"languages": ["en"]}]))
    folder = short.path / "pawsx"
    shutil.copytree(tiny_data / "pawsx", folder)
    path = folder / "test-de.tsv"
    path.write_text("".join(path.read_text("utf-8").splitlines(keepends=True)[1:]), "utf-8")
    task = f"{{name: pawsx, path: {folder}}}"
    for languages in ("en,de", "fr"):
        invoke(xlt, short, "eval", short.run().name, "--task", task, "--languages", languages)
    results = [json.loads(p.read_text()) for p in short.run().glob("evaluations/*/results.json")]
    (both,) = [r for r in results if len(r["languages"]) == 3]
    assert any("are not aligned" in note for note in both["notes"])


def test_unnamed_labels_are_said_beside_every_table(short: Desk, xlt: Any, tiny_data: Path) -> None:
    invoke(xlt, short, "train", short.write(evaluations=[{}]))
    foreign = short.path / "foreign"
    shutil.copytree(short.run() / "stages/0/model", foreign)
    config = json.loads((foreign / "config.json").read_text())
    config.update(id2label={"0": "LABEL_0", "1": "LABEL_1"}, label2id={"LABEL_0": 0, "LABEL_1": 1})
    (foreign / "config.json").write_text(json.dumps(config))
    task = f"{{name: pawsx, path: {tiny_data}}}"
    for _ in range(2):
        out = invoke(xlt, short, "eval", "--model", foreign, "--task", task, "--json")
        assert any("does not name its labels" in note for note in json.loads(out)[0]["notes"])


def test_a_collapse_is_named_where_it_shows(desk: Desk) -> None:
    """At such a rate nothing is learnt but one answer."""
    stage = {**desk.spec["stages"][0], "epochs": 1, "learning_rate": 0.5, "evaluate_every": None}
    code, _, err = desk.xlt("train", desk.write(stages=[stage], evaluations=[]))
    assert code == 0, err
    assert ": the same prediction for every row\n" in err
    stage["learning_rate"] = 1e-3
    stage["epochs"] = 20
    code, _, err = desk.xlt("train", desk.write(stages=[stage], evaluations=[]))
    assert code == 0, err
    last = [line for line in err.splitlines() if line.startswith("  step ")][-1]
    assert "the same answer" not in last


def test_a_collapsed_run_is_marked_in_every_table(short: Desk, xlt: Any) -> None:
    stage = {**short.spec["stages"][0], "epochs": 1, "learning_rate": 0.5}
    grid = {"sweep": {"grid": {"stages.0.learning_rate": [0.5, 1e-3]}}}
    stage["epochs"] = 8
    out = invoke(xlt, short, "sweep", short.write(stages=[stage], evaluations=[{}], **grid))
    assert out.count(" † collapsed\n") + out.count(" † collapsed ") == 1
    assert "† this model has collapsed on these rows" in out
    assert "1 (1 collapsed)" in out
    assert "1 of 1 runs collapsed (seed 1: one answer to every row)" in out
    listed = json.loads(invoke(xlt, short, "runs", "--json"))
    assert sorted(row["evaluations"][0]["collapsed"] for row in listed) == [False, True]
    assert sorted(row["collapsed_on_dev"] for row in listed) == [False, True]
    (fallen,) = (row for row in listed if row["collapsed_on_dev"])
    shown = invoke(xlt, short, "eval", fallen["run"])
    assert "en (trained on) †" in shown
    (figures,) = (short.path / "runs" / fallen["run"]).glob("evaluations/*/results.csv")
    warned = {row["warning"] for row in csv.DictReader(figures.read_text("utf-8").splitlines())}
    assert warned == {"collapsed;constant_answers"}


def test_labels_replaced_in_one_language_and_rows_of_one_label_are_said(
    short: Desk, xlt: Any, tiny_data: Path
) -> None:
    invoke(xlt, short, "train", short.write(evaluations=[{"languages": ["en"]}]))
    folder = short.path / "pawsx"
    shutil.copytree(tiny_data / "pawsx", folder)
    for language, labels in (("de", {"0": "1", "1": "0"}), ("fr", {"0": "1", "1": "1"})):
        path = folder / f"test-{language}.tsv"
        rows = [line.rpartition("\t") for line in path.read_text("utf-8").splitlines()]
        path.write_text("".join(f"{t}\t{labels[label]}\n" for t, _, label in rows), "utf-8")
    task = f"{{name: pawsx, path: {folder}}}"
    out = invoke(xlt, short, "eval", short.run().name, "--task", task, "--json")
    (found,) = json.loads(out)
    kinds = {warning["kind"]: warning["cells"] for warning in found["warnings"]}
    assert kinds["constant_labels"] == ["fr"]
    assert "de" in kinds["labels_differ"]
    assert any("fr: every row has the label '1'" in note for note in found["notes"])


def test_results_name_their_data_and_doubt_none_that_only_has_the_same_name(
    short: Desk, xlt: Any, tiny_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XLT_DATA_DIR", str(tiny_data))
    stage = {**short.spec["stages"][0], "task": "pawsx"}
    out = invoke(xlt, short, "train", short.write(stages=[stage], evaluations=[{}]))
    assert out.splitlines()[0].strip() == "pawsx test"
    name = short.run().name
    other = short.path / "anli"
    other.mkdir()
    for language in ("en", "de"):
        rows = [f"a text {i}\tanother one {i}\t{i % 2}\n" for i in range(24)]
        (other / f"dev-{language}.tsv").write_text("".join(rows), "utf-8")
    monkeypatch.chdir(short.path)
    command = ("eval", name, "--task", f"{{name: pawsx, path: {other}}}", "--split", "dev")
    shown = invoke(xlt, short, *command)
    assert shown.splitlines()[0].strip() == "pawsx dev, from anli/"
    assert "held out" not in shown
    assert "selected on" not in shown
    path = short.path / "figures.csv"
    (found,) = json.loads(invoke(xlt, short, *command, "--csv", path, "--json"))
    assert found["place"] == "anli/"
    fingerprints = json.loads((short.run() / "fingerprints.json").read_text())
    (recorded,) = (v for k, v in fingerprints.items() if "anli" in k and k.endswith("dev/de"))
    assert found["data"]["de"] == {x: recorded[x] for x in ("source", "sha256", "rows")}
    assert found["data"]["de"]["source"] == str(other / "dev-de.tsv")
    rows = [r for r in csv.DictReader(path.read_text("utf-8").splitlines()) if r["cell"] == "de"]
    assert {row["source"] for row in rows} == {str(other / "dev-de.tsv")}
    assert {row["data_sha256"] for row in rows} == {recorded["sha256"]}
    usual = invoke(xlt, short, "eval", name, "--split", "dev")
    assert "note: not held out: the checkpoint was selected on these rows" in usual
    assert ", from anli/ accuracy" in invoke(xlt, short, "runs")
