"""Finished runs whose results are given without loading data, weights or torch.

When a run is found to be done, the results that were given, and the states of all files that they
depend on, are written to the user's cache: those of the run's directory, the files of its tasks,
lists of ids, and the code. As long as nothing of this has changed, the same results are given
again. Otherwise, and where a task does not know its files, the run is looked at as a whole.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from xlt_cli import registry
from xlt_cli.api import Plugin, PluginUse, Task
from xlt_cli.data import entry_files
from xlt_cli.data.entry_files import EntryFiles, size_limit
from xlt_cli.errors import UserError
from xlt_cli.launch.jobs import PlannedRun
from xlt_cli.runs import atomic, file_states, packing, pruned
from xlt_cli.runs.directory import Run
from xlt_cli.runs.file_states import States
from xlt_cli.runs.making import planned
from xlt_cli.spec import ExperimentSpec
from xlt_cli.spec.building import build_condition, build_task
from xlt_cli.user_cache import user_cache
from xlt_cli.version import __version__

FORMAT = 2
FOLDER = "finished"
SUFFIX = ".json"

MOST_FILES = 5_000
"""Of a task, above which looking at all of them is not worth it."""

_PASSING = frozenset({"lock", "holder.json", "output.log"})
"""Files of a run's directory that say who works on it."""

_INSTALLED = frozenset({"site-packages", "dist-packages"})
"""What the folders of installed packages are called."""


def stored() -> list[Path]:
    """The files of all entries."""
    return entry_files.stored(user_cache() / FOLDER, SUFFIX)


@dataclass
class FinishedRuns:
    """What is known of finished runs; files are looked at once for all runs of a command."""

    root: Path
    _files: dict[str, list[Path] | None] = field(default_factory=dict)
    _hashes: dict[str, dict[str, str]] = field(default_factory=dict)

    def read(self, job: PlannedRun) -> tuple[Run, list[dict[str, Any]]] | None:
        """A run that was found done before and has not changed since, and its results.

        None where it has to be looked at.
        """
        if self._entries is None or not _may_be_known(job.spec):
            return None
        run = planned(self.root, job.spec, job.seed)
        try:
            made_of = self._made_of(run, job.spec)
            if made_of is None:
                return None
            files, about = made_of
            name = _name(run, job, about)
            content = self._entries.read(name)
            known = _parse(content, name) if content is not None else None
            if known is None:
                return None
            states, results = known
            look = file_states.compared([*files, *_own(run)], states)
            if not look.same or run.state != "done":
                return None
            if not look.settled:
                self._write(name, file_states.stated(map(Path, states)), results)
        except (OSError, UserError):  # looking at the run says what is wrong
            return None
        self._entries.used(name)
        return run, results

    @contextlib.contextmanager
    def looking_at(self, job: PlannedRun, run: Run) -> Iterator[list[list[dict[str, Any]]]]:
        """Keeps the results that the block puts into the list, if the run is done then."""
        given: list[list[dict[str, Any]]] = []
        before = None
        if self._entries is not None and _may_be_known(job.spec):
            with contextlib.suppress(OSError, UserError):
                before = self._inputs(run, job.spec)
        yield given
        if before is None or not given or run.state != "done":
            return
        with contextlib.suppress(OSError, UserError, ValueError):
            made_of = self._made_of(run, job.spec)
            if made_of is None or self._inputs(run, job.spec) != before:
                return
            files, about = made_of
            states = file_states.stated([*files, *_own(run)])
            self._write(_name(run, job, about), states, given[0])

    def _inputs(self, run: Run, spec: ExperimentSpec) -> States | None:
        """The states of the files that are read."""
        files = self._read_by(spec)
        return None if files is None else file_states.stated(files)

    def _made_of(self, run: Run, spec: ExperimentSpec) -> tuple[list[Path], Any] | None:
        """The files that a run's results are made of besides its own, and what else they depend on.

        None if they are not known, or the run is not as its spec says.
        """
        record = run.record
        if _of_one_run(record.get("spec", {})) != _stated(spec) or not _is_kept(run, spec):
            return None
        files = self._read_by(spec)
        plugins = [registry.get(one["kind"], one["name"]) for one in record["plugins"]]
        if files is None:
            return None
        conditions = [use for evaluation in spec.evaluations for use in evaluation.under]
        about = {
            "plugins": [
                [one["kind"], one["name"], plugin.__module__, plugin.__qualname__, plugin.version]
                for one, plugin in zip(record["plugins"], plugins, strict=True)
            ],
            "conditions": [self._hashes_of(use) for use in conditions],
            "code": _code({"xlt_cli", *(plugin.__module__ for plugin in plugins)}),
        }
        return files, about

    def _read_by(self, spec: ExperimentSpec) -> list[Path] | None:
        """The files of all tasks, and the lists of ids; None if a task does not know its own."""
        files: dict[Path, None] = {}
        for use in _tasks(spec):
            key = use.model_dump_json()
            if key not in self._files:
                self._files[key] = _files_of(build_task(use))
            of_task = self._files[key]
            if of_task is None:
                return None
            files |= dict.fromkeys(of_task)
        for stage in spec.stages:
            files |= {Path(each.ids): None for each in stage.exclude if each.ids is not None}
        return list(files)

    def _hashes_of(self, use: PluginUse) -> dict[str, str]:
        """The hashes of the data that a condition works with."""
        key = use.model_dump_json()
        if key not in self._hashes:
            condition = build_condition(use)
            condition.fetch()
            self._hashes[key] = condition.fingerprint()
        return self._hashes[key]

    @cached_property
    def _entries(self) -> EntryFiles | None:
        limit = size_limit()
        if limit == 0 or os.environ.get("WORLD_SIZE", "1") != "1":
            return None
        with contextlib.suppress(UserError):  # there is no place for it
            return EntryFiles(user_cache() / FOLDER, SUFFIX, "", limit)
        return None

    def _write(self, name: str, states: States, results: list[dict[str, Any]]) -> None:
        body = json.dumps({"files": states, "results": results}).encode()
        if json.dumps(json.loads(body)["results"]) != json.dumps(results):
            return  # they have what JSON has not
        head = {"xlt": "finished", "format": FORMAT, "name": name, "sha256": _sha256(body)}
        if self._entries is not None:
            self._entries.write(name, json.dumps(head).encode() + b"\n" + body)


