"""Types and texts that the tests of specs share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from xlt_cli.errors import UserError
from xlt_cli.spec import ExperimentSpec

WriteSpec = Callable[..., Path]
Install = Callable[..., Path]
Load = Callable[..., ExperimentSpec]
Refused = Callable[..., UserError]

SMALLEST = """\
encoder: e5-small-q4
stages:
  - task: mini-pawsx
"""
TWO_STAGES = """\
encoder: {name: e5-small-q4, freeze_layers: 2}
stages:
  - task: xnli
    epochs: 1
  - task: pawsx
    languages: [en, de]
    perturbation: word-dropout
evaluations:
  - languages: [de, sw]
seeds: [1, 2]
"""
STAGE = "encoder: mbert\nstages:\n- task: xnli\n  "
QUICKSTART = Path(__file__).parents[2] / "experiments" / "quickstart.yaml"
