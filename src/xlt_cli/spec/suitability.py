"""Whether the plugins of a spec can work together: what no field's own check can say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from xlt_cli.api import (
    Condition,
    EmbeddingPerturbation,
    Perturbation,
    SegmentationPerturbation,
    Task,
)
from xlt_cli.errors import SpecError, UserError, did_you_mean
from xlt_cli.languages import serves
from xlt_cli.problems import collapse
from xlt_cli.registry.checks.problems import takes_criterion
from xlt_cli.registry.guard import problem_of
from xlt_cli.spec.experiment import ResolvedEvaluation
from xlt_cli.spec.source import Source
from xlt_cli.spec.stage import Stage
from xlt_cli.spec.suggestions import aligned_tasks
from xlt_cli.spec.yaml_lines import Loc


def check_speaks(plugin: Perturbation, task: Task, languages: Sequence[str], where: str) -> None:
    """Refuses a perturbation that does not serve a stage's problem or its languages."""
    _check_problem(plugin, task, where)
    if plugin.speaks is None:
        return
    try:
        mute = [language for language in languages if not serves(plugin.speaks, language)]
    except UserError as error:
        raise SpecError(error.what, where, error.hint) from None
    if mute:
        raise SpecError(
            f"'{plugin.name}' does not support {', '.join(mute)}",
            where,
            f"it supports {', '.join(plugin.speaks)}",
        )


def check_together(plugins: Sequence[Perturbation], where: str) -> None:
    """Refuses perturbations of one stage that cannot work side by side."""
    cutting = [p.name for p in plugins if isinstance(p, SegmentationPerturbation)]
    if len(cutting) > 1:
        what = f"a stage can have only one segmentation perturbation: {_both(cutting)}"
        raise SpecError(what, where, "keep one of them")
    companions = {
        p.name: p.companion for p in plugins if isinstance(p, EmbeddingPerturbation) and p.companion
    }
    if len(companions) > 1:
        raise SpecError(
            f"{_both(list(companions))} both need additional examples for each example",
            where,
            "take one",
        )
    on_data = [p for p in plugins if not isinstance(p, EmbeddingPerturbation)]
    if "noisy" in companions.values() and not on_data:
        raise SpecError(
            f"'{next(iter(companions))}' compares an example with a noisy version of it, but "
            "no other perturbation makes one",
            where,
            f"put a perturbation of text beside it: [PERTURBATION, {next(iter(companions))}]",
        )


def check_same_head(own: Task, other: Task, where: str) -> None:
    """Refuses a further task of a stage that its own task's head cannot answer."""
    if own.problem.name != other.problem.name or set(own.labels) != set(other.labels):
        raise SpecError(
            f"'{own.name}' ({_head(own)}) and '{other.name}' ({_head(other)}) cannot share a head"
            + _label_differences(own, other),
            where,
            _instead_of_sharing(own, other),
        )
    if own.texts and other.texts and own.texts != other.texts:
        raise SpecError(
            f"examples of '{own.name}' have {own.texts} texts, and those of '{other.name}' "
            f"{other.texts}",
            where,
            "use a separate stage for such a task",
        )


def check_own_head(stage: Stage, own: Task, other: Task, where: str) -> None:
    """Refuses a further head that a stage cannot train."""
    if problem_of(own).head == problem_of(other).head:
        raise SpecError(
            f"'{other.name}' has the labels of '{own.name}', whose head answers it",
            where,
            "leave `head: own` out",
        )
    grouped = [task for task in (own, other) if task.problem.grouped]
    if grouped:
        raise SpecError(
            f"'{grouped[0].name}' ({grouped[0].problem.name}) needs all inputs of an example in "
            "one batch, and cannot be trained beside another head",
            where,
            _instead_of_sharing(own, other),
        )
    if not other.problem.labelled:
        raise SpecError(f"'{other.name}' has no labels, and a further head has", where)
    if stage.select == "average":
        raise SpecError(
            "`select: average` does not average further heads", where, "select the best or the last"
        )
    for field in ("label_smoothing", "class_weights", "focal_gamma"):
        if getattr(stage, field):
            raise SpecError(
                f"{field} is not computed for a further head", where, f"leave {field} out"
            )


def _label_differences(own: Task, other: Task) -> str:
    """Which labels only one of two tasks of one problem has."""
    if own.problem.name != other.problem.name:
        return ""
    parts = []
    for one, than in ((own, other), (other, own)):
        more = [label for label in one.labels if label not in than.labels]
        if more:
            parts.append(f"only '{one.name}' has {', '.join(more[:6])}" + ", ..." * (len(more) > 6))
    return f": {'; '.join(parts)}" if parts else ""


def _instead_of_sharing(own: Task, other: Task) -> str:
    """How to train on both tasks all the same."""
    in_turn = (
        f"give it a head of its own (also: [{{task: {other.name}, head: own}}]), or "
        "train on them one after the other, in stages that each begin with a new head:\n"
        f"stages:\n  - task: {other.name}\n  - task: {own.name}"
    )
    renames = {"labels", "label_map"} <= set(type(other).Params.model_fields)
    strange = [label for label in other.labels if label not in own.labels]
    if own.problem.name != other.problem.name or not renames or not strange:
        return in_turn
    return (
        f"if labels mean the same, rename those of '{other.name}': task: {{name: {other.name}, "
        f"..., labels: [{', '.join(own.labels[:6])}{', ...' * (len(own.labels) > 6)}], "
        f"label_map: {{{strange[0]}: {own.labels[0]}, ...}}}}\notherwise {in_turn}"
    )


