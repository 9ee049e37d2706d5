"""Tasks of Ray that run the commands of jobs, and the cluster that they run on."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from xlt_cli.api import Job, UserError
from xlt_launchers.carry import Carrier
from xlt_launchers.queue import Queue, Standing

if TYPE_CHECKING:
    from xlt_launchers.ray import Ray

MOST = 1000
"""Tasks that wait in the cluster at most; each look at them takes time."""

IN_A_SEARCH = 32
"""Jobs of a search at once, if nothing is said."""


@contextlib.contextmanager
def cluster(address: str | None) -> Iterator[None]:
    """Connects to a cluster, or starts one on this machine, which ends with the block.

    Raises:
        UserError: there is no cluster at the address.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    _check_reachable(address or os.environ.get("RAY_ADDRESS", ""))
    import ray

    before = signal.getsignal(signal.SIGTERM)  # Ray sets one of its own
    connected = ray.is_initialized()
    try:
        if not connected:
            ray.init(
                address=address,
                log_to_driver=False,
                logging_level=logging.ERROR,
                include_dashboard=False if address is None else None,
            )
    except (ConnectionError, ValueError, RuntimeError, TimeoutError) as error:
        raise UserError(
            f"cannot connect to a Ray cluster: {error}",
            f"address {address or 'of $RAY_ADDRESS'}",
            "`ray status` shows whether it runs",
        ) from None
    finally:
        with contextlib.suppress(ValueError):  # not in the main thread
            signal.signal(signal.SIGTERM, before)
    try:
        yield
    finally:
        if not connected:
            ray.shutdown()


def _check_reachable(address: str) -> None:
    """Refuses the address of a cluster at which nothing answers: Ray tries it for minutes.

    Raises:
        UserError: nothing answers there.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not (host and port.isdecimal()):
        return
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except (OSError, OverflowError) as error:
        raise UserError(
            f"no Ray cluster answers: {error}",
            f"address {address}",
            "`ray status --address ADDRESS` shows whether it runs",
        ) from None


class RayQueue(Queue):
    """Tasks of the cluster that this process is connected to."""

    shortest: ClassVar[float] = 0.2
    longest: ClassVar[float] = 2.0
    grace: ClassVar[float] = 60.0

    def __init__(self, params: Ray.Params, count: int) -> None:
        import ray

        self.at_once = max(min(count, MOST), IN_A_SEARCH)
        if params.jobs != "auto":
            self.at_once = params.jobs
        self.slots = self.at_once
        options: dict[str, Any] = {
            "num_cpus": params.cpus,
            "num_gpus": params.gpus,
            "resources": params.resources,
            "max_retries": 0,  # the dispatcher starts jobs again, and tells of it
        }
        if params.memory is not None:
            options["memory"] = round(params.memory * 10**9)
        needs = {"CPU": params.cpus, "GPU": params.gpus, **params.resources}
        self.needs = {name: amount for name, amount in needs.items() if amount}
        self.task = ray.remote(**options)(_carry)
        self.refs: dict[int, Any] = {}

    def _lacking(self) -> str:
        """What no machine of the cluster has now; empty if jobs can run."""
        import ray

        nodes: list[dict[str, Any]] = ray.nodes()
        machines = [node["Resources"] for node in nodes if node["Alive"]]
        for machine in machines:
            if all(machine.get(name, 0.0) >= amount for name, amount in self.needs.items()):
                return ""
        return ", ".join(f"{amount:g} {name}" for name, amount in self.needs.items())

    def submit(self, jobs: Sequence[Job]) -> str:
        for job in jobs:
            self.refs[job.number] = self.task.remote(job.command, str(job.log), str(job.answer))
        lacking = self._lacking()
        return f"no machine of the cluster has {lacking} now; jobs wait for one" if lacking else ""

    def standings(self, numbers: Sequence[int]) -> Mapping[int, Standing]:
        import ray

        refs = {self.refs[number]: number for number in numbers if number in self.refs}
        if not refs:
            return {}
        ready, _ = ray.wait(list(refs), num_returns=len(refs), timeout=0, fetch_local=False)
        ended = {refs[ref]: _result(ref) for ref in ready}
        return {number: ended.get(number, Standing("runs")) for number in refs.values()}

    def cancel(self, numbers: Sequence[int]) -> None:
        import ray

        for number in numbers:
            if number in self.refs:
                ray.cancel(self.refs[number])

    def end(self, numbers: Sequence[int]) -> None:
        import ray

        for number in numbers:
            if number in self.refs:
                ray.cancel(self.refs[number], force=True)


def _carry(command: Sequence[str], log: str, answer: str) -> int | None:
    """Runs the command of a job, on the machine that Ray has chosen."""
    import ray

    about = {"ray_node": ray.get_runtime_context().get_node_id()}
    return Carrier().carry(command, log, answer, about)


def _result(ref: Any) -> Standing:
    """What a task that has ended came to; the result of the job is in its records."""
    import ray

    try:
        code = ray.get(ref)
    except ray.exceptions.TaskCancelledError:
        return Standing("failed", "its task was cancelled in Ray")
    except ray.exceptions.OutOfMemoryError as error:
        return Standing("failed", f"Ray ended it: {_first_line(error)}", True)
    except ray.exceptions.RayTaskError as error:
        return Standing("failed", f"its task failed: {_last_line(error)}")
    except ray.exceptions.RayError as error:
        return Standing("lost", f"its machine or process was lost ({type(error).__name__})")
    return Standing("lost", "its task was stopped") if code is None else Standing("gone")


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:300]


def _last_line(error: Exception) -> str:
    return str(error).strip().rpartition("\n")[2][:300]
