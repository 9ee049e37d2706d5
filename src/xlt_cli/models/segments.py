"""Which segment ids a model was trained with, so that it is tested with the same.

A published model says it in its `xlt.json`, a stage in its `features.json`. Those that say nothing
are of earlier versions, which asked every tokenizer for segment ids (see `data/template.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import torch

from xlt_cli.api import EncoderModel, Example
from xlt_cli.data.batches import collate
from xlt_cli.data.features import Featuriser
from xlt_cli.data.template import Segments, Template
from xlt_cli.models.placing import pads_left
from xlt_cli.problems.heads import INFO_FILE
from xlt_cli.runs import atomic
from xlt_cli.runs.stage import ABOUT

FILE = "features.json"
PADDED_RIGHT = (
    "the model was trained by an earlier version of xlt, in which its predictions "
    "depended on padding; it is now tested with the correct padding, so that its results may "
    "differ from earlier ones"
)
EARLIER = (
    "the model was trained by an earlier version of xlt, with segment ids that its "
    "tokenizer returns only on request; it is tested with them as well, and its predictions in "
    "plain transformers differ"
)


def notes(
    segments: Segments, featuriser: Featuriser, model: EncoderModel, rows: Sequence[Example]
) -> list[str]:
    """What must be said beside the results of a model that an earlier version trained.

    Args:
        rows: some that it is tested on.
    """
    assert isinstance(model, torch.nn.Module)
    if segments == "default" or not rows:
        return []
    said = [EARLIER] if _matter(featuriser, model, rows[0]) else []
    return [*said, PADDED_RIGHT] if pads_left(model) else said


@torch.no_grad()
def _matter(featuriser: Featuriser, model: EncoderModel, row: Example) -> bool:
    """Whether the model answers otherwise by the one rule than by the other."""
    if not featuriser.template.differs:
        return False
    (encoded,) = featuriser.problem.encode([row], featuriser.tokenizer)
    answers = []
    for rule in get_args(Segments):
        template = Template(featuriser.tokenizer, rule)
        feature = featuriser.problem.feature(encoded, template, featuriser.max_length)
        batch = collate([feature], featuriser.problem, template.pad_id)
        answers.append(model.logits(model.embed(batch), batch))
    default, forced = answers
    return not torch.allclose(default, forced, rtol=0, atol=1e-6)


def of_model(directory: Path, ours: bool = False) -> Segments:
    """Those of a model directory; somebody else's has what its tokenizer gives.

    Args:
        ours: whether xlt is known to have trained it.
    """
    about = atomic.read_json(directory / ABOUT)
    if about is None:
        return "forced" if ours or (directory / INFO_FILE).exists() else "default"
    return "default" if about.get("segments") == "default" else "forced"


def of_stage(stage: Path, before: Path | None, restored: bool, writes: bool) -> Segments:
    """Those of a stage: as it began, as the stage before was trained, or the default.

    Args:
        before: the model of the stage before.
        restored: whether the stage goes on from a checkpoint.
        writes: whether this process keeps the stage's files.
    """
    if restored:
        kept = atomic.read_json(stage / FILE) or {}
        return "default" if kept.get("segments") == "default" else "forced"
    segments: Segments = "default" if before is None else of_model(before, ours=True)
    if writes:
        atomic.write_json(stage / FILE, {"segments": segments})
    return segments
