"""Where computation happens: device, processes, precision. A thin hold on accelerate."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xlt_cli.compute.devices import (
    asked_precision,
    may_have_gpu,
    resolve_device,
    resolve_precision,
)
from xlt_cli.compute.processes import SHARDS, asked_to_shard

if TYPE_CHECKING:
    import torch
    from accelerate import Accelerator


@dataclass(frozen=True)
class Runtime:
    """The device and processes that a command works with.

    Attributes:
        plain: no faster way than the textbook's, to compare with.
        speed: brings the faster ways (the hooks of `xlt_cli.speed`); None where there are none.
        follow: called by the main process with each record of training, once it is written; None
            for nothing.
        sharded: a model in training is divided over the processes, each of which keeps a part.
    """

    accelerator: Accelerator
    precision: str
    plain: bool = False
    speed: Callable[[], Any] | None = None
    follow: Callable[[Mapping[str, Any]], None] | None = None
    sharded: bool = False

    @property
    def fast(self) -> bool:
        """Whether the faster ways are there and wanted."""
        return self.speed is not None and not self.plain

    @property
    def device(self) -> torch.device:
        device: torch.device = self.accelerator.device
        return device

    @property
    def rank(self) -> int:
        return int(self.accelerator.process_index)

    @property
    def world(self) -> int:
        return int(self.accelerator.num_processes)

    @property
    def is_main(self) -> bool:
        return bool(self.accelerator.is_main_process)

    def gather(self, items: list[Any]) -> list[Any]:
        """The items of all processes, in order of rank."""
        if self.world == 1:
            return items
        from accelerate.utils import gather_object

        return list(gather_object(items))

    def wait(self) -> None:
        """Waits for all processes."""
        if self.world > 1:
            self.accelerator.wait_for_everyone()


def start(
    device: str, precision: str, plain: bool = True, speed: Callable[[], Any] | None = None
) -> Runtime:
    """Takes hold of a device.

    Raises:
        UserError: the device is unknown or not there; or accelerate is configured for a way of
            training that xlt has not.
    """
    sharded = asked_to_shard()
    wanted = resolve_device(device)
    if precision == "auto" and device != "cpu" and may_have_gpu():
        precision = asked_precision(device)  # not what was kept, which may be put right
    precision = resolve_precision(device, precision)
    accelerator = _accelerator(wanted, precision)
    sharded = sharded and accelerator.num_processes > 1
    return Runtime(accelerator, precision, plain, speed, sharded=sharded)


def _accelerator(device: str, precision: str) -> Accelerator:
    from accelerate import Accelerator
    from accelerate.state import AcceleratorState
    from accelerate.utils import GradientAccumulationPlugin

    # A sweep runs one experiment after another in this process; accelerate keeps the first
    # one's settings until it is told to forget them.
    AcceleratorState._reset_state(reset_partial_state="WORLD_SIZE" not in os.environ)
    if ":" in device and "WORLD_SIZE" not in os.environ:
        os.environ["ACCELERATE_TORCH_DEVICE"] = device
    else:
        os.environ.pop("ACCELERATE_TORCH_DEVICE", None)
    # Of FSDP it would keep settings for wrappers that are not used, and not forget them.
    asked = os.environ.pop(SHARDS, None)
    try:
        mixed = "bf16" if precision == "bf16" else "no"
        # By the launcher's own number of steps it would divide each loss, unless it is told one.
        once = GradientAccumulationPlugin(num_steps=1)
        return Accelerator(
            cpu=device == "cpu", mixed_precision=mixed, gradient_accumulation_plugin=once
        )
    finally:
        if asked is not None:
            os.environ[SHARDS] = asked
