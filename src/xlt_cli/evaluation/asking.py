"""What searches ask a model: the answers to examples that are made on the way, and their losses."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xlt_cli.api import EncoderModel, Example, Reply
from xlt_cli.compute.runtime import Runtime
from xlt_cli.data.features import Featuriser
from xlt_cli.evaluation.predict import Recorded, launch


@dataclass
class Asking:
    """Answers many examples at once, each as if it stood alone.

    Attributes:
        windows: whether what is too long for one input goes on in another.
        recorded: the model's passes that are recorded; None for none.
        seconds: how long this process has asked so far; the same in all processes.
    """

    model: EncoderModel
    featuriser: Featuriser
    windows: bool
    runtime: Runtime
    recorded: Recorded | None = None
    seconds: float = 0.0

    def __call__(self, examples: Sequence[Example]) -> list[Reply]:
        """A reply to each example, in order."""
        return self.begin(examples)()

    def begin(self, examples: Sequence[Example]) -> Callable[[], list[Reply]]:
        """Asks, and returns a function that waits for the replies.

        A GPU works meanwhile. Replies are to be taken in the order in which they were asked for.
        """
        started = time.monotonic()
        featuriser, problem = self.featuriser, self.featuriser.problem
        features = featuriser.laid_out(featuriser.fresh(examples), self.windows)
        underway = launch(
            self.model,
            features,
            problem,
            featuriser.template.pad_id,
            self.runtime,
            featuriser.tokenizer,
            with_losses=True,
            recorded=self.recorded,
        )
        spent = time.monotonic() - started

        def replies() -> list[Reply]:
            began = time.monotonic()
            predictions, losses = underway.answers(), underway.summed_losses()
            # Processes that look at clocks of their own would not agree on what to do next.
            self.seconds += self.runtime.gather([spent + time.monotonic() - began])[0]
            return [Reply(p, loss) for p, loss in zip(predictions, losses, strict=True)]

        return replies
