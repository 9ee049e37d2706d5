"""A finished run is given again as it was, as long as nothing that it depends on has changed."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from xlt_cli.api import Manifest
from xlt_cli.launch import finished, local
from xlt_cli.spec.building import build_task
from xlt_cli.spec.written import PluginUse
from xlt_launchers.processes import Processes

Train = Callable[..., Result]

SPEC = """
encoder: {{name: hf, model: {encoder}}}
stages:
  - {{task: {{name: pawsx, path: data}}, epochs: 1, limit: 8, batch_size: 8, dev: null}}
evaluations:
  - limit: 5
max_length: 16
device: cpu
"""


def call(*arguments: object) -> Result:
    from xlt_cli.cli import app

    return CliRunner().invoke(app, [str(a) for a in arguments], prog_name="xlt")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, tiny_encoder: Path, tiny_data: Path) -> Path:
    folder = tmp_path_factory.mktemp("finished")
    shutil.copytree(tiny_data, folder / "data")
    (folder / "spec.yaml").write_text(SPEC.format(encoder=tiny_encoder), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert call("train", "spec.yaml").exit_code == 0
    return folder


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The runs that were looked at as a whole."""
    seen: list[str] = []
    perform = local.perform

    def noted(job: Any, run: Any, *rest: Any) -> Any:
        seen.append(run.name)
        return perform(job, run, *rest)

    monkeypatch.setattr(local, "perform", noted)
    return seen


@pytest.fixture
def train(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, looks: list[str]
) -> Train:
    """`xlt train` of the finished run in a folder of its own, where it was looked at before."""
    shutil.copytree(trained, tmp_path / "work")
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("XLT_CACHE_DIR", str(tmp_path / "cache"))

    def run(*more: object, verb: str = "train") -> Result:
        return call(verb, "spec.yaml", *more)

    assert run().exit_code == 0
    assert len(looks) == 1
    looks.clear()
    return run


