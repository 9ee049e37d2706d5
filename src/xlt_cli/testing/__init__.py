"""Conformance suites: tests that a plugin keeps to the contract of its kind.

    from xlt_cli.testing import TextPerturbationSuite

    class TestShouting(TextPerturbationSuite):
        @pytest.fixture
        def plugin(self):
            return Shouting(Shouting.Params(probability=0.5))

pytest then runs every check of the contract on that plugin. This room needs pytest and hypothesis
(`pip install 'xlt-cli[testing]'`), which the rest of xlt does without.

May stand here: one suite for each kind of plugins, and the small texts, models and tokenizers that
the suites try plugins on. Nothing in `src/` or `plugins/` imports it.
"""

try:
    import hypothesis  # noqa: F401
    import pytest  # noqa: F401
except ImportError as error:
    raise ImportError(
        f"xlt_cli.testing needs the package '{error.name}': pip install 'xlt-cli[testing]'"
    ) from error

from xlt_cli.testing.analyses import AnalysisSuite
from xlt_cli.testing.conditions import ConditionSuite
from xlt_cli.testing.embedding_perturbations import EmbeddingPerturbationSuite
from xlt_cli.testing.encoders import EncoderSuite
from xlt_cli.testing.heads import HeadSuite
from xlt_cli.testing.launchers import LauncherSuite
from xlt_cli.testing.metrics import MetricSuite
from xlt_cli.testing.problems import ProblemSuite
from xlt_cli.testing.segmentation_perturbations import SegmentationPerturbationSuite
from xlt_cli.testing.suite import PluginSuite
from xlt_cli.testing.tasks import TaskSuite
from xlt_cli.testing.text_perturbations import TextPerturbationSuite

__all__ = [
    "AnalysisSuite",
    "ConditionSuite",
    "EmbeddingPerturbationSuite",
    "EncoderSuite",
    "HeadSuite",
    "LauncherSuite",
    "MetricSuite",
    "PluginSuite",
    "ProblemSuite",
    "SegmentationPerturbationSuite",
    "TaskSuite",
    "TextPerturbationSuite",
]
