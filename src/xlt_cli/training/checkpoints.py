"""What an interrupted stage goes on from: the last checkpoint, and the best one so far.

A checkpoint directory holds `model/` (opens with AutoModelFor...), `optimizer.pt`, `rows.npy`,
`position.json`, where the weights are averaged `average.pt`, and where perturbations have modules
of their own or the stage has further heads `perturbations.pt`. No random state: see `seeding`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from xlt_cli.api import EncoderModel
from xlt_cli.errors import DamagedFile, UserError
from xlt_cli.runs import atomic, checksums, metrics
from xlt_cli.runs.stage import ABOUT
from xlt_cli.training import heads
from xlt_cli.training.averaging import Average
from xlt_cli.training.heads import OtherHead
from xlt_cli.training.snapshot import HasState

OWN = "perturbations.pt"


@dataclass
class Position:
    """How far a stage has come.

    Attributes:
        step: updates made.
        epoch, batch: the epoch, and the batches of it that were used.
        best_step, best_score: the best checkpoint so far; -1 if there is none.
        stale: evaluations on dev since the best.
        loss_sum, loss_size: the running mean of the loss since the last record.
        stage_metrics_size: bytes of the stage's metrics.jsonl that belong to the updates made.
        parent: hash of the weights that the stage began with, if another stage made them.
        reused_layers: frozen layers whose outputs are kept between epochs.
    """

    step: int = 0
    epoch: int = 0
    batch: int = 0
    best_step: int = -1
    best_score: float = float("-inf")
    stale: int = 0
    loss_sum: float = 0.0
    loss_size: int = 0
    stage_metrics_size: int = 0
    parent: str = ""
    reused_layers: int = 0


def path_of(stage: Path, step: int) -> Path:
    """The checkpoint directory of a step."""
    return stage / "checkpoints" / f"step-{step:08d}"


def save(
    stage: Path,
    model: EncoderModel,
    optimizer: Mapping[str, Any],
    position: Position,
    rows: Sequence[int] = (),
    average: Average | None = None,
    own: HasState | None = None,
) -> None:
    """Writes the checkpoint of `position.step`, then removes those no longer needed.

    None of the arguments may change meanwhile; see `writer`.

    Args:
        optimizer: its state.
        rows: of the word-embedding table that are trained apart, in their order.
        average: of the weights until now, where they are averaged.
        own: the modules of perturbations, and further heads.
    """
    with atomic.new_directory(path_of(stage, position.step)) as directory:
        (directory / "model").mkdir()
        model.save(directory / "model")
        with (directory / "optimizer.pt").open("wb") as file:
            torch.save(dict(optimizer), file)
        with (directory / "rows.npy").open("wb") as file:
            np.save(file, np.array(rows, dtype=np.int64))
        if average is not None:
            average.save(directory)
        state = own.state_dict() if own is not None else {}
        if state:
            with (directory / OWN).open("wb") as file:
                torch.save(state, file)
        values = asdict(position)
        if position.best_step < 0:
            values["best_score"] = None
        atomic.write_json(directory / "position.json", values)
    for path in _all(stage):
        step = int(path.name.removeprefix("step-"))
        if step not in (position.step, position.best_step):
            atomic.remove(path)


def latest(
    stage: Path, warn: Callable[[str], None] = lambda text: None
) -> tuple[Path, Position] | None:
    """The newest whole checkpoint whose best is whole too; damaged ones are said."""
    for path in reversed(_all(stage)):
        damage = checksums.damage(path)
        if damage:
            warn(f"the checkpoint {path.name} is damaged and is skipped: {damage}")
            continue
        position = _position(path)
        best = path_of(stage, position.best_step)
        damage = checksums.damage(best) if position.best_step >= 0 else ""
        if not damage:
            return path, position
        warn(
            f"the checkpoint {path.name} is skipped because of the best one, {best.name}: {damage}"
        )
    return None


def _position(path: Path) -> Position:
    values = atomic.read_json(path / "position.json")
    if values["best_score"] is None:
        values["best_score"] = float("-inf")
    if "metrics_size" in values:  # version 1: of a file that all stages shared
        own = metrics.from_shared(path.parent.parent, values.pop("metrics_size"))
        values["stage_metrics_size"] = len(own)
    return Position(**values)


def rows_of(path: Path) -> list[int]:
    """The rows that a checkpoint's stage trains apart from their table; none if it does not."""
    if not (path / "rows.npy").exists():  # of an earlier version
        return []
    rows: list[int] = np.load(path / "rows.npy", allow_pickle=False).tolist()
    return rows


def restore_optimizer(
    path: Path,
    optimizer: torch.optim.Optimizer,
    part: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
) -> None:
    """Loads the optimizer's state; the peak rates and the kind of update stay as built.

    Args:
        part: what this process keeps of the whole state, of which it need not read the rest.
    """
    built = [dict(group) for group in optimizer.param_groups]
    file, mapped = path / "optimizer.pt", part is not None
    state: Any = torch.load(file, map_location="cpu", weights_only=True, mmap=mapped)
    optimizer.load_state_dict(state if part is None else part(state))
    for group, own in zip(optimizer.param_groups, built, strict=True):
        group.update({name: own[name] for name in ("lr", "fused", "capturable")})


def restore_own(path: Path, own: torch.nn.Module) -> None:
    """Loads the parameters of perturbations, as `save` wrote them.

    Raises:
        UserError: they are others than those of the checkpoint.
    """
    file = path / OWN
    state: Any = {}
    if file.exists():
        state = torch.load(file, map_location="cpu", weights_only=True)
    try:
        own.load_state_dict(state)
    except RuntimeError as error:
        raise UserError(
            "the trainable parameters of this stage's perturbations have changed since it began",
            str(path),
            "use the version of the plugin that it began with, or remove its directory to "
            "begin again",
        ) from error


def publish(
    stage: Path,
    checkpoint: Path | EncoderModel,
    tokenizer: Any,
    about: dict[str, Any],
    merged: Callable[[Path | EncoderModel], EncoderModel] | None = None,
    others: Sequence[OtherHead] = (),
    own: Mapping[str, torch.Tensor] | None = None,
) -> None:
    """Makes a checkpoint's model, or one that is in none, the stage's, with its tokenizer.

    Args:
        merged: makes of either the model that is published, where that is another one.
        others: further heads, whose weights are kept with the model.
        own: the weights of all modules beside a model that is in no checkpoint.

    Raises:
        DamagedFile: the checkpoint is not what was written.
    """
    damage = checksums.damage(checkpoint) if isinstance(checkpoint, Path) else ""
    if damage:
        raise DamagedFile(
            f"the best checkpoint is damaged: {damage}",
            str(checkpoint),
            "run it again: training continues from an intact checkpoint",
        )
    if others and isinstance(checkpoint, Path):
        own = torch.load(checkpoint / OWN, map_location="cpu", weights_only=True)
    if merged is not None:
        checkpoint = merged(checkpoint)
    with atomic.new_directory(stage / "model") as directory:
        if isinstance(checkpoint, Path):
            shutil.copytree(
                checkpoint / "model",
                directory,
                copy_function=atomic.link_or_copy,
                dirs_exist_ok=True,
            )
        else:
            checkpoint.save(directory)
        heads.write(directory, others, own or {})
        tokenizer.save_pretrained(directory)
        atomic.write_json(directory / ABOUT, about)


def discard(stage: Path) -> None:
    """Removes the checkpoints of a finished stage, all or none: a kill may leave hidden ones."""
    atomic.remove(stage / "checkpoints")


def _all(stage: Path) -> list[Path]:
    return sorted((stage / "checkpoints").glob("step-????????"))
