"""The manifest of a sweep: what it holds, and what `xlt run` refuses."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import Result

from xlt_cli.errors import DamagedFile, RunError
from xlt_cli.launch import manifest as manifests
from xlt_cli.runs import atomic
from xlt_cli.runs.directory import Run
from xlt_cli.runs.finding import all_runs

Cli = Callable[..., Result]


@pytest.fixture
def place(tmp_path: Path, tiny_encoder: Path, tiny_data: Path, monkeypatch: Any) -> Path:
    """A working directory with a spec of four points whose data are at a relative path."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("XLT_RUNS_DIR", raising=False)
    monkeypatch.delenv("XLT_DATA_DIR", raising=False)
    shutil.copytree(tiny_data / "pawsx", tmp_path / "data")
    spec = {
        "encoder": {"name": "hf", "model": str(tiny_encoder)},
        "stages": [
            {
                "task": {"name": "pawsx", "path": "data"},
                "max_steps": 4,
                "batch_size": 4,
                "dev": None,
            }
        ],
        "evaluations": [{"languages": ["de"], "limit": 8}],
        "sweep": {"grid": {"stages.0.learning_rate": [1e-3, 2e-3]}},
        "seeds": [1, 2],
        "device": "cpu",
        "max_length": 48,
    }
    (tmp_path / "spec.yaml").write_text(yaml.safe_dump(spec), "utf-8")
    return tmp_path


@pytest.fixture
def plan(place: Path, xlt: Cli) -> Path:
    result = xlt("plan", "spec.yaml", "-o", "plan.json")
    assert result.exit_code == 0, result.output
    assert "plan.json: 4 jobs; `xlt run plan.json 1`" in result.stderr
    return place / "plan.json"


def listed(xlt: Cli, *more: object) -> list[dict[str, Any]]:
    result = xlt("run", "plan.json", "--list", "--json", *more)
    assert result.exit_code == 0, result.output
    jobs: list[dict[str, Any]] = json.loads(result.stdout)
    return jobs


def test_the_jobs_are_those_of_a_dry_run_in_order_and_none_is_run(plan: Path, xlt: Cli) -> None:
    dry = json.loads(xlt("sweep", "spec.yaml", "--dry-run", "--json").stdout)
    jobs = listed(xlt)
    assert [Path(job["path"]).name for job in jobs] == [run["run"] for run in dry]
    assert [(job["number"], job["seed"]) for job in jobs] == [(1, 1), (2, 2), (3, 1), (4, 2)]
    assert {job["state"] for job in jobs} == {"pending"}
    assert [path.name for path in (plan.parent / "runs").iterdir()] == [".ledger"]
    plain = xlt("run", "plan.json", "--list").stdout.splitlines()
    assert plain[0] == f"1 pending {jobs[0]['id']} {jobs[0]['label']} seed=1"
    assert len(plain) == 4


