"""A checkpoint is written beside training only from a copy that training does not change."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from torch import nn

from xlt_cli.training import snapshot


class OwnCopy(nn.Linear):
    """A part that says of itself that it needs no copy."""

    def __deepcopy__(self, memo: object) -> OwnCopy:
        return self


def with_a_function(model: Any) -> None:
    own = model.save
    vars(model)["save"] = lambda directory: own(directory)


def with_a_default(model: Any) -> None:
    def save(directory: Path, of: Any = model) -> None:
        of.__class__.save(of, directory)

    vars(model)["save"] = save


def with_a_weak_reference(model: Any) -> None:
    vars(model)["itself"] = weakref.ref(model)


def with_a_part_of_its_own(model: Any) -> None:
    model.part = OwnCopy(2, 2)


TIES = [with_a_function, with_a_default, with_a_weak_reference, with_a_part_of_its_own]


@pytest.mark.parametrize("tie", TIES)
def test_a_copy_that_would_change_with_the_model_is_not_written_beside_training(
    tie: Callable[[Any], None], model: Any
) -> None:
    assert snapshot.Snapshots(model).take(model, {}, None, None) is not None
    tie(model)
    assert snapshot.Snapshots(model).take(model, {}, None, None) is None
