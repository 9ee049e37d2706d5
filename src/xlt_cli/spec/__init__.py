"""The experiment spec: as it is written, how it is read, and what it resolves to.

May stand here: the models of a spec, reading it (YAML with lines, overrides), its errors and hints,
resolving its plugins, and its identity. Nothing here loads data or weights, or imports torch.
"""

from xlt_cli.api import PluginUse
from xlt_cli.spec.experiment import (
    Metrics,
    ResolvedDev,
    ResolvedEvaluation,
    ResolvedExclusion,
    ResolvedExperiment,
    ResolvedRows,
    ResolvedStage,
)
from xlt_cli.spec.model import (
    SPLIT_NAMES,
    Languages,
    Model,
    NamedSplit,
    PerturbationUse,
    Use,
    split_name,
)
from xlt_cli.spec.rows import Exclusion, MoreRows
from xlt_cli.spec.stage import Dev, Stage
from xlt_cli.spec.written import (
    CLEAN,
    DEVICE,
    NAME,
    Arm,
    Evaluation,
    ExperimentSpec,
    Setting,
    Sweep,
)

__all__ = [
    "CLEAN",
    "DEVICE",
    "NAME",
    "SPLIT_NAMES",
    "Arm",
    "Dev",
    "Evaluation",
    "Exclusion",
    "ExperimentSpec",
    "Languages",
    "Metrics",
    "Model",
    "MoreRows",
    "NamedSplit",
    "PerturbationUse",
    "PluginUse",
    "ResolvedDev",
    "ResolvedEvaluation",
    "ResolvedExclusion",
    "ResolvedExperiment",
    "ResolvedRows",
    "ResolvedStage",
    "Setting",
    "Stage",
    "Sweep",
    "Use",
    "split_name",
]
