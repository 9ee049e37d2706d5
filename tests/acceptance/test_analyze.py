"""`xlt analyze alignment` from a trained run to tables, files and figures; and bad input."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from acceptance_tools import Desk, kill, wait_for

FAST = ("--limit", "12", "--votes", "10", "--device", "cpu")


def trained(xlt: Any, desk: Desk, name: str = "erm", **stage: Any) -> Path:
    """A run of a few updates."""
    changes = {"epochs": 1, "checkpoint_every": None, "evaluate_every": None, **stage}
    stages = [{**desk.spec["stages"][0], **changes}]
    evaluations = [{"limit": 4, "allow_overlap": True}]
    path = desk.write(f"{name}.yaml", stages=stages, evaluations=evaluations)
    result = xlt("train", path, "--runs-dir", desk.path / "runs", "--quiet")
    assert result.exit_code == 0, result.output
    (found,) = (desk.path / "runs").glob(f"{name}-s1-*")
    return found


def analyze(xlt: Any, desk: Desk, *arguments: object) -> Any:
    return xlt("analyze", "alignment", *arguments, "--runs-dir", desk.path / "runs")


def refused(xlt: Any, desk: Desk, *arguments: object) -> str:
    result = analyze(xlt, desk, *arguments)
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    text: str = result.output
    return text


_pairs: list[Path] = []


@pytest.fixture
def pair(xlt: Any, desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A plain run and a robust one, which are trained once."""
    runs = desk.path / "runs"
    if not _pairs:
        trained(xlt, desk)
        trained(xlt, desk, "robust", perturbation={"name": "random-perturbation", "radius": 0.5})
        _pairs.append(shutil.copytree(runs, tmp_path_factory.mktemp("pair") / "runs"))
    else:
        shutil.copytree(_pairs[0], runs)
    (plain,), (robust,) = runs.glob("erm-s1-*"), runs.glob("robust-s1-*")
    return plain, robust


def without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    there = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda n, *a: None if n == "matplotlib" else there(n, *a)
    )


