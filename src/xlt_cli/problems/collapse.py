"""Several labels counted as one class: a two-way model on three-way data, and the reverse.

A collapse names classes and the labels that belong to each, `{not_entailment: [neutral,
contradiction]}`. It holds for gold labels and for a model's outputs alike; labels that it does not
mention stay as they are. Probabilities of the labels of one class are added up.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from xlt_cli.api import Example, Problem
from xlt_cli.errors import SpecError, UserError, did_you_mean
from xlt_cli.registry.guard import problem_of

if TYPE_CHECKING:
    from xlt_cli.api import Task

Collapse = Mapping[str, Sequence[str]]


def check(collapse: Collapse, where: str) -> None:
    """Raises SpecError if a label belongs to two classes, or is a class and part of another."""
    seen: dict[str, str] = {}
    for name, labels in collapse.items():
        for label in labels:
            if seen.setdefault(label, name) != name:
                raise SpecError(
                    f"the label '{label}' belongs to two classes: '{seen[label]}' and '{name}'",
                    where,
                )
    for label, name in seen.items():
        if label in collapse and label != name:
            raise SpecError(
                f"'{label}' is both a class and a label of the class '{name}'",
                where,
                "assign each label to one class",
            )


def check_known(collapse: Collapse | None, labels: Collection[str], where: str) -> None:
    """Raises SpecError if the collapse names labels that neither data nor model have."""
    named = [label for members in (collapse or {}).values() for label in members]
    unknown = [label for label in named if label not in labels]
    if unknown:
        raise SpecError(
            f"there is no label '{unknown[0]}' to be collapsed",
            where,
            did_you_mean(unknown[0], labels),
        )


def fitting(
    stated: Iterable[Collapse], outputs: Sequence[str], labels: Sequence[str]
) -> dict[str, list[str]] | None:
    """The first collapse after which a model's outputs and a task's labels are the same classes.

    Args:
        stated: the collapses that tasks state; labels that neither side has are left out of them.

    Returns:
        None if the two are the same as they stand, or if no collapse makes them so.
    """
    if set(outputs) == set(labels):
        return None
    known = {*outputs, *labels}
    for collapse in stated:
        members = {name: [x for x in given if x in known] for name, given in collapse.items()}
        own = {name: given for name, given in members.items() if given}
        if own and set(classes(own, outputs)) == set(classes(own, labels)):
            return own
    return None


def class_of(collapse: Collapse | None, label: str) -> str:
    """The class that a label counts as."""
    return next((name for name, labels in (collapse or {}).items() if label in labels), label)


def classes(collapse: Collapse | None, labels: Sequence[str]) -> tuple[str, ...]:
    """The classes of labels, in the order in which the labels first name them."""
    return tuple(dict.fromkeys(class_of(collapse, label) for label in labels))


def problem_under(task: Task, collapse: Collapse | None) -> Problem:
    """The task's problem over the classes that its labels count as."""
    return problem_over(task, classes(collapse, task.labels))


def problem_over(task: Task, labels: Sequence[str]) -> Problem:
    """The task's problem, over other labels."""
    return problem_of(cast("Task", _Relabelled(task, tuple(labels))))


class _Relabelled:
    """A task with other labels, and all else as the task says it: what problems ask of a task is
    between the two of them."""

    def __init__(self, task: Task, labels: tuple[str, ...]) -> None:
        self.task, self.labels = task, labels

    def __getattr__(self, name: str) -> Any:
        return getattr(self.task, name)


def collapsed(rows: Sequence[Example], collapse: Collapse | None) -> Sequence[Example]:
    """Examples whose gold labels are classes."""
    if not collapse:
        return rows
    return [row.relabelled(lambda label: class_of(collapse, label)) for row in rows]


def groups(collapse: Collapse, outputs: Sequence[str], wanted: Sequence[str]) -> list[list[int]]:
    """For each of the classes `wanted`, which of a model's outputs count as it.

    Raises:
        UserError: the model's outputs and the task's labels come to different classes.
    """
    own = [class_of(collapse, name) for name in outputs]
    if set(own) != set(wanted):
        raise UserError(
            "after the collapse, the classes of the model and of the task differ",
            "collapse",
            f"the model's: {', '.join(dict.fromkeys(own))} (outputs {', '.join(outputs)}); "
            f"the task's: {', '.join(wanted)}",
        )
    return [[i for i, name in enumerate(own) if name == label] for label in wanted]


def described(collapse: Collapse) -> str:
    """`neutral, contradiction count as 'not_entailment'`."""
    return "; ".join(
        f"{', '.join(labels)} count{'s' if len(labels) == 1 else ''} as '{name}'"
        for name, labels in collapse.items()
    )
