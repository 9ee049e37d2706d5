"""A finished run packs large weights: it takes less space, and nothing else about it changes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from acceptance_tools import Desk
from packed_models import ORDINARY, are_packed, models, results

import xlt_cli
from xlt_cli.runs import atomic, packing
from xlt_cli.runs.directory import Run
from xlt_cli.runs.provenance import weights_hash
from xlt_cli.runs.pruned import size
from xlt_cli.runs.stage import fault
from xlt_cli.sharing import push
from xlt_cli.sharing.files import files_of
from xlt_cli.weights import PACKED, WHOLE, packed_in
from xlt_encoders.e5_q4_package import WeightsNotFound, find_weights


@pytest.mark.parametrize(("decay", "way"), [(0.1, []), (0.0, ["--plain"])])
def test_all_but_the_space_is_as_of_an_unpacked_run(
    desk: Desk,
    invoke: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    decay: float,
    way: list[str],
) -> None:
    for stage in desk.spec["stages"]:
        stage["weight_decay"] = decay
    said = invoke("train", desk.write(keep=ORDINARY), *way, runs="whole").stderr
    assert "packed" not in said
    said = invoke("train", desk.write(), *way).stderr
    assert "keep: all, weights packed" in said
    run, whole = desk.run(), desk.run("whole")
    assert are_packed(run) == [True, True]
    assert are_packed(whole) == [False, False]
    assert run.name == whole.name
    assert results(run) == results(whole)
    assert [fault(model.parent) for model in models(run)] == ["", ""]
    assert list(map(weights_hash, models(run))) == list(map(weights_hash, models(whole)))
    assert not list(run.rglob(WHOLE))
    record = packed_in(models(run)[0]).record  # type: ignore[union-attr]
    assert "rows" in [about["kind"] for about in record["tensors"]]
    if way:
        return
    # Its models answer alike, in the run and as models of their own.
    command: list[Any] = ["eval", run.name, "--languages", "fr", "--json"]
    answers = [json.loads(invoke(*command, runs=runs).stdout) for runs in ("runs", "whole")]
    assert answers[0] == answers[1]
    figures = []
    monkeypatch.setenv("XLT_DATA_DIR", desk.spec["stages"][0]["task"]["path"])
    for model in (models(run)[0], models(whole)[0]):
        command = ["eval", "--model", model, "--task", "pawsx", "--trained-on", "en"]
        (result,) = json.loads(invoke(*command, "--json", runs="of-models").stdout)
        figures.append(result["languages"])
    assert figures[0] == figures[1]
    # The same command again finds nothing to do; another word unpacks, and packs again.
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*") if "lock" not in path.name}
    assert "done before" in invoke("train", desk.write()).stderr
    after = {path: path.stat().st_mtime_ns for path in run.rglob("*") if "lock" not in path.name}
    assert {path for path in before if path.suffix == ".safetensors"} <= set(after)
    assert all(after[path] == before[path] for path in before if path.suffix == ".safetensors")
    assert "weights unpacked" in invoke("train", desk.write(keep=ORDINARY)).stderr
    assert are_packed(run) == [False, False]
    for packed, ordinary in zip(models(run), models(whole), strict=True):
        assert not list(packed.glob(PACKED))
        assert (packed / WHOLE).read_bytes() == (ordinary / WHOLE).read_bytes()
        assert atomic.is_complete(packed)
    assert "weights packed" in invoke("train", desk.write()).stderr
    assert are_packed(run) == [True, True]


def test_what_a_spec_keeps_is_packed(desk: Desk, invoke: Callable[..., Any]) -> None:
    invoke("train", desk.write(keep="model"))
    run = desk.run()
    assert are_packed(run) == [True]
    assert not list(run.rglob(WHOLE))
    invoke("train", desk.write(keep="model"), "--restore")
    assert are_packed(run) == [True, True]
    invoke("runs", "prune", "--keep", "none")
    assert are_packed(run) == []
    assert not list(run.rglob("*.safetensors"))


def test_stages_are_shared_packed_and_go_on(desk: Desk, invoke: Callable[..., Any]) -> None:
    spec = desk.write(name="first.yaml", stages=desk.spec["stages"][:1])
    invoke("train", spec)
    (first,) = desk.path.glob("runs/first-*")
    (entry,) = (path for path in desk.path.glob("runs/.stages/*") if path.is_dir())
    assert packed_in(entry / "model") is not None
    assert (entry / "model" / PACKED).samefile(first / "stages/0/model" / PACKED)
    said = invoke("train", desk.write(name="second.yaml")).stderr
    assert "taken from the shared stages" in said
    (second,) = desk.path.glob("runs/second-*")
    assert (second / "stages/0/model" / PACKED).samefile(first / "stages/0/model" / PACKED)
    invoke("train", desk.write(keep=ORDINARY), runs="whole")
    assert results(second) == results(desk.run("whole"))
    # A run that took the stage as an ordinary file takes the packed one when it ends.
    invoke("train", desk.write(name="second.yaml", keep=ORDINARY))
    assert are_packed(second) == [False, False]
    assert packed_in(entry / "model") is not None
    invoke("train", desk.write(name="second.yaml"))
    assert (second / "stages/0/model" / PACKED).samefile(first / "stages/0/model" / PACKED)
    invoke("stages")
    invoke("runs", "rm", first.name, second.name)
    assert not [path for path in desk.path.glob("runs/.stages/*") if path.is_dir()]


def test_another_experiment_starts_from_a_packed_model(
    desk: Desk, invoke: Callable[..., Any]
) -> None:
    desk.spec["stages"].pop()
    invoke("train", desk.write(keep=ORDINARY))
    (model,) = models(desk.run())
    following = {"encoder": str(model), "stages": desk.spec["stages"][:1]}
    invoke("train", desk.write(name="next.yaml", **following), runs="next")
    before = results(desk.run("next"))
    invoke("train", desk.write())
    assert packed_in(model) is not None
    assert "done before" in invoke("train", desk.path / "next.yaml", runs="next").stderr
    shutil.rmtree(desk.path / "next")
    invoke("train", desk.path / "next.yaml", runs="next")
    assert results(desk.run("next")) == before
    # Its own weights are left as they are: the folder that they came from may change.
    assert are_packed(desk.run("next")) == [False]
    (reason,) = desk.run("next").glob(f"stages/0/{packing.DECISION}")
    assert "for good" in reason.read_text()


def test_it_is_written_as_transformers_opens_it(desk: Desk, invoke: Callable[..., Any]) -> None:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    invoke("train", desk.write(keep=ORDINARY), runs="whole")
    invoke("train", desk.write())
    run, out = desk.run(), desk.path / "exported"
    assert str(out) in invoke("export", run.name, "--out", out).stdout
    tokenizer = AutoTokenizer.from_pretrained(out)
    inputs = tokenizer("the cat sees", "the dog", return_tensors="pt")
    logits = []
    for folder in (out, models(desk.run("whole"))[1]):
        with torch.no_grad():
            model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
            logits.append(model(**inputs).logits)
    assert logits[0].equal(logits[1])
    assert "AutoModelForSequenceClassification" in (out / "README.md").read_text()
    assert not list(out.glob(PACKED))
    error = invoke("export", run.name, "-o", out, code=2).stderr
    assert "not an empty folder" in error
    error = invoke("export", run.name, "-o", desk.path / "other", "--stage", 3, code=2).stderr
    assert "has no stage 3" in error
    first = (xlt_cli.open_run(run).export(desk.path / "first", stage=1) / WHOLE).read_bytes()
    assert first == (models(desk.run("whole"))[0] / WHOLE).read_bytes()
    # An upload has the same file.
    files = files_of(Run(run), "group/model")
    assert PACKED not in files
    sizes = push.upload_of(Run(run), "group/model").sizes()
    place = push._uploadable(files[WHOLE], desk.path / "upload")
    assert Path(str(place)).read_bytes() == (out / WHOLE).read_bytes()
    assert sizes[WHOLE] == (out / WHOLE).stat().st_size


def test_what_is_damaged_or_not_there_is_said(
    desk: Desk, invoke: Callable[..., Any], tmp_path: Path
) -> None:
    source = tmp_path / "source"
    shutil.copytree(desk.spec["encoder"]["model"], source)
    desk.spec["encoder"]["model"] = str(source)
    invoke("train", desk.write())
    run = desk.run()
    invoke("eval", run.name, "--languages", "fr", "--limit", "5")
    config = source / "config.json"
    content = config.read_text()
    config.write_text(content + " ")
    error = invoke("eval", run.name, "--languages", "fr", code=2).stderr
    assert "the pretrained weights of 'pinned' are others" in error
    assert str(models(run)[1] / PACKED) in error
    error = invoke("export", run.name, "-o", tmp_path / "out", code=2).stderr
    assert "the pretrained weights of 'pinned' are others" in error
    assert not (tmp_path / "out").exists()
    config.write_text(content)
    # Stored results need none of it.
    shutil.move(source, tmp_path / "away")
    invoke("eval", run.name)
    error = invoke("eval", run.name, "--languages", "fr", code=2).stderr
    assert "stored as changes of pretrained weights" in error
    shutil.move(tmp_path / "away", source)
    file = models(run)[1] / PACKED
    damaged = bytearray(file.read_bytes())
    damaged[-20] ^= 1
    file.unlink()  # it is one with that of the store
    file.write_bytes(damaged)
    error = invoke("eval", run.name, "--languages", "fr", code=2).stderr
    assert "damaged" in error
    assert "the model of stage 2 is damaged" in invoke("train", desk.write()).stderr
    assert are_packed(run) == [True, True]
    invoke("eval", run.name, "--languages", "fr")


def test_a_run_of_the_real_encoder_is_small(
    tmp_path: Path, tiny_data: Path, write_spec: Callable[..., Path], xlt: Any
) -> None:
    try:
        find_weights()
    except WeightsNotFound as problem:
        pytest.skip(str(problem))
    task = {"name": "pawsx", "path": str(tiny_data)}
    stage = {"task": task, "max_steps": 2, "batch_size": 4, "dev": {"limit": 2}}
    spec = {
        "encoder": "e5-small-q4",
        "stages": [stage],
        "evaluations": [{"languages": ["de", "fr"], "limit": 8}],
        "max_length": 24,
        "device": "cpu",
    }
    runs = tmp_path / "runs"

    def train(keep: str) -> Path:
        path = write_spec(json.dumps({**spec, "keep": keep}))
        result = xlt("train", path, "--runs-dir", runs)
        assert result.exit_code == 0, result.output + result.stderr
        (run,) = runs.glob("spec-*")
        return Path(run)

    run = train(ORDINARY)
    assert size(run) > 480 * 10**6
    before = results(run)
    assert size(train("all")) < 80 * 10**6  # and what longer training adds
    assert are_packed(run) == [True]
    shutil.rmtree(run / "evaluations")
    train("all")
    assert results(run) == before
    assert size(train("none")) < 10**6
