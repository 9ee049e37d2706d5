"""Runs at once: what is decided before any process is started."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from xlt_cli.console.progress import Reporter
from xlt_cli.errors import UserError
from xlt_cli.spec_file import resolve
from xlt_cli.spec_source import Source
from xlt_cli.sweep import local
from xlt_cli.sweep.local import Job, Outcome
from xlt_cli.sweep.parallel import run_jobs
from xlt_cli.yaml_lines import parse

TEXT = "encoder: mbert\nstages:\n  - task: pawsx\n"


def jobs(count: int) -> list[Job]:
    spec = resolve(Source(parse(TEXT, Path("spec.yaml")), TEXT))
    return [Job(spec, seed, TEXT, []) for seed in range(count)]


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
    wanted = [Job(spec, seed, TEXT, []) for seed in range(2)]
    with pytest.raises(UserError, match="unknown device 'tpu'"):
        run_jobs(wanted, tmp_path, Reporter(quiet=True), True, at_once=2)
    assert list(tmp_path.iterdir()) == []
