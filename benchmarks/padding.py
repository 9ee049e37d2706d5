"""How much of a batch is padding: what packing rows without padding could save at most.

    XLT_DATA_DIR=... python benchmarks/padding.py [--batch 32]

Batches are those of `xlt train`: rows of similar length together, and on a GPU widths in steps of 8
tokens (of 4 in long stages). The last column is the time of an update if it were proportional to
tokens, padding included, by that without any. One-tile attention (rows of up to 128 tokens) does
not read padding in either case, so that packing saves less.
"""

from __future__ import annotations

import argparse
import statistics

from xlt_cli.data.batches import training_batches
from xlt_cli.data.features import Featuriser
from xlt_cli.spec import PluginUse
from xlt_cli.spec.building import build_encoder, build_task

TASKS = {
    "xnli": ("en", 128),
    "pawsx": ("en", 128),
    "sib200": ("eng_Latn", 128),
    "panx": ("en", 128),
    "masakhanews": ("yor", 384),
    "squad": ("en", 384),
    "tydiqa": ("sw", 384),
}
"""The language whose training rows are taken, and the longest input."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rows", type=int, default=8000)
    parser.add_argument("--tasks", default=",".join(TASKS))
    given = parser.parse_args()
    tokenizer = build_encoder(PluginUse(name="e5-small-q4")).load_tokenizer()
    print(
        f"{'task':12} inputs  tokens: mean, deviation, most   padding at steps of 1, 4, 8   bound"
    )
    for name in given.tasks.split(","):
        language, longest = TASKS[name]
        task = build_task(PluginUse(name=name))
        featuriser = Featuriser(task.problem(task.labels), tokenizer, longest)
        rows = task.load("train", language).examples[: given.rows]
        lengths = [len(feature.input_ids) for feature in featuriser.features(rows)]
        batches = training_batches(lengths, given.batch, "padding")
        shares = [padding(lengths, batches, step) for step in (1, 4, 8)]
        mean, deviation = statistics.mean(lengths), statistics.pstdev(lengths)
        print(
            f"{name:12} {len(lengths):6} {mean:9.1f} {deviation:9.1f} {max(lengths):7}        "
            f"{'  '.join(f'{share:6.1%}' for share in shares)}       {1 / (1 - shares[2]):.2f} x",
            flush=True,
        )


def padding(lengths: list[int], batches: list[list[int]], step: int) -> float:
    """The share of the tokens of batches that is padding, if widths are multiples of `step`."""
    widths = [-(-max(lengths[row] for row in batch) // step) * step for batch in batches]
    wide = sum(width * len(batch) for width, batch in zip(widths, batches, strict=True))
    return 1 - sum(lengths[row] for batch in batches for row in batch) / wide


if __name__ == "__main__":
    main()
