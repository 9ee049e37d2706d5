"""Changes give back every bit, whatever was done to a tensor; and where rows only decayed, they are
few."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from xlt_cli.weights import changes as weight_changes
from xlt_cli.weights.changes import FEWEST_ROWS, Changes, apply, changes

ROWS, WIDTH = 2 * FEWEST_ROWS, 16
USED = [3, 700, ROWS - 1]

Array = np.ndarray[Any, Any]


def table() -> Array:
    """Of numbers that occur more than once, as in weights of few bits and in large tables."""
    generator = np.random.default_rng(0)
    made = generator.normal(scale=0.05, size=(ROWS, WIDTH)).astype(np.float16).astype(np.float32)
    made[5] = 0  # padding
    made[6, :4] = [0, -0.0, 1e-40, -1e-42]  # too small for the rule
    return made


def decayed(weights: Array, rate: float, decay: float, updates: int = 50) -> Array:
    """What AdamW does to a row without gradients."""
    for step in range(updates):
        now = rate * (updates - step) / updates
        weights = weights * np.float32(1 - now * decay)
    return weights


def trained(weights: Array) -> Array:
    weights = weights.copy()
    weights[USED] += np.random.default_rng(1).normal(scale=1e-3, size=(3, WIDTH)).astype("f4")
    return weights


def noisy(weights: Array) -> Array:
    noise: Any = np.random.default_rng(2).normal(scale=1e-3, size=weights.shape)
    noisy: Array = weights + noise.astype("f4")
    return noisy


def mean_of_two(weights: Array) -> Array:
    first = decayed(weights, 1e-2, 0.1, 20)
    return first + (decayed(first, 1e-2, 0.1) - first) * np.float32(0.5)


CASES: dict[str, tuple[Callable[[Array], Array], str]] = {
    "nothing": (lambda t: t.copy(), "same"),
    "decay": (lambda t: trained(decayed(t, 1e-3, 0.01)), "rows"),
    "strong decay": (lambda t: trained(decayed(t, 1e-1, 0.5)), "rows"),
    "no decay": (trained, "rows"),
    "two stages": (lambda t: trained(decayed(decayed(t, 1e-3, 0.1), 1e-2, 0.01)), "rows"),
    "as a difference": (lambda t: trained(t - t * np.float32(1e-4)), "rows"),
    "a mean": (lambda t: trained(mean_of_two(t)), "rows"),
    "every row": (noisy, "differences"),
    "not finite": (lambda t: np.where(np.arange(WIDTH) == 2, np.float32("nan"), t), "differences"),
    "infinite": (lambda t: np.where(np.arange(ROWS)[:, None] == 9, np.float32("inf"), t), "rows"),
    "other signs": (lambda t: -t, "rows"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_every_bit_is_given_back(case: str) -> None:
    change, kind = CASES[case]
    base = table()
    with np.errstate(all="ignore"):
        now = change(base)
        made = changes(now, base)
    assert made.kind == kind
    again = base.copy()
    apply(made, again)
    assert again.tobytes() == now.tobytes()
    if kind == "rows":
        assert len(made.parts["ids"]) <= len(USED) + 2  # and perhaps what is below normal numbers
        assert set(USED) <= set(made.parts["ids"]) or case in ("infinite", "other signs")


def test_a_table_in_which_every_row_was_trained_a_little_is_told_from_a_sample(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its rows have one factor, nearly; the work of looking for a rule is spared."""
    base = table()
    now = base * np.random.default_rng(2).normal(1, 1e-4, base.shape).astype("f4")
    assert weight_changes._common_factor(now, base) is not None
    monkeypatch.setattr(weight_changes, "_roundings", lambda *_: pytest.fail("all the work"))
    made = changes(now, base)
    assert made.kind == "differences"
    apply(made, base)
    assert base.tobytes() == now.tobytes()


def test_half_of_the_rows_may_have_been_trained() -> None:
    base = table()
    now = decayed(base, 1e-3, 0.01)
    now[::2] += np.random.default_rng(1).normal(scale=1e-3, size=(ROWS // 2, WIDTH)).astype("f4")
    made = changes(now, base)
    assert len(made.parts["ids"]) <= ROWS // 2 + 2
    apply(made, base)
    assert base.tobytes() == now.tobytes()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("factor", [1.0, 0.0, 0.9, -1.0, 1e30])
@pytest.mark.parametrize("odd", [[np.nan], [np.inf], [np.inf, -np.inf], [3e38], [-0.0, 1e-40]])
def test_numbers_that_are_none_are_given_back_without_a_warning(
    odd: list[float], factor: float
) -> None:
    base = table()
    base[::7, : len(odd)] = odd
    with np.errstate(all="ignore"):
        now = trained(base * np.float32(factor))
    made = changes(now, base)
    apply(made, base)
    assert base.tobytes() == now.tobytes()


def test_rows_that_follow_another_rule_are_written_as_they_are() -> None:
    """Rows that came into use later have decayed alike until then, and not afterwards."""
    base = table()
    now = decayed(base, 1e-3, 0.01)
    now[100:140] = decayed(base, 1e-3, 0.01, 25)[100:140]
    made = changes(now, base)
    assert set(range(100, 140)) <= set(made.parts["ids"])
    assert len(made.parts["ids"]) < 45
    apply(made, base)
    assert base.tobytes() == now.tobytes()


def test_a_few_numbers_that_were_rounded_otherwise_spoil_nothing() -> None:
    """Where a processor works on eight numbers at a time, the last few may be rounded otherwise."""
    base = table()
    now = decayed(base, 1e-3, 0.01)
    for row in (0, ROWS // 2, ROWS - 1):
        now[row, -3:] = np.nextafter(now[row, -3:], np.float32(1))
    made = changes(now, base)
    assert made.kind == "rows"
    assert len(made.parts["ids"]) <= 3 + 2
    apply(made, base)
    assert base.tobytes() == now.tobytes()


@pytest.mark.parametrize("scale", [1e-3, 1e-5, 1e-7])
def test_roundings_are_not_written_where_hardly_a_row_follows_the_rule(scale: float) -> None:
    """All rows were trained a little, so that they seem to share a factor."""
    base = table()
    noise: Any = np.random.default_rng(2).normal(scale=scale, size=base.shape)
    now = base + noise.astype("f4")
    made = changes(now, base)
    written = sum(part.size for part in made.parts.values())
    assert written <= 1.05 * now.size
    apply(made, base)
    assert base.tobytes() == now.tobytes()


@pytest.mark.parametrize("shape", [(), (0,), (7,), (3, 0), (2000, 1), (4, 5, 6)])
def test_shapes(shape: tuple[int, ...]) -> None:
    base = np.random.default_rng(0).normal(size=shape).astype(np.float32).reshape(shape)
    now = np.asarray(base * np.float32(0.9), np.float32)
    made: Changes = changes(now, base)
    base = np.require(base, requirements=["C", "W"])
    apply(made, base)
    assert base.tobytes() == now.tobytes()
