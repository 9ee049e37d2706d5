"""What is allowed in a spec and rarely works: said before training, never refused."""

from __future__ import annotations

import math

from xlt_cli.spec import ExperimentSpec, Stage
from xlt_cli.spec.source import Source

RATES = (1e-7, 1e-3)
"""Between these, AdamW's learning rates have fine-tuned encoders (1e-5 to 5e-5 is usual)."""
FEWEST = 100
"""Updates below which a fine-tuned encoder rarely learns more than the most frequent label."""


def advice(spec: ExperimentSpec, source: Source) -> list[str]:
    """A line for each field that is allowed and rarely works, with its place."""
    lines = []
    for index, stage in enumerate(spec.stages):
        for name, rate in (
            ("learning_rate", stage.learning_rate),
            ("head_learning_rate", stage.head_learning_rate),
        ):
            low, high = RATES
            most = high if name == "learning_rate" else 100 * high
            if rate is not None and not low <= rate <= most:
                lines.append(
                    f"{source.where(('stages', index, name))}: {rate:g} is far outside the rates "
                    f"that fine-tune encoders ({low:g} to {most:g}; 1e-05 to 5e-05 is usual)"
                )
        updates = most_updates(stage)
        if updates is not None and updates < FEWEST:
            lines.append(f"{source.where(('stages', index))}: {few_updates(updates, stage)}")
    return lines


def most_updates(stage: Stage) -> int | None:
    """How many updates a stage makes at most; None if only its data can tell."""
    bounds = [stage.max_steps] if stage.max_steps else []
    if stage.limit is not None and stage.languages:
        rows = stage.limit * len(stage.languages)
        bounds.append(max(1, math.ceil(stage.epochs * math.ceil(rows / stage.batch_size))))
    return min(bounds) if bounds else None


def few_updates(updates: int, stage: Stage) -> str:
    """What to say of a stage with so few updates."""
    limited = stage.max_steps is not None and stage.max_steps <= updates
    more = "raise `max_steps`" if limited else "raise `epochs` (or `limit`), lower `batch_size`"
    count = "1 update" if updates == 1 else f"{updates} updates"
    return (
        f"{count} in all: with fewer than {FEWEST}, an encoder rarely learns more than the most "
        f"frequent label; {more}, or raise `learning_rate`"
    )
