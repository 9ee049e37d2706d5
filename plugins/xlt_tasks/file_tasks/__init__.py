"""Published data sets that are read from files: a class states where they are and what they hold.

`FileTask` finds the files (base.py), `TextTask` reads texts with a label (texts.py), `SlicedTask`
can be restricted to some of its rows (slices.py), `WordTask` reads words with tags (words.py),
`IntentTask` words with slots and an intent (intents.py), `ScoreTask` texts with a number
(scores.py), and `ChoiceTask` a context with choices (choices.py). The copy of a set on the hub is
stated as `on_hub` (sources/on_hub.py).
A task derives from one of them and states its facts; docs/adding-a-task.md shows how. Everything
that it needs is imported from here.
"""

from xlt_tasks.examples.cells import filled
from xlt_tasks.examples.choices import Choices
from xlt_tasks.file_tasks.base import NOT_TRANSLATED, FileTask
from xlt_tasks.file_tasks.choices import ChoiceTask
from xlt_tasks.file_tasks.intents import UTTERANCE, IntentParams, IntentTask, Utterance
from xlt_tasks.file_tasks.scores import SCORED_PAIR, SCORED_TEXT, ScoreTask
from xlt_tasks.file_tasks.slices import SlicedTask, SliceParams, Slices
from xlt_tasks.file_tasks.texts import TextParams, TextTask
from xlt_tasks.file_tasks.words import WordParams, WordTask
from xlt_tasks.folder_params import FolderParams
from xlt_tasks.sources.columns import PAIR, SENTENCE_PAIR, SINGLE, Columns
from xlt_tasks.sources.on_hub import OnHub
from xlt_tasks.sources.release import Release
from xlt_tasks.sources.table import Form

__all__ = [
    "NOT_TRANSLATED",
    "PAIR",
    "SCORED_PAIR",
    "SCORED_TEXT",
    "SENTENCE_PAIR",
    "SINGLE",
    "UTTERANCE",
    "ChoiceTask",
    "Choices",
    "Columns",
    "FileTask",
    "FolderParams",
    "Form",
    "IntentParams",
    "IntentTask",
    "OnHub",
    "Release",
    "ScoreTask",
    "SliceParams",
    "SlicedTask",
    "Slices",
    "TextParams",
    "TextTask",
    "Utterance",
    "WordParams",
    "WordTask",
    "filled",
]
