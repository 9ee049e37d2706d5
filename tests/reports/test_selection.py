"""What a run was selected by, from its files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from xlt_cli.reports.selection import Selected, selected
from xlt_cli.runs import atomic
from xlt_cli.runs.directory import Run
from xlt_cli.spec import ExperimentSpec
from xlt_cli.spec.resolution import resolve
from xlt_cli.spec.source import Source
from xlt_cli.spec.yaml_lines import parse

STAGE = "  - {task: pawsx, dev: {languages: [en, de]}}\n"


def spec(stages: str = STAGE) -> ExperimentSpec:
    text = f"encoder: mbert\nstages:\n{stages}"
    return resolve(Source(parse(text, Path("spec.yaml")), text)).spec


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run of a stage with two evaluations on dev, the first of which was the best."""
    for step, english, german in ((10, 0.9, 0.7), (20, 0.8, 0.6)):
        record(Run(tmp_path), step, "en", english)
        record(Run(tmp_path), step, "de", german)
    finish(Run(tmp_path))
    return Run(tmp_path)


def record(
    run: Run, step: int, language: str, accuracy: float, stage: int = 0, **more: Any
) -> None:
    line = {"stage": stage, "step": step, "language": language, "accuracy": accuracy, **more}
    curve = run.stage(stage) / "metrics.jsonl"
    atomic.append_line(curve, {"kind": "dev", **line})
    atomic.append_line(curve, {"kind": "train", "stage": stage, "step": step, "loss": 1.0})


def finish(run: Run, stage: int = 0, **changes: Any) -> None:
    result = {"selected_step": 10, "steps": 20, "dev_languages": ["en", "de"], "oracle": True}
    atomic.write_json(run.stage(stage) / "result.json", {**result, **changes})


def test_the_score_is_the_mean_over_languages_at_the_selected_step(run: Run) -> None:
    expected = Selected("pawsx", "dev", ["en", "de"], "accuracy", 0.8, 10, 20, True)
    assert selected(run, spec()) == expected


def test_where_the_last_step_goes_on_its_own_score_counts(run: Run) -> None:
    finish(run, selected_step=20, oracle=False)
    found = selected(run, spec())
    assert found is not None
    assert (found.score, found.step) == (pytest.approx(0.7), 20)


def test_of_several_stages_the_last_one_counts(run: Run) -> None:
    both = spec("  - task: pawsx\n  - task: pawsx\n")
    assert selected(run, both) is None
    record(run, 10, "en", 0.5, stage=1)
    finish(run, stage=1, dev_languages=["en"])
    found = selected(run, both)
    assert found is not None
    assert found.score == 0.5


def test_what_is_unfinished_or_has_no_dev_has_no_score(run: Run, tmp_path: Path) -> None:
    assert selected(Run(tmp_path / "nothing"), spec()) is None
    assert selected(run, spec("  - {task: pawsx, dev: null}\n")) is None


def test_a_mean_of_weights_has_the_score_of_its_own_record(run: Run) -> None:
    for language, accuracy in (("en", 0.95), ("de", 0.85)):
        line = {"stage": 0, "step": 20, "language": language, "accuracy": accuracy}
        atomic.append_line(run.stage(0) / "metrics.jsonl", {"kind": "dev", **line, "averaged": 2})
    finish(run, selected_step=20)
    averaged = selected(run, spec(STAGE.replace("dev:", "select: average, dev:")))
    last = selected(run, spec(STAGE.replace("dev:", "select: last, dev:")))
    assert averaged is not None
    assert last is not None
    assert (averaged.score, last.score) == (pytest.approx(0.9), pytest.approx(0.7))


@pytest.mark.parametrize(
    ("english", "german", "expected"),
    [
        ({"constant": True}, {"constant": True}, True),
        ({"constant": True}, {"constant": False}, True),  # English is what was trained on
        ({"constant": False}, {"constant": True}, False),
        ({}, {"constant": True}, None),  # a run of an older version
    ],
)
def test_one_answer_to_every_row_of_dev_is_told_at_the_selected_step(
    tmp_path: Path, english: dict[str, bool], german: dict[str, bool], expected: bool | None
) -> None:
    run = Run(tmp_path)
    record(run, 10, "en", 0.5, **english)
    record(run, 10, "de", 0.5, **german)
    record(run, 20, "en", 0.6, constant=not expected)
    finish(run)
    found = selected(run, spec())
    assert found is not None
    assert found.constant is expected


def test_without_a_language_trained_on_all_languages_of_dev_tell(tmp_path: Path) -> None:
    oracle = spec(STAGE.replace("[en, de]", "[de, fr]"))
    run = Run(tmp_path)
    record(run, 10, "de", 0.5, constant=True)
    record(run, 10, "fr", 0.5, constant=False)
    finish(run, dev_languages=["de", "fr"])
    found = selected(run, oracle)
    assert found is not None
    assert found.constant is False


def test_where_the_dev_data_are_from_is_said_if_it_is_no_usual_place(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XLT_DATA_DIR", str(tmp_path))
    for folder, expected in (("pawsx", ""), ("other", "other/")):
        key, source = "pawsx/dev/en", str(tmp_path / folder / "dev-en.tsv")
        atomic.write_json(run.path / "fingerprints.json", {key: {"source": source}})
        found = selected(run, spec())
        assert found is not None
        assert found.place == expected


def test_a_language_is_known_again_in_another_form_of_its_code(tmp_path: Path) -> None:
    other = spec("  - {task: pawsx, languages: [eng_Latn], dev: {languages: [en, de]}}\n")
    run = Run(tmp_path)
    record(run, 10, "en", 0.5, constant=True)
    record(run, 10, "de", 0.5, constant=False)
    finish(run)
    found = selected(run, other)
    assert found is not None
    assert found.constant is True


def test_a_score_that_is_no_number_is_none(tmp_path: Path) -> None:
    record(Run(tmp_path), 10, "en", float("nan"))
    record(Run(tmp_path), 10, "de", 0.7)
    finish(Run(tmp_path))
    assert selected(Run(tmp_path), spec()) is None
