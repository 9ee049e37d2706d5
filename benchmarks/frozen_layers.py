"""How much faster training is above frozen layers, whose outputs are kept between epochs.

    python benchmarks/frozen_layers.py [--layers 8 10] [--rows 200] [--epochs 4]

Each stage is trained with and without `--plain`, and once with nothing frozen (and `--plain`), in
the same process. Embeddings are frozen with the layers. Ratios are of processor time: that of all
epochs, with the first one, in which the outputs are computed, and that of the last epoch alone.
Losses are compared, too.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import torch

from xlt_cli.api import Split
from xlt_cli.compute.runtime import Runtime
from xlt_cli.data.batches import training_batches
from xlt_cli.data.features import Featuriser
from xlt_cli.launch.computing import start
from xlt_cli.registry.guard import problem_of
from xlt_cli.spec import PluginUse, Stage
from xlt_cli.spec.building import build_encoder, build_task
from xlt_cli.training.ways import updates_of

TASK, LANGUAGE = "mini-pawsx", "en"
SPLIT: Split = "train"


class Bench:
    """A stage on the rows of a task, with so many layers frozen."""

    def __init__(
        self, encoder: str, rows: int, epochs: int, batch_size: int, dropout: float | None
    ) -> None:
        self.settings = {} if dropout is None else {"dropout": dropout}
        self.encoder, self.epochs, self.batch_size = encoder, epochs, batch_size
        task = build_task(PluginUse(name=TASK))
        self.problem = problem_of(task)
        tokenizer = build_encoder(PluginUse(name=encoder)).load_tokenizer()
        examples = task.load(SPLIT, LANGUAGE).examples[:rows]
        self.features = Featuriser(self.problem, tokenizer, 64).clean_features(examples)
        self.pad_id = tokenizer.pad_token_id

    def train(self, layers: int, runtime: Runtime) -> tuple[float, float, list[float], str]:
        """Seconds of all epochs and of the last one, losses, and how updates were made."""
        frozen: dict[str, Any] = {"freeze_layers": layers, "freeze_embeddings": layers > 0}
        torch.manual_seed(0)
        use = PluginUse(name=self.encoder, **frozen, **self.settings)
        model: Any = build_encoder(use).load_model(self.problem.head)
        stage = Stage(task=PluginUse(name=TASK), batch_size=self.batch_size, epochs=self.epochs)
        lengths = [len(feature.input_ids) for feature in self.features]
        batches = [
            batch
            for epoch in range(self.epochs)
            for batch in training_batches(lengths, self.batch_size, str(epoch))
        ]
        total, losses = len(batches), []
        began = time.process_time()
        updates = updates_of(
            model, self.problem, (), stage, self.pad_id, "0", runtime, self.features[0], total
        )
        updates.enter(self.features)
        updates.loss.train()
        last = 0.0
        for step, batch in enumerate(batches):
            if step == total - total // self.epochs:
                last = time.process_time()
            _, _, loss = updates.make([self.features[i] for i in batch], step, total)
            losses.append(float(loss))
        ended = time.process_time()
        return ended - began, ended - last, losses, updates.path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", default="e5-small-q4")
    parser.add_argument("--layers", type=int, nargs="+", default=[8, 10])
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--dropout", type=float, help="0 for none; default: the encoder's own")
    given = parser.parse_args()
    bench = Bench(given.encoder, given.rows, given.epochs, given.batch_size, given.dropout)
    fast, plain = start("cpu", "fp32"), start("cpu", "fp32", plain=True)
    whole, whole_last, _, _ = bench.train(0, plain)
    print(f"nothing frozen, --plain: {whole:.1f} s for {given.epochs} epochs")
    for layers in given.layers:
        slow, slow_last, expected, _ = bench.train(layers, plain)
        quick, last, losses, path = bench.train(layers, fast)
        apart = max(abs(a - b) for a, b in zip(losses, expected, strict=True))
        print(f"freeze_layers: {layers}: {quick:.1f} s ({path}); losses differ by {apart:.1e}")
        print(f"  --plain        {slow / quick:5.2f} x, last epoch {slow_last / last:5.2f} x")
        print(f"  nothing frozen {whole / quick:5.2f} x, last epoch {whole_last / last:5.2f} x")


if __name__ == "__main__":
    main()