@pytest.fixture
def unmade(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with the spec and its data and no runs."""
    for name in ("data", "spec.yaml"):
        (tmp_path / name).symlink_to(trained / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XLT_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path


def entry(folder: Path) -> Path:
    (path,) = folder.glob("cache/finished/*.json")
    return path


def run_of(folder: Path) -> Path:
    (record,) = folder.glob("work/runs/*/run.json")
    return record.parent


def test_the_same_is_said_without_looking(train: Train, looks: list[str], tmp_path: Path) -> None:
    for verb in ("train", "sweep"):
        for more in ((), ("--json",), ("--format", "csv")):
            quick = train(*more, verb=verb)
            assert looks == []
            hidden = entry(tmp_path).rename(tmp_path / "hidden")
            slow = train(*more, verb=verb)
            assert len(looks) == 1
            assert (quick.stdout, quick.stderr, quick.exit_code) == (slow.stdout, slow.stderr, 0)
            hidden.rename(entry(tmp_path))
            looks.clear()


def test_no_process_is_started_for_it(
    train: Train, looks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    launched: list[int] = []

    def launch(self: object, manifest: Manifest, tell: object) -> None:
        launched.append(len(manifest.jobs))

    alone = train("--json", verb="sweep")
    monkeypatch.setattr(Processes, "launch", launch)
    assert looks == []
    several = train("--json", "--jobs", 2, verb="sweep")
    assert (several.stdout, several.exit_code) == (alone.stdout, 0)
    assert (looks, launched) == ([], [])
    train("--json", "--jobs", 2, "--set", "seeds=[1, 2]", verb="sweep")
    assert (looks, launched) == ([], [1])


@pytest.mark.parametrize("keep", ["all", "none"])
def test_what_other_processes_have_made_is_known_at_once(
    unmade: Path, monkeypatch: pytest.MonkeyPatch, keep: str
) -> None:
    command = ("sweep", "spec.yaml", "--jobs", 2, "--json", "--set", f"keep={keep}")
    made = call(*command, "--set", "seeds=[1, 2]")
    assert made.exit_code == 0, made.stderr
    monkeypatch.setattr(Processes, "launch", lambda *_: pytest.fail("a process was started"))
    again = call(*command, "--set", "seeds=[1, 2]")
    assert (again.exit_code, again.stdout) == (0, made.stdout)


@pytest.mark.parametrize("keep", ["model", "none"])
def test_models_that_were_removed_leave_the_run_known(
    unmade: Path, looks: list[str], keep: str
) -> None:
    for _ in range(2):
        done = call("sweep", "spec.yaml", "--set", f"keep={keep}", "--set", "seeds=[1, 2]")
        assert done.exit_code == 0, done.stderr
    assert len(looks) == 2


def test_nothing_is_noted_down_of_a_sweep_with_nothing_to_do(train: Train, tmp_path: Path) -> None:
    assert train(verb="sweep").exit_code == 0
    files = tmp_path.glob("work/runs/.ledger/*/*.jsonl")
    lines = [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]
    assert lines
    assert not any("run" in line for line in lines)


def test_a_touched_file_is_looked_at_once(train: Train, looks: list[str], tmp_path: Path) -> None:
    os.utime(tmp_path / "work/data/pawsx/test-de.tsv")
    assert train().exit_code == 0
    assert len(looks) == 1
    assert train().exit_code == 0
    assert len(looks) == 1


def test_a_changed_file_of_the_same_size_and_time_is_noticed(
    train: Train, looks: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "work/data/pawsx/test-de.tsv"
    before = path.stat()
    path.write_text(path.read_text("utf-8").replace("Katze", "Tatze"), "utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    result = train()
    assert len(looks) == 1
    assert result.exit_code == 2
    assert "has changed since this run began" in result.stderr


def test_a_new_language_is_evaluated(train: Train, looks: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "work/data/pawsx"
    shutil.copy(folder / "test-de.tsv", folder / "test-es.tsv")
    result = train("--json")
    assert len(looks) == 1
    assert "es" in result.stdout


@pytest.mark.parametrize("name", ["results.json", "cells.jsonl", "*.parquet"])
def test_a_result_that_is_gone_or_changed_is_noticed(
    train: Train, looks: list[str], tmp_path: Path, name: str
) -> None:
    path = next(iter(run_of(tmp_path).glob(f"evaluations/**/{name}")))
    before = train("--json").stdout
    path.unlink()
    assert train("--json").stdout == before
    assert len(looks) == 1


def test_another_spec_is_another_statement(train: Train, looks: list[str], tmp_path: Path) -> None:
    assert train("--set", "evaluations.0.limit=4").exit_code == 0
    assert len(looks) == 1


@pytest.mark.parametrize("damage", ["torn", "empty", "others", "shape"])
def test_a_damaged_statement_is_none(
    train: Train, looks: list[str], tmp_path: Path, damage: str
) -> None:
    path = entry(tmp_path)
    content = path.read_bytes()
    head, _, body = content.partition(b"\n")
    path.write_bytes(
        {
            "torn": content[:-40],  # a kill or a power cut in between
            "empty": b"",
            "others": head + b"\n" + body.replace(b"accuracy", b"AccuracY"),
            "shape": b'["no", "statement"]\n' + body,
        }[damage]
    )
    assert train().exit_code == 0
    assert len(looks) == 1
    assert entry(tmp_path).read_bytes().partition(b"\n")[2]
    assert train().exit_code == 0
    assert len(looks) == 1


def test_a_run_at_which_another_process_works_is_looked_at(
    train: Train, looks: list[str], tmp_path: Path
) -> None:
    path = run_of(tmp_path) / "status.json"
    status = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**status, "state": "started"}), "utf-8")
    assert train().exit_code == 0
    assert len(looks) == 1


def test_without_a_cache_every_run_is_looked_at(
    train: Train, looks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XLT_CACHE_SIZE", "0")
    assert train().exit_code == 0
    assert len(looks) == 1


def test_a_code_that_changes_is_looked_at(
    train: Train, looks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finished, "_code", lambda modules: ["another"])
    assert train().exit_code == 0
    assert len(looks) == 1


def test_restoring_looks(train: Train, looks: list[str]) -> None:
    assert train("--restore").exit_code == 0
    assert len(looks) == 1


DERIVED = """
from pathlib import Path
from xlt_tasks.pawsx import PawsX

class Other(PawsX):
    name = "other"

    def load(self, split, language):
        Path("more.txt").read_text()
        return super().load(split, language)
"""


def test_a_class_derived_from_somebody_elses_does_not_state_its_files(
    install: Callable[..., Path], tiny_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("others", {"xlt.tasks": {"other": "others_task:Other"}}, {"others_task": DERIVED})
    path = str(tiny_data)
    shipped = finished._files_of(build_task(PluginUse(name="pawsx", path=path)))
    assert shipped
    assert {f.name for f in shipped} == {f.name for f in (tiny_data / "pawsx").iterdir()}
    assert finished._files_of(build_task(PluginUse(name="other", path=path))) is None
    assert finished._files_of(build_task(PluginUse(name="pawsx", source="hub"))) is None
