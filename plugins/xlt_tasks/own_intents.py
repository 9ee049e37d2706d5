"""Intents and slots of one's own files or any data set on the hub: no plugin to write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from xlt_cli.api import Rows, Split
from xlt_cli.problems import IntentAndSlots
from xlt_tasks.examples.cells import filled
from xlt_tasks.examples.labels import LabelReader
from xlt_tasks.file_tasks.intents import UTTERANCE, Utterance, utterances
from xlt_tasks.own_files import DataParams, LabelMap, OwnData, check_map, distinct
from xlt_tasks.sources.columns import Columns

Some = Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(distinct)]


class OwnIntentParams(DataParams):
    """The files, and what is in them."""

    intents: Some = Field(description="the names of the intents, as they stand in the files")
    slots: Some = Field(
        description="the names of the slots; the tags of words are O, and B- and I- with each name"
    )
    label_map: LabelMap = Field(
        {},
        description="what tags and intents of the files stand for, e.g. {B-when: B-datetime}; "
        "`drop` leaves the sentence out",
    )
    columns: Annotated[tuple[str, ...], AfterValidator(distinct)] | None = Field(
        None,
        min_length=3,
        max_length=3,
        description="the columns with the words, their tags (both separated by spaces, or lists) "
        "and the intent: names (of a header line), or numbers from 1; default: tokens, slots, "
        "intent",
    )

    @property
    def labels(self) -> tuple[str, ...]:
        """The tags, then the intents."""
        tags = (f"{mark}-{slot}" for slot in self.slots for mark in "BI")
        return ("O", *tags, *self.intents)

    @model_validator(mode="after")
    def _fit(self) -> OwnIntentParams:
        distinct(self.labels)
        check_map(self.label_map, self.labels, "label_map")
        return self


class OwnIntents(OwnData):
    """What a user wants, and the words that say the details."""

    api_version = 1
    name = "utterances"
    summary = "your own files: an intent for a sentence, and a slot for each word"
    problem = IntentAndSlots
    metric = "slot_f1"
    texts = 1

    class Params(OwnIntentParams):
        """The files, and what is in them."""

    params: OwnIntentParams

    @property
    def intents(self) -> tuple[str, ...]:
        """The names of the intents."""
        return self.params.intents

    @property
    def labels(self) -> tuple[str, ...]:
        return self.params.labels

    def load(self, split: Split, language: str) -> Rows:
        columns = UTTERANCE
        if self.params.columns is not None:
            words, tags, intent = self.params.columns
            columns = Columns(((words, tags),), (intent,), named=True)
        read, tables = self.source.read(split, language, columns)
        names = (*columns.inputs[0], columns.targets[0])
        reader = LabelReader(self.labels, self.params.label_map, columns=True)
        examples, notes = utterances(tables, names, _row, reader, split, language)
        return Rows(examples, read, notes)


def _row(split: Split, cells: Mapping[str, Any]) -> Utterance:
    words, tags, intent = cells.values()
    return Utterance(_each(words, "words"), _each(tags, "tags"), filled(intent, "the intent"))


def _each(cell: Any, what: str) -> list[str]:
    """What is separated by spaces, or a list."""
    if isinstance(cell, str):
        return cell.split(" ")
    if isinstance(cell, list) and all(isinstance(one, str | int) for one in cell):
        return [str(one) for one in cell]
    raise ValueError(f"the {what} are {cell!r}, expected a text or a list")
