"""Which of several processes this is, and what they are to share; known without torch."""

from __future__ import annotations

import os

from xlt_cli.errors import UserError

SHARDS = "ACCELERATE_USE_FSDP"
"""The variable by which accelerate's launcher asks for shards."""

_TRUE, _FALSE = ("true", "1", "yes", "y", "t", "on"), ("false", "0", "no", "n", "f", "off")
"""As accelerate reads them."""

_INSTEAD = "use `accelerate launch --use_fsdp --fsdp_version 2`"


def is_first_process() -> bool:
    """Whether this is the process that talks, where torchrun or accelerate started several."""
    return os.environ.get("RANK", "0") == "0"


def asked_to_shard() -> bool:
    """Whether accelerate's launcher asks that models be trained in shards (FSDP 2).

    transformers is then kept from opening weights in one process only: each process checks the
    whole model before it keeps its part.

    Raises:
        UserError: it asks for another way to divide a model, or for more than xlt does.
    """
    for variable, way in (
        ("ACCELERATE_USE_DEEPSPEED", "DeepSpeed"),
        ("ACCELERATE_USE_MEGATRON_LM", "Megatron-LM"),
        ("ACCELERATE_USE_PARALLELISM_CONFIG", "accelerate's parallelism configuration"),
    ):
        if _is_set(variable):
            raise UserError(f"xlt does not train with {way}", "accelerate launch", _INSTEAD)
    if not _is_set(SHARDS):
        return False
    version = os.environ.get("FSDP_VERSION", "1")
    if version != "2":
        raise UserError(
            f"xlt does not train with FSDP {version}"
            + (", which is accelerate's default" if version == "1" else ""),
            "accelerate launch --use_fsdp",
            "add `--fsdp_version 2`",
        )
    if _is_set("FSDP_OFFLOAD_PARAMS"):
        raise UserError(
            "xlt does not keep shards in the memory of the processor",
            "--fsdp_offload_params",
            "leave it out, and use more GPUs, `gradient_checkpointing: true` or a smaller "
            "batch (`accumulate`)",
        )
    if _is_set("FSDP_ACTIVATION_CHECKPOINTING"):
        raise UserError(
            "layers are computed again in the backward pass if the stage says so",
            "--fsdp_activation_checkpointing",
            "leave it out, and set `gradient_checkpointing: true` in the stage",
        )
    if os.environ.get("FSDP_IGNORED_MODULES"):
        raise UserError("xlt shards the whole model", "--fsdp_ignored_modules", "leave it out")
    reshards()
    os.environ["FSDP_CPU_RAM_EFFICIENT_LOADING"] = "false"
    return True


def reshards() -> bool:
    """Whether a layer's weights are given up between its forward and its backward pass.

    Raises:
        UserError: the launcher has a value for it that FSDP 2 does not know.
    """
    given = os.environ.get("FSDP_RESHARD_AFTER_FORWARD", "true")
    if given.lower() not in (*_TRUE, *_FALSE):
        raise UserError(
            f"'{given}' is neither true nor false",
            "--fsdp_reshard_after_forward",
            "with FSDP 2 it is true, which takes less memory, or false, which is faster",
        )
    return given.lower() in _TRUE


def _is_set(variable: str) -> bool:
    return os.environ.get(variable, "false").lower() in _TRUE