def test_a_job_is_the_run_that_the_sweep_makes_whatever_the_working_directory(
    plan: Path, xlt: Cli, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    manifest = json.loads(plan.read_text("utf-8"))
    done = xlt("run", plan, "3", "--json")
    assert done.exit_code == 0, done.output
    (outcome,) = json.loads(done.stdout)
    assert outcome["point"] == manifest["jobs"][2]["label"]
    run = Run(Path(outcome["run"]))
    assert run.path == plan.parent / "runs" / manifest["jobs"][2]["run"]
    assert (run.state, run.seed) == ("done", 1)
    curve = (run.path / "stages/0/metrics.jsonl").read_bytes()

    monkeypatch.chdir(plan.parent)
    swept = xlt("sweep", "spec.yaml", "--runs-dir", "swept")
    assert swept.exit_code == 0, swept.output
    assert (Path("swept") / run.name / "stages/0/metrics.jsonl").read_bytes() == curve
    assert (Path("swept") / run.name / "spec.yaml").read_bytes() == (
        run.path / "spec.yaml"
    ).read_bytes()
    assert Run(Path("swept") / run.name).record["overrides"] == run.record["overrides"]

    # It is done, by its id too; and the sweep takes it for done.
    again = xlt("run", plan, manifest["jobs"][2]["id"])
    assert again.exit_code == 0, again.output
    assert f"{run.name}: done before" in again.stderr
    assert [job["state"] for job in listed(xlt)] == ["pending", "pending", "done", "pending"]
    assert f"{run.name}: done before" in xlt("sweep", "spec.yaml").stderr


def test_options_and_the_place_of_data_are_kept(
    place: Path, xlt: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XLT_DATA_DIR", str(place))
    for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.setenv(name, "0")
    (place / "data").rename(place / "pawsx")
    planned = xlt(
        "sweep", "spec.yaml", "--set", "stages.0.task={name: pawsx}", "--plan", "plan.json",
        "--plain", "--offline",
    )  # fmt: skip
    assert planned.exit_code == 0, planned.output
    monkeypatch.delenv("XLT_DATA_DIR")
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    done = xlt("run", "plan.json", "1")
    assert done.exit_code == 0, done.output
    (run,) = all_runs(Path("runs"))
    session = atomic.read_lines(run.path / "environment.jsonl")[0]
    assert session["plain"] is True
    assert os.environ["HF_HUB_OFFLINE"] == "1"


def test_a_run_at_which_another_process_works_is_left_alone(plan: Path, xlt: Cli) -> None:
    entry = manifests.read(plan).jobs[0]
    run = Run(Path("runs") / entry.run)
    run.path.mkdir()
    with run.locked():
        result = xlt("run", "plan.json", "1")
    assert result.exit_code == 2
    assert "another process is working on this run" in result.stderr
    assert not (run.path / "stages").exists()


def test_a_failing_job_has_the_usual_error_and_code(plan: Path, xlt: Cli) -> None:
    with Path("data/train-en.tsv").open("a", encoding="utf-8") as file:
        file.write("one column\n")
    result = xlt("run", "plan.json", "1")
    assert result.exit_code == 2
    assert "train-en.tsv" in result.stderr
    shutil.rmtree("data")
    result = xlt("run", "plan.json", "2")
    assert result.exit_code == 2
    assert f"plan.json: job {manifests.read(plan).jobs[1].id}" in result.stderr
    failed, *others = listed(xlt)
    assert (failed["state"], failed["attempts"]) == ("failed", 1)
    assert failed["error"].startswith("1 column, expected 3")
    assert {job["state"] for job in others} == {"pending"}


def test_points_that_are_one_run_are_two_jobs_of_it(place: Path, xlt: Cli) -> None:
    grid = "sweep={grid: {evaluations.0.split: [dev, test]}}"
    xlt("sweep", "spec.yaml", "--set", grid, "--set", "seeds=[1]", "--plan", "plan.json")
    first, second = listed(xlt)
    assert first["path"] == second["path"]
    assert second["id"] == f"{first['id']}.2"
    assert xlt("run", "plan.json", "1").exit_code == 0
    assert [job["state"] for job in listed(xlt)] == ["done", "pending"]
    assert xlt("run", "plan.json", second["id"]).exit_code == 0
    assert [job["state"] for job in listed(xlt)] == ["done", "done"]


@pytest.mark.parametrize("job", ["0", "5", "-1", "spec", "²"])
def test_an_unknown_job_is_refused_with_those_that_there_are(
    plan: Path, xlt: Cli, job: str
) -> None:
    result = xlt("run", "plan.json", "--", job)
    assert result.exit_code == 2
    assert f"the manifest has no job '{job}'" in result.stderr
    assert "jobs 1 to 4" in result.stderr


def test_a_word_near_an_id_is_helped(plan: Path, xlt: Cli) -> None:
    wanted = manifests.read(plan).jobs[0].id
    assert f"did you mean '{wanted}'?" in xlt("run", "plan.json", wanted[:-1]).stderr


def edited(path: Path, seal: bool = True, **changes: Any) -> None:
    content = {**atomic.read_json(path), **changes}
    atomic.write_json(path, content, sealed=seal)


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (lambda p: p.write_text(p.read_text("utf-8")[:-200], "utf-8"), "plan.json is damaged"),
        (
            lambda p: p.write_text(p.read_text("utf-8").replace("0.001", "0.003"), "utf-8"),
            "its content is not what was written",
        ),
        (lambda p: edited(p, seal=False), "the manifest has no checksum"),
        (lambda p: edited(p, format=2), "is of format 2, and this xlt reads format 1"),
        (lambda p: edited(p, jobs=[{"id": "a"}]), "the manifest cannot be read: jobs.0.run"),
        (lambda p: p.write_text("encoder: mbert\n", "utf-8"), "not a manifest"),
        (lambda p: p.write_text("{}", "utf-8"), "not a manifest: it has no jobs"),
        (lambda p: p.write_bytes(b"\xff\xfe"), "cannot read the manifest"),
        (lambda p: p.unlink(), "there is no such manifest"),
        (lambda p: (p.unlink(), p.mkdir()), "cannot read the manifest"),
    ],
)
def test_what_is_not_a_whole_manifest_of_this_version_is_refused(
    plan: Path, xlt: Cli, spoil: Callable[[Path], object], what: str
) -> None:
    spoil(plan)
    for arguments in (["1"], ["--list"]):
        result = xlt("run", "plan.json", *arguments)
        assert result.exit_code == 2, result.output
        assert what in result.stderr
        assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["spec.yaml"], "Missing option '--output'"),
        (["spec.yaml", "-o", "data"], "'data' is a folder"),
        (["spec.yaml", "-o", "spec.yaml/plan.json"], "'spec.yaml' is a file"),
        (["spec.yaml", "-o", "spec.yaml"], "the file exists but is not a manifest"),
        (["absent.yaml", "-o", "plan.json"], "absent.yaml"),
        (["spec.yaml", "-o", "plan.json", "--set", "seeds=[]"], "seeds"),
    ],
)
def test_a_manifest_that_cannot_be_written_is_refused(
    place: Path, xlt: Cli, arguments: list[str], what: str
) -> None:
    before = (place / "spec.yaml").read_bytes()
    result = xlt("plan", *arguments)
    assert result.exit_code == 2
    assert what in result.stderr
    assert "Traceback" not in result.stderr
    assert (place / "spec.yaml").read_bytes() == before
    assert not (place / "plan.json").exists()


