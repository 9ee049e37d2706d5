"""Noise is the same from the cache, from other processes and drawn here; damage is made again."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from xlt_cli.api import Condition, Example, PluginUse, SequenceExample, TokenExample
from xlt_cli.noise import ahead as module
from xlt_cli.noise import naming
from xlt_cli.noise.ahead import Ahead
from xlt_cli.noise.drawing import Noisy, draw, prepared
from xlt_cli.noise.jobs import Job, perform
from xlt_cli.noise.kept import NoiseCache
from xlt_cli.noise.naming import name_of
from xlt_cli.problems import Problem, SequenceClassification, TokenLabelling
from xlt_cli.spec.building import build_condition
from xlt_perturbations.lexicon import read_neighbors

TASK = PluginUse(name="mini-pawsx")
PROBLEM = SequenceClassification(("0", "1"))
ABOUT = {"sha256": "00", "language": "xx"}


def use(**params: Any) -> PluginUse:
    given = {"name": "perturbed", "perturbation": {"name": "typos"}, "strength": 0.4, **params}
    return PluginUse.model_validate(given)


def made(problem: Problem = PROBLEM, **params: Any) -> Condition:
    return prepared(build_condition(use(**params)), problem)


def rows(count: int, language: str = "xx") -> list[Example]:
    texts = ("The big dog sees Anna in New York.", "Большая собака видела Анну \ud800 вчера.")
    return [
        SequenceExample(f"{n}", (f"{texts[0]} {n}", texts[1]), "01"[n % 2], (language,) * 2)
        for n in range(count)
    ]


@pytest.fixture
def cache(tmp_path: Path) -> NoiseCache:
    return NoiseCache(tmp_path / "noise")


def test_what_is_read_is_what_was_drawn(cache: NoiseCache) -> None:
    examples, condition = rows(30), made()
    noisy = draw(condition, examples)
    name = name_of(use(), condition, PROBLEM, ABOUT)
    assert cache.read(name, examples) is None
    assert cache.write(name, examples, noisy)
    assert cache.read(name, examples) == noisy
    assert cache.read(name, examples[:-1]) is None
    tagged: list[Example] = [
        TokenExample("1", ("Anna", "visits", "Königsberg"), ("B-PER", "O", "B-LOC"), ("de",))
    ]
    tags = TokenLabelling(("O", "B-PER", "B-LOC"))
    noisy = draw(made(tags), tagged)
    assert cache.write("a" * 64, tagged, noisy)
    assert cache.read("a" * 64, tagged) == noisy


@dataclass(frozen=True)
class Listed(SequenceExample):
    """A stranger's example, with a field that JSON gives back as another type."""

    extra: Any = ()


