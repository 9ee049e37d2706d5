"""Our own perturbations keep to the contract, as the suites for plugin authors test it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from xlt_cli import registry
from xlt_cli.api import EmbeddingPerturbation, SegmentationPerturbation, TextPerturbation
from xlt_cli.testing import (
    EmbeddingPerturbationSuite,
    SegmentationPerturbationSuite,
    TextPerturbationSuite,
)

OFF: dict[str, dict[str, Any]] = {
    "casing": {"rate": 0},
    "code-switch": {"word_ratio": 0},
    "diacritics": {"rate": 0},
    "homoglyphs": {"rate": 0},
    "ocr": {"rate": 0},
    "punctuation": {"rate": 0},
    "synonyms": {"probability": 0},
    "transliterate": {"word_ratio": 0},
    "typos": {"rate": 0},
    "word-dropout": {"probability": 0},
    "word-order": {"distance": 0},
}
"""Parameters with which each perturbation of text changes nothing."""

ENTRIES = {entry.name: entry.plugin for entry in registry.entries("perturbation") if entry.plugin}


def of(base: type) -> list[str]:
    return [name for name, plugin in ENTRIES.items() if issubclass(plugin, base)]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lexicons and translations with some words of the suites' sentences."""
    root = tmp_path_factory.mktemp("lexicons")
    near = {"big": ["large", "huge"], "dog": ["hound"], "happy": ["glad", "merry"], "it": ["that"]}
    (root / "neighbors.json").write_text(json.dumps(near), "utf-8")
    words = {"big": "groß", "dog": "Hund", "happy": "sehr froh", "new york": "x", "new": "neu"}
    lines = "".join(f"{word}\t{other}\n" for word, other in words.items())
    (root / "en-de.tsv").write_text(lines, "utf-8")
    pairs = root / "pairs"
    pairs.mkdir()
    (pairs / "en-de.tsv").write_text("A dog sleeps.\tEin Hund schläft.\nYes.\tJa, ja.\n", "utf-8")
    return root


@pytest.fixture
def made(request: pytest.FixtureRequest, files: Path) -> Any:
    """A perturbation with what it needs."""
    needs: dict[str, dict[str, Any]] = {
        "alignment": {"sentences": files / "pairs"},
        "code-switch": {"dictionaries": files},
        "synonyms": {"neighbors": files / "neighbors.json"},
        "transliterate": {"script": "cyrillic"},
    }
    plugin = ENTRIES[request.param]
    assert plugin is not None
    return plugin(plugin.Params.model_validate(needs.get(request.param, {})))


@pytest.mark.parametrize("made", of(TextPerturbation), indirect=True)
class TestText(TextPerturbationSuite):
    @pytest.fixture
    def plugin(self, made: TextPerturbation) -> TextPerturbation:
        TestText.without_noise = OFF[made.name]
        TestText.is_random = made.name != "diacritics"  # by default it takes all of them off
        return made

    def extremes(self, plugin: TextPerturbation) -> list[Any]:
        # uroman, which writes in Latin letters, takes many seconds to load.
        known = super().extremes(plugin)
        return [params for params in known if getattr(params, "script", "") != "latin"]


@pytest.mark.parametrize("made", of(SegmentationPerturbation), indirect=True)
class TestSegmentation(SegmentationPerturbationSuite):
    @pytest.fixture
    def plugin(self, made: SegmentationPerturbation) -> SegmentationPerturbation:
        return made


@pytest.mark.parametrize("made", of(EmbeddingPerturbation), indirect=True)
class TestEmbedding(EmbeddingPerturbationSuite):
    @pytest.fixture
    def plugin(self, made: EmbeddingPerturbation) -> EmbeddingPerturbation:
        return made
