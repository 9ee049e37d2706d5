"""Where computation happens: device, processes, precision. A thin hold on accelerate."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xlt_cli.errors import UserError

if TYPE_CHECKING:
    import torch
    from accelerate import Accelerator


@dataclass(frozen=True)
class Runtime:
    """The device and processes that a command works with.

    Attributes:
        plain: no faster way than the textbook's, to compare with.
    """

    accelerator: Accelerator
    precision: str
    plain: bool = False

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


def start(device: str, precision: str, plain: bool = False) -> Runtime:
    """Takes hold of a device.

    Raises:
        UserError: the device is unknown or not there.
    """
    import torch

    wanted = resolve_device(device)
    if precision == "auto":
        bf16 = wanted.startswith("cuda") and torch.cuda.is_bf16_supported(including_emulation=False)
        precision = "bf16" if bf16 else "fp32"
    return Runtime(_accelerator(wanted, precision), precision, plain)


def resolve_device(device: str) -> str:
    """`auto` to the best there is; anything else checked to be there."""
    import torch

    if device == "auto":
        if torch.cuda.is_available():
            return "cuda"
        return "mps" if torch.backends.mps.is_available() else "cpu"
    kind, _, index = device.partition(":")
    if kind not in ("cpu", "cuda", "mps") or (index and not (kind == "cuda" and index.isdecimal())):
        raise UserError(
            f"unknown device '{device}'", "device", "known: auto, cpu, cuda, cuda:N, mps"
        )
    if kind == "cuda" and not torch.cuda.is_available():
        raise UserError(
            "CUDA is asked for, but this machine has no GPU that torch can use",
            f"device '{device}' (torch {torch.__version__})",
            "use --device cpu (or auto), or install a torch built for CUDA",
        )
    if kind == "cuda" and index and int(index) >= torch.cuda.device_count():
        raise UserError(
            f"there is no GPU number {index}",
            f"device '{device}'",
            f"this machine has {torch.cuda.device_count()}, counted from 0",
        )
    if kind == "mps" and not torch.backends.mps.is_available():
        raise UserError("MPS is asked for, but this machine has none", f"device '{device}'")
    return device


def _accelerator(device: str, precision: str) -> Accelerator:
    from accelerate import Accelerator
    from accelerate.state import AcceleratorState

    # A sweep runs one experiment after another in this process; accelerate keeps the first
    # one's settings until it is told to forget them.
    AcceleratorState._reset_state(reset_partial_state="WORLD_SIZE" not in os.environ)
    if ":" in device and "WORLD_SIZE" not in os.environ:
        os.environ["ACCELERATE_TORCH_DEVICE"] = device
    else:
        os.environ.pop("ACCELERATE_TORCH_DEVICE", None)
    return Accelerator(cpu=device == "cpu", mixed_precision="bf16" if precision == "bf16" else "no")
