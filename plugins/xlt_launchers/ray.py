"""`ray`: jobs as tasks of a Ray cluster."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import Field

from xlt_cli.api import Event, Launcher, Manifest, PluginParams, UserError


class Ray(Launcher):
    """Runs jobs as tasks of a Ray cluster; those of a lost machine go on elsewhere."""

    api_version = 1
    name = "ray"
    summary = "tasks of a Ray cluster, an existing one or one on this machine"

    class Params(PluginParams):
        address: str | None = Field(
            None,
            description="address of the cluster; default: $RAY_ADDRESS, a cluster that runs on "
            "this machine, or else a new one there",
        )
        jobs: Annotated[int, Field(ge=1)] | Literal["auto"] = Field(
            "auto", description="number of jobs at once; auto: as many as the cluster has room for"
        )
        cpus: float = Field(1.0, ge=0, description="processors of each job")
        gpus: float = Field(0.0, ge=0, description="GPUs of each job; 0.5 lets two share one")
        memory: float | None = Field(None, gt=0, description="memory of each job in GB")
        resources: dict[str, float] = Field(
            {}, description="further resources of each job, as the cluster names them"
        )

    params: Params

    def check(self) -> None:
        if importlib.util.find_spec("ray") is None:
            hint = 'pip install "xlt-cli[ray]"'
            raise UserError("ray is not installed", "launcher 'ray'", hint)

    def launch(self, manifest: Manifest, tell: Callable[[Event], None]) -> None:
        from xlt_launchers.dispatch import Dispatcher
        from xlt_launchers.ray_tasks import RayQueue, cluster

        with cluster(self.params.address):
            queue = RayQueue(self.params, len(manifest.jobs))
            dispatcher = Dispatcher(manifest, queue, tell)
            try:
                dispatcher.work()
            finally:
                dispatcher.stop()
