"""What is said beside the figures of an evaluation."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from xlt_cli.api import Rows, Split, Task
from xlt_cli.data.rows import RowStore
from xlt_cli.evaluation.notes import notes
from xlt_cli.evaluation.plan import Plan, make_plan
from xlt_cli.problems import Candidate, RetrievalExample, SentenceRetrieval
from xlt_cli.spec import Evaluation
from xlt_cli.spec.resolution import reopen_evaluation


def said(path: Path, **fields: Any) -> list[str]:
    given = {"task": {"name": "xnli-translate-train", "path": str(path)}, "split": "train"}
    evaluation = Evaluation.model_validate({**given, **fields})
    plan = make_plan(reopen_evaluation(evaluation), RowStore())
    subject: Any = SimpleNamespace(caveats=())
    return notes(plan, subject)


def test_languages_whose_texts_a_machine_translated_are_named(tmp_path: Path) -> None:
    for language in ("en", "sw", "ur"):
        (tmp_path / f"train-{language}.tsv").write_text("a\tb\tneutral\nc\td\tentailment\n")
    assert "texts are translated by a machine: sw, ur" in said(tmp_path)
    assert not any("by a machine" in note for note in said(tmp_path, languages=["en"]))


class LastRowFound(Task):
    """The right candidates of all queries stand in the last row."""

    api_version = 1
    name = "last-row-found"
    summary = "queries, then their pool"
    problem = SentenceRetrieval
    metric = "accuracy"
    labels = ()

    def languages(self, split: Split) -> tuple[str, ...]:
        return ("en",)

    def load(self, split: Split, language: str) -> Rows:
        own = [Candidate("0", "text 0", "en")]
        pool = [Candidate(str(n), f"text {n}", "en") for n in range(1, 4)]
        rows = [
            RetrievalExample.of(f"row-{n}", f"query {n}", "en", [] if n else own, [str(n)])
            for n in range(4)
        ]
        return Rows((*rows, RetrievalExample.of("pool", "", "en", pool)), "in the code")


def test_queries_whose_right_candidates_the_limit_cuts_off_are_counted() -> None:
    def told(limit: int | None) -> list[str]:
        evaluation = Evaluation.model_validate({"task": "last-row-found", "limit": limit})
        resolved: Any = SimpleNamespace(spec=evaluation, task=LastRowFound())
        plan = Plan(resolved, ["en"], RowStore(), aligned=False, notes=())
        assert plan.rows.load(plan.task, "test", "en")
        subject: Any = SimpleNamespace(caveats=())
        return [note for note in notes(plan, subject) if "no right candidate" in note]

    assert told(None) == told(5) == []
    assert told(3) == [
        "en: 2 of 3 queries have no right candidate among the rows that were read, and count in "
        "no figure"
    ]