def _parse(content: bytes, name: str) -> tuple[States, list[dict[str, Any]]] | None:
    """States and results of an entry; None where it is not a whole one of that name."""
    first, _, body = content.partition(b"\n")
    try:
        head = json.loads(first)
        if (head["format"], head["name"], head["sha256"]) != (FORMAT, name, _sha256(body)):
            return None
        value = json.loads(body)
    except (ValueError, LookupError, TypeError):
        return None
    return {path: tuple(stated) for path, stated in value["files"].items()}, value["results"]


def _name(run: Run, job: PlannedRun, about: Any) -> str:
    content = [FORMAT, __version__, sys.version, str(run.path.absolute())]
    content += [_stated(job.spec), job.seed, about]
    return _sha256(json.dumps(content, sort_keys=True).encode("utf-8", "surrogatepass"))


def _stated(spec: ExperimentSpec) -> dict[str, Any]:
    """What a spec says of one run."""
    return _of_one_run(spec.model_dump(mode="json"))


def _of_one_run(spec: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in spec.items() if name not in ("seeds", "sweep")}


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _may_be_known(spec: ExperimentSpec) -> bool:
    """Whether it is not a GPU of which the user has to be told that it is not there."""
    return spec.device in ("auto", "cpu")


def _is_kept(run: Run, spec: ExperimentSpec) -> bool:
    """Whether nothing is left to be removed, packed or unpacked of what a run's spec keeps."""
    if packing.packed(run) if spec.keep == "unpacked" else packing.unpacked(run):
        return False
    stages = pruned.stages(run)[: len(spec.stages) - (spec.keep == "model")]
    return spec.keep in packing.KEEP_ALL or not pruned.freeable(run, stages)


def _own(run: Run) -> list[Path]:
    """The files of a run's directory; half-written ones are to be tidied up."""
    files = list(file_states.below(run.path.absolute(), _PASSING))
    if atomic.partials(run.path):
        raise OSError("there are half-written files")
    return files


def _tasks(spec: ExperimentSpec) -> Iterator[PluginUse]:
    for stage in spec.stages:
        yield stage.task
        yield from (rows.task for rows in stage.also)
        yield from (rows.task for rows in stage.exclude if rows.task is not None)
    for evaluation in spec.evaluations:
        if evaluation.task is not None:
            yield evaluation.task


def _files_of(task: Task) -> list[Path] | None:
    """The files of a task, if it knows all of them."""
    if not _speaks_for_all(type(task).__mro__[1]):  # the first is xlt's, which checks the calls
        return None
    files = task.files()
    if files is None or len(files) > MOST_FILES:
        return None
    return [path.absolute() for path in files]


def _speaks_for_all(plugin: type[Plugin]) -> bool:
    """Whether the author of a class has stated its files: whoever derives from somebody else's
    class may read others."""
    stating = next(base for base in plugin.__mro__ if "files" in vars(base))
    return _package(stating.__module__) == _package(plugin.__module__)


def _package(module: str) -> str:
    return module.partition(".")[0]


def _code(modules: Iterable[str]) -> list[Any]:
    """What tells the installed code from any other: the folders of packages, whose times change
    with each installation, and the files of packages that are developed."""
    folders = [path for path in map(Path, sys.path) if path.name in _INSTALLED and path.is_dir()]
    installed = [[str(path), path.stat().st_mtime_ns] for path in folders]
    return [installed, [_developed(name) for name in sorted(set(map(_package, modules)))]]


_seen: dict[str, str] = {}


def _developed(package: str) -> str:
    """A hash of the states of a package's files, if it is not installed in the usual place."""
    file = Path(getattr(sys.modules.get(package), "__file__", None) or "")
    if not file.name or _INSTALLED & set(file.parts):
        return ""
    if package not in _seen:
        folder = file.parent
        files = file_states.below(folder, frozenset({"__pycache__"}))
        chosen = sorted(files) if file.name == "__init__.py" else [file]
        states = [[str(path), file_states.state_of(path)] for path in chosen]
        _seen[package] = _sha256(json.dumps(states).encode())
    return _seen[package]