def test_what_does_not_come_back_is_not_kept(cache: NoiseCache) -> None:
    row = Listed("1", ("a", "b"), "1", ("xx", "xx"))
    for extra in ([1], {1: 2}, object(), {1}, b"x", float("nan")):
        noisy = Noisy([replace(row, extra=extra)], [()])
        assert not cache.write("b" * 64, [row], noisy), extra
        assert cache.read("b" * 64, [row]) is None
    assert cache.write("b" * 64, [row], Noisy([replace(row, extra=(1, ("x", None)))], [()]))


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "other", "garbage", "format"])
def test_a_damaged_entry_is_made_again(
    cache: NoiseCache, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    examples, condition = rows(20), made()
    right = Ahead(cache).rows("c" * 64, condition, examples)
    path = cache.folder / f"{'c' * 64}.noise"
    content = path.read_bytes()
    flipped = bytes([content[-5] ^ 1])
    damaged = {
        "cut": content[: len(content) // 2],
        "flip": content[:-5] + flipped + content[-4:],
        "empty": b"",
        "other": content.replace(b"cccc", b"dddd"),
        "garbage": b"\xff\n\n{",
        "format": content.replace(b'"format": 1', b'"format": 2'),
    }[damage]
    path.write_bytes(damaged)
    assert cache.read("c" * 64, examples) is None
    assert Ahead(cache).rows("c" * 64, condition, examples) == right
    assert path.read_bytes() == content


def test_a_name_is_of_all_that_noise_is_made_of(monkeypatch: pytest.MonkeyPatch) -> None:
    def name(problem: Problem = PROBLEM, about: Any = ABOUT, **params: Any) -> str:
        return name_of(use(**params), made(problem, **params), problem, about)

    names = [
        name(),
        name(strength=0.5),
        name(seed=1),
        name(perturbation={"name": "typos", "keep_ends": False}),
        name(perturbation={"name": "ocr"}),
        name(SequenceClassification(("0", "1", "2"))),
        name(about={**ABOUT, "language": "de"}),
        name(about={**ABOUT, "sha256": "01"}),
    ]
    assert len(set(names)) == len(names)
    assert name() == names[0]
    monkeypatch.setattr(naming, "_sources", lambda module: "other code")
    assert name() != names[0]
    monkeypatch.undo()
    monkeypatch.setattr(naming, "_environment", lambda: "other libraries")
    assert name() != names[0]


def test_a_name_follows_what_the_condition_works_with(tmp_path: Path) -> None:
    near = tmp_path / "near.json"
    names = []
    for neighbors in ('{"big": ["large"]}', '{"big": ["huge"]}'):
        near.write_text(neighbors, "utf-8")
        read_neighbors.cache_clear()  # it is read once by a process
        params = {"perturbation": {"name": "synonyms", "neighbors": str(near)}}
        names.append(name_of(use(**params), made(**params), PROBLEM, ABOUT))
    assert names[0] != names[1]


@pytest.fixture
def jobs() -> list[Job]:
    return [Job(f"{n}" * 64, use(seed=n), TASK, None, rows(40 + n, f"x{n}")) for n in range(1, 5)]


def expected(job: Job) -> Noisy:
    return draw(made(**job.condition.params), job.rows)


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> NoiseCache:
    """Processes are started for any number of rows, and find the cache."""
    monkeypatch.setattr(module, "WORTH", 1)
    monkeypatch.setattr(module, "cores", lambda: 3)
    monkeypatch.setenv("XLT_CACHE_DIR", str(tmp_path))
    cache = NoiseCache.of_user()
    assert cache is not None
    return cache


def test_other_processes_make_what_would_be_made_here(eager: NoiseCache, jobs: list[Job]) -> None:
    ahead = Ahead(eager)
    with ahead.working_on(jobs):
        for job in jobs:
            ahead._done[job.name].wait()
            assert eager.has(job.name), "the process has made it"
            condition = made(**job.condition.params)
            assert ahead.rows(job.name, condition, job.rows) == expected(job)
    names = sorted(path.name for path in eager.folder.iterdir())
    assert names == sorted(f"{job.name}.noise" for job in jobs)
    with Ahead(eager).working_on(jobs):  # a second model starts no process
        assert not Ahead(eager)._done


def test_rows_are_right_whatever_becomes_of_the_processes(
    eager: NoiseCache, jobs: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Any] = []
    original = module.subprocess.Popen

    def popen(*arguments: Any, **options: Any) -> Any:
        started.append(original(*arguments, **options))
        return started[-1]

    monkeypatch.setattr(module.subprocess, "Popen", popen)
    ahead = Ahead(eager)
    with ahead.working_on(jobs):
        for process in started:
            os.kill(process.pid, signal.SIGKILL)
        for job in jobs:
            assert ahead.rows(job.name, made(**job.condition.params), job.rows) == expected(job)
    assert len(started) == 2
    assert all(process.poll() is not None for process in started)


def test_processes_end_with_the_block(eager: NoiseCache, jobs: list[Job]) -> None:
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt), Ahead(eager).working_on(jobs):
        raise KeyboardInterrupt
    assert threading.active_count() == before


def test_a_process_that_cannot_start_is_no_error(
    eager: NoiseCache, jobs: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.sys, "executable", "/nowhere/python")
    ahead = Ahead(eager)
    with ahead.working_on(jobs):
        for job in jobs:
            assert ahead.rows(job.name, made(**job.condition.params), job.rows) == expected(job)


def test_without_a_cache_noise_is_drawn_here(
    jobs: list[Job], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XLT_CACHE_SIZE", "0")
    assert NoiseCache.of_user() is None
    ahead = Ahead(None)
    with ahead.working_on(jobs):
        assert ahead.rows("d" * 64, made(seed=1), jobs[0].rows) == expected(jobs[0])
    blocked = tmp_path / "file"
    blocked.write_text("")
    ahead = Ahead(NoiseCache(blocked))
    assert ahead.rows("d" * 64, made(seed=1), jobs[0].rows) == expected(jobs[0])


def test_an_error_of_a_condition_is_told_by_whoever_asked(
    eager: NoiseCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(Condition):
        def edit(self, example: Example, rng: random.Random) -> Example:
            raise ValueError("no such text")

    broken = Broken()
    broken.name = "broken"  # type: ignore[misc]
    with pytest.raises(ValueError, match="no such text"):
        Ahead(eager).rows("e" * 64, broken, rows(1))
    assert not eager.has("e" * 64)


def test_a_job_is_performed_as_the_runner_would(cache: NoiseCache, jobs: Sequence[Job]) -> None:
    assert perform(jobs[0], cache)
    assert cache.read(jobs[0].name, jobs[0].rows) == expected(jobs[0])
