"""The classification tasks of XGLUE that are in no other benchmark, in their authors' layout."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from itertools import accumulate, pairwise

from xlt_cli.api import Split
from xlt_tasks.file_tasks import Columns, Form, Release, TextTask
from xlt_tasks.sources.table import Table

REFERENCE = "Liang et al. 2020, XGLUE (EMNLP)"


def layouts(
    name: str, *columns: str, label_map: dict[str, str] | None = None
) -> tuple[Release, ...]:
    """The files of a task: in the folder itself, in the task's, or as they are unpacked."""
    *texts, label = columns
    return tuple(
        Release(
            f"{folder}xglue.{name}.{{language}}.{{split}}",
            Columns((tuple(texts),), (label,)),
            label_map=label_map or {},
            form=Form("none", suffix=".tsv"),
        )
        for folder in ("", f"{name.upper()}/", f"xglue_full_dataset/{name.upper()}/")
    )


class XGlueTask(TextTask):
    """English training rows, dev and test rows in all languages. Texts after the first are joined
    by a space to a second."""

    texts = 2
    licence = "non-commercial research only"
    origin = "native"
    folder = "xglue"

    def read(
        self, split: Split, language: str, columns: Columns | None = None
    ) -> tuple[str, list[Table], Release]:
        read, tables, release = super().read(split, language, columns)
        return read, [_joined(table) for table in tables], release


class NewsClassification(XGlueTask):
    """The title and the body of an article. Test files without labels are refused."""

    api_version = 1
    name = "xglue-nc"
    summary = "categories of news in five languages"
    reference = REFERENCE
    family = "topic"
    labels = (
        "autos", "entertainment", "finance", "foodanddrink", "health", "lifestyle", "news",
        "sports", "travel", "video",
    )  # fmt: skip
    published_languages = ("de", "en", "es", "fr", "ru")
    releases = layouts("nc", "news_title", "news_body", "news_category")


class QueryAdMatching(XGlueTask):
    """A query, and the title and the description of an advertisement, joined."""

    api_version = 1
    name = "xglue-qadsm"
    summary = "does an advertisement suit a query? In three languages"
    reference = REFERENCE
    family = "relevance"
    labels = ("Bad", "Good")
    published_languages = ("de", "en", "fr")
    releases = layouts("qadsm", "query", "ad_title", "ad_description", "relevance_label")


class AnswerMatching(XGlueTask):
    """A question and a passage: 1 if the passage answers it."""

    api_version = 1
    name = "xglue-qam"
    summary = "does a passage answer a question? In three languages"
    reference = REFERENCE
    family = "answer-matching"
    labels = ("0", "1")
    published_languages = ("de", "en", "fr")
    releases = layouts("qam", "question", "answer", "label")


class WebPageRanking(XGlueTask):
    """A query, and the title and the snippet of a web page, joined; graded from Bad to Perfect.

    Scored by `ndcg` as by the official script: the pages of a query, which are consecutive rows,
    are ranked by their predicted grades. Ids say which rows have one query: `dev-12/345` is row
    345, of the 12th query. `xlt compare` counts rows one by one: compare by `--metric accuracy`."""

    api_version = 1
    name = "xglue-wpr"
    summary = "how well web pages suit a query, in seven languages"
    reference = REFERENCE
    family = "ranking"
    metric = "ndcg"
    metrics = ("ndcg",)
    labels = ("Bad", "Fair", "Good", "Excellent", "Perfect")
    published_languages = ("de", "en", "es", "fr", "it", "pt", "zh")
    releases = layouts(
        "wpr",
        "query",
        "web_page_title",
        "web_page_snippet",
        "relevance_label",
        label_map={str(grade): label for grade, label in enumerate(labels)},
    )

    def row_id(self, split: Split, language: str) -> Callable[[int], str]:
        queries = self.column(split, language, "1")
        changes = [1, *(one != other for one, other in pairwise(queries))]
        numbers = list(accumulate(changes))
        return lambda row: f"{split}-{numbers[row - 1]}/{row}"


def _joined(table: Table) -> Table:
    records = tuple(
        dataclasses.replace(
            record,
            inputs=(record.inputs[0], " ".join(filter(None, map(str, record.inputs[1:])))),
        )
        if len(record.inputs) > 2
        else record
        for record in table.records
    )
    return dataclasses.replace(table, records=records)
