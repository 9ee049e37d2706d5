"""Whether the adapters of a spec's stages fit its encoder and each other."""

from __future__ import annotations

from collections.abc import Sequence

from xlt_cli.api import Encoder
from xlt_cli.errors import SpecError, UserError
from xlt_cli.spec.adapters import PREVIOUS
from xlt_cli.spec.source import Source
from xlt_cli.spec.stage import Stage
from xlt_cli.spec.yaml_lines import Loc


def check_adapters(stages: Sequence[Stage], encoder: Encoder, source: Source) -> None:
    """Refuses adapters that the encoder cannot have, and those that go on from none.

    Raises:
        SpecError: names the first stage with one.
    """
    kept = False
    for index, stage in enumerate(stages):
        adapter, loc = stage.adapter, ("stages", index, "adapter")
        if adapter is None:
            kept = False
            continue
        _check_encoder(encoder, source, loc)
        fields = ("kind",) * (adapter.kind == PREVIOUS) + ("over",) * (adapter.over == "base")
        if fields and not kept:
            before = f"stage {index} keeps none" if index else "this is the first stage"
            raise SpecError(
                f"there is no adapter of the stage before: {before}",
                source.where((*loc, fields[0])),
                "write `adapter: {kind: lora, after: keep}` there"
                if index
                else "name a kind: `adapter: lora`",
            )
        kept = adapter.after == "keep"


def _check_encoder(encoder: Encoder, source: Source, loc: Loc) -> None:
    try:
        encoder.check_adapters()
    except UserError as error:
        raise SpecError(error.what, source.where(loc), error.hint) from error.__cause__
