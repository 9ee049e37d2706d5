"""Which output of a model is which of a task's labels. Without torch."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Sequence

from xlt_cli.api import ResultWarning
from xlt_cli.errors import UserError

WAYS_OUT = (
    "`xlt eval --model ... --labels A,B,...` states the outputs of a checkpoint in "
    "order; `--collapse '{A: [B, C]}'` merges labels into one class"
)
_SEPARATORS = re.compile(r"[-_\s]+")


def folded(name: str) -> str:
    """A label without case and separators, for comparing spellings: `not_entailment`,
    `Not-Entailment`."""
    return _SEPARATORS.sub("", name).casefold()


def unnamed(names: Sequence[str]) -> bool:
    """Whether names only count the outputs: `LABEL_0`, `LABEL_1`, ... or `0`, `1`, ..."""
    return all(name.upper() == f"LABEL_{i}" or name == str(i) for i, name in enumerate(names))


def label_order(
    names: Sequence[str], labels: Sequence[str], where: str, stated: bool = False
) -> list[int]:
    """For each of the task's labels, which of a checkpoint's outputs (named `names`) it is.

    Names match exactly, or but for case and separators, which is said in a warning where they
    differ in more than case. Nothing else is guessed: names that only count (LABEL_0, ...) are
    taken to be in the task's order, with a warning.

    Args:
        stated: whether the names are the user's (`--labels`), and not the checkpoint's.

    Raises:
        UserError: if the number of labels differs, names do not match, or one is there twice.
    """
    if stated:
        where, whose, has = "--labels", "stated", "the labels stated are"
    else:
        whose, has = "the checkpoint's", "the checkpoint has"
    both = f"{whose}: {', '.join(names)}; the task's: {', '.join(labels)}"
    repeated = [f"'{name}'" for name, count in Counter(names).items() if count > 1]
    if repeated:
        what = f"{', '.join(repeated)} names more than one output"
        raise UserError(what, where, f"{both}. Give each output a name of its own")
    if len(names) != len(labels):
        what = f"{has} {len(names)}{'' if stated else ' labels'} and the task has {len(labels)}"
        raise UserError(what, where, f"{both}. {WAYS_OUT}")
    for fold in (str, str.lower, folded):
        index = {fold(name): i for i, name in enumerate(names)}
        if len(index) == len(names) and set(index) == {fold(label) for label in labels}:
            if fold is folded and not stated:
                _warn(f"the checkpoint {where} spells its labels {', '.join(names)}")
            return [index[fold(label)] for label in labels]
    if names and unnamed(names) and not stated:
        _warn(
            f"the checkpoint {where} does not name its labels; they are assumed to be, in "
            f"order: {', '.join(labels)} (if they are not, state the order with --labels)"
        )
        return list(range(len(labels)))
    what = f"the labels {'stated' if stated else 'of the checkpoint'} are not those of the task"
    raise UserError(what, where, f"{both}. {WAYS_OUT}")


def _warn(message: str) -> None:
    warnings.warn(message, ResultWarning, stacklevel=3)
