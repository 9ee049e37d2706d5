"""Which languages a stage has seen texts of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from xlt_cli.errors import PluginError
from xlt_cli.spec import Stage
from xlt_cli.spec.seen_languages import trained_languages

PAIRS = {"name": "parallel-text", "path": "pairs", "first": "en"}


@pytest.mark.parametrize(
    ("stage", "seen"),
    [
        ({"task": "xnli", "languages": ["en", "de"]}, ["en", "de"]),
        ({"task": PAIRS, "languages": ["sw", "ur"]}, ["sw", "ur", "en"]),
        (
            {
                "task": {"name": "text", "path": "texts"},
                "languages": ["sw"],
                "also": [{"task": {**PAIRS, "first": "fr"}, "languages": ["de"]}],
            },
            ["sw", "de", "fr"],
        ),
        (
            {
                "task": "xnli",
                "languages": ["en"],
                "also": [{"task": "xnli", "languages": ["en", "de"]}],
            },
            ["en", "de"],
        ),
        ({"task": "a-task-that-is-gone", "languages": ["en"]}, ["en"]),
    ],
)
def test_languages_of_all_texts_count(stage: dict[str, object], seen: list[str]) -> None:
    assert trained_languages(Stage.model_validate(stage)) == seen


def test_task_of_others_states_the_languages_of_its_rows(install: Any) -> None:
    install(
        "mixed-dist",
        {"xlt.tasks": {"mixed": "mixed:Mixed"}},
        {
            "mixed": """
from xlt_tasks.xnli import Xnli

class Mixed(Xnli):
    name = "mixed"
    summary = "two languages in a row"

    def row_languages(self, language):
        return (language, "tr")
"""
        },
    )
    stage = Stage.model_validate({"task": "mixed", "languages": ["en"]})
    assert trained_languages(stage) == ["en", "tr"]


@pytest.mark.parametrize("returned", ["()", "'tr'", "None", "('tr', 1)"])
def test_what_is_no_languages_is_refused(install: Any, returned: str) -> None:
    install(
        "mixed-dist",
        {"xlt.tasks": {"mixed": "mixed:Mixed"}},
        {
            "mixed": f"""
from xlt_tasks.xnli import Xnli

class Mixed(Xnli):
    name = "mixed"
    summary = "two languages in a row"

    def row_languages(self, language):
        return {returned}
"""
        },
    )
    stage = Stage.model_validate({"task": "mixed", "languages": ["en"]})
    with pytest.raises(PluginError, match="row_languages"):
        trained_languages(stage)


def test_first_language_of_pairs_that_nothing_is_known_of_is_refused_before_training(
    tmp_path: Path, xlt: Any
) -> None:
    (tmp_path / "zzx-de.tsv").write_text("a b\tc d\n" * 4 + "e\tf\n", "utf-8")
    pairs = {"name": "parallel-text", "path": str(tmp_path), "first": "zzx"}
    spec = {
        "encoder": "e5-small-q4",
        "stages": [{"task": pairs, "languages": ["de"], "dev": None}, {"task": "mini-pawsx"}],
        "evaluations": [{"languages": ["fr"]}],
    }
    path = tmp_path / "spec.yaml"
    path.write_text(yaml.safe_dump(spec), "utf-8")
    result = xlt("validate", path)
    assert result.exit_code == 2, result.output
    assert "cannot tell whether the result is zero-shot" in result.stderr
    assert "zzx" in result.stderr
