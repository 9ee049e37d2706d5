"""The launcher `slurm` on a running Slurm; `scripts/slurm-here.sh up` starts one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from xlt_cli.testing import LauncherSuite
from xlt_cli.testing.jobs import Jobs
from xlt_launchers.slurm import Slurm


def why_not() -> str:
    """Why the tests cannot run here; empty if they can."""
    if shutil.which("sinfo") is None:
        return "Slurm is not installed (apt-get install slurm-wlm munge)"
    sinfo = subprocess.run(["sinfo", "-h"], capture_output=True, timeout=60)
    return "" if sinfo.returncode == 0 else "no Slurm answers (scripts/slurm-here.sh up)"


WHY_NOT = why_not()
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)


class TestSlurm(LauncherSuite):
    @pytest.fixture
    def plugin(self) -> Slurm:
        pytest.importorskip("submitit")
        return Slurm()

    @pytest.fixture
    def jobs(self, tmp_path: Path) -> Jobs:
        return Jobs(tmp_path)
