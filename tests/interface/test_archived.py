"""Archives of runs: everything is computed from them as from the runs, and bad ones are refused."""

from __future__ import annotations

import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import xlt_cli
from xlt_cli.errors import DataError, UserError
from xlt_cli.problems import Prediction, SequenceClassification
from xlt_cli.reports.summary import counted, summarise
from xlt_cli.runs import archive_file, atomic, pruned
from xlt_cli.runs.cells import Cell
from xlt_cli.runs.directory import Run
from xlt_cli.runs.portable import bare_text
from xlt_cli.runs.predictions import Store
from xlt_cli.runs.provenance import weights_hash
from xlt_cli.spec import Evaluation, ExperimentSpec
from xlt_cli.spec.identity import FORMAT

Change = Callable[[Path], None]
HOME = "/home/somebody/work"


def write(root: Path, name: str, seed: int, share: float) -> Run:
    """A run that is right in a share of 40 rows in two languages."""
    run = Run(root / f"{name}-s{seed}")
    stage = {"task": {"name": "pawsx", "path": f"{HOME}/data/pawsx"}}
    spec = ExperimentSpec.model_validate({"name": name, "encoder": "mbert", "stages": [stage]})
    record = {"identity": "0", "format": FORMAT, "name": name, "seed": seed, "created": f"{seed}"}
    atomic.write_json(run.path / "run.json", {**record, "spec": spec.model_dump(mode="json")})
    session = {"host": "tower", "pid": 7, "working_directory": HOME, "command": [f"{HOME}/bin/xlt"]}
    atomic.append_line(run.path / "environment.jsonl", session)
    atomic.write_text(run.path / "spec.yaml", f"encoder: mbert  # as in {HOME}/notes/spec\n")
    atomic.write_text(run.path / "lock", "")
    run.set_state("success")
    with atomic.new_directory(run.stage(0) / "model") as model:
        atomic.write_bytes(model / "model.safetensors", b"weights" * 1000)
    weights = weights_hash(run.stage(0) / "model")
    result = {"weights": weights, "selected_step": 1, "steps": 1, "dev_score": None}
    atomic.write_json(run.stage(0) / "result.json", result)
    store = Store.open(run.evaluations, Evaluation.model_validate({"task": "pawsx"}), weights)
    problem, cells = SequenceClassification(("0", "1")), {}
    for number, language in enumerate(("en", "de")):
        rng = np.random.default_rng([seed, number, int(100 * share)])
        golds = [str(i % 2) for i in range(40)]
        told = [gold if rng.random() < share else str(1 - int(gold)) for gold in golds]
        answers = zip(golds, told, strict=True)
        rows = [Prediction(f"t-{i}", *pair, (0.25, 0.75)) for i, pair in enumerate(answers)]
        store.write(Cell((language, language)), rows)
        cells[language, language] = counted(problem, rows)
    data = {x: {"sha256": x, "source": f"{HOME}/data/pawsx/{x}"} for x in ("en", "de")}
    about = {"task": "pawsx", "split": "test", "limit": None, "data": data, "notes": []}
    figures = summarise(problem, "accuracy", cells, ["en"], True).as_dict()
    store.write_summary({**about, **figures}, f"source\n{HOME}/data/pawsx/en\n")
    return run


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for seed in (1, 2):
        write(tmp_path / "runs", "erm", seed, 0.6)
        write(tmp_path / "runs", "smart", seed, 0.8)
    return tmp_path / "runs"


def printed(xlt: Any, *arguments: object) -> str:
    result = xlt(*arguments)
    assert result.exit_code == 0, result.output
    return str(result.stdout)


