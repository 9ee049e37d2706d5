"""The faster ways, as `training` and `evaluation` ask for them; `Runtime.speed` brings this module.

Without this folder xlt works as with `--plain`.
"""

from xlt_cli.speed.prediction import fast_prediction
from xlt_cli.speed.recorded_logits import RecordedLogits
from xlt_cli.speed.updates import FastUpdates

__all__ = ["FastUpdates", "RecordedLogits", "fast_prediction"]
