"""Which test sets, languages and references effective robustness is computed with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xlt_cli.errors import RunError
from xlt_cli.languages import among
from xlt_cli.references.stored import Place, Subject, TestSet
from xlt_cli.spec.identity import plugin_stated
from xlt_cli.stats import trend


def home_of(tested: Sequence[Subject], split: str) -> tuple[Mapping[str, Any], Place]:
    """The task that the runs ended with, and its widest evaluation on the texts as they are.

    Raises:
        RunError: they ended with different tasks, or one has no such evaluation.
    """
    tasks = [s.task for s in tested if s.task is not None]
    if not tasks or any(task != tasks[0] for task in tasks):
        raise RunError(
            "the runs were trained on different tasks" if tasks else "no run was trained with xlt",
            "\n".join(str(s.run.path) for s in tested),
            "give runs that xlt trained on the same task; references may be other checkpoints",
        )
    own = tasks[0]
    shared = [
        one
        for one in tested[0].sets.values()
        if one.clean
        and _is_task(one, own)
        and _is_own(one, split)
        and all(one.place in s.sets for s in tested)
    ]  # fmt: skip
    if not shared:
        raise RunError(
            f"there is no evaluation of '{own['name']}' ({split}) on the texts as they are that "
            "all the runs have",
            "\n".join(str(s.run.evaluations) for s in tested),
            f"make it with `xlt eval RUN --split {split}`",
        )
    return own, max(shared, key=lambda one: one.evaluation.limit or float("inf")).place


def is_fit(one: Subject, own: Mapping[str, Any], home: Place, notes: list[str]) -> bool:
    """Whether a run can be a reference; a note says why not."""
    why = ""
    if one.task is not None and one.task != own:
        other = " with other parameters" if one.task["name"] == own["name"] else ""
        why = f"it was trained on '{one.task['name']}'{other}"
    elif home not in one.sets:
        why = f"'{home[0]}' is not stored of it; `xlt eval {one.name}` makes it"
    elif one.sets[home].collapsed:
        why = "it gives one answer to every row"
    if why:
        notes.append(f"the reference {one.name} is left out: {why}")
    return not why


def languages_of(
    tested: Sequence[Subject], references: Sequence[Subject], home: Place, notes: list[str]
) -> tuple[list[str], list[str]]:
    """The languages in distribution, and those that no run was trained on.

    The second are of all test sets. Languages that some of the runs only were trained on are in
    neither, and a note says so.
    """
    every = [*tested, *references]
    all_sets = (one for s in tested for one in s.sets.values())
    known = dict.fromkeys(x for one in all_sets for x in one.languages)
    seen = {x: [among(x, s.trained_on) for s in every] for x in known}
    for x, own in seen.items():
        if any(own) and not all(own):
            names = ", ".join(s.name for s, was in zip(every, own, strict=True) if was)
            notes.append(f"{x} is in no average: only {names} of all runs had it in training")
    shared = [x for x in known if all(x in s.sets[home].languages for s in every)]
    return [x for x in shared if all(seen[x])], [x for x in known if not any(seen[x])]


def check_enough(kept: Sequence[Subject], given: Sequence[Subject], notes: Sequence[str]) -> None:
    if len(kept) >= trend.FEWEST:
        return
    raise RunError(
        f"a line needs {trend.FEWEST} reference runs or more; of {len(given)} given, {len(kept)} "
        "can be used",
        "\n".join(notes),
        "name more with --references, e.g. --references 'runs/erm-*' (in quotation marks)",
    )


def places_of(
    tested: Sequence[Subject], own: Mapping[str, Any], home: Place, split: str
) -> dict[Place, TestSet]:
    """The test sets of the runs: those of their own task under conditions, and other data sets.

    Of the own task as it is, only the evaluation that is in distribution has further languages.
    """
    return {
        place: one
        for s in tested
        for place, one in s.sets.items()
        if place == home or not _is_task(one, own) or (_is_own(one, split) and not one.clean)
    }


def _is_task(one: TestSet, own: Mapping[str, Any]) -> bool:
    assert one.evaluation.task is not None
    return plugin_stated(one.evaluation.task, "task") == own


def _is_own(one: TestSet, split: str) -> bool:
    """Of an evaluation of the own task, whether its labels are those that were trained on."""
    return one.evaluation.split == split and not one.evaluation.collapse
