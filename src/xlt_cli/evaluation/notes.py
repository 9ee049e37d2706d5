"""What must be said beside the figures of an evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from xlt_cli.problems.collapse import described
from xlt_cli.reports.validity import cell_name
from xlt_cli.runs.cells import Pair
from xlt_cli.stats.intervals import Sample

if TYPE_CHECKING:
    from xlt_cli.evaluation.plan import Plan
    from xlt_cli.evaluation.subject import Subject
    from xlt_cli.problems import Problem
    from xlt_cli.reports.scorer import Scorer


def notes(plan: Plan, subject: Subject) -> list[str]:
    """Caveats of encoder, task and data, and how the evaluation was made."""
    task, split = plan.task, plan.evaluation.split
    collected = list(subject.caveats)
    if task.demonstration:
        collected.append(f"'{task.name}' is a demonstration, never evidence")
    if task.caveat:
        collected.append(task.caveat)
    translated = [x for x in plan.languages if task.origin_of(x) == "machine-translated"]
    if translated:
        collected.append(f"texts are translated by a machine: {', '.join(translated)}")
    collected += plan.notes
    for language in plan.languages:
        collected += [f"{language}: {note}" for note in plan.rows.notes(task, split, language)]
    if plan.evaluation.collapse:
        collected.append(f"labels are collapsed: {described(plan.evaluation.collapse)}")
    collected += [said for tested in plan.conditions if not tested.key for said in tested.said()]
    if plan.evaluation.limit:
        collected.append(f"only the first {plan.evaluation.limit} rows of each language")
        for language in plan.languages:
            there = plan.rows.loaded(plan.task, plan.evaluation.split, language)
            remark = plan.problem.remark(plan.counted(language)) if there else ""
            collected += [f"{language}: {remark}"] * bool(remark)
    return collected


def words_notes(
    problem: Problem | Scorer, cells: Mapping[Pair, Sample], max_length: int
) -> list[str]:
    """What must be said of the words of each cell: cut off, or in no entity of the scheme."""
    collected = []
    for pair, cell in cells.items():
        words = problem.words(cell.statistics.sum(axis=0))
        if words.unseen:
            collected.append(
                f"{cell_name(pair)}: {words.unseen:,} of {words.all:,} words were cut at "
                f"max_length {max_length}, and count as wrong"
            )
        if words.stray:
            collected.append(
                f"{cell_name(pair)}: {words.stray:,} words are tagged as parts of entities "
                f"that are incomplete in their scheme ({problem.scoring}) and belong to no entity"
            )
    return collected
