"""Our own launchers keep to the contract, as the suite for plugin authors tests it."""

from __future__ import annotations

import pytest

from xlt_cli.testing import LauncherSuite
from xlt_launchers.processes import Processes
from xlt_launchers.slurm import Slurm


class TestProcesses(LauncherSuite):
    @pytest.fixture
    def plugin(self) -> Processes:
        return Processes(Processes.Params(jobs=2))


class TestSlurmOnThisMachine(LauncherSuite):
    @pytest.fixture
    def plugin(self) -> Slurm:
        pytest.importorskip("submitit")
        return Slurm(Slurm.Params(executor="local", jobs=2))
