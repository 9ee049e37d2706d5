"""The manifest of a sweep: a file with its runs in order, each of which `xlt run` can make.

It holds all that a run needs (the resolved spec, the seed, the name of the run's directory) and
what all of them share (the runs directory, the working directory, options, the place of the data).
How far the runs are is not written into it: their directories and the ledger tell.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Sequence, Set
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from xlt_cli.compute.devices import resolve_precision
from xlt_cli.errors import DamagedFile, RunError, SpecError, did_you_mean
from xlt_cli.launch.jobs import PlannedRun
from xlt_cli.runs import atomic
from xlt_cli.runs.directory import Run
from xlt_cli.runs.making import planned
from xlt_cli.runs.plugins import plugins_of, remember
from xlt_cli.spec import ExperimentSpec

FORMAT = 1
ENVIRONMENT = ("XLT_DATA_DIR",)
"""Variables that say where data are; kept, and used where they are not set."""
AGAIN = "write it again with `xlt plan SPEC -o FILE`"


class Entry(BaseModel):
    """A job as it stands in the file.

    Attributes:
        spec: the fields of its spec that differ from those of other jobs.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    run: str
    seed: int
    label: str
    precision: str
    overrides: list[str]
    text: int
    spec: dict[str, Any]
    plugins: list[dict[str, str]]


class Manifest(BaseModel):
    """The content of the file.

    Attributes:
        shared: the fields in which the specs of all jobs agree. Written once, the file grows with
            the number of points, and not with its square (each spec has the whole sweep).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int
    created: str
    command: list[str]
    directory: Path
    runs: Path
    plain: bool
    offline: bool
    environment: dict[str, str]
    texts: list[str]
    shared: dict[str, Any] = {}
    jobs: list[Entry]

    def entry(self, wanted: str) -> tuple[int, Entry]:
        """A job by its number, counted from 1, or by its id.

        Raises:
            RunError: there is no such job.
        """
        if wanted.isascii() and wanted.isdecimal() and 0 < int(wanted) <= len(self.jobs):
            return int(wanted), self.jobs[int(wanted) - 1]
        for number, entry in enumerate(self.jobs, start=1):
            if entry.id == wanted:
                return number, entry
        hint = did_you_mean(wanted, [entry.id for entry in self.jobs])
        raise RunError(
            f"the manifest has no job '{wanted}'", f"jobs 1 to {len(self.jobs)}", hint[:500]
        )

    def planned(self, entry: Entry) -> PlannedRun:
        """The run that a job makes.

        Raises:
            DamagedFile: its spec is not one that this version reads.
        """
        remember({"plugins": entry.plugins})
        try:
            spec = ExperimentSpec.model_validate({**self.shared, **entry.spec})
            text = self.texts[entry.text]
        except (ValidationError, IndexError) as error:
            raise DamagedFile(
                f"the spec of job '{entry.id}' cannot be read: {_first_fault(error)}", "", AGAIN
            ) from None
        return PlannedRun(spec, entry.seed, text, entry.overrides, entry.label)


def write(
    path: Path, jobs: Sequence[PlannedRun], root: Path, *, plain: bool, offline: bool
) -> Manifest:
    """Writes the manifest of planned runs, and makes the runs directory.

    Raises:
        RunError: the runs directory cannot be made.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"cannot create the runs directory: {error.strerror}", str(root)) from None
    texts = list(dict.fromkeys(job.text for job in jobs))
    specs = _Dumped()
    shared = _shared([specs.of(job.spec) for job in jobs])
    counts: Counter[str] = Counter()
    entries = []
    for job in jobs:
        name = planned(root, job.spec, job.seed).name
        counts[name] += 1
        entries.append(
            Entry(
                # Points that differ in their evaluations alone are one run.
                id=name if counts[name] == 1 else f"{name}.{counts[name]}",
                run=name,
                seed=job.seed,
                label=job.label,
                precision=resolve_precision(job.spec.device, job.spec.precision),
                overrides=job.overrides,
                text=texts.index(job.text),
                spec={k: v for k, v in specs.of(job.spec).items() if k not in shared},
                plugins=plugins_of(job.spec),
            )
        )
    manifest = Manifest(
        format=FORMAT,
        created=datetime.now(UTC).isoformat(timespec="milliseconds"),
        command=sys.argv,
        directory=Path.cwd(),
        runs=root.absolute(),
        plain=plain,
        offline=offline,
        environment={name: os.environ[name] for name in ENVIRONMENT if os.environ.get(name)},
        texts=texts,
        shared=shared,
        jobs=entries,
    )
    atomic.write_json(path, manifest.model_dump(mode="json"), sealed=True)
    return manifest


