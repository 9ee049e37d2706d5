"""What is said beside the figures of an evaluation."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from xlt_cli.data.rows import RowStore
from xlt_cli.evaluation.notes import notes
from xlt_cli.evaluation.plan import make_plan
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