def check_aligned(tasks: Sequence[Task], where: str) -> None:
    """Refuses to draw a language for each item where rows are not aligned across languages."""
    loose = [task.name for task in tasks if not task.aligned]
    if loose:
        raise SpecError(
            f"one-per-item needs rows that are aligned across languages; those of '{loose[0]}' "
            "are not",
            where,
            "omit `sampling`, or choose an aligned task",
        )


def check_labelled(task: Task, where: str) -> None:
    """Refuses to shuffle the labels of a task that has none."""
    if not task.problem.labelled:
        raise SpecError(f"'{task.name}' has no labels to shuffle", where, "omit `labels`")


def check_criterion(stage: Stage, task: Task, where: str) -> None:
    """Refuses a loss that the task's problem does not compute, and weights of other labels."""
    named = [f for f in ("label_smoothing", "class_weights", "focal_gamma") if getattr(stage, f)]
    if not named:
        return
    if not takes_criterion(task.problem):
        raise SpecError(
            f"the problem of '{task.name}' ({task.problem.name}) has a loss of its own, which "
            f"takes no {' and no '.join(named)}",
            where,
            f"leave {' and '.join(named)} out",
        )
    if stage.class_weights and not task.problem.labelled:
        what = f"class_weights: '{task.name}' has no labels to weigh"
        raise SpecError(what, where, "leave class_weights out")
    for label in stage.class_weights if isinstance(stage.class_weights, dict) else ():
        if label not in task.labels:
            raise SpecError(
                f"class_weights has a weight for '{label}', which is no label of '{task.name}'",
                where,
                did_you_mean(label, task.labels),
            )


def check_pairs(task: Task, where: str) -> None:
    """Refuses the generalized setting for a task whose examples are no aligned pairs of texts."""
    if not task.aligned:
        raise SpecError(
            "the generalized setting needs rows that are aligned across languages; those of "
            f"'{task.name}' are not",
            where,
            "take 'generalized' out, or choose an aligned task"
            + (f" ({', '.join(aligned_tasks())})" if aligned_tasks() else ""),
        )
    if task.texts == 1:
        raise SpecError(
            f"the generalized setting pairs two texts of an example; '{task.name}' has one",
            where,
            "take 'generalized' out",
        )


def check_condition(condition: Condition, task: Task, loc: Loc, source: Source) -> None:
    """Refuses a condition that cannot be used with a task."""
    _check_problem(condition, task, source.where(loc))
    try:
        condition.accept(task)
    except SpecError as error:
        field = (error.where,) if error.where in type(condition).Params.model_fields else ()
        raise replace(error, where=source.where((*loc, *field))) from None


def fill_collapse(tested: ResolvedEvaluation, outputs: Sequence[str], trained: Task | None) -> None:
    """Fills in the collapse that the tasks state, where an evaluation has none and needs one.

    Args:
        outputs: the labels of the model's outputs.
        trained: the task that the model was trained on, if it is known.
    """
    if tested.spec.collapse is None:
        stated = [tested.task.collapse, *([trained.collapse] if trained else [])]
        tested.spec.collapse = collapse.fitting(stated, outputs, tested.task.labels)


def check_head(own: Task, tested: ResolvedEvaluation, where: str) -> None:
    """Refuses a test that the head of a model trained on `own` cannot answer.

    A head without weights is put on any model.
    """
    other, classes = tested.task, tested.spec.collapse
    if not problem_of(other).head.has_weights:
        check_no_collapse(tested, where)
        return
    collapse.check_known(classes, {*own.labels, *other.labels}, where)
    mine, theirs = (set(collapse.classes(classes, task.labels)) for task in (own, other))
    if own.problem.name != other.problem.name or mine != theirs:
        hint = "choose a task of the same kind" + (" with the same labels" if own.labels else "")
        if own.problem.name == other.problem.name:
            hint += (
                ", or merge labels: `collapse: {A: [B, C]}`, or `xlt eval --collapse '{A: [B, C]}'`"
            )
        raise SpecError(
            f"a model trained on '{own.name}' ({_head(own)}) cannot be tested on "
            f"'{other.name}' ({_head(other)})",
            where,
            hint,
        )


def check_no_collapse(tested: ResolvedEvaluation, where: str) -> None:
    """Refuses to collapse labels where the answers are none."""
    if tested.spec.collapse and not problem_of(tested.task).head.has_weights:
        raise SpecError(
            f"the answers to '{tested.task.name}' ({tested.task.problem.name}) are no labels that "
            "could be collapsed",
            where,
            "leave `collapse` out",
        )


def _head(task: Task) -> str:
    labels = ", ".join(task.labels[:6]) + (", ..." if len(task.labels) > 6 else "")
    return f"{task.problem.name}: {labels}" if labels else task.problem.name


def _both(names: Sequence[str]) -> str:
    return " and ".join(f"'{name}'" for name in names)


def _check_problem(plugin: Perturbation | Condition, task: Task, where: str) -> None:
    problem = problem_of(task)
    if fault := plugin.problem_fault(problem):
        raise SpecError(
            f"'{plugin.name}' cannot be used with '{task.name}' ({problem.name}): {fault}", where
        )
