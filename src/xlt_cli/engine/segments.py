"""Which segment ids a model was trained with, so that it is tested with the same.

A published model says it in its `xlt.json`, a stage in its `features.json`. Those that say nothing
are of earlier versions, which asked every tokenizer for segment ids (see `data/template.py`).
"""

from __future__ import annotations

from pathlib import Path

from xlt_cli.data.template import Segments
from xlt_cli.engine.checkpoints import ABOUT
from xlt_cli.problems.heads import INFO_FILE
from xlt_cli.runs import atomic

FILE = "features.json"
EARLIER = (
    "the model was trained by an earlier version of xlt, with segment ids that its tokenizer gives "
    "only when it is asked for them; it is tested with them, too, and answers otherwise in plain "
    "transformers"
)


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
    found: Segments = "default" if before is None else of_model(before, ours=True)
    if writes:
        atomic.write_json(stage / FILE, {"segments": found})
    return found
