"""The way in which a stage's updates are made: plainly, fast, or in shards."""

from __future__ import annotations

from collections.abc import Sequence

from xlt_cli.api import EncoderModel
from xlt_cli.compute.runtime import Runtime
from xlt_cli.errors import UserError
from xlt_cli.problems import Feature, Problem
from xlt_cli.spec import Stage
from xlt_cli.training.heads import OtherHead
from xlt_cli.training.noise import Method
from xlt_cli.training.updates import Training, Updates


def updates_of(
    model: EncoderModel,
    problem: Problem,
    methods: Sequence[Method],
    stage: Stage,
    pad_id: int,
    seed: str,
    runtime: Runtime,
    probe: Feature,
    length: int,
    rows: Sequence[int] | None = None,
    others: Sequence[OtherHead] = (),
    reused_layers: int | None = None,
) -> Updates:
    """The updates of a stage: plain ones, those of `xlt_cli.speed`, or those of a model in shards.

    Args:
        rows: those that a checkpoint was trained with; None for a stage that begins. A stage goes
            on as it began.
        others: further heads, for features whose `head` is 1 or more.
        reused_layers: the number of layers that a checkpoint was trained above; None as for `rows`.

    Raises:
        UserError: it was begun in a way that is not there now.
    """
    training = Training(
        model, problem, methods, stage, pad_id, seed, runtime, probe, length, others
    )
    if runtime.sharded:
        if rows or reused_layers:
            raise UserError(
                "this stage was begun with an acceleration that shards do not have",
                hint="continue it without FSDP, or remove its directory to begin again",
            )
        from xlt_cli.training.sharding import ShardedUpdates

        return ShardedUpdates(training)
    if not (runtime.fast if rows is None else rows or reused_layers):
        return Updates(training)
    if runtime.speed is None:
        how = "a separate table for the used word embeddings" if rows else "reused frozen layers"
        raise UserError(
            f"this stage was begun with {how}, which this installation of xlt does not support",
            hint="remove its directory to begin again",
        )
    updates: Updates = runtime.speed().FastUpdates(training, rows or (), reused_layers)
    return updates