def test_a_sweep_writes_the_same_manifest(plan: Path, xlt: Cli) -> None:
    options = ["--plain", "--device", "cpu", "--set", "seeds=[1]"]
    for verb in (["plan", "spec.yaml", "-o"], ["sweep", "spec.yaml", "--plan"]):
        name = f"by-{verb[0]}.json"
        result = xlt(*verb, name, "--runs-dir", "others", *options)
        assert result.exit_code == 0, result.output
    one, other = (
        manifests.read(plan.with_name(name)).model_dump(exclude={"created", "command"})
        for name in ("by-plan.json", "by-sweep.json")
    )
    assert one == other
    assert (one["plain"], len(one["jobs"])) == (True, 2)


def test_a_sweep_does_not_replace_a_spec_by_its_manifest(place: Path, xlt: Cli) -> None:
    before = (place / "spec.yaml").read_bytes()
    result = xlt("sweep", "spec.yaml", "--plan", "spec.yaml")
    assert result.exit_code == 2
    assert "the file exists but is not a manifest" in result.stderr
    assert (place / "spec.yaml").read_bytes() == before


def test_a_manifest_is_replaced_also_a_damaged_one(plan: Path, xlt: Cli) -> None:
    for spoil in (lambda: None, lambda: edited(plan, seal=False)):
        spoil()
        assert xlt("sweep", "spec.yaml", "--plan", "plan.json").exit_code == 0
        assert len(listed(xlt)) == 4


