"""Runs at once: what is decided before any process is started."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from xlt_cli.commands.options import jobs_at_once
from xlt_cli.console.progress import Reporter
from xlt_cli.errors import UserError
from xlt_cli.launch import local, parallel, room
from xlt_cli.launch.jobs import Outcome, PlannedRun
from xlt_cli.launch.parallel import run_jobs
from xlt_cli.spec.resolution import resolve
from xlt_cli.spec.source import Source
from xlt_cli.spec.yaml_lines import parse

TEXT = "encoder: mbert\nstages:\n  - task: pawsx\n"


def jobs(count: int) -> list[PlannedRun]:
    spec = resolve(Source(parse(TEXT, Path("spec.yaml")), TEXT))
    return [PlannedRun(spec, seed, TEXT, []) for seed in range(count)]


@pytest.mark.parametrize(("count", "at_once"), [(3, 1), (1, 4), (0, 2)])
def test_what_leaves_nothing_to_share_runs_in_this_process(
    count: int, at_once: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[Any, ...]] = []

    def here(*arguments: Any) -> list[Outcome]:
        seen.append(arguments)
        return []

    monkeypatch.setattr(local, "run_jobs", here)
    reporter, wanted = Reporter(quiet=True), jobs(count)
    assert run_jobs(wanted, tmp_path, reporter, False, True, at_once) == []
    assert seen == [(wanted, tmp_path, reporter, False, True)]


def test_several_processes_for_one_run_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(UserError, match="exclude each other"):
        run_jobs(jobs(2), tmp_path, Reporter(quiet=True), True, at_once=2)
    assert list(tmp_path.iterdir()) == []


def test_a_device_that_is_not_there_is_refused_before_any_run_is_made(tmp_path: Path) -> None:
    spec = resolve(Source(parse(TEXT, Path("spec.yaml")), TEXT)).model_copy(
        update={"device": "tpu"}
    )
    wanted = [PlannedRun(spec, seed, TEXT, []) for seed in range(2)]
    with pytest.raises(UserError, match="unknown device 'tpu'"):
        run_jobs(wanted, tmp_path, Reporter(quiet=True), True, at_once=2)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("gpus", "cores", "most"), [(["0"], 16, 16), ([], 16, 8), ([], 1, 1)])
def test_as_many_as_the_machine_can_feed(
    gpus: list[str], cores: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "visible_gpus", lambda environment: gpus)
    monkeypatch.setattr(parallel, "cores", lambda: cores)
    assert parallel.most_at_once() == most


@pytest.mark.parametrize(("text", "number"), [("1", 1), ("12", 12), ("auto", None)])
def test_jobs_are_a_number_or_auto(text: str, number: int | None) -> None:
    assert jobs_at_once(text) == number


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "", "many", "²", "1_0"])
def test_other_words_for_jobs_are_refused(text: str) -> None:
    with pytest.raises(UserError, match="1 or more, or 'auto'"):
        jobs_at_once(text)
