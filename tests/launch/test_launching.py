"""Runs made by a launcher: what it is given, what it may tell, and what becomes of the jobs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from xlt_cli.api import (
    Event,
    Failed,
    Finished,
    Hint,
    Job,
    Launcher,
    Manifest,
    Memory,
    Retried,
    Said,
    Started,
    Stopping,
    Waiting,
)
from xlt_cli.commands.options import jobs_at_once
from xlt_cli.console.progress import Reporter
from xlt_cli.errors import PluginError, PluginFailure, SpecError, UserError
from xlt_cli.launch import launching, local, memory
from xlt_cli.launch.choice import launcher as chosen
from xlt_cli.launch.jobs import Outcome, PlannedRun
from xlt_cli.launch.launching import run_jobs
from xlt_cli.launch.upcoming import Upcoming
from xlt_cli.registry.guard import make
from xlt_cli.reports.selection import Selected
from xlt_cli.runs import atomic
from xlt_cli.spec.resolution import resolve
from xlt_cli.spec.source import Source
from xlt_cli.spec.yaml_lines import parse

TEXT = "encoder: mbert\ndevice: cpu\nstages:\n  - task: pawsx\n"
Tell = Callable[[Event], None]


def jobs(count: int) -> list[PlannedRun]:
    spec = resolve(Source(parse(TEXT, Path("spec.yaml")), TEXT)).spec
    return [PlannedRun(spec, seed, TEXT, [], "base") for seed in range(count)]


def launcher(do: Callable[[Manifest, Tell], Any], here: bool = False) -> Launcher:
    """A launcher that does this."""

    class Made(Launcher):
        api_version = 1
        name = "made"
        summary = "of a test"
        on_this_machine = here

        def launch(self, manifest: Manifest, tell: Tell) -> None:
            do(manifest, tell)

    made: Launcher = make(Made, Made.Params())
    return made


def answer(job: Job, error: str = "", **more: Any) -> None:
    """Leaves what the process of a job would leave."""
    content = {"error": error, "out_of_memory": False, "results": [{"of": job.number}], **more}
    atomic.write_json(job.answer, content)


def quiet() -> Reporter:
    return Reporter(quiet=True)


def test_a_launcher_gets_jobs_that_say_all_that_is_known(tmp_path: Path) -> None:
    seen: list[Manifest] = []

    def look(manifest: Manifest, tell: Tell) -> None:
        seen.append(manifest)
        assert manifest.path.is_file()
        for job in manifest.jobs:
            assert job.ended(7).error == "its process ended with code 7"
            assert job.ended(-9).out_of_memory
            assert not job.ended(-9).peak.ram
            assert job.ended(-15).error == "its process was ended by SIGTERM"
            assert job.ended(-250).error == "its process ended with code -250"
            assert job.ended(130).error == "interrupted"
            assert job.use() is None
            answer(job, peak={"ram": 3, "gpu": 0})
            assert job.ended(0).peak == Memory(3)

    planned = jobs(2)
    memory.write(tmp_path / "before", "cpu", memory.shape(planned[0].spec), Memory(5))
    outcomes = run_jobs(planned, tmp_path, quiet(), True, launcher=launcher(look))
    (manifest,) = seen
    assert (manifest.runs, manifest.keep_going) == (tmp_path, True)
    first, second = manifest.jobs
    assert (first.number, first.seed, first.label, first.device) == (1, 0, "base", "cpu")
    assert first.command[3:6] == ("xlt_cli", "run", str(manifest.path))
    assert first.command[6] == first.id
    assert first.memory == {"cpu": Memory(5)}
    assert first.directory == tmp_path / first.id
    assert first.shape == second.shape
    assert [outcome.results for outcome in outcomes] == [[{"of": 1}], [{"of": 2}]]
    assert not (tmp_path / launching.FOLDER).exists()


def test_what_becomes_of_jobs_is_told_by_their_answers_and_by_failures(tmp_path: Path) -> None:
    def work(manifest: Manifest, tell: Tell) -> None:
        done, failed, _silent, lost = manifest.jobs
        answer(done)
        answer(failed, "no data")
        tell(Failed(lost, "the node went away"))

    def errors(keep_going: bool) -> list[str]:
        outcomes = run_jobs(jobs(4), tmp_path, quiet(), keep_going, launcher=launcher(work))
        return [outcome.error for outcome in outcomes]

    assert errors(True) == ["", "no data", "the launcher did not run it", "the node went away"]
    assert errors(False) == ["", "no data", "the node went away"]


def test_the_store_hears_of_runs_that_are_done_and_of_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[PlannedRun] = []
    monkeypatch.setattr(Upcoming, "ended", lambda _, job: ended.append(job))

    def work(manifest: Manifest, tell: Tell) -> None:
        done, failed, stopped = manifest.jobs
        answer(done)
        tell(Finished(done, 1.0))
        tell(Failed(failed, "broken"))
        answer(stopped, stopped=True)
        tell(Finished(stopped, 1.0))

    planned = jobs(3)
    run_jobs(planned, tmp_path, quiet(), True, launcher=launcher(work))
    assert ended == planned[:1]


def test_events_are_lines_of_the_screen_and_of_the_ledger(tmp_path: Path) -> None:
    def work(manifest: Manifest, tell: Tell) -> None:
        first, second = manifest.jobs
        second.log.parent.mkdir()
        second.log.touch()
        tell(Started(first, about={"pid": 7}))
        tell(Waiting(second, "there is no room"))
        tell(Said(first, "step 3"))
        tell(Retried(first, "too large", True, 2.0, Memory(4)))
        tell(Started(first, "again, alone"))
        tell(Finished(first, 3.2, Memory(5)))
        tell(Failed(second, "broken", out_of_memory=True))
        tell(Hint("the queue is slow today"))
        tell(Stopping((first, second)))
        answer(first)

    with (tmp_path / "screen").open("w") as screen:
        console = Console(width=200, record=True, file=screen)
        run_jobs(jobs(2), tmp_path, Reporter(console=console), True, launcher=launcher(work))
    names = sorted(path.name for path in tmp_path.glob("spec-*"))
    lines = console.export_text().splitlines()
    (ledger,) = tmp_path.glob(".ledger/spec/*.jsonl")
    events = [json.loads(line) for line in ledger.read_text("utf-8").splitlines()]
    first = events[0]["run"]
    assert lines[:6] == [
        f"[1/2] base seed 0 -> {tmp_path / first}",
        "[2/2] base seed 1 waits: there is no room",
        f"[1/2] {first}: step 3",
        f"note: {first} ran out of memory and will be continued later: too large",
        f"[1/2] base seed 0 -> {tmp_path / first} (again, alone)",
        f"[1/2] {first}: done, 3 s",
    ]
    (second,) = names
    assert f"note: {second} failed: broken" in lines
    assert f"  {memory.REMEDY}" in lines
    assert f"  its output: {tmp_path / second / 'output.log'}" in lines
    assert "note: the queue is slow today" in lines
    assert "interrupting 2 runs ..." in lines
    assert [event["event"] for event in events] == [
        "started", "waits", "said", "out of memory", "started", "done", "failed",
    ]  # fmt: skip
    assert (events[0]["pid"], events[0]["point"], events[0]["seed"]) == (7, "base", 0)
    assert events[1]["reason"] == "there is no room"
    assert not {"ram", "seconds"} & set(events[6])  # not known
    assert events[6]["out_of_memory"]
    assert (events[3]["ram"], events[3]["seconds"], events[3]["error"]) == (4, 2.0, "too large")


def test_a_fault_of_a_launcher_names_it_and_leaves_no_manifest(tmp_path: Path) -> None:
    def fail(manifest: Manifest, tell: Tell) -> None:
        raise LookupError("no queue")

    def babble(manifest: Manifest, tell: Tell) -> None:
        tell("started")  # type: ignore[arg-type]

    with pytest.raises(PluginFailure, match=r"launcher 'made' failed in launch.*no queue at "):
        run_jobs(jobs(1), tmp_path, quiet(), True, launcher=launcher(fail))
    with pytest.raises(PluginError, match="expected an event of"):
        run_jobs(jobs(1), tmp_path, quiet(), True, launcher=launcher(babble))
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_reaches_the_launcher_and_ends_the_command(tmp_path: Path) -> None:
    stopped = []

    def interrupted(manifest: Manifest, tell: Tell) -> None:
        try:
            raise KeyboardInterrupt
        finally:
            stopped.append(True)

    with pytest.raises(KeyboardInterrupt):
        run_jobs(jobs(1), tmp_path, quiet(), True, launcher=launcher(interrupted))
    assert stopped == [True]
    assert list(tmp_path.iterdir()) == []


def test_without_a_launcher_jobs_run_in_this_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[Any, ...]] = []

    def here(*arguments: Any) -> list[Outcome]:
        seen.append(arguments)
        return []

    monkeypatch.setattr(local, "run_sweep", here)
    reporter, wanted = quiet(), jobs(3)
    assert run_jobs(wanted, tmp_path, reporter, False, True) == []
    assert run_jobs([], tmp_path, reporter, False, True, launcher(lambda *_: 0)) == []
    assert [arguments[:-2] for arguments in seen] == [
        (wanted, tmp_path, reporter, False, True),
        ([], tmp_path, reporter, False, True),
    ]


def test_several_processes_for_one_run_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(UserError, match="exclude each other"):
        run_jobs(jobs(2), tmp_path, quiet(), True, launcher=chosen(None, 2))
    assert list(tmp_path.iterdir()) == []


def test_a_device_that_is_not_there_is_refused_before_any_run_is_made(tmp_path: Path) -> None:
    spec = jobs(1)[0].spec.model_copy(update={"device": "tpu"})
    wanted = [PlannedRun(spec, seed, TEXT, []) for seed in range(2)]
    with pytest.raises(UserError, match="unknown device 'tpu'"):
        run_jobs(wanted, tmp_path, quiet(), True, launcher=chosen(None, 2))
    assert list(tmp_path.iterdir()) == []


def test_devices_of_other_machines_are_not_looked_for_here(tmp_path: Path) -> None:
    spec = jobs(1)[0].spec.model_copy(update={"device": "cuda", "precision": "bf16"})
    away = launcher(lambda manifest, tell: answer(manifest.jobs[0]))
    (outcome,) = run_jobs([PlannedRun(spec, 1, TEXT, [])], tmp_path, quiet(), True, launcher=away)
    assert outcome.error == ""


@pytest.mark.parametrize(
    ("written", "number", "params"),
    [
        (None, 4, {"jobs": 4}),
        (None, None, {"jobs": "auto"}),
        ("processes", 1, {"jobs": "auto"}),
        ("processes", 3, {"jobs": 3}),
        ("{name: processes, jobs: 2}", 1, {"jobs": 2}),
    ],
)
def test_the_command_line_chooses(written: str | None, number: int, params: Any) -> None:
    made = chosen(written, number)
    assert made is not None
    assert made.name == "processes"
    assert made.params.model_dump() == params


def test_one_job_at_a_time_needs_no_launcher() -> None:
    assert chosen(None, 1) is None
    assert chosen("local", 1) is None


@pytest.mark.parametrize(
    ("written", "number", "what"),
    [
        ("proceses", 1, "unknown launcher 'proceses'"),
        ("{name: processes, jobs: 0}", 1, "jobs"),
        ("{name: processes, job: 2}", 1, "unknown parameter 'job'"),
        ("{name: processes, jobs: 2}", 3, "given twice"),
        ("{jobs: 2}", 1, "a launcher is a name"),
        ("[processes]", 1, "a launcher is a name"),
        ("local", 2, "runs one job at a time"),
        ("{name: local, jobs: 2}", 1, "runs one job at a time"),
    ],
)
def test_a_choice_that_is_none_is_refused(written: str, number: int, what: str) -> None:
    with pytest.raises((SpecError, PluginError), match=what) as caught:
        chosen(written, number)
    assert "--" in caught.value.where


@pytest.mark.parametrize(("text", "number"), [("1", 1), ("12", 12), ("auto", None)])
def test_jobs_are_a_number_or_auto(text: str, number: int | None) -> None:
    assert jobs_at_once(text) == number


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "", "many", "²", "1_0"])
def test_other_words_for_jobs_are_refused(text: str) -> None:
    with pytest.raises(UserError, match="1 or more, or 'auto'"):
        jobs_at_once(text)


@pytest.mark.parametrize(
    ("scores", "lower", "best"),
    [([0.5, 0.75], False, "dev 75.0 (base seed 1)"), ([0.5, 0.75], True, "dev 50.0 (base seed 0)")],
)
def test_the_best_run_so_far_has_the_best_score_on_dev(
    scores: list[float], lower: bool, best: str
) -> None:
    ended = [
        (
            job,
            Selected("pawsx", "dev", ["en"], "accuracy", score, 1, 2, False, lower_is_better=lower),
        )
        for job, score in zip(jobs(2), scores, strict=True)
    ]
    assert launching._best(ended) == best
    other = Selected("xnli", "dev", ["en"], "accuracy", 0.9, 1, 2, False)
    assert launching._best([*ended, (jobs(1)[0], other)]) == ""
    assert launching._best([]) == ""
