"""One model over several processes, each of which keeps a part (torch's `fully_shard`, FSDP 2).

Weights, gradients and AdamW's moments are divided; a layer is put together while it computes. The
main process keeps a whole copy of the model in the memory of its processor, into which weights
are gathered to be saved: checkpoints and models are the same files as those of one process.
"""

from __future__ import annotations

import contextlib
import copy
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import (
    FSDPModule,
    MixedPrecisionPolicy,
    fully_shard,
    register_fsdp_forward_method,
)
from torch.distributed.tensor import DTensor

from xlt_cli.api import Batch, EncoderModel
from xlt_cli.compute.processes import reshards
from xlt_cli.compute.runtime import Runtime
from xlt_cli.data.batches import collate
from xlt_cli.errors import UserError
from xlt_cli.models.layers import outermost_layers
from xlt_cli.models.word_table import own_table
from xlt_cli.problems import Feature
from xlt_cli.training import checkpoints
from xlt_cli.training.exchange import add_up
from xlt_cli.training.updates import Training, Updates

ENTRANCES = ("embed", "encode", "logits", "states_of")
"""The methods by which a model is run; what is in no layer is put together when they are called."""


class ShardedUpdates(Updates):
    """As `Updates`, each process with a part of the model and of the optimizer's state.

    The processes exchange weights in each pass through the model, so that they have to make the
    same passes in the same order, whatever their rows are. The model is best on the CPU: its parts
    are moved to the device one by one.

    Raises:
        UserError: the stage asks for what cannot be done in shards.
    """

    def __init__(self, training: Training) -> None:
        if training.stage.select == "average":
            raise UserError(
                "the weights of a model in shards (FSDP) are not averaged",
                "select: average",
                "use `select: best` or `select: last`, or train without FSDP",
            )
        model, runtime = training.model, training.runtime
        assert isinstance(model, torch.nn.Module)
        self._whole = copy.deepcopy(training.model) if runtime.is_main else None
        device = next(model.parameters()).device
        probe = collate([training.probe], training.problem, training.pad_id).to(device)
        self._parts = shard(training.model, probe, runtime)
        self._probe = training.batch()
        self._shards: dict[int, tuple[torch.nn.Parameter, DTensor]] = {}
        super().__init__(training)

    def _built(self, apart: Sequence[torch.nn.Parameter]) -> torch.optim.AdamW:
        """AdamW on ordinary tensors, which are the memory of this process's part."""
        self._give_up_the_rest()
        built = super()._built(apart)
        for group in built.param_groups:
            group["params"] = [self._own_part(parameter) for parameter in group["params"]]
        return built

    @property
    def path(self) -> str:
        return "sharded"

    def whole_model(self) -> EncoderModel:
        """As the class says: in the main process the copy, with the present weights."""
        self._give_up_the_rest()
        model: Any = self.model
        copies: Any = self._whole
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if parameter.requires_grad:
                    whole = parameter.full_tensor()
                    if copies is not None:
                        copies.get_parameter(name).copy_(whole)
            for name, buffer in copies.named_buffers() if copies is not None else ():
                buffer.copy_(model.get_buffer(name))
        return self.model if self._whole is None else self._whole

    def optimizer_state(self) -> dict[str, Any]:
        """As one process has it in the main process; elsewhere without what is divided."""
        state = self.optimizer.state_dict()
        gathered: dict[int, dict[str, Any]] = {}
        for index, values in state["state"].items():
            own, divided = self._shards.get(id(self.parameters[index]), (None, None))
            gathered[index] = dict(values)
            for name, value in values.items():
                if own is None or divided is None or value.shape != own.shape or not value.dim():
                    continue
                whole = DTensor.from_local(
                    value, divided.device_mesh, divided.placements,
                    run_check=False, shape=divided.shape, stride=divided.stride(),
                ).full_tensor()  # fmt: skip
                gathered[index][name] = whole.cpu() if self.runtime.is_main else None
        return {**state, "state": gathered}

    def restore(self, checkpoint: Path) -> None:
        checkpoints.restore_optimizer(checkpoint, self.optimizer, self._part_of)

    @contextlib.contextmanager
    def answering(self) -> Iterator[Runtime]:
        """Has the whole model in each process meanwhile: they need not keep in step.

        In the next backward pass, FSDP fetches weights ahead in the order in which all passes since
        the last one were made. What it finds before its own is to be the same in all processes,
        which therefore make one more pass together.
        """
        for part in self._parts:
            part.unshard()
        for part in self._parts[:-1]:
            part.set_reshard_after_forward(False, recurse=False)
        try:
            yield replace(self.runtime, plain=True)
            with torch.no_grad(), self.runtime.accelerator.autocast():
                self.model.logits(self.model.embed(self._probe), self._probe)
        finally:
            for part in self._parts[:-1]:
                part.set_reshard_after_forward(reshards(), recurse=False)
            self._give_up_the_rest()

    def release(self) -> None:
        """As above, but leaves no model: FSDP's references to it would keep its memory."""
        super().release()
        assert isinstance(self.model, torch.nn.Module)
        self._give_up_the_rest()
        for parameter in self.model.parameters():
            parameter.grad = None
            if isinstance(parameter, DTensor):
                parameter.to_local().untyped_storage().resize_(0)
        self._shards.clear()
        self.parameters.clear()

    def _give_up_the_rest(self) -> None:
        """Leaves the model with this process's part alone; a pass without gradients does not."""
        for part in self._parts:
            part.reshard()

    def _own_part(self, parameter: torch.nn.Parameter) -> torch.nn.Parameter:
        """What AdamW has in the place of a parameter."""
        if not isinstance(parameter, DTensor):
            return parameter
        own = torch.nn.Parameter(parameter.to_local().detach())
        self._shards[id(own)] = own, parameter
        return own

    def _part_of(self, state: dict[str, Any]) -> dict[str, Any]:
        """The part of a whole optimizer's state that this process keeps."""
        kept: dict[int, dict[str, Any]] = {}
        for index, values in state["state"].items():
            kept[index] = dict(values)
            _, divided = self._shards.get(id(self.parameters[index]), (None, None))
            if divided is None:
                continue
            for name, value in values.items():
                if value.shape == divided.shape and value.dim():
                    kept[index][name] = _chunk(value, divided)
        return {**state, "state": kept}

    def _add_up(self, loss: torch.Tensor) -> torch.Tensor:
        """Those of parts were added up in the backward pass."""
        for own, divided in self._shards.values():
            gradient: Any = divided.grad
            own.grad = None if gradient is None else gradient.to_local()
            divided.grad = None
        return add_up([p for p in self.parameters if id(p) not in self._shards], loss, self.runtime)

    def _clip(self, features: Sequence[Feature]) -> torch.Tensor:
        """By the norm of the whole gradient, which is the same in all processes."""
        squares = torch.zeros(2, device=self.runtime.device)
        for of_all, parameters in enumerate(self._divided_and_not()):
            gradients = [p.grad for p in parameters if p.grad is not None and p.numel()]
            if gradients:
                squares[of_all] = torch.nn.utils.get_total_norm(gradients).square()
        torch.distributed.all_reduce(squares[:1])
        norm = squares.sum().sqrt()
        torch.nn.utils.clip_grads_with_norm_(self.parameters, self.limit, norm)
        return norm

    def _divided_and_not(self) -> tuple[list[torch.nn.Parameter], list[torch.nn.Parameter]]:
        divided = [p for p in self.parameters if id(p) in self._shards]
        return divided, [p for p in self.parameters if id(p) not in self._shards]


