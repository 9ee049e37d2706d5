"""The launcher `ray`: what it asks for, and two machines of which one is lost.

Starting Ray takes longer than all other tests of launchers together, so that the tests that do so
run if XLT_TEST_RAY is set.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from pydantic import ValidationError

from xlt_cli.api import Event, Finished, Job, JobEvent, Manifest, Retried, Started, UserError
from xlt_cli.testing import LauncherSuite
from xlt_launchers.ray import Ray

WITH_RAY = pytest.mark.skipif(
    not os.environ.get("XLT_TEST_RAY"), reason="XLT_TEST_RAY is not set (Ray starts slowly)"
)


@pytest.mark.parametrize("wrong", [{"jobs": 0}, {"gpus": -1}, {"memory": 0}, {"cpu": 1}])
def test_wrong_parameters_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Ray.Params(**wrong)


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError, match="not installed") as caught:
        Ray().check()
    assert "xlt-cli[ray]" in str(caught.value.hint)


def test_an_address_at_which_nothing_answers_is_refused_at_once(tmp_path: Path) -> None:
    with socket.socket() as free:  # bound, and nobody listens
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
        launcher = Ray(Ray.Params(address=address))
        with pytest.raises(UserError, match="no Ray cluster answers") as caught:
            launcher.launch(Manifest(tmp_path / "m", tmp_path, ()), lambda event: None)
    assert caught.value.where == f"address {address}"


@pytest.fixture(scope="module")
def machines() -> Iterator[Any]:
    """A cluster of two machines; the second one has a resource called `second`."""
    ray = pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    small = {"num_cpus": 1, "object_store_memory": 80 * 2**20}
    made = Cluster(initialize_head=True, connect=False, head_node_args=small)
    made.second = made.add_node(**small, resources={"second": 1})
    ray.init(address=made.address, log_to_driver=False, logging_level="ERROR")
    yield made
    ray.shutdown()
    made.shutdown()


@WITH_RAY
@pytest.mark.filterwarnings("ignore")
class TestRay(LauncherSuite):
    @pytest.fixture
    def plugin(self, machines: Any) -> Ray:
        return Ray(Ray.Params(jobs=2))


SCRIPT = """\
import json, select, sys
from pathlib import Path

answer, goal = Path(sys.argv[1]), Path(sys.argv[2])
while not goal.exists():
    if select.select([sys.stdin], [], [], 0.05)[0]:  # the process around this one is gone
        sys.exit(1)
answer.write_text(json.dumps({"error": ""}))
"""


def job(folder: Path, number: int, goal: Path) -> Job:
    """A job that ends well as soon as a file is there."""
    place, answer = folder / f"run-{number}", folder / f"{number}.json"
    command = (sys.executable, "-I", "-S", "-c", SCRIPT, str(answer), str(goal))
    return Job(number, f"j{number}", "base", 1, place, command, place / "log", answer, "cpu")


@WITH_RAY
@pytest.mark.filterwarnings("ignore")
def test_jobs_of_a_lost_machine_go_on_elsewhere(tmp_path: Path, machines: Any) -> None:
    events: list[Event] = []
    first: dict[str, Started] = {}

    def tell(event: Event) -> None:
        events.append(event)
        if isinstance(event, Started) and not event.again:
            first[event.about["ray_node"]] = event
            if len(first) == 2:
                lose()

    def lose() -> None:
        """Kills the second machine, and what works on it."""
        worker = psutil.Process(first[machines.second.node_id].about["pid"])
        processes = [worker, *worker.children(recursive=True)]
        machines.remove_node(machines.second, allow_graceful=False)
        for process in processes:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(processes)
        (tmp_path / "goal").touch()

    jobs = tuple(job(tmp_path, number, tmp_path / "goal") for number in (1, 2))
    Ray(Ray.Params(jobs=2)).launch(Manifest(tmp_path / "manifest.json", tmp_path, jobs), tell)
    lost = first[machines.second.node_id].job
    told = [type(e).__name__ for e in events if isinstance(e, JobEvent) and e.job == lost]
    assert told == ["Started", "Retried", "Started", "Finished"]
    (why,) = {event.error for event in events if isinstance(event, Retried)}
    assert "was lost" in why
    again = next(e for e in events if isinstance(e, Started) and e.again)
    assert again.about["ray_node"] != machines.second.node_id
    assert sum(isinstance(event, Finished) for event in events) == 2
