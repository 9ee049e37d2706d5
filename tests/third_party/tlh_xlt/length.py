"""Are long texts harder? An analysis that measures models, made by someone else."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from xlt_cli.api import EncoderModel, Measured, ModelAnalysis, ModelRows, PluginParams, Record
from xlt_cli.api.reports import Column, Figure, Report, Row, Table
from xlt_cli.api.stats import wilson


class LengthEffects(ModelAnalysis):
    """Accuracy by length of the text, in bins that begin at the edges."""

    api_version = 1
    name = "length-effects"
    summary = "accuracy by length of the text"
    reporting = ("edges",)

    class Params(PluginParams):
        edges: tuple[int, ...] = Field((12,), description="lengths at which a bin begins")
        unit: Literal["tokens", "characters"] = Field("tokens", description="what is counted")
        padding: bool = Field(False, description="count special tokens, too")

    params: Params

    def measure(self, model: EncoderModel, rows: ModelRows) -> Sequence[Record]:
        batch = rows.inputs[rows.language]
        counted = batch.attention_mask.bool() if self.params.padding else ~batch.special_mask
        tokens = counted.sum(dim=1).tolist()
        answers = model.logits(model.embed(batch), batch).argmax(dim=-1).tolist()
        records = []
        for i, length, answer in zip(rows.ids, tokens, answers, strict=True):
            example = rows.run.rows[rows.language][i]
            if self.params.unit == "characters":
                length = sum(len(text.content) for text in example.editable())
            right = rows.run.problem.labels[answer] == example.shared_label()
            records.append({"id": i, "length": length, "right": right})
        return records

    def report(self, measured: Measured) -> Report:
        rows = []
        for run in measured.runs:
            for language, records in run.records.items():
                edges = (0, *self.params.edges, 10**9)
                for low, high in itertools.pairwise(edges):
                    right = [r["right"] for r in records if low <= r["length"] < high]
                    share = wilson(sum(right) / len(right), len(right)) if right else None
                    figure = Figure(share.value, share.low, share.high) if share else None
                    rows.append(Row([run.name, language, low, len(right), figure]))
        names = ("run", "language", "from", "rows", "accuracy")
        return Report([Table("accuracy by length", [Column(name) for name in names], rows)])
