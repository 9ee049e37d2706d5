"""Whether a job fits beside others, and what jobs are taken to need."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from xlt_cli.api import Job, Memory
from xlt_launchers.admission import CONTEXT, GIB, GUESS, RAM, Needs, Tenant, lacking
from xlt_launchers.room import Room


def tenant(need: int, use: int = 0, place: str = "0", alone: bool = False) -> Tenant:
    return Tenant([place, RAM], Memory(GIB, need * GIB), Memory(0, use * GIB), alone)


def room(total: int, free: int) -> dict[str, Room]:
    return {"0": Room(total * GIB, free * GIB), RAM: Room(1000 * GIB, 1000 * GIB)}


def test_a_run_fits_if_what_is_free_less_what_the_others_still_take_holds_it() -> None:
    # 80 GiB: two runs are to take 20 + 1 each, and hold 10 + 1 each: 58 are free, of which 20 are
    # spoken for and 1.6 stay free.
    others = [tenant(20, 10), tenant(20, 10)]
    assert lacking(["0"], Memory(0, 35 * GIB), others, room(80, 58)) == ""
    why = lacking(["0"], Memory(0, 36 * GIB), others, room(80, 58))
    assert why == "it needs 37.0 GiB of GPU 0, and 36.4 GiB of 80.0 GiB are left"


def test_what_a_stranger_holds_is_not_there_for_us() -> None:
    assert lacking(["0"], Memory(0, 20 * GIB), [tenant(20, 20)], room(80, 59)) == ""
    assert lacking(["0"], Memory(0, 20 * GIB), [tenant(20, 20)], room(80, 19)) != ""


def test_an_empty_place_takes_any_run_and_an_unknown_one_takes_all() -> None:
    assert lacking(["0"], Memory(0, 500 * GIB), [tenant(20, place="1")], room(80, 1)) == ""
    assert lacking(["0"], Memory(0, 500 * GIB), [tenant(20)], {}) == ""


def test_the_memory_of_the_machine_is_looked_at_too() -> None:
    rooms = {RAM: Room(24 * GIB, 6 * GIB)}
    running = [Tenant([RAM], Memory(8 * GIB), Memory(7 * GIB))]
    assert lacking([RAM], Memory(4 * GIB), running, rooms) == ""
    assert lacking([RAM], Memory(5 * GIB), running, rooms) != ""


def test_a_run_that_is_to_be_alone_waits_and_lets_nobody_in() -> None:
    assert "for itself" in lacking(["0"], Memory(), [tenant(1)], room(80, 79), alone=True)
    assert "uses GPU 0 alone" in lacking(["0"], Memory(), [tenant(1, alone=True)], room(80, 79))
    assert lacking(["0"], Memory(), [tenant(1, place="1", alone=True)], room(80, 79)) == ""


@given(
    st.integers(16, 200),
    st.lists(st.tuples(st.integers(0, 60), st.floats(0, 1)), max_size=20),
)
def test_runs_that_are_let_in_one_by_one_never_need_more_than_there_is(
    total: int, runs: list[tuple[int, float]]
) -> None:
    tenants: list[Tenant] = []
    for need, share in runs:
        held = sum(t.use.gpu + (CONTEXT if t.use.gpu else 0) for t in tenants)
        rooms = {"0": Room(total * GIB, total * GIB - held)}
        if not lacking(["0"], Memory(0, need * GIB), tenants, rooms):
            tenants.append(Tenant(["0"], Memory(0, need * GIB), Memory(0, int(share * need * GIB))))
    peak = sum(t.need.gpu + CONTEXT for t in tenants)
    assert len(tenants) <= 1 or peak <= total * GIB


def job(shape: str, **memory: Memory) -> Job:
    here = Path()
    return Job(1, "a", "", 1, here, (), here, here, "auto", shape, memory)


def test_a_need_is_what_was_measured_of_the_shape_then_the_largest_then_a_guess() -> None:
    needs = Needs({"cpu"})
    assert needs.of("a") == GUESS
    assert needs.of("a", [Memory(10 * GIB, 0)]) == Memory(12 * GIB, GUESS.gpu)
    needs.add("b", Memory(1, 7))
    needs.add("c", Memory(5, 2))
    needs.add("c", Memory(4, 3))
    assert needs.of("c") == Memory(5, 3)
    assert needs.of("a") == Memory(5, 7)


def test_measurements_count_on_their_kinds_of_devices() -> None:
    jobs = [job("a", H100=Memory(3, 5), cpu=Memory(9)), job("a", A100=Memory(4, 4))]
    assert Needs({"H100"}, jobs).of("a") == Memory(3, 5)
    assert Needs({"H100", "A100"}, jobs).of("a") == Memory(4, 5)
    assert Needs({"cpu"}, jobs).of("a") == Memory(9, 0)
    assert not Needs({"L4"}, jobs).measured("a")
    assert Needs({"L4"}, jobs).of("a") == GUESS
