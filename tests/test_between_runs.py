"""What the runs of a process share is what each would have read for itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from xlt_cli.between_runs import begin, keeping, kept


@pytest.fixture
def read() -> Iterator[Callable[[], list[int]]]:
    """Makes another list each time."""
    numbers = iter(range(100))
    return lambda: [next(numbers)]


def first(value: list[int]) -> int:
    return value[0]


@pytest.mark.parametrize("options", [{}, {"copy": list}, {"state": first}])
def test_the_last_value_of_a_kind_is_given_again_in_the_block_alone(
    read: Any, options: dict[str, Any]
) -> None:
    def asked(key: str, kind: str = "numbers") -> Any:
        return kept(kind, lambda: key, read, **options)

    assert [asked("a"), asked("a")] == [[0], [1]]
    with keeping():
        begin("encoder")
        assert [asked("a"), asked("a"), asked("b"), asked("a")] == [[2], [2], [3], [4]]
        assert [asked("a", "others"), asked("a")] == [[5], [4]]
        begin("encoder")
        assert asked("a") == [4]
        begin("another encoder")
        assert asked("a") == [6]
    assert asked("a") == [7]
    with keeping():
        assert asked("a") == [8]


def test_what_is_given_as_a_copy_may_be_changed(read: Any) -> None:
    with keeping():
        for _ in range(3):
            value = kept("numbers", lambda: 0, read, copy=list)
            assert value == [0]
            value.append(5)


def test_what_somebody_has_changed_is_read_again(read: Any) -> None:
    with keeping():
        value = kept("numbers", lambda: 0, read, state=tuple)
        assert kept("numbers", lambda: 0, read, state=tuple) is value
        value.append(5)
        assert kept("numbers", lambda: 0, read, state=tuple) == [1]


def test_what_has_no_state_is_not_kept(read: Any) -> None:
    with keeping():
        for number in range(3):
            assert kept("numbers", lambda: 0, read, state=lambda _: None) == [number]


def test_what_cannot_be_read_leaves_nothing(read: Any) -> None:
    def fails() -> list[int]:
        raise OSError("gone")

    with keeping():
        assert kept("numbers", lambda: 0, read) == [0]
        with pytest.raises(OSError, match="gone"):
            kept("numbers", lambda: 1, fails)
        assert kept("numbers", lambda: 1, read) == [1]
