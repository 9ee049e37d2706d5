"""Seeds are functions of names."""

from __future__ import annotations

import subprocess
import sys

import torch
from hypothesis import given
from hypothesis import strategies as st

from xlt_cli.compute.seeding import derive, seed_generators

NAME = st.integers() | st.text(st.characters(exclude_characters="/", codec="utf-8"), max_size=5)


@given(st.lists(NAME, max_size=4), st.lists(NAME, max_size=4))
def test_other_names_have_other_seeds(first: list[object], second: list[object]) -> None:
    same = [str(name) for name in first] == [str(name) for name in second]
    if not first or not second:  # no name at all and one empty name are one text
        first, second = ["x", *first], ["x", *second]
    assert (derive(*first) == derive(*second)) is same


def test_torch_takes_every_seed() -> None:
    generator = torch.Generator()
    for number in range(200):
        seed = derive(1, "update", number)
        assert 0 <= seed < 2**63
        generator.manual_seed(seed)


def test_a_seed_is_the_same_in_every_process() -> None:
    code = "from xlt_cli.compute.seeding import derive; print(derive(1, 'stage', 0, 'head'))"
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert found == {f"{derive(1, 'stage', 0, 'head')}\n"}


def test_the_processors_generator_is_seeded_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    noted = len(torch.cuda._queued_calls)
    seed_generators(5, torch.device("cpu"))
    assert torch.equal(torch.rand(3), expected)
    assert len(torch.cuda._queued_calls) == noted
