"""The same work in this process and in others."""

from __future__ import annotations

import os
from functools import partial

import pytest

from xlt_cli.errors import DataError
from xlt_cli.reproduce.spread import spread


def squared(number: int) -> tuple[int, int]:
    return number * number, os.getpid()


def refused(least: int, number: int) -> int:
    if number >= least:
        raise DataError(f"{number} is too much", "here", "take less")
    return number


@pytest.mark.parametrize(("at_once", "count"), [(1, 5), (2, 1), (4, 0)])
def test_one_at_once_is_work_for_this_process(at_once: int, count: int) -> None:
    assert list(spread(squared, range(count), at_once)) == [
        (n * n, os.getpid()) for n in range(count)
    ]


def test_several_at_once_are_others_work_in_the_items_order() -> None:
    found = list(spread(squared, range(20), 2))
    assert [square for square, _ in found] == [n * n for n in range(20)]
    assert os.getpid() not in {process for _, process in found}


@pytest.mark.parametrize("at_once", [1, 2])
def test_what_is_done_before_an_error_arrives_and_so_does_the_error(at_once: int) -> None:
    work = spread(partial(refused, 3), range(6), at_once)
    assert [next(work) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(DataError) as caught:
        next(work)
    assert (caught.value.what, caught.value.hint) == ("3 is too much", "take less")
