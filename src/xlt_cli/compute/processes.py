"""Which of several processes this is, and what they are to share; known without torch."""

from __future__ import annotations

import os

from xlt_cli.errors import UserError

SHARDS = "ACCELERATE_USE_FSDP"
"""The variable by which accelerate's launcher asks for shards."""

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
    if os.environ.get("FSDP_VERSION", "1") != "2":
        raise UserError(
            "xlt does not train with FSDP 1, which is accelerate's default",
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
    os.environ["FSDP_CPU_RAM_EFFICIENT_LOADING"] = "false"
    return True


def _is_set(variable: str) -> bool:
    return os.environ.get(variable, "false").lower() in ("true", "1", "yes")