def test_runs_that_were_moved_are_not_trained_again(plan: Path, xlt: Cli) -> None:
    Path("runs").rename("kept")
    result = xlt("run", "plan.json", "1")
    assert result.exit_code == 2
    assert "the runs directory of the manifest does not exist" in result.stderr
    assert not Path("runs").exists()
    assert xlt("run", "plan.json", "1", "--runs-dir", "kept").exit_code == 0
    assert listed(xlt, "--runs-dir", "kept")[0]["state"] == "done"
    (run,) = all_runs(Path("kept"))
    run.path.rename("kept/the-good-one")
    result = xlt("run", "plan.json", "1", "--runs-dir", "kept")
    assert result.exit_code == 2
    assert f"the run of job '{run.name}' was moved to 'the-good-one'" in result.stderr


def test_a_working_directory_that_is_gone_is_named(plan: Path, xlt: Cli) -> None:
    gone = str(plan.parent / "gone")
    edited(plan, directory=gone)
    result = xlt("run", "plan.json", "1")
    assert result.exit_code == 2
    assert "working directory of the manifest cannot be entered" in result.stderr
    assert gone in result.stderr


def test_a_machine_with_another_precision_is_refused(
    plan: Path, xlt: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manifests, "resolve_precision", lambda device, precision: "bf16")
    result = xlt("run", "plan.json", "1")
    assert result.exit_code == 2
    assert "was planned for fp32, and precision 'auto' is bf16 on this machine" in result.stderr


def test_a_plugin_that_changed_since_is_refused(plan: Path) -> None:
    manifest = manifests.read(plan)
    entry = manifest.jobs[0].model_copy(update={"run": "spec-s1-00000000"})
    with pytest.raises(RunError, match="would be a different run here"):
        manifests.check_run(manifest, entry, manifest.planned(entry), plan.parent / "runs")


def test_a_spec_that_this_version_does_not_read_is_refused(plan: Path) -> None:
    manifest = manifests.read(plan)
    spec = {**manifest.jobs[0].spec, "of_tomorrow": 1}
    entry = manifest.jobs[0].model_copy(update={"spec": spec})
    with pytest.raises(DamagedFile, match="of_tomorrow"):
        manifest.planned(entry)


def test_listing_imports_nothing_heavy(plan: Path) -> None:
    code = (
        "import sys; from xlt_cli.cli import app\n"
        "app(['run', 'plan.json', '--list'], standalone_mode=False)\n"
        "print(*sorted({'torch', 'transformers', 'datasets', 'scipy'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=plan.parent
    )
    assert done.stdout.splitlines()[-1] == ""


def test_what_all_jobs_share_is_written_once(plan: Path) -> None:
    manifest = manifests.read(plan)
    assert {"encoder", "sweep", "evaluations"} <= manifest.shared.keys()
    assert {tuple(entry.spec) for entry in manifest.jobs} == {("stages",)}
    rates = [manifest.planned(entry).spec.stages[0].learning_rate for entry in manifest.jobs]
    assert rates == [1e-3, 1e-3, 2e-3, 2e-3]
    whole = [entry.model_dump() for entry in manifest.jobs]
    for entry in whole:
        entry["spec"] = {**manifest.shared, **entry["spec"]}
    specs = [manifest.planned(entry).spec for entry in manifest.jobs]
    edited(plan, shared={}, jobs=whole)  # as earlier versions wrote it
    again = manifests.read(plan)
    assert [again.planned(entry).spec for entry in again.jobs] == specs


def test_a_job_does_not_read_what_the_others_have_made(
    plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Noted(Run):
        def __init__(self, path: Path) -> None:
            super().__init__(path)
            looked.append(path.name)

    looked: list[str] = []
    manifest, root = manifests.read(plan), plan.parent / "runs"
    entry, *others = manifest.jobs
    for name in [each.run for each in others] + ["kept"]:
        (root / name).mkdir()
        (root / name / "run.json").write_text("{}", "utf-8")
    monkeypatch.setattr(manifests, "Run", Noted)
    manifests.check_run(manifest, entry, manifest.planned(entry), root)
    assert set(looked) - {".ledger"} == {"kept"}
