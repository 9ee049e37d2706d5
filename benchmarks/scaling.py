"""How xlt behaves with thousands of runs: planning, ledgers, and each launcher with trivial jobs.

    python benchmarks/scaling.py plan      [--jobs 10000]
    python benchmarks/scaling.py ledger    [--jobs 10000]
    python benchmarks/scaling.py launcher NAME [--jobs 10000] [--at-once 2]

`plan` plans a sweep of so many runs, and reads its manifest as each job does. `ledger` writes the
events of so many runs and reads them. `launcher` runs so many jobs that do nothing (a shell writes
an answer) through a launcher: processes, slurm-local (submitit's processes), slurm or ray. It
prints the time per job, and the files that there are at the end and at most. Everything happens in
a temporary folder.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from xlt_cli.api import Event, Failed, Finished, Job, Launcher, Manifest

SCRIPT = """printf '{"error": ""}' > "$0.new" && mv "$0.new" "$0" """


@contextlib.contextmanager
def timed(what: str, count: int) -> Iterator[None]:
    """Prints the time that something takes, and its share of each of several."""
    cpu = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    began = time.perf_counter()
    yield
    seconds = time.perf_counter() - began
    cpu = sum(resource.getrusage(resource.RUSAGE_SELF)[:2]) - cpu
    each = f"{1000 * seconds / count:.2f} ms each, {count / seconds:,.0f} per second"
    print(f"{what}: {seconds:.2f} s ({cpu:.2f} s of processor time), {each}", flush=True)


def plan(folder: Path, count: int) -> None:
    """A sweep of so many runs: ten seeds of each point."""
    from xlt_cli import Experiment
    from xlt_cli.launch import manifest
    from xlt_cli.launch.states import standings

    rates = [round(1e-5 + number * 1e-8, 8) for number in range(count // 10)]
    spec = {
        "encoder": "e5-small-q4",
        "stages": [{"task": "mini-pawsx"}],
        "evaluations": [{"languages": ["de"]}],
        "sweep": {"grid": {"stages.0.learning_rate": rates}},
        "seeds": list(range(1, 11)),
        "device": "cpu",
    }
    (folder / "many.yaml").write_text(yaml.safe_dump(spec), "utf-8")
    os.chdir(folder)
    path = Path("plan.json")
    with timed(f"planning and writing a manifest of {count:,} runs", count):
        Experiment.from_file(Path("many.yaml")).write_manifest(path)
    print(f"size of the manifest: {path.stat().st_size / 1e6:.1f} MB")
    with timed("reading it, as every job does", 1):
        read = manifest.read(path)
    jobs = [read.planned(entry) for entry in read.jobs]
    with timed("the states of all runs, none of them begun", count):
        standings(read.runs, jobs)


def ledger(folder: Path, count: int) -> None:
    """Two events of each of so many runs, by two writers in turn."""
    from xlt_cli.launch.ledger import Ledger, Writer

    writers = [Writer(folder), Writer(folder)]
    with timed(f"{2 * count:,} synced lines of a ledger", 2 * count):
        for number in range(count):
            about = {"run": f"many-s1-{number:08x}", "point": "base", "seed": 1, "job": number}
            for event in ("started", "done"):
                writers[number % 2].add("many", {"event": event, **about})
    with timed(f"reading the ledger of {count:,} runs", 1):
        read = Ledger.read(folder, "many")
        attempts = sum(read.attempts(f"many-s1-{number:08x}") for number in range(count))
    size = sum(path.stat().st_size for path in folder.rglob("*.jsonl"))
    print(f"attempts: {attempts:,}; files: 2; size: {size / 1e6:.1f} MB")


def made(name: str, at_once: int) -> Launcher:
    """A launcher."""
    if name == "processes":
        from xlt_launchers.processes import Processes

        return Processes(Processes.Params(jobs=at_once))
    if name == "ray":
        from xlt_launchers.ray import Ray

        return Ray(Ray.Params(cpus=1))
    from xlt_launchers.slurm import Slurm

    if name == "slurm-local":
        return Slurm(Slurm.Params(executor="local", jobs=at_once))
    return Slurm()


def launcher(folder: Path, name: str, count: int, at_once: int) -> None:
    """So many jobs that do nothing."""
    shared = {"shape": "trivial", "device": "cpu"}
    jobs = []
    for number in range(1, count + 1):
        answer, place = folder / "answers" / f"{number}.json", folder / "runs" / f"{number}"
        command = ("/bin/sh", "-c", SCRIPT, str(answer))
        log = place / "output.log"
        jobs.append(
            Job(number, f"job-{number}", "", 1, place, command, log, answer, **shared)  # type: ignore[arg-type]
        )
    (folder / "answers").mkdir()
    kinds: dict[type[Event], int] = {}
    most = 0

    def tell(event: Event) -> None:
        nonlocal most
        kinds[type(event)] = kinds.get(type(event), 0) + 1
        if isinstance(event, Finished) and kinds[Finished] % max(1, count // 20) == 0:
            most = max(most, _files(folder))

    manifest = Manifest(folder / "answers" / "manifest.json", folder / "runs", tuple(jobs))
    with timed(f"{count:,} jobs through {name}", count):
        made(name, at_once).launch(manifest, tell)
    said = ", ".join(f"{kind.__name__} {number:,}" for kind, number in kinds.items())
    print(f"events: {said}")
    print(f"files at the end: {_files(folder):,}; at most: {most:,}")
    if kinds.get(Failed) or kinds.get(Finished) != count:
        raise SystemExit("not all jobs are done")


def _files(folder: Path) -> int:
    return sum(len(files) for _, _, files in os.walk(folder))


def main(arguments: Any) -> None:
    print("$ python benchmarks/scaling.py", *sys.argv[1:])
    with tempfile.TemporaryDirectory(prefix="scaling-") as name:
        folder = Path(name)
        if arguments.what == "plan":
            plan(folder, arguments.jobs)
        elif arguments.what == "ledger":
            ledger(folder, arguments.jobs)
        else:
            launcher(folder, arguments.name, arguments.jobs, arguments.at_once)
        os.chdir(folder.parent)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["plan", "ledger", "launcher"])
    parser.add_argument("name", nargs="?", choices=["processes", "slurm-local", "slurm", "ray"])
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--at-once", type=int, default=2)
    main(parser.parse_args())
