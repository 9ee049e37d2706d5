"""The plugin contract: everything that a plugin author imports.

A plugin is a class of one of these kinds, found through an entry point:

    ============  ======================  ==================================================
    kind          entry-point group       what it provides
    ============  ======================  ==================================================
    Encoder       `xlt.encoders`          a tokenizer and a model that runs in two halves
    Perturbation  `xlt.perturbations`     noise on text, on its segmentation, on embeddings
    Task          `xlt.tasks`             examples per split and language, and their problem
    Problem       `xlt.problems`          inputs, loss, decoding and metrics of a type of task
    HeadBuilder   `xlt.heads`             layers from hidden states to a problem's outputs
    ExtraMetric   `xlt.metrics`           a metric in addition to those of a problem
    Analysis      `xlt.analyses`          measurements of the rows of runs, and a report on them
    Launcher      `xlt.launchers`         a way to run the jobs of a sweep
    Condition     `xlt.conditions`        changes of an evaluation's inputs or of its predictions
    ============  ======================  ==================================================

Every plugin class states `api_version = 1` (a literal and not `API_VERSION`, because it is the
version that the plugin was written for), a `name`, a `summary`, and a `Params` model with which its
parameters are validated before anything is loaded. Plugin modules import torch, transformers and
datasets inside the methods that need them, so that `xlt list-plugins` stays fast.
"""

from xlt_cli.api.adapters import AdapterKind, NewAdapter, TakesAdapters
from xlt_cli.api.analyses import (
    AnalysedRun,
    Analysis,
    Measured,
    MeasuredRun,
    ModelAnalysis,
    ModelRows,
    Pass,
    PredictedRows,
    PredictionAnalysis,
    Record,
)
from xlt_cli.api.conditions import (
    Answer,
    Condition,
    MeasuredColumn,
    MeasuredTable,
    Place,
    Reply,
    Search,
    Searched,
)
from xlt_cli.api.criterion import IGNORED, Criterion
from xlt_cli.api.data_facts import NOT_STATED, ORIGINS, TAGS, Origin
from xlt_cli.api.events import (
    Event,
    Failed,
    Finished,
    Hint,
    Interrupted,
    JobEvent,
    Retried,
    Said,
    Started,
    Stopping,
    Waiting,
)
from xlt_cli.api.examples import (
    SPLITS,
    Edit,
    Example,
    ExampleText,
    Rows,
    SequenceExample,
    Split,
    TextExample,
    TokenExample,
    WholeTexts,
)
from xlt_cli.api.features import Encoded, Feature, Prediction
from xlt_cli.api.heads import HeadBuilder
from xlt_cli.api.jobs import Ended, Job, Memory
from xlt_cli.api.launchers import Launcher, Manifest
from xlt_cli.api.layouts import Layout, Template
from xlt_cli.api.metrics import ExtraMetric, MeanMetric
from xlt_cli.api.models import Batch, Encoder, EncoderModel, Head
from xlt_cli.api.perturbations import (
    Companion,
    EmbeddingPerturbation,
    Perturbation,
    Seam,
    SecondHalf,
    SegmentationPerturbation,
    TextPerturbation,
    View,
)
from xlt_cli.api.plugin import (
    API_VERSION,
    AnyPerturbation,
    OfKind,
    Plugin,
    PluginParams,
    PluginUse,
)
from xlt_cli.api.problems import Metric, Problem, Words
from xlt_cli.api.reports import (
    Column,
    Figure,
    Forest,
    Line,
    Matrix,
    Piece,
    Report,
    Row,
    Scalar,
    Series,
    Stack,
    Table,
    Text,
    Value,
)
from xlt_cli.api.task_facts import TaskFacts
from xlt_cli.api.tasks import Task
from xlt_cli.between_runs import kept
from xlt_cli.compute.devices import cores
from xlt_cli.compute.draws import Draws
from xlt_cli.compute.seeding import derive
from xlt_cli.errors import (
    DataError,
    OfflineError,
    PluginError,
    ResultWarning,
    SpecError,
    UserError,
    did_you_mean,
)
from xlt_cli.languages import Language, among, language_of, own_code, same_language, serves
from xlt_cli.user_cache import user_cache

__all__ = [
    "API_VERSION",
    "IGNORED",
    "NOT_STATED",
    "ORIGINS",
    "SPLITS",
    "TAGS",
    "AdapterKind",
    "AnalysedRun",
    "Analysis",
    "Answer",
    "AnyPerturbation",
    "Batch",
    "Column",
    "Companion",
    "Condition",
    "Criterion",
    "DataError",
    "Draws",
    "Edit",
    "EmbeddingPerturbation",
    "Encoded",
    "Encoder",
    "EncoderModel",
    "Ended",
    "Event",
    "Example",
    "ExampleText",
    "ExtraMetric",
    "Failed",
    "Feature",
    "Figure",
    "Finished",
    "Forest",
    "Head",
    "HeadBuilder",
    "Hint",
    "Interrupted",
    "Job",
    "JobEvent",
    "Language",
    "Launcher",
    "Layout",
    "Line",
    "Manifest",
    "Matrix",
    "MeanMetric",
    "Measured",
    "MeasuredColumn",
    "MeasuredRun",
    "MeasuredTable",
    "Memory",
    "Metric",
    "ModelAnalysis",
    "ModelRows",
    "NewAdapter",
    "OfKind",
    "OfflineError",
    "Origin",
    "Pass",
    "Perturbation",
    "Piece",
    "Place",
    "Plugin",
    "PluginError",
    "PluginParams",
    "PluginUse",
    "PredictedRows",
    "Prediction",
    "PredictionAnalysis",
    "Problem",
    "Record",
    "Reply",
    "Report",
    "ResultWarning",
    "Retried",
    "Row",
    "Rows",
    "Said",
    "Scalar",
    "Seam",
    "Search",
    "Searched",
    "SecondHalf",
    "SegmentationPerturbation",
    "SequenceExample",
    "Series",
    "SpecError",
    "Split",
    "Stack",
    "Started",
    "Stopping",
    "Table",
    "TakesAdapters",
    "Task",
    "TaskFacts",
    "Template",
    "Text",
    "TextExample",
    "TextPerturbation",
    "TokenExample",
    "UserError",
    "Value",
    "View",
    "Waiting",
    "WholeTexts",
    "Words",
    "among",
    "cores",
    "derive",
    "did_you_mean",
    "kept",
    "language_of",
    "own_code",
    "same_language",
    "serves",
    "user_cache",
]
