"""A model that was trained and saved, made what opening its files brings. Imports torch.

Its weights are those of the files. Where anything else of it has changed since it was opened, the
files are to be opened.
"""

from __future__ import annotations

import torch
from torch import nn

from xlt_cli.api import EncoderModel, Head
from xlt_cli.problems.heads import WithHead
from xlt_encoders.halves import Halves, NativeModel
from xlt_encoders.loading import check_halves, with_head


def reopened(model: EncoderModel, head: Head) -> EncoderModel | None:
    """A model as `load_checkpoint` would open the files that it was saved to, or None.

    A head of xlt's own is built anew, as it is there. A language model is always opened: whether
    its output layer is tied is found then.

    Raises:
        UserError: the files could not be opened either.
    """
    halves = model.backbone if type(model) is WithHead else model
    if not isinstance(halves, Halves) or type(halves) not in (Halves, NativeModel):
        return None
    if head.outputs is not None or not halves.in_order or not _saved_exactly(halves.model):
        return None
    opened = halves.opened
    if opened is None or halves.adapter is not None or not opened.is_still(halves):
        return None
    halves.freeze_only(opened.frozen, opened.trained)
    halves.eval()
    check_halves(halves)
    if type(model) is not WithHead:
        return model
    with torch.random.fork_rng(devices=[]):
        made = with_head(halves, head, model.info.pooling)
    made.head.load_state_dict(model.head.state_dict())
    return made


def _saved_exactly(model: nn.Module) -> bool:
    """Whether files hold the very numbers of a model's weights, and are opened as they are.

    They are opened in float32, whatever they hold.
    """
    return all(
        weight.is_contiguous() and (weight.dtype == torch.float32 or not weight.is_floating_point())
        for weight in model.state_dict().values()
    )
