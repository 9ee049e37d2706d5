"""What a report page is made of: runs are found, read and measured, here or from an archive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlt_cli.errors import DataError, RunError, SpecError, UserError, did_you_mean
from xlt_cli.interface.comparable import Evaluated, Stored, evaluations, title
from xlt_cli.interface.compare import MeasuredIn, measured_in
from xlt_cli.interface.tabulate import placed, stored_results
from xlt_cli.page.content import Content, Ran, Tested
from xlt_cli.runs.cells import Cell, Pair
from xlt_cli.runs.directory import Run as Directory
from xlt_cli.runs.portable import portable, without_paths
from xlt_cli.runs.predictions import Answers
from xlt_cli.spec import Evaluation

if TYPE_CHECKING:
    from xlt_cli.console.progress import Reporter
    from xlt_cli.reproduce.records import Record

MOST = 8
"""Of more systems than that, gains are over one baseline only."""

LEVEL = 0.05


def of_runs(found: Sequence[tuple[str, Directory]], baseline: str | None) -> Content:
    """The content of a page about runs.

    Args:
        found: runs with the names of their systems, which may be empty.
        baseline: the system that gains are over at first; None for the first.

    Raises:
        SpecError: there is no such system.
        DataError: nothing can be compared.
    """
    runs = _named(found)
    missing: list[str] = []
    notes: list[str] = []
    ran = [_ran(system, run) for system, run in runs]
    first = _baseline(baseline, list(dict.fromkeys(system for system, _ in runs)))
    stored: dict[str, dict[int, Mapping[str, Stored]]] = {}
    for system, run in runs:
        try:
            stored.setdefault(system, {})[_seed(run) or 0] = evaluations(run)
        except RunError:
            missing.append(f"the run '{run.name}' has no results ({run.state})")
    tested = list(_tested(stored, first, notes, missing))
    return Content("", "", first, ran, tested, notes=notes, missing=missing)


def of_archive(folder: Path, name: str, baseline: str | None, reporter: Reporter) -> Content:
    """The content of a page about the archive of a reproduction.

    Raises:
        SpecError: there is no such method.
        DataError: there is no whole archive of that reproduction.
    """
    from xlt_cli.reports.reproduction import verdicts
    from xlt_cli.reproduce import archive
    from xlt_cli.reproduce.report import about_test, measured_of, report, scorer_of
    from xlt_cli.runs import archives

    archives.check_whole(folder)
    shipped, choice, records = archive.read(name, folder)
    finished = [record for record in records if not record.error]
    first = _baseline(baseline, shipped.content.methods)
    measured = measured_of(finished, reporter)
    values = report(shipped, choice, records, reporter, None, measured=measured)
    by_task: dict[str, list[tuple[Record, Any]]] = {}
    for record, answered in zip(finished, measured, strict=True):
        by_task.setdefault(record.task, []).append((record, answered))
    tested = []
    for task, own in by_task.items():
        scorer, _ = scorer_of(own[0][0])
        metric = scorer.main_metric
        about = about_test(own[0][0])
        about |= {"unit": metric.unit, "better": "higher" if metric.higher_is_better else "lower"}
        ordered: dict[str, dict[int, Any]] = {method: {} for method in shipped.content.methods}
        for record, answered in own:
            ordered[record.method][record.seed] = answered
        runs = {method: seeds for method, seeds in ordered.items() if seeds}
        whole = MeasuredIn(about, runs, metric, scorer.labels)
        made = _over_all(task, whole, first)
        by_run = {(record.method, record.seed): record for record, _ in own}
        texts = partial(_texts_of, own[0][0].evaluation)
        tested.append(replace(made, answers=partial(_read_archived, by_run, {}), texts=texts))
    ran = [
        _archived(record, archive.about_run(folder, record.run))
        for record in sorted(
            finished, key=lambda r: (shipped.content.methods.index(r.method), r.task, r.seed)
        )
    ]
    left = [
        f"{one['task']} {one['method']} seed {one['seed']}: {one['error']}"
        for one in values["missing"]
    ]
    notes = [shipped.content.reference, *values["notes"]]
    judged = verdicts(values)
    return Content(shipped.content.title, "", first, ran, tested, judged, notes=notes, missing=left)


def _named(found: Sequence[tuple[str, Directory]]) -> list[tuple[str, Directory]]:
    """The runs with the names of their systems; two runs of a system have different seeds."""
    names = [name or placed("", run)["method"] for name, run in found]
    for other in (
        lambda name, run: f"{run.record.get('name', '')} {name}",
        lambda _, run: run.name,
    ):
        taken: dict[tuple[str, int | None], int] = {}
        for name, (_, run) in zip(names, found, strict=True):
            taken[name, _seed(run)] = taken.get((name, _seed(run)), 0) + 1
        twice = {name for (name, _), count in taken.items() if count > 1}
        names = [
            other(name, run) if name in twice else name
            for name, (_, run) in zip(names, found, strict=True)
        ]
    ordered: dict[str, list[Directory]] = {}
    for name, (_, run) in zip(names, found, strict=True):
        ordered.setdefault(name, []).append(run)
    return [
        (name, run)
        for name, own in ordered.items()
        for run in sorted(own, key=lambda run: _seed(run) or 0)
    ]


def _seed(run: Directory) -> int | None:
    seed: int | None = run.record.get("seed")
    return seed


def _baseline(asked: str | None, systems: Sequence[str]) -> str:
    if asked is not None and asked not in systems:
        raise SpecError(
            f"unknown system '{asked}'",
            "--baseline",
            did_you_mean(asked, systems) or f"known: {', '.join(systems)}",
        )
    return asked or systems[0]


def _ran(system: str, run: Directory) -> Ran:
    from xlt_cli.reports.entries import entries

    results = stored_results(run)
    known = tuple(entries(placed(system, run), results))
    try:
        about: Mapping[str, Any] = portable(run)
    except (UserError, OSError):
        about = {"record": without_paths(run.record)}
    size = sum(file.stat().st_size for file in run.path.rglob("*") if file.is_file())
    return Ran(system, _seed(run), run.name, run.state, about, results, known, size)


def _archived(record: Record, about: Mapping[str, Any]) -> Ran:
    from xlt_cli.reports.entries import entries

    spec = about["record"].get("spec", {})
    place = {
        "method": record.method,
        "encoder": str(spec.get("encoder", {}).get("name", "")),
        "stage": record.task,
        "seed": str(record.seed),
        "run": record.run,
        "training": "",
    }
    results = [{**result, "evaluation": record.task} for result in about["results"]]
    known = tuple(entries(place, results))
    return Ran(record.method, record.seed, record.run, "done", about, results, known)


def _tested(
    stored: Mapping[str, Mapping[int, Mapping[str, Stored]]],
    baseline: str,
    notes: list[str],
    missing: list[str],
) -> Iterator[Tested]:
    """Each evaluation, by the systems that have it."""
    every = [found for own in stored.values() for found in own.values()]
    names = list(dict.fromkeys(name for found in every for name in found))
    for name in names:
        own: Evaluated = {
            system: {seed: found for seed, found in seeds.items() if name in found}
            for system, seeds in stored.items()
            if any(name in found for found in seeds.values())
        }
        one = next(found[name] for seeds in own.values() for found in seeds.values())
        lacking = sum(name not in found for found in every)
        if lacking:
            missing.append(f"{title(one)}: {lacking} of {len(every)} runs do not have it")
        try:
            made = _over_all(name, measured_in(own, name, None, notes), baseline)
        except UserError as error:
            missing.append(f"{title(one)}: {error.what}")
            continue
        texts = partial(_texts_of, Evaluation.model_validate(dict(one.store.about)))
        yield replace(made, answers=partial(_read_stored, own, name), texts=texts)


def _read_stored(stored: Evaluated, name: str, system: str, seed: int, language: str) -> Answers:
    """The answers of a run in a language, from its directory."""
    return stored[system][seed][name].store.answers(Cell((language, language)))


def _read_archived(
    records: Mapping[tuple[str, int], Record],
    last: dict[tuple[str, int], Mapping[Pair, Answers]],
    system: str,
    seed: int,
    language: str,
) -> Answers:
    """The answers of a run in a language, from an archive.

    Args:
        last: keeps the answers of the run that was read last.
    """
    if (system, seed) not in last:
        last.clear()
        last[system, seed] = records[system, seed].answers()
    return last[system, seed][language, language]


def _texts_of(evaluation: Evaluation, language: str, answers: Answers) -> dict[str, str]:
    """The texts of the rows in a language by id.

    Raises:
        UserError: the data are not here, or are others than those that were answered.
    """
    from xlt_cli.data.rows import RowStore
    from xlt_cli.problems.collapse import collapsed
    from xlt_cli.spec.building import build_task

    assert evaluation.task is not None
    task = build_task(evaluation.task)
    rows = RowStore().load(task, evaluation.split, language)
    found = {row.id: row for row in collapsed(rows, evaluation.collapse)}
    for name, gold in zip(answers.ids, answers.golds, strict=True):
        label = found[name].shared_label() if name in found else None
        if name not in found or label not in (None, gold):
            raise DataError(f"the data of '{language}' here are not those that were answered")
    return {
        name: " / ".join(
            text.content if text.words is None else " ".join(text.words)
            for text in found[name].editable()
        )
        for name in answers.ids
    }


def _over_all(name: str, measured: MeasuredIn, baseline: str) -> Tested:
    """An evaluation with the gains over each system."""
    from xlt_cli.reports.systems import Settings

    systems = list(measured.runs)
    first = baseline if baseline in systems else systems[0]
    others = [system for system in systems if system != first] if len(systems) <= MOST else []
    over = {
        system: measured.over(Settings(system, LEVEL, "holm", None)) for system in [first, *others]
    }
    return Tested(name, measured.about, measured.runs, over, measured.labels)
