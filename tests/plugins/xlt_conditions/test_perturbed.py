"""Every perturbation that ships is a condition, or is refused and says why."""

from __future__ import annotations

import inspect
import random
from pathlib import Path
from typing import Any

import pytest

from xlt_cli import registry
from xlt_cli.api import (
    Condition,
    EmbeddingPerturbation,
    Perturbation,
    SpecError,
    TextPerturbation,
)
from xlt_cli.spec import PluginUse
from xlt_cli.spec.building import build_condition
from xlt_cli.testing.rows import SENTENCES, SequenceExample
from xlt_cli.testing.tiny_tasks import Sequences, Tokens

ROOT = Path(__file__).parents[3]
ENTRIES = {entry.name: entry.plugin for entry in registry.entries("perturbation") if entry.plugin}
NEEDS: dict[str, dict[str, Any]] = {"transliterate": {"script": "cyrillic"}}


@pytest.fixture
def lexicons(tmp_path: Path) -> dict[str, dict[str, Any]]:
    """What perturbations with lexicons are given."""
    (tmp_path / "near.json").write_text('{"big": ["large"]}', "utf-8")
    (tmp_path / "en-de.tsv").write_text("big\tgroß\n", "utf-8")
    pairs = tmp_path / "pairs"
    pairs.mkdir()
    (pairs / "en-de.tsv").write_text("A dog.\tEin Hund.\n", "utf-8")
    return {
        "synonyms": {"neighbors": tmp_path / "near.json"},
        "code-switch": {"dictionaries": tmp_path},
        "alignment": {"sentences": pairs},
    }


def condition(name: str, needs: dict[str, dict[str, Any]], **params: Any) -> Condition:
    part = {"name": name, **NEEDS.get(name, {}), **needs.get(name, {})}
    use = {"name": "perturbed", "perturbation": part, **params}
    return build_condition(PluginUse.model_validate(use))


@pytest.mark.parametrize("name", ENTRIES)
def test_works_or_is_refused_with_its_own_sentence(
    name: str, lexicons: dict[str, dict[str, Any]]
) -> None:
    plugin = ENTRIES[name]
    assert plugin is not None
    assert plugin.at_evaluation
    made = condition(name, lexicons)
    trains_only = (
        issubclass(plugin, EmbeddingPerturbation)
        and inspect.unwrap(plugin.perturbed) is EmbeddingPerturbation.perturbed
    )
    if trains_only:
        with pytest.raises(SpecError) as caught:
            made.accept(Sequences())
        assert plugin.at_evaluation in caught.value.what
        assert "for training only" in caught.value.what
        return
    made.accept(Sequences())
    assert plugin.strength, "a curve needs a strength"
    assert made.strength == getattr(made.noise.params, plugin.strength)  # type: ignore[attr-defined]
    if issubclass(plugin, TextPerturbation):
        made.fetch()
        example = SequenceExample("1", (SENTENCES["en"],), "yes", ("en",))
        changed = {made.edit(example, random.Random(seed)) for seed in range(20)} - {example}
        # English has no accents to lose in this sentence.
        assert changed or name == "diacritics"


@pytest.mark.parametrize(
    "name",
    [name for name, plugin in ENTRIES.items() if plugin and issubclass(plugin, TextPerturbation)],
)
def test_a_strength_of_0_changes_nothing_in_any_language(
    name: str, lexicons: dict[str, dict[str, Any]]
) -> None:
    made = condition(name, lexicons, strength=0)
    made.fetch()
    for language, text in SENTENCES.items():
        example = SequenceExample("1", (text, text.lower()), "yes", (language, language))
        for seed in range(3):
            assert made.edit(example, random.Random(seed)) == example


@pytest.mark.parametrize("name", ENTRIES)
def test_the_page_of_conditions_says_what_each_does(name: str) -> None:
    page = (ROOT / "docs/reference/conditions.md").read_text("utf-8")
    assert f"`{name}`" in page


def test_a_third_partys_loss_is_refused_with_a_general_sentence() -> None:
    assert "loss" in EmbeddingPerturbation.at_evaluation
    assert Perturbation.at_evaluation == ""


@pytest.mark.parametrize(
    ("given", "strength"),
    [
        ({"perturbation": "typos", "strength": 0.2}, 0.2),
        ({"perturbation": "typos"}, 0.1),
        ({"perturbation": {"name": "typos", "rate": 0.4}}, 0.4),
        ({"perturbation": {"name": "typos", "rate": 0.4}, "strength": 0}, 0),
        ({"perturbation": "word-order", "strength": 2}, 2),
        ({"perturbation": {"name": "adversarial", "epsilon": 0.5}}, 0.5),
    ],
)
def test_the_strength_is_the_perturbations_own(given: dict[str, Any], strength: float) -> None:
    made = build_condition(PluginUse.model_validate({"name": "perturbed", **given}))
    assert made.strength == strength
    assert made.draws == 1


@pytest.mark.parametrize("name", ["word-order", "word-dropout"])
def test_moving_words_is_refused_where_words_have_labels(name: str) -> None:
    from xlt_cli.spec.source import Source
    from xlt_cli.spec.suitability import check_condition
    from xlt_cli.spec.yaml_lines import Document

    made = condition(name, {}, strength=0)
    source = Source(Document(Path("spec.yaml"), {}, {}), "")
    check_condition(made, Sequences(), (), source)
    with pytest.raises(SpecError):
        check_condition(made, Tokens(), (), source)