def test_from_two_runs_to_tables_files_and_figures(
    xlt: Any, desk: Desk, pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib")
    result = analyze(xlt, desk, "erm-s1", "robust-s1", *FAST)
    assert result.exit_code == 0, result.output
    for expected in ("pawsx test", "de", "fr", "carried over", "robust-s1", "upper bound"):
        assert expected in result.stdout
    assert "a correlation over 2 languages means little" in result.stdout
    out = pair[1] / "analysis" / "alignment"
    assert sorted(p.name for p in out.iterdir()) == [
        "distances.png", "distances.svg", "gains.png", "gains.svg", "overview.png", "overview.svg",
        "results.csv", "results.json",
    ]  # fmt: skip
    found = json.loads((out / "results.json").read_text())
    assert found["baseline"] == pair[0].name
    assert found["runs"][pair[1].name]["languages"]["de"]["n"] == 12

    # Again, with figures of another place: nothing is measured, no model is loaded.
    stored = {p: p.stat().st_mtime_ns for p in (desk.path / "runs").glob("*/analysis/*-*/*")}
    assert len(stored) == 4
    monkeypatch.setattr("xlt_cli.analyses.measuring._fill", None)  # nobody calls it
    without_matplotlib(monkeypatch)
    again = analyze(xlt, desk, *pair, *FAST, "--out", desk.path / "out", "--json")
    assert again.exit_code == 0, again.output
    assert json.loads(again.stdout) == found
    assert (desk.path / "out" / "results.csv").is_file()
    assert {p: p.stat().st_mtime_ns for p in stored} == stored


def test_predictions_are_those_of_an_evaluation(xlt: Any, desk: Desk) -> None:
    run = trained(xlt, desk)
    out = json.loads(analyze(xlt, desk, run, "--limit", "0", *FAST[2:], "--json").stdout)
    (whole,) = json.loads(
        xlt("eval", run, "--runs-dir", desk.path / "runs", "--limit", "999", "--json").stdout
    )
    (figures,) = out["runs"].values()
    assert figures["source"]["accuracy"] == whole["languages"]["en"]["accuracy"]
    for language in ("de", "fr"):
        mine, theirs = (f["languages"][language]["accuracy"] for f in (figures, whole))
        assert mine == pytest.approx(theirs)
    assert out["limit"] is None
    assert out["comparisons"] == {}


def test_one_language_without_votes_and_matplotlib(
    xlt: Any, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trained(xlt, desk)
    without_matplotlib(monkeypatch)
    result = analyze(
        xlt, desk, run, "--languages", "de", "--limit", "5", "--votes", "0", "--device", "cpu"
    )
    assert result.exit_code == 0, result.output
    assert "pip install 'xlt-cli[plots]'" in result.stderr
    assert "certified" not in result.stdout
    out = run / "analysis" / "alignment"
    assert sorted(p.name for p in out.iterdir()) == ["results.csv", "results.json"]


def test_a_killed_probe_goes_on_where_it_stopped(xlt: Any, desk: Desk) -> None:
    run = trained(xlt, desk)
    arguments = ("analyze", "alignment", run, "--limit", "0", "--votes", "40", "--device", "cpu")
    whole = desk.path / "runs" / "whole"
    shutil.copytree(run, whole)
    assert xlt(*arguments[:2], whole, *arguments[3:]).exit_code == 0
    process = desk.start(*arguments)
    lines = run / "analysis"
    wait_for(lambda: any(p.stat().st_size for p in lines.glob("*/rows.jsonl")), process)
    kill(process)
    (path,) = lines.glob("*/rows.jsonl")
    before = path.read_bytes()
    with path.open("ab") as file:
        file.write(b'{"language": "de", "rows": [')  # torn while it was written
    code, _, errors = desk.xlt(*arguments)
    assert code == 0, errors
    assert path.read_bytes().startswith(before)
    (other,) = (whole / "analysis").glob("*/rows.jsonl")
    assert path.read_bytes() == other.read_bytes()


def test_seeds_of_a_method_and_an_archive(
    xlt: Any,
    desk: Desk,
    pair: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    again = [shutil.copytree(run, tmp_path / "other" / run.name) for run in pair]
    named = [
        f"{name}={run}" for runs in (pair, again) for name, run in zip("AB", runs, strict=True)
    ]
    kept, fast = tmp_path / "kept", ("--limit", "8", "--votes", "0", "--device", "cpu")
    result = analyze(xlt, desk, *named, *fast, "--archive", kept, "--out", tmp_path / "one")
    assert result.exit_code == 0, result.output
    for expected in ("A (2 seeds, baseline)", "B minus A", "means over 2 seeds"):
        assert expected in result.stdout
    # The archive needs no run, no data and no model.
    shutil.rmtree(desk.path / "runs")
    packed = shutil.make_archive(str(tmp_path / "packed"), "xztar", kept)
    compared = []
    for archive, out in ((kept, "two"), (packed, "three")):
        result = xlt("analyze", "alignment", "--from", archive, "--out", tmp_path / out)
        assert result.exit_code == 0, result.output
        for path in (tmp_path / out).iterdir():
            compared.append(path.suffix)
            if path.suffix != ".png":
                assert (tmp_path / "one" / path.name).read_bytes() == path.read_bytes()
        without_matplotlib(monkeypatch)  # drawing takes longest
    assert sorted(set(compared)) == [".csv", ".json", ".png", ".svg"]


def test_mistakes_in_names_and_archives(
    xlt: Any, desk: Desk, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    again = shutil.copytree(pair[0], tmp_path / pair[0].name)
    assert f"two runs have the name '{again.name}'" in refused(xlt, desk, pair[0], again)
    text = refused(xlt, desk, f"A={pair[0]}", f"A={again}", f"B={pair[1]}")
    assert "'A' and 'B' have different numbers of runs: 2 and 1" in text
    assert "there is no run 'nobody'" in refused(xlt, desk, "A=nobody")
    assert "no run is given" in refused(xlt, desk)
    assert "no RUN and no option of the measurement can be given" in refused(
        xlt, desk, pair[0], "--from", tmp_path
    )
    assert "no complete archive" in refused(xlt, desk, "--from", tmp_path)
    for empty in ("A=", f"={pair[0]}", ""):
        assert "lacks a name or a run" in refused(xlt, desk, empty)
    assert "no RUN and no option of the measurement can be given" in refused(
        xlt, desk, "--from", tmp_path, "--limit", "3"
    )
    text = refused(xlt, desk, "--from", tmp_path, "--limit", "200")  # its default, but said
    assert "no RUN and no option of the measurement can be given" in text
    (tmp_path / "file").write_text("")
    text = refused(xlt, desk, pair[0], "--out", tmp_path / "file" / "deeper")
    assert f"'{tmp_path / 'file'}' is a file" in text
    assert "is not an archive" in refused(xlt, desk, pair[0], "--archive", tmp_path)


def test_mistakes_in_the_command_line(xlt: Any, desk: Desk, tiny_data: Path) -> None:
    assert "there is no run 'nobody'" in refused(xlt, desk, "nobody")
    run = trained(xlt, desk)
    assert "is given twice" in refused(xlt, desk, run, run)
    assert "did you mean 'test'" in refused(xlt, desk, run, "--split", "tets")
    assert "no language to compare 'en' with" in refused(xlt, desk, run, "--languages", "en")
    assert "has no 'xx' in its test split" in refused(xlt, desk, run, "--languages", "xx")
    tags = trained(xlt, desk, "tags", task={"name": "panx", "path": str(tiny_data)})
    assert "not sequence classification" in refused(xlt, desk, tags)
    (run / "stages/0/model/COMPLETE.json").unlink()
    assert "is damaged: its list of files is missing" in refused(xlt, desk, run)


def test_runs_that_cannot_be_compared(xlt: Any, desk: Desk, tiny_data: Path) -> None:
    run = trained(xlt, desk)
    copied = shutil.copytree(tiny_data, desk.path / "data")
    path = copied / "pawsx" / "test-de.tsv"
    path.write_text(path.read_text("utf-8").replace("Katze", "Kater"), "utf-8")
    other = trained(xlt, desk, "rows", task={"name": "pawsx", "path": str(copied)})
    assert "have different rows" in refused(xlt, desk, run, other)
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[1:]), "utf-8")
    fresh = trained(xlt, desk, "fresh", task={"name": "pawsx", "path": str(copied)})
    assert "are not aligned: 'test-1'" in refused(xlt, desk, fresh)
    own = {"name": "text-classification", "labels": ["0", "1"], "texts": 2, "aligned": True}
    labels = trained(xlt, desk, "labels", task={**own, "path": str(tiny_data / "pawsx")})
    assert "have different tasks" in refused(xlt, desk, run, labels)
    desk.spec["max_length"] = 12
    short = trained(xlt, desk, "short")
    assert "into different tokens" in refused(xlt, desk, run, short)
