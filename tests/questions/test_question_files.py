"""The files of `xlt question`: what is refused in them, and the command from files to files."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from question_runs import ASKED, NOISE, Ask

import xlt_cli
from xlt_cli.errors import DataError, SpecError
from xlt_cli.spec.question import TestSet as AskedSet
from xlt_cli.spec.question import load

EXPERIMENTS = Path(__file__).parents[2] / "experiments"


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"equivalence": 0}, "equivalence"),
        ({"families": []}, "families"),
        ({"famillies": []}, "famillies"),
        ({"in_distribution": {"task": "pawsy"}}, "unknown task 'pawsy'"),
        ({"predictors": [{"task": "pawsy"}]}, "unknown task 'pawsy'"),
        ({"predictors": [{"task": "pawsx", "languages": ["en"]}]}, "two sets are called"),
        ({"families": [{"name": "predictors", "sets": [{"task": "pawsx"}]}]}, "may be called"),
        (
            {"families": [{"name": "n", "sets": [{"task": "pawsx", "condition": "perturbd"}]}]},
            "unknown condition 'perturbd'",
        ),
        (
            {"families": [{"name": "n", "sets": [{"task": "pawsx"}, {"task": "pawsx"}]}]},
            "two sets are called 'pawsx test'",
        ),
        (
            {"comparisons": [{"name": "c", "arms": {"a": {"sweep": "a"}, "b": {"sweep": "b"}},
                              "contrasts": [{"of": "a", "over": "c"}]}]},
            "names the arm 'c'",
        ),
        (
            {"comparisons": [{"name": "c", "arms": {"a": {"sweep": "a"}, "b": {"sweep": "b"}},
                              "contrasts": [{"of": "a", "over": "a"}]}]},
            "compared with itself",
        ),
        *(
            (
                {"families": [{"name": "x", "sets": [{"task": "pawsx", "draws": "worst", **one}]}]},
                "families.0.sets.0.draws",
            )
            for one in ({}, {"condition": NOISE | {"draws": 1}}, {"condition": "pgd"})
        ),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_with_the_place(
    made: Path, ask: Ask, change: dict[str, Any], what: str
) -> None:
    with pytest.raises(SpecError, match=r"(?s)question\.yaml") as caught:
        ask(made, **change)
    assert what in str(caught.value)


@pytest.mark.parametrize(
    ("change", "what", "why"),
    [
        (
            {"families": [{"name": "x", "sets": [
                {"task": "pawsx", "condition": NOISE | {"draws": 5}}]}]},
            "no set of any family can be compared",
            "pawsx test, typos 0.3 is left out: no run of all arms was tested on it",
        ),
        (
            {"predictors": [{"task": "pawsx", "languages": ["fr"], "without": ["fr"]}]},
            "nothing is left of the set in distribution: pawsx test, fr",
            "fr: the question leaves it out",
        ),
        (
            {"in_distribution": {"task": "pawsx", "languages": ["en"], "without": ["en"]}},
            "nothing is left of the set in distribution: pawsx test, en",
            "en: the question leaves it out",
        ),
    ],
)  # fmt: skip
def test_a_question_of_which_nothing_is_left_says_why(
    made: Path, ask: Ask, change: dict[str, Any], what: str, why: str
) -> None:
    with pytest.raises(DataError) as caught:
        ask(made, **change)
    assert caught.value.what == what
    assert why in caught.value.where


def test_a_set_in_distribution_on_which_no_run_was_tested_is_named(made: Path, ask: Ask) -> None:
    with pytest.raises(DataError, match=r"in distribution: xnli test") as caught:
        ask(made, predictors=[{"task": "xnli"}])
    assert "`predictors`" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (None, "cannot read the question"),
        ("", "a question is a mapping with at least 'title'"),
        ("- 1", "a question is a mapping with at least 'title'"),
        ("\udcff", "the question is not valid UTF-8"),
    ],
)
def test_a_file_that_is_no_question_is_not_called_a_spec(
    tmp_path: Path, content: str | None, what: str
) -> None:
    file = tmp_path / "question.yaml"
    if content is not None:
        file.write_text(content, "utf-8", errors="surrogateescape")
    with pytest.raises(SpecError, match=what) as caught:
        load(file)
    assert "init" not in str(caught.value)


@pytest.mark.parametrize(("field", "code"), [("languages", "dee"), ("without", "jp")])
def test_a_language_that_no_run_was_tested_in_is_refused(
    made: Path, ask: Ask, field: str, code: str
) -> None:
    families = [{"name": "x", "sets": [{"task": "pawsx", field: ["fr", code]}]}]
    with pytest.raises(DataError, match=f"no run was tested on pawsx test in '{code}'") as caught:
        ask(made, families=families)
    assert field in caught.value.where
    assert "de, en, fr" in str(caught.value.hint)


def test_the_command_prints_the_same_from_an_archive_and_writes_all_files(
    made: Path, tmp_path: Path, xlt: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("question.yaml").write_text(yaml.safe_dump(ASKED, sort_keys=False), "utf-8")
    xlt_cli.write_archive("*", "runs.tar.xz", runs_dir=made, answers_only=True)
    stored = xlt("question", "question.yaml", "--runs-dir", made, "--json")
    assert stored.exit_code == 0, stored.output
    archived = xlt("question", "question.yaml", "--from", "runs.tar.xz", "--out", "out")
    assert archived.exit_code == 0, archived.output
    assert json.loads(Path("out/results.json").read_text("utf-8")) == json.loads(stored.stdout)
    assert {path.name for path in Path("out").iterdir()} == {
        *("results.json", "results.csv", "results.md", "question.png", "question.svg")
    }
    assert "low − english" in Path("out/results.md").read_text("utf-8")


def test_no_runs_at_all_is_an_error_that_names_the_arms(tmp_path: Path, xlt: Any) -> None:
    file = tmp_path / "question.yaml"
    file.write_text(yaml.safe_dump(ASKED, sort_keys=False), "utf-8")
    result = xlt("question", file, "--runs-dir", tmp_path / "none")
    assert result.exit_code == 2
    assert "there are no runs of 'plain', 'english', 'low'" in result.output


@pytest.mark.skipif(
    not os.environ.get("XLT_DATA_DIR"), reason="XLT_DATA_DIR is not set: it needs the real data"
)
@pytest.mark.parametrize(
    "file", sorted(EXPERIMENTS.rglob("question*.yaml")), ids=lambda file: file.stem
)
def test_questions_that_ship_name_points_and_evaluations_of_the_specs_beside_them(
    file: Path,
) -> None:
    asked = load(file)
    arms = [arm for compared in asked.comparisons for arm in compared.arms.values()]
    every = [*arms, *(asked.reference.runs if asked.reference else ())]
    names = {runs.sweep for runs in every}
    specs = {  # one seed has all points
        n: xlt_cli.Experiment.from_file(file.with_name(f"{n}.yaml"), overrides={"seeds": [1]})
        for n in names
    }
    points = {n: {p["name"] for p in one.plan(any_precision=True)} for n, one in specs.items()}
    for runs in every:
        assert runs.point is None or runs.point in points[runs.sweep]
        tested = [
            ((one["task"] or {}).get("name", "xnli"), one["split"], one["limit"])
            for one in specs[runs.sweep].spec["evaluations"]
        ]
        for _, one in asked.sets():
            limits = {limit for *of, limit in tested if of == [one.task.name, one.split]}
            assert one.limit in limits if one.limit else len(limits) == 1, one.title


@pytest.mark.parametrize(
    ("condition", "title"),
    [
        ({"name": "perturbed", "perturbation": "typos", "strength": 0.1, "draws": 2}, "typos 0.1"),
        ({"name": "polyglots", "queries": 100}, "polyglots 100"),
        ({"name": "polyglots"}, "polyglots"),
    ],
)
def test_a_set_is_called_by_its_condition(condition: dict[str, Any], title: str) -> None:
    one = AskedSet.model_validate({"task": "xnli", "condition": condition})
    assert one.title == f"xnli test, {title}"
    one = AskedSet.model_validate({"task": "xnli", "condition": condition, "draws": "worst"})
    assert one.title == f"xnli test, {title}, worst draw"