@pytest.mark.parametrize("options", [(), ("--answers-only",)])
def test_comparisons_and_tables_are_the_same_bytes(
    xlt: Any, runs: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    named = ("ERM=erm-*", "SMART=smart-*")
    file = tmp_path / "all.tar.xz"
    printed(xlt, "archive", *named, "-o", file, *options)
    commands = [
        ("compare", *named),
        ("compare", *named, "--json"),
        ("table", *named, "--columns", "language", "--baseline", "ERM", "--format", "latex"),
        ("table", *named, "--rows", "run", "--format", "csv"),
    ]
    expected = [printed(xlt, *command) for command in commands]
    unnamed = [printed(xlt, "table", *given) for given in (("erm-*",), ("erm-s1",))]
    shutil.rmtree(runs)
    assert [printed(xlt, *command, "--from", file) for command in commands] == expected
    as_archived = [[word for word in command if word not in named] for command in commands]
    assert [printed(xlt, *command, "--from", file) for command in as_archived] == expected
    given = [("erm-*",), ("erm-s1",)]
    assert [printed(xlt, "table", *one, "--from", file) for one in given] == unnamed
    listed = json.loads(printed(xlt, "runs", "--from", file, "--json"))
    assert {row["run"] for row in listed} == {"erm-s1", "erm-s2", "smart-s1", "smart-s2"}
    assert {(row["state"], row["path"]) for row in listed} == {("done", str(file))}


def test_the_file_is_the_same_each_time_and_says_nothing_of_the_machine(
    runs: Path, tmp_path: Path
) -> None:
    one, other = tmp_path / "one.tar.xz", tmp_path / "other.tar.xz"
    assert xlt_cli.write_archive("erm-*", one) == ["erm-s1", "erm-s2"]
    before = run_files(runs)
    xlt_cli.write_archive(["erm-s1", "erm-s2", "erm-*"], other)
    assert one.read_bytes() == other.read_bytes()
    assert run_files(runs) == before
    with archive_file.as_folder(one) as folder:
        files = {path.name: path for path in folder.rglob("*") if path.is_file()}
        content = b"".join(path.read_bytes() for path in files.values())
    assert not {"model.safetensors", "lock"} & set(files)
    for word in (b"somebody", b"tower", b"working_directory"):
        assert word not in content
    assert b".../data/pawsx" in content


def run_files(runs: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in runs.rglob("*") if path.is_file()}


def test_in_python_an_archive_is_a_runs_directory(runs: Path, tmp_path: Path) -> None:
    systems = {"ERM": "erm-*", "SMART": "smart-*"}
    expected = xlt_cli.compare(systems).values
    xlt_cli.write_archive(systems, "some.tar.xz")
    with xlt_cli.open_archive("some.tar.xz") as runs_dir:
        assert xlt_cli.compare(systems, runs_dir=runs_dir).values == expected
        run = xlt_cli.open_run("erm-s1", runs_dir=runs_dir)
        assert run.predictions(language="de").frame().shape[0] == 40
        with pytest.raises(UserError, match="pruned"):
            pruned.check_weights(Run(run.path))
    assert not runs_dir.exists()


def test_answers_alone_say_so_and_take_a_part_of_the_space(runs: Path, tmp_path: Path) -> None:
    whole, bare = tmp_path / "whole.tar.xz", tmp_path / "bare.tar.xz"
    xlt_cli.write_archive("erm-*", whole)
    xlt_cli.write_archive("erm-*", bare, answers_only=True)
    assert bare.stat().st_size < whole.stat().st_size
    for file, says in ((whole, None), (bare, True)):
        with archive_file.as_folder(file) as folder:
            assert atomic.read_json(folder / "runs.json").get("answers_only") is says
            stored = {path.name for path in folder.rglob("*.parquet")}
        with xlt_cli.open_archive(file) as runs_dir:
            rows = list(xlt_cli.open_run("erm-s1", runs_dir=runs_dir).predictions())
        assert stored == {"en.parquet", "de.parquet"}
        assert {row.get("probabilities") for row in rows} == {None if says else (0.25, 0.75)}


def unpacked(runs: Path, tmp_path: Path, answers_only: bool = False) -> Path:
    xlt_cli.write_archive("erm-*", tmp_path / "good.tar.xz", answers_only=answers_only)
    folder = tmp_path / "folder"
    with archive_file.as_folder(tmp_path / "good.tar.xz") as found:
        shutil.copytree(found, folder)
    return folder


def rewritten(change: Callable[[dict[str, Any]], object]) -> Change:
    """Changes runs.json, and has the list of files agree with it."""

    def apply(folder: Path) -> None:
        contents = atomic.read_json(folder / "runs.json")
        change(contents)
        shutil.move(folder, folder.with_name("old"))
        with atomic.new_directory(folder) as made:
            shutil.copytree(folder.with_name("old"), made, dirs_exist_ok=True)
            (made / atomic.MANIFEST).unlink()
            atomic.write_json(made / "runs.json", contents)

    return apply


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: (f / "runs/erm-s1/run.json").unlink(), "incomplete: runs/erm-s1/run.json is mi"),
        (lambda f: (f / "runs/erm-s1/spec.yaml").write_text("encoder: x"), "incomplete"),
        (lambda f: next(f.rglob("de.parquet")).write_bytes(b"PAR1"), "incomplete"),
        (lambda f: (f / "COMPLETE.json").unlink(), "list of files is missing"),
        (lambda f: (f / "runs.json").unlink(), "not an archive of runs"),
        (rewritten(lambda c: c.update(format=2)), "reads formats up to 1"),
        (rewritten(lambda c: c.update(format="x")), "reads formats up to 1"),
        (rewritten(lambda c: c.pop("runs")), "damaged"),
        (rewritten(lambda c: c["runs"].append("../erm-s1")), "damaged"),
        (rewritten(lambda c: c["runs"].append("..")), "damaged"),
        (rewritten(lambda c: c["runs"].append("smart-s1")), "damaged"),
        (rewritten(lambda c: c.update(systems={"A": ["other"]})), "damaged"),
        (rewritten(lambda c: c.update(systems=[1])), "damaged"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_what_is_no_whole_archive_is_refused(
    runs: Path, tmp_path: Path, change: Change, message: str, packed: bool
) -> None:
    path = unpacked(runs, tmp_path, answers_only=packed)
    change(path)
    if packed:
        archive_file.pack(path, tmp_path / "bad.tar.xz")
        path = tmp_path / "bad.tar.xz"
    with pytest.raises(DataError, match=message) as caught, xlt_cli.open_archive(path):
        pass
    assert str(path) in caught.value.where
    assert caught.value.hint


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_an_archive_that_is_cut_short_is_to_be_brought_back(
    runs: Path, tmp_path: Path, share: float
) -> None:
    xlt_cli.write_archive("erm-*", tmp_path / "erm.tar.xz", runs_dir=runs)
    whole = (tmp_path / "erm.tar.xz").read_bytes()
    path = tmp_path / "cut.tar.xz"
    path.write_bytes(whole[: max(6, int(share * len(whole)))])
    with pytest.raises(DataError, match="readable archive") as caught, xlt_cli.open_archive(path):
        pass
    assert "bring it back from a copy" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("archive", "erm-*", "-o", "spec.yaml"), "the name of an archive ends in .tar.xz"),
        (("archive", "none-*", "-o", "a.tar.xz"), "no run matches 'none-*'"),
        (("archive", "A=erm-*", "smart-*", "-o", "a.tar.xz"), "'smart-*' lacks a name"),
        (("archive", "erm-s1", "copy/erm-s1", "-o", "a.tar.xz"), "two runs are called 'erm-s1'"),
        (("table", "--from", "missing.tar.xz"), "there is no such archive"),
        (("table", "--from", "text.tar.xz"), "not a readable archive"),
        (("table", "--from", "outside.tar.xz"), "points outside of the archive"),
        (("table", "--from", "erm.tar.xz", "--runs-dir", "runs"), "contradict each other"),
        (("table", "smart-s1", "--from", "erm.tar.xz"), "the archive has no run 'smart-s1'"),
        (("table", "erm", "--from", "erm.tar.xz"), "several runs of the archive begin with 'erm'"),
        (("table",), "there are no runs to read"),
        (("compare",), "there are no runs to read"),
        (("compare", "--from", "erm.tar.xz"), "without the names of their systems"),
        (("runs", "--from", "erm.tar.xz", "rm", "erm-s1"), "the runs of an archive are only list"),
        (("reproduce", "robust-xlt", "--from", "erm.tar.xz"), "not an archive of a reproduction"),
    ],
)
def test_mistakes_are_explained(
    runs: Path, tmp_path: Path, xlt: Any, arguments: tuple[str, ...], message: str
) -> None:
    shutil.copytree(runs / "erm-s1", tmp_path / "copy" / "erm-s1")
    xlt_cli.write_archive("erm-*", "erm.tar.xz")
    Path("text.tar.xz").write_text("nothing")
    with tarfile.open("outside.tar.xz", "w:xz") as tar:
        tar.addfile(tarfile.TarInfo("../outside"))
    before = run_files(tmp_path)
    result = xlt(*arguments)
    assert result.exit_code == 2, result.output
    assert message in result.output
    assert "Traceback" not in result.output
    assert run_files(tmp_path) == before


def test_a_run_at_which_a_process_works_is_refused(runs: Path) -> None:
    with Run(runs / "erm-s1").locked(), pytest.raises(UserError, match="a process is working"):
        xlt_cli.write_archive("erm-s1", "a.tar.xz")


def test_an_archive_that_nobody_could_read_is_not_written(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_file, "MOST", 5)
    with pytest.raises(DataError, match="too large") as caught:
        xlt_cli.write_archive("erm-*", "a.tar.xz")
    assert "fewer runs" in caught.value.hint
    assert not Path("a.tar.xz").exists()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("model: /home/me/models/mine", "model: .../models/mine"),
        ("read '/data/x y'", "read '.../data/x y'"),
        ("see https://hub.org/a/b/c and a/b/c", "see https://hub.org/a/b/c and a/b/c"),
        ("a=/tmp/a/b/c.tsv, /tmp", "a=.../b/c.tsv, /tmp"),
        (".../a/b", ".../a/b"),
        ("he/she 1/2", "he/she 1/2"),
    ],
)
def test_paths_within_texts_keep_their_end(text: str, expected: str) -> None:
    assert bare_text(text) == expected
