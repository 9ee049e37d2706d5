"""Runs in one file, from which every table and report of them can be computed again.

runs.json        the format, the names of the runs, and the systems that they were given as;
                 `answers_only` if predictions lack probabilities (see `answers_only`)
runs/NAME/       a run's directory (see `directory`), without weights, checkpoints, and texts that
                 a search has changed; without paths and names of the machine
COMPLETE.json    sizes and checksums of these files

The file is a .tar.xz. The same runs give the same bytes.
"""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xlt_cli.errors import DataError, RunError
from xlt_cli.runs import answers_only, archives, atomic, provenance, pruned
from xlt_cli.runs.archive_file import as_folder, pack
from xlt_cli.runs.directory import Run
from xlt_cli.runs.portable import OF_A_MACHINE, bare, bare_text
from xlt_cli.runs.stage import PRUNED, fault, model_of, result_of

CONTENTS = "runs.json"
FORMAT = 1
SUFFIX = ".tar.xz"

_RECORDS = ("run.json", "fingerprints.json", "stages/*/result.json")
_PREDICTED = ("cells.jsonl", "predictions/*", "conditions/*/predictions/*")
_OF_EVALUATION = ("notes.json", "pieces.json")
_AS_THEY_ARE = ("timing.jsonl", "metrics.jsonl", "stages/*/metrics.jsonl")


@dataclass(frozen=True)
class Opened:
    """An archive that is being read.

    Attributes:
        root: the runs directory.
        systems: the names that runs were archived under, with the names of their runs; empty where
            they were given without.
    """

    root: Path
    systems: Mapping[str, Sequence[str]]


def write(
    path: Path,
    runs: Sequence[Run],
    systems: Mapping[str, Sequence[str]],
    probabilities: bool = True,
) -> None:
    """Archives runs in one file; it replaces an archive that is there.

    Args:
        systems: names of runs by the name of their system; may be empty.
        probabilities: whether predictions keep them.

    Raises:
        DataError: the file's name does not end in .tar.xz, or the archive would be too large.
        RunError: two runs have the same name, or a process is working on one.
    """
    check_place(path)
    by_name: dict[str, Run] = {}
    for run in runs:
        if run.name in by_name:
            other = by_name[run.name].path
            raise RunError(
                f"two runs are called '{run.name}'", f"{other}, {run.path}", "rename one"
            )
        if run.busy():
            raise RunError(
                f"a process is working on '{run.name}'", str(run.path), "wait until it has ended"
            )
        by_name[run.name] = run
    with tempfile.TemporaryDirectory(prefix="xlt-archive-") as temporary:
        folder = Path(temporary)
        for name, run in by_name.items():
            _copy(run, folder / "runs" / name, probabilities)
        contents = {"format": FORMAT, "runs": list(by_name), "systems": dict(systems)}
        if not probabilities:
            contents["answers_only"] = True
        _write_record(folder / CONTENTS, contents)
        atomic.write_manifest(folder)
        pack(folder, path)


def check_place(path: Path) -> None:
    """Refuses the name of another kind of file, before anything is read.

    Raises:
        DataError: the file's name does not end in .tar.xz, or it is a folder.
    """
    if not path.name.endswith(SUFFIX) or path.name == SUFFIX:
        raise DataError(
            f"the name of an archive ends in {SUFFIX}", str(path), f"e.g. -o runs{SUFFIX}"
        )
    if path.is_dir():
        raise DataError("this is a folder", str(path), "name a file")


def is_one(path: Path) -> bool:
    """Whether a file or a folder is an archive of runs, whole or not.

    Raises:
        DataError: it is a file that is no archive of any kind.
    """
    if not path.exists():
        return False
    with as_folder(path) as folder:
        return (folder / CONTENTS).is_file()


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Opened]:
    """Opens an archive, a file or the folder that it was unpacked to.

    Raises:
        DataError: there is none, it is damaged or of something else, or a later version wrote it.
    """
    if not path.exists():
        hint = "`xlt archive RUNS -o FILE` writes an archive"
        raise DataError("there is no such archive", str(path), hint)
    with as_folder(path) as folder:
        if not (folder / CONTENTS).is_file():
            raise DataError("this is not an archive of runs", str(path), _instead(folder))
        archives.check_whole(folder)
        with archives.reading(folder / CONTENTS):
            contents = atomic.read_json(folder / CONTENTS)
            _check_format(contents["format"], path)
            found = Opened(folder / "runs", _checked(contents, folder))
        yield found