def shard(model: EncoderModel, probe: Batch, runtime: Runtime) -> list[FSDPModule]:
    """Divides a model over all processes, in place: each layer, the word table, and the rest.

    In bf16 the layers' weights are exchanged in bf16, and all others in float32, so that
    embeddings are as precise as without shards; gradients are added up in float32.

    Args:
        probe: a batch on the model's device.

    Returns:
        The parts, the rest last.
    """
    assert isinstance(model, torch.nn.Module)
    mesh = init_device_mesh(runtime.device.type, (runtime.world,))
    half = runtime.precision == "bf16" and runtime.device.type == "cuda"
    in_layers = MixedPrecisionPolicy(
        param_dtype=torch.bfloat16 if half else None,
        reduce_dtype=torch.float32 if half else None,
        cast_forward_inputs=False,
    )
    table = own_table(model, probe)  # a tied one belongs to the rest
    for layer in outermost_layers(model):
        fully_shard(layer, mesh=mesh, mp_policy=in_layers, reshard_after_forward=reshards())
    if table is not None and not isinstance(table, FSDPModule):
        fully_shard(table, mesh=mesh, reshard_after_forward=reshards())
    fully_shard(model, mesh=mesh, reshard_after_forward=False)
    _open_entrances(model)
    parts: list[FSDPModule] = [m for m in model.modules() if isinstance(m, FSDPModule)]
    for part in parts:  # losses are divided by the size of the whole batch
        part.set_gradient_divide_factor(1.0)
        part.set_force_sum_reduction_for_comms(True)
    return [*parts[1:], parts[0]]


def _open_entrances(model: torch.nn.Module) -> None:
    """Has FSDP put the rest together while one of the methods runs that a model is run by.

    One that calls another counts once: FSDP would give the rest up at the end of the inner one.
    """
    names = [name for name in ENTRANCES if hasattr(model, name)]
    plain = {name: getattr(model, name) for name in names}
    for name in names:
        register_fsdp_forward_method(model, name)
    opened = {name: getattr(model, name) for name in names}
    # The logits of a vocabulary are a view; nobody writes into them.
    view = rf"FSDP2-wrapped module \({type(model).__name__}\) returned a view"
    warnings.filterwarnings("ignore", message=view)
    inside = False

    def entrance(name: str) -> Callable[..., Any]:
        def call(*inputs: Any) -> Any:
            nonlocal inside
            if inside:
                return plain[name](*inputs)
            inside = True
            try:
                return opened[name](*inputs)
            finally:
                inside = False

        return call

    for name in names:
        setattr(model, name, entrance(name))


def _chunk(whole: torch.Tensor, divided: DTensor) -> torch.Tensor:
    """This process's part of a tensor that is divided as a parameter is."""
    rank, chunks = divided.device_mesh.get_local_rank(), whole.chunk(divided.device_mesh.size())
    return chunks[rank].clone() if rank < len(chunks) else whole.new_empty(0, *whole.shape[1:])
