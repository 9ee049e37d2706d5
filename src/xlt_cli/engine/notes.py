"""What must be said beside the figures of an evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xlt_cli.engine.evaluate import Plan, Subject


def notes(plan: Plan, subject: Subject) -> list[str]:
    """Caveats of encoder, task and data, and what was not held out."""
    task, split = plan.task, plan.evaluation.split
    found = list(subject.caveats)
    if task.demonstration:
        found.append(f"'{task.name}' is a demonstration, never evidence")
    if task.caveat:
        found.append(task.caveat)
    for stage in subject.stages:
        used = plan.evaluation.task
        if used is None or stage.task.name != used.name:
            continue
        if stage.task.model_dump() != used.model_dump():
            # The same task from elsewhere; only a published task's splits are known to be the same.
            if task.aligned and stage.split == split:
                found.append(f"perhaps not held out: a stage trained on {task.name} {split}")
            elif task.aligned and stage.dev is not None and stage.dev.split == split:
                found.append(f"perhaps not held out: selected on {task.name} {split}")
        elif stage.split == split:
            touched = plan.languages if task.aligned else stage.languages or []
            seen = [language for language in plan.languages if language in touched]
            if seen:
                found.append(f"not held out: a stage trained on these rows ({', '.join(seen)})")
        elif stage.dev is not None and stage.dev.split == split and stage.select == "best":
            found.append(f"the checkpoint was selected on the {split} split of '{task.name}'")
    found += plan.notes
    for language in plan.languages:
        found += [f"{language}: {note}" for note in plan.rows.notes(task, split, language)]
    smoothing = plan.evaluation.smoothing
    if smoothing is not None:
        found.append(
            f"majority of {smoothing.samples} votes under '{smoothing.noise.name}'; where the vote "
            "abstains, the answer counts as wrong"
        )
    if plan.evaluation.limit:
        found.append(f"only the first {plan.evaluation.limit} rows of each language")
    return found
