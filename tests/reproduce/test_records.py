"""What a reproduction reads of its runs."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from xlt_cli.problems import Prediction
from xlt_cli.reproduce.records import of_run
from xlt_cli.runs.cells import Cell
from xlt_cli.runs.predictions import Store
from xlt_cli.spec import Evaluation


def test_answers_are_read_as_codes_or_one_by_one(tmp_path: Path) -> None:
    evaluation = Evaluation.model_validate({"task": "xnli"})
    store = Store.open(tmp_path, evaluation, "weights")
    for pair, told in ((("en", "en"), "ab"), (("de", "de"), "ba"), (("en", "de"), "bb")):
        store.write(Cell(pair), [Prediction(str(n), "ab"[n], told[n]) for n in range(2)])
    run = SimpleNamespace(name="r", evaluations=tmp_path, weights="weights")
    results = [{"languages": {"en": {}, "de": {}}, "pairs": {"": {"first": "en", "second": "de"}}}]
    job = SimpleNamespace(seed=1, spec=SimpleNamespace(evaluations=[evaluation]))
    trial = SimpleNamespace(task="xnli", method="ERM", job=job)
    outcome = SimpleNamespace(run=run, results=results, error="")
    record = of_run(cast(Any, trial), cast(Any, outcome))
    assert record.coded is not None
    answers, coded = record.answers(), record.coded()
    assert list(answers) == list(coded) == [("en", "en"), ("de", "de"), ("en", "de")]
    for pair, cell in answers.items():
        own = coded[pair]
        assert (own.ids, own.golds.listed()) == (cell.ids, cell.golds)
        assert own.predicted.listed() == cell.predicted
