"""Which runs a reproduction consists of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from xlt_cli import registry
from xlt_cli.errors import SpecError, did_you_mean
from xlt_cli.launch.jobs import PlannedRun
from xlt_cli.reproduce.definition import FILE, Shipped
from xlt_cli.spec.checks import check_inputs
from xlt_cli.spec.source import read
from xlt_cli.sweep.plan import points


@dataclass(frozen=True)
class Choice:
    """What the command line asks for.

    Attributes:
        encoder: None for the reproduction's default.
        seeds: 1 to this number; None for the specs' own.
        quick: cut the runs down to see them work.
        overrides: `path=value`, on top of everything else.
        tasks: only these; none for all.
    """

    encoder: str | None = None
    seeds: int | None = None
    quick: bool = False
    overrides: Sequence[str] = ()
    tasks: Sequence[str] = ()


@dataclass(frozen=True)
class Trial:
    """One run of a reproduction: a task, a method and (in the job) a seed."""

    task: str
    method: str
    job: PlannedRun


def encoder_of(shipped: Shipped, choice: Choice) -> str:
    """The encoder that is asked for."""
    return choice.encoder or next(iter(shipped.content.specs))


def plan(shipped: Shipped, choice: Choice) -> list[Trial]:
    """All runs, seed by seed, so that what is finished can be compared.

    Raises:
        SpecError, PluginError: a spec or an override is wrong, a spec does not fit the methods, or
            no spec is on a task that is asked for.
    """
    encoder, content = encoder_of(shipped, choice), shipped.content
    registry.get("encoder", encoder, "--encoder")
    files = content.specs.get(encoder, content.specs[content.original])
    trials: list[Trial] = []
    for file in files:
        path = shipped.folder / file
        planned = _trials(path, content.methods, _changes(shipped, path, encoder, choice))
        if planned[0].task in {trial.task for trial in trials}:
            raise SpecError(f"two specs are on the task '{planned[0].task}'", str(path))
        trials += planned
    known = {trial.task for trial in trials}
    for task in choice.tasks:
        if task not in known:
            hint = did_you_mean(task, known)
            raise SpecError(f"'{shipped.name}' has no spec with the task '{task}'", "--task", hint)
    trials = [trial for trial in trials if not choice.tasks or trial.task in choice.tasks]
    return sorted(trials, key=lambda trial: trial.job.seed)  # stable: specs and methods in order


def _changes(shipped: Shipped, path: Path, encoder: str, choice: Choice) -> list[str]:
    """The overrides of one spec; the later ones win."""
    original, name, changes = shipped.content.original, path.stem, []
    if encoder not in shipped.content.specs:
        changes.append(f"encoder={encoder}")
        name = f"{name.removesuffix('-' + original)}-{encoder}"
    if choice.quick:
        changes += shipped.content.quick[path.name]
        name += "-quick"
    if name != path.stem:
        changes.append(f"name={name}")
    if choice.seeds is not None:
        changes.append(f"seeds={list(range(1, choice.seeds + 1))}")
    return [*changes, *choice.overrides]


def _trials(path: Path, methods: Sequence[str], changes: list[str]) -> list[Trial]:
    source = read(path, changes)
    tried = points(source)
    if len(tried) != len(methods):
        raise SpecError(
            f"the sweep has {len(tried)} points for {len(methods)} methods ({', '.join(methods)})",
            source.where(("sweep",)),
            f"{FILE} must list one method for each point",
        )
    trials = []
    for method, point in zip(methods, tried, strict=True):
        check_inputs(point.experiment, source)
        if not point.spec.evaluations:
            raise SpecError("a comparison needs an evaluation", source.where(("evaluations",)))
        task = point.spec.evaluations[0].task
        assert task is not None  # resolved
        for seed in point.spec.seeds:
            overrides = [*changes, *point.overrides]
            label = f"{task.name} {method}"
            job = PlannedRun(point.spec, seed, source.text, overrides, label)
            trials.append(Trial(task.name, method, job))
    return trials
