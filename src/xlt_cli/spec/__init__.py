"""The experiment spec: as it is written, how it is read, and what it resolves to.

May stand here: the models of a spec, reading it (YAML with lines, overrides), its errors and hints,
resolving its plugins, and its identity. Nothing here loads data or weights, or imports torch.
"""

from xlt_cli.api import PluginUse
from xlt_cli.spec.experiment import (
    ResolvedDev,
    ResolvedEvaluation,
    ResolvedExperiment,
    ResolvedStage,
)
from xlt_cli.spec.written import (
    CLEAN,
    DEVICE,
    FORMER,
    NAME,
    SPLIT_NAMES,
    Dev,
    Evaluation,
    ExperimentSpec,
    Languages,
    Model,
    NamedSplit,
    PerturbationUse,
    Setting,
    Stage,
    Sweep,
    Use,
    split_name,
)

__all__ = [
    "CLEAN",
    "DEVICE",
    "FORMER",
    "NAME",
    "SPLIT_NAMES",
    "Dev",
    "Evaluation",
    "ExperimentSpec",
    "Languages",
    "Model",
    "NamedSplit",
    "PerturbationUse",
    "PluginUse",
    "ResolvedDev",
    "ResolvedEvaluation",
    "ResolvedExperiment",
    "ResolvedStage",
    "Setting",
    "Stage",
    "Sweep",
    "Use",
    "split_name",
]
