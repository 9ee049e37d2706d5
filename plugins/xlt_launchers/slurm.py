"""`slurm`: jobs as job arrays of Slurm, submitted with submitit."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import Field

from xlt_cli.api import Event, Launcher, Manifest, PluginParams, UserError

EXTRA = 'pip install "xlt-cli[slurm]"'


class Slurm(Launcher):
    """Submits jobs to Slurm, and waits for them; they continue if the one who waits is killed."""

    api_version = 1
    name = "slurm"
    summary = "job arrays of Slurm, submitted with submitit"

    class Params(PluginParams):
        partition: str | None = Field(None, description="partition; default: that of the cluster")
        account: str | None = Field(None, description="account that the time is charged to")
        hours: float = Field(24.0, gt=0, description="time limit of each job; a run continues in a "
                             "further job")  # fmt: skip
        gpus: Annotated[int, Field(ge=0)] = Field(0, description="GPUs of each job")
        cpus: Annotated[int, Field(ge=1)] = Field(1, description="processors of each job")
        memory: float | None = Field(
            None, gt=0, description="memory of each job in GB; default: that of the cluster"
        )
        jobs: Annotated[int, Field(ge=1)] | Literal["auto"] = Field(
            "auto", description="number of jobs at once; auto: as many as Slurm starts"
        )
        setup: list[str] = Field([], description="shell commands before each job, e.g. module load")
        options: dict[str, Any] = Field(
            {}, description="further parameters of submitit's executor, e.g. {qos: high}"
        )
        executor: Literal["slurm", "local"] = Field(
            "slurm", description="local: processes on this machine, for trying it out"
        )

    params: Params

    def check(self) -> None:
        if importlib.util.find_spec("submitit") is None:
            raise UserError("submitit is not installed", "launcher 'slurm'", EXTRA)
        if self.params.executor == "slurm":
            missing = [name for name in ("sbatch", "squeue", "srun") if not shutil.which(name)]
            if missing:
                raise UserError(
                    f"there is no command '{missing[0]}' on this machine",
                    "launcher 'slurm'",
                    "submit from a machine of the cluster; `executor: local` is for trying it out",
                )

    def launch(self, manifest: Manifest, tell: Callable[[Event], None]) -> None:
        from xlt_launchers.dispatch import Dispatcher
        from xlt_launchers.submitting import LocalQueue, SlurmQueue

        kind = SlurmQueue if self.params.executor == "slurm" else LocalQueue
        queue = kind(self.params, manifest)
        dispatcher = Dispatcher(manifest, queue, tell)
        try:
            dispatcher.work()
        finally:
            dispatcher.stop()
            queue.close()
