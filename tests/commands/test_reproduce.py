"""`xlt reproduce`: what is wrong is said before anything runs; what ships is valid."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from typer.testing import Result

from xlt_cli import shipped
from xlt_cli.errors import SpecError
from xlt_cli.launch import launching
from xlt_cli.launch.jobs import Outcome, PlannedRun
from xlt_cli.reproduce import definition as reproduction
from xlt_cli.reproduce.trials import Choice, Trial, plan
from xlt_cli.runs.directory import Run

Cli = Callable[..., Result]

SPECS = sorted((shipped.experiments() / "robust-xlt").glob("*-*.yaml"))

SPEC = """\
encoder: mbert
stages:
  - task: pawsx
sweep:
  grid:
    stages.0.perturbation: [null, word-dropout]
"""
GOOD = """\
title: A title
reference: A paper
methods: [ERM, dropout]
specs:
  mbert: [spec.yaml]
original: mbert
near: [de]
claims:
  - {task: pawsx, text: better, of: all, points: 2.1}
quick:
  spec.yaml: [stages.0.limit=10]
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Makes `own` the one reproduction that ships, and returns its file."""
    folder = tmp_path / "experiments" / "own"
    folder.mkdir(parents=True)
    (folder / "spec.yaml").write_text(SPEC, "utf-8")
    monkeypatch.setattr(shipped, "experiments", lambda: folder.parent)

    def write(text: str) -> Path:
        path = folder / reproduction.FILE
        path.write_text(text, "utf-8")
        return path

    return write


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[PlannedRun]]:
    """Runs nothing: every run fails. Returns the runs that each command asked for."""
    calls: list[list[PlannedRun]] = []

    def run_jobs(jobs: Sequence[PlannedRun], root: Path, *_: object, **__: object) -> list[Outcome]:
        calls.append(list(jobs))
        return [Outcome(job, Run(root / f"run-{n}"), [], "no data") for n, job in enumerate(jobs)]

    monkeypatch.setattr(launching, "run_jobs", run_jobs)
    return calls


def planned(name: str) -> list[Trial]:
    return plan(reproduction.read(name), Choice())


def test_an_unknown_name_is_refused_with_the_known_ones(xlt: Cli) -> None:
    result = xlt("reproduce", "robust-xtl")
    assert result.exit_code == 2
    assert result.stderr == (
        "error: unknown reproduction 'robust-xtl'\n"
        "  xlt reproduce\n"
        "  did you mean 'robust-xlt'? known: robust-xlt, robust-xlt-recipes\n"
    )


def test_a_folder_of_yaml_is_a_reproduction(xlt: Cli, own: Callable[[str], Path]) -> None:
    own(GOOD)
    assert [trial.method for trial in planned("own")] == ["ERM", "dropout"]
    result = xlt("reproduce", "robust-xlt")
    assert result.exit_code == 2
    assert "known: own\n" in result.stderr


def test_an_archive_takes_no_folder_that_holds_something_else(xlt: Cli, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("", "utf-8")
    result = xlt("reproduce", "robust-xlt", "--archive", tmp_path)
    assert result.exit_code == 2
    assert result.stderr.startswith("error: the folder exists but is not an archive\n")
    assert (tmp_path / "thesis.tex").exists()


@pytest.mark.parametrize(
    "option",
    [
        ["--quick"],
        ["--seeds", "1"],
        ["--set", "a=1"],
        ["--task", "xnli"],
        ["--archive", "x"],
    ],
)
def test_nothing_is_run_or_changed_beside_an_archive(
    xlt: Cli, tmp_path: Path, option: list[str]
) -> None:
    result = xlt("reproduce", "robust-xlt", "--from", tmp_path, *option)
    assert result.exit_code == 2
    assert "finished runs, which cannot be changed" in result.stderr


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_another_baseline_changes_the_report_alone(
    xlt: Cli, own: Callable[[str], Path], tmp_path: Path, asked: list[list[PlannedRun]]
) -> None:
    own(GOOD.replace("[ERM, dropout]", '[ERM, "Dropout: (words)"]'))
    root = tmp_path / "runs"
    command = ["reproduce", "own", "--runs-dir", root]
    over = ["--baseline", "Dropout: (words)"]
    xlt(*command, "--archive", tmp_path / "kept")
    folder = root / "reproductions" / "own-mbert"
    ordinary, kept = files(folder), files(tmp_path / "kept")

    result = xlt(*command, *over, "--archive", tmp_path / "kept")
    assert result.exit_code == 1  # all runs failed
    assert "every gain is over Dropout: (words)" in result.stdout
    assert asked[0] == asked[1]
    assert files(tmp_path / "kept") == kept
    assert files(folder) == ordinary
    beside = files(folder.with_name("own-mbert-over-dropout-words"))
    assert beside.keys() == ordinary.keys()

    # The archive is of the ordinary command; any report can be had from it.
    out = tmp_path / "again"
    result = xlt("reproduce", "own", "--from", tmp_path / "kept", *over, "--out", out)
    assert result.exit_code == 0, result.stderr
    assert files(out) == beside
    xlt("reproduce", "own", "--from", tmp_path / "kept", "--out", out)
    assert files(out) == ordinary


@pytest.mark.usefixtures("asked")
def test_claims_are_judged_over_the_papers_own_baseline_alone(
    xlt: Cli, own: Callable[[str], Path], tmp_path: Path
) -> None:
    def found(*options: str) -> dict[str, object]:
        result = xlt("reproduce", "own", "--runs-dir", tmp_path / "runs", "--json", *options)
        content: dict[str, object] = json.loads(result.stdout)
        return content

    own(GOOD)
    note = "gains are over 'dropout', not over 'ERM': the claims are not judged"
    other = found("--baseline", "dropout")
    assert (other["baseline"], other["methods"]) == ("dropout", ["ERM", "dropout"])
    assert (other["claims"], other["rule"], other["notes"]) == ([], [], [note])
    ordinary = found()
    assert ordinary["claims"]
    assert found("--baseline", "ERM") == ordinary
    assert [path.name for path in (tmp_path / "runs/reproductions").glob("*-over-*")] == [
        "own-mbert-over-dropout"
    ]
    own(GOOD.partition("claims:")[0] + "claims: []\nquick:" + GOOD.partition("quick:")[2])
    assert found("--baseline", "dropout")["notes"] == []


def test_one_task_alone_has_its_claims_and_a_report_of_its_own(
    xlt: Cli, own: Callable[[str], Path], tmp_path: Path, asked: list[list[PlannedRun]]
) -> None:
    folder = own(
        GOOD.replace("[spec.yaml]", "[spec.yaml, xnli.yaml]")
        .replace("claims:", "claims:\n  - {task: xnli, text: better, of: all, points: 1.6}")
        .replace("quick:", "quick:\n  xnli.yaml: [stages.0.limit=10]")
    ).parent
    (folder / "xnli.yaml").write_text(SPEC.replace("pawsx", "xnli"), "utf-8")
    root, kept = tmp_path / "runs", tmp_path / "kept"
    xlt("reproduce", "own", "--runs-dir", root)
    command = ["reproduce", "own", "--runs-dir", root, "--task", "xnli", "--task", "xnli"]
    result = xlt(*command, "--archive", kept, "--json")
    both, alone = asked
    assert alone == [job for job in both if job.label.startswith("xnli ")]
    assert len(both) == 2 * len(alone)
    found = json.loads(result.stdout)
    assert [claim["task"] for claim in found["claims"]] == ["xnli"]
    assert found["notes"] == ["asked for xnli only"]
    assert {path.name for path in (root / "reproductions").iterdir()} == {
        "own-mbert",
        "own-mbert-xnli",
    }
    again = xlt("reproduce", "own", "--from", kept, "--json")
    assert json.loads(again.stdout) == found


def test_an_unknown_task_is_refused_before_anything_runs(xlt: Cli) -> None:
    result = xlt("reproduce", "robust-xlt", "--task", "xnil")
    assert result.exit_code == 2
    assert result.stderr == (
        "error: 'robust-xlt' has no spec with the task 'xnil'\n"
        "  --task\n"
        "  did you mean 'xnli'? known: pawsx, xnli\n"
    )


def test_an_unknown_baseline_is_refused_before_anything_runs(
    xlt: Cli, own: Callable[[str], Path], tmp_path: Path, asked: list[list[PlannedRun]]
) -> None:
    own(GOOD)
    xlt("reproduce", "own", "--runs-dir", tmp_path / "runs", "--archive", tmp_path / "kept")
    for options in ([], ["--from", tmp_path / "kept"]):
        result = xlt("reproduce", "own", "--baseline", "dropuot", *options)
        assert result.exit_code == 2
        assert result.stderr == (
            "error: unknown method 'dropuot'\n"
            "  --baseline\n"
            "  did you mean 'dropout'? known: ERM, dropout\n"
        )
    assert len(asked) == 1


def test_an_unknown_grouping_is_refused_before_anything_runs(
    xlt: Cli, own: Callable[[str], Path], asked: list[list[PlannedRun]]
) -> None:
    own(GOOD)
    result = xlt("reproduce", "own", "--by", "famly")
    assert result.exit_code == 2
    assert "did you mean 'family'" in result.stderr
    assert not asked


def test_a_folder_without_an_archive_is_refused(xlt: Cli, tmp_path: Path) -> None:
    result = xlt("reproduce", "robust-xlt", "--from", tmp_path)
    assert result.exit_code == 2
    assert result.stderr.startswith("error: there is no archive\n")


def test_an_unknown_encoder_is_refused_by_its_option(xlt: Cli) -> None:
    result = xlt("reproduce", "robust-xlt", "--encoder", "mbrt")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: unknown encoder 'mbrt'\n  --encoder\n")


def test_runs_without_an_evaluation_cannot_be_compared(xlt: Cli) -> None:
    result = xlt("reproduce", "robust-xlt", "--set", "evaluations=[]")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: a comparison needs an evaluation\n  --set evaluations")


def test_an_override_that_does_not_fit_is_refused(xlt: Cli) -> None:
    result = xlt("reproduce", "robust-xlt", "--set", "stages.0.epochs=soon")
    assert result.exit_code == 2
    assert "--set stages.0.epochs=soon" in result.stderr


@pytest.mark.parametrize(
    ("old", "new", "what", "where"),
    [
        ("near:", "nearr:", "unknown field 'nearr'", ":7: nearr"),
        ("points: 2.1", "points: many", "valid number, not 'many'", ":9: claims.0.points"),
        (", points: 2.1", "", "either 'points' or 'than'", ":9: claims.0"),
        ("of: all", "of: everything", "not 'everything'", ":9: claims.0.of"),
        ("dropout]", "ERM]", "a method is listed twice", ""),
        ("original: mbert", "original: xlm", "'xlm', which has no specs", ""),
        ("  spec.yaml: [s", "  other.yaml: [s", "'quick' lacks spec.yaml", ""),
        ("title: A", "title: B\ntitle: A", "the key 'title' occurs twice", ":2: title"),
        ("methods: [", "methods: [A, ", "2 points for 3 methods (A, ERM, dropout)", ":4: sweep"),
        ("[spec.yaml]", "[spec.yaml, spec.yaml]", "two specs are on the task 'pawsx'", "spec.yaml"),
        ("[spec.yaml]", "[none.yaml]", "'quick' lacks none.yaml", ""),
    ],
)
def test_a_wrong_file_is_refused_with_file_and_field(
    xlt: Cli, own: Callable[[str], Path], old: str, new: str, what: str, where: str
) -> None:
    assert old in GOOD
    path = own(GOOD.replace(old, new))
    result = xlt("reproduce", "own")
    assert result.exit_code == 2
    assert what in result.stderr
    assert str(path.parent) in result.stderr
    assert where in result.stderr
    assert "Traceback" not in result.output


def test_methods_may_be_points_written_out(own: Callable[[str], Path]) -> None:
    path = own(GOOD)
    listed = "  points:\n    - {}\n    - {stages.0.perturbation: word-dropout}\n"
    (path.parent / "spec.yaml").write_text(SPEC.partition("  grid:")[0] + listed, "utf-8")
    found = planned("own")
    assert [trial.method for trial in found] == ["ERM", "dropout"]
    assert [len(trial.job.spec.stages[0].perturbation) for trial in found] == [0, 1]


def test_a_file_that_is_no_mapping_is_refused(own: Callable[[str], Path]) -> None:
    own("[1, 2]")
    with pytest.raises(SpecError):
        reproduction.read("own")


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.name)
def test_every_spec_that_ships_is_valid(xlt: Cli, path: Path) -> None:
    result = xlt("validate", path)
    assert result.exit_code == 0, result.stderr


def test_what_ships_is_the_papers_comparison() -> None:
    content = reproduction.read("robust-xlt").content
    assert content.methods == ["ERM", "adversarial", "RS-RP", "RS-DA"]
    files = {path.name for path in SPECS}
    assert {file for listed in content.specs.values() for file in listed} == files
    assert set(content.quick) == files
    figures = {c.task: c.points for c in content.claims if c.points is not None}
    assert figures == {"pawsx": 2.1, "xnli": 1.6}


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A reproduction in a folder of the user's, in the working directory."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "spec.yaml").write_text(SPEC, "utf-8")
    (folder / reproduction.FILE).write_text(GOOD, "utf-8")
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.mark.parametrize("given", ["mine", "./mine", "mine/", "mine/reproduction.yaml", "{}", "."])
def test_any_folder_with_the_file_is_one(
    xlt: Cli,
    mine: Path,
    asked: list[list[PlannedRun]],
    monkeypatch: pytest.MonkeyPatch,
    given: str,
) -> None:
    if given == ".":
        monkeypatch.chdir(mine)
    root, kept = mine.parent / "runs", mine.parent / "kept"
    command = ["reproduce", given.format(mine), "--json"]
    result = xlt(*command, "--runs-dir", root, "--archive", kept)
    assert result.exit_code == 1, result.stderr  # all runs failed
    assert [job.label for job in asked[0]] == ["pawsx ERM", "pawsx dropout"]
    found = json.loads(result.stdout)
    assert found["reproduction"] == "mine"
    assert (root / "reproductions" / "mine-mbert" / "report.json").is_file()
    assert json.loads(xlt(*command, "--from", kept).stdout) == found


def test_a_name_that_ships_means_what_ships(
    xlt: Cli, mine: Path, asked: list[list[PlannedRun]], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine.rename(mine.with_name("robust-xlt"))
    assert len(plan(reproduction.read("robust-xlt"), Choice())) == 8
    assert [trial.method for trial in planned("./robust-xlt")] == ["ERM", "dropout"]


@pytest.mark.parametrize(
    ("gone", "changed", "what", "where"),
    [
        (
            "spec.yaml",
            "",
            "the spec 'spec.yaml' is not in the folder of reproduction.yaml",
            ":5: specs",
        ),
        ("reproduction.yaml", "", "the folder has no reproduction.yaml", "mine"),
        ("", GOOD + "qiuck: {}\n", "unknown field 'qiuck'", ":12: qiuck"),
        ("", GOOD.replace("text:", "txt:"), "unknown field 'txt'", ":9: claims.0.txt"),
    ],
)
def test_what_a_folder_lacks_or_has_too_much_is_named(
    xlt: Cli, mine: Path, gone: str, changed: str, what: str, where: str
) -> None:
    if gone:
        (mine / gone).unlink()
    else:
        (mine / reproduction.FILE).write_text(changed, "utf-8")
    result = xlt("reproduce", "./mine")
    assert result.exit_code == 2
    assert what in result.stderr
    assert where in result.stderr


def test_a_folder_that_is_not_there_is_said(xlt: Cli, mine: Path) -> None:
    result = xlt("reproduce", "./other")
    assert (result.exit_code, result.stderr.splitlines()[:2]) == (
        2,
        ["error: there is no such folder", "  other"],
    )