class _Dumped:
    """Specs as JSON values; the seeds of a point have the same spec."""

    def __init__(self) -> None:
        self._made: dict[int, tuple[ExperimentSpec, dict[str, Any]]] = {}

    def of(self, spec: ExperimentSpec) -> dict[str, Any]:
        """The fields of a spec."""
        if id(spec) not in self._made:
            self._made[id(spec)] = (spec, spec.model_dump(mode="json"))
        return self._made[id(spec)][1]


def _shared(specs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The fields that all specs have with the same value."""
    if len(specs) < 2:
        return {}
    first = specs[0]
    return {
        name: value
        for name, value in first.items()
        if all(name in other and other[name] == value for other in specs[1:])
    }


def read(path: Path) -> Manifest:
    """Reads a manifest.

    Raises:
        RunError: there is none, or the file is something else.
        DamagedFile: it has other content than was written, or is of another version.
    """
    try:
        text = path.read_text("utf-8") if path.exists() else None
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f"cannot read the manifest: {error}", str(path)) from None
    if text is None:
        raise RunError("there is no such manifest", str(path), AGAIN)
    if not text.lstrip().startswith("{"):
        raise RunError("not a manifest", str(path), "`xlt plan SPEC -o FILE` writes a manifest")
    try:
        content = atomic.read_json(path)
    except DamagedFile as error:
        raise DamagedFile(error.what, str(path), AGAIN) from None
    if not isinstance(content.get("jobs"), list) or "format" not in content:
        raise RunError("not a manifest: it has no jobs", str(path), AGAIN)
    if content["format"] != FORMAT:
        raise DamagedFile(
            f"the manifest is of format {content['format']}, and this xlt reads format {FORMAT}",
            str(path),
            f"use the version of xlt that wrote it, or {AGAIN}",
        )
    if atomic.CHECKSUM not in json.loads(text):
        raise DamagedFile("the manifest has no checksum", str(path), AGAIN)
    try:
        return Manifest.model_validate(content)
    except ValidationError as error:
        raise DamagedFile(
            f"the manifest cannot be read: {_first_fault(error)}", str(path), AGAIN
        ) from None


def check_place(path: Path) -> None:
    """Refuses to replace a file that is no manifest.

    Raises:
        SpecError: it is something else, a spec for instance.
    """
    if not path.is_file() or path.stat().st_size == 0:
        return
    try:
        read(path)
    except DamagedFile:
        return
    except RunError:
        raise SpecError(
            "the file exists but is not a manifest", str(path), "give the manifest another name"
        ) from None


def check_run(manifest: Manifest, entry: Entry, job: PlannedRun, root: Path) -> None:
    """Refuses what would be another run than the manifest names, or one that is elsewhere by now.

    Raises:
        RunError: the runs directory is gone, the run was moved within it, or this machine (or the
            plugins that are installed now) would make another run.
    """
    if not root.is_dir():
        raise RunError(
            "the runs directory of the manifest does not exist",
            str(root),
            "give its new place with --runs-dir, or create it",
        )
    precision = resolve_precision(job.spec.device, job.spec.precision)
    if precision != entry.precision:
        raise RunError(
            f"job '{entry.id}' was planned for {entry.precision}, and precision 'auto' is "
            f"{precision} on this machine",
            str(root / entry.run),
            "run it on a machine like the one that planned it, or plan it with "
            "`--set precision=...`",
        )
    run = planned(root, job.spec, job.seed)
    if run.name != entry.run:
        raise RunError(
            f"job '{entry.id}' would be a different run here, '{run.name}', because a plugin "
            "has changed since the manifest was written",
            str(root / entry.run),
            f"install the version that it was written with, or {AGAIN}",
        )
    if not (run.path / "run.json").exists():
        _check_not_renamed(run, entry, job, {each.run for each in manifest.jobs})


def _check_not_renamed(run: Run, entry: Entry, job: PlannedRun, known: Set[str]) -> None:
    """Refuses to train a run again whose directory only has another name.

    Args:
        known: names of runs of the manifest. Their directories need not be read: with thousands of
            jobs, each would read what all others have made.
    """
    key = entry.run.rpartition("-")[2]
    for name in sorted(set(os.listdir(run.path.parent)) - known):
        other = Run(run.path.parent / name)
        if not (other.path / "run.json").is_file():
            continue
        try:
            record = other.record
        except (RunError, ValueError):
            continue
        same = str(record.get("identity", "")).startswith(key)
        if same and (record.get("name"), record.get("seed")) == (str(job.spec.name), entry.seed):
            raise RunError(
                f"the run of job '{entry.id}' was moved to '{other.name}'",
                str(other.path),
                f"rename the directory to {entry.run}",
            )


def _first_fault(error: ValidationError | IndexError) -> str:
    if isinstance(error, IndexError):
        return "it has no text"
    single = error.errors(include_url=False)[0]
    return f"{'.'.join(map(str, single['loc']))}: {single['msg']}"