def _instead(folder: Path) -> str:
    """What else may be read from a folder."""
    if (folder / "reproduction.yaml").is_file():
        return "it is of a reproduction: `xlt reproduce NAME --from FILE` reads it"
    if (folder / "rows").is_dir():
        return "it may be of an analysis: `xlt analyze NAME --from FILE` reads it"
    return "`xlt archive RUNS -o FILE` writes one"


def _check_format(written: Any, path: Path) -> None:
    if not isinstance(written, int) or written > FORMAT:
        raise DataError(
            f"the archive's format is {written}, and this version of xlt reads formats up to "
            f"{FORMAT}",
            str(path),
            "it was written by a later version of xlt: use that version",
        )


def _checked(contents: Mapping[str, Any], folder: Path) -> dict[str, list[str]]:
    """The systems of an archive, whose runs are all there.

    Raises:
        ValueError: one is not.
    """
    names = set(contents["runs"])
    systems = {str(name): list(map(str, own)) for name, own in contents["systems"].items()}
    if any(name in ("", "..") or Path(name).name != name for name in names):
        raise ValueError("names of runs")
    if not all((folder / "runs" / name / "run.json").is_file() for name in names):
        raise ValueError("a run is missing")
    if not names >= {name for own in systems.values() for name in own}:
        raise ValueError("a system has other runs")
    return systems


def _copy(run: Run, to: Path, probabilities: bool) -> None:
    """Copies what reports need; nothing is flushed to the disk, as only the packed file stays."""
    for pattern in _AS_THEY_ARE:
        for file in sorted(run.path.glob(pattern)):
            _write(to / file.relative_to(run.path), file.read_bytes())
    for pattern in _RECORDS:
        for file in sorted(run.path.glob(pattern)):
            _copy_record(file, to / file.relative_to(run.path))
    if (run.path / "spec.yaml").is_file():
        written = (run.path / "spec.yaml").read_text("utf-8")
        _write(to / "spec.yaml", bare_text(written).encode("utf-8"))
    if run.status.get("state") != "created":
        _write_record(to / "status.json", _bare_of_machine(run.status))
    sessions = atomic.read_lines(run.path / "environment.jsonl")
    if sessions:
        lines = [atomic.json_bytes(_bare_of_machine(one)) + b"\n" for one in sessions]
        _write(to / "environment.jsonl", b"".join(lines))
    for stage in pruned.stages(run):
        _copy_hash(stage, to / "stages" / stage.name)
    for folder in sorted(run.evaluations.glob("*")):
        _copy_evaluation(folder, to / "evaluations" / folder.name, probabilities)


def _copy_evaluation(folder: Path, to: Path, probabilities: bool) -> None:
    if not probabilities:
        answers_only.copy(folder, to)
    for pattern in (*(_PREDICTED if probabilities else ()), *_OF_EVALUATION):
        for file in sorted(folder.glob(pattern)):
            if not file.name.startswith("."):
                _write(to / file.relative_to(folder), file.read_bytes())
    for pattern in ("evaluation.json", "conditions/*/condition.json"):
        for file in sorted(folder.glob(pattern)):
            _copy_record(file, to / file.relative_to(folder))
    results = atomic.read_json(folder / "results.json")
    if results is None or not (folder / "results.csv").is_file():
        return
    before = (folder / "results.csv").read_bytes()
    after = bare_text(before.decode("utf-8")).encode("utf-8")
    about = bare(results)
    made_from = about.get("computed_from", {})
    if made_from.get("csv") == hashlib.sha256(before).hexdigest():
        made_from["csv"] = hashlib.sha256(after).hexdigest()
    if not probabilities:
        answers_only.correct(made_from, folder, to)
    _write(to / "results.csv", after)
    _write_record(to / "results.json", about)


def _copy_record(file: Path, to: Path) -> None:
    _write_record(to, bare(atomic.read_json(file)))


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _write_record(path: Path, record: Mapping[str, Any]) -> None:
    _write(path, atomic.record_bytes(record))


def _bare_of_machine(about: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = bare({n: value for n, value in about.items() if n not in OF_A_MACHINE})
    return kept


def _copy_hash(stage: Path, to: Path) -> None:
    """Keeps the hash of a stage's weights, as pruning does."""
    result = result_of(stage)
    if result is None or fault(stage):
        return
    weights = result.get("weights") or provenance.weights_hash(model_of(stage))
    with atomic.new_directory(to / PRUNED) as kept:
        atomic.write_json(kept / provenance.PRUNED_ABOUT, {"weights": weights})
